#include "libpki/est/csr_attributes.h"

#include <algorithm>
#include <array>
#include <bit>

#include "libpki/base/limits.h"
#include "libpki/est/csr_attributes_oids.h"
#include "libpki/x509/extension.h"
#include "libpki/x509/oids.h"

namespace pki::est {

namespace {

namespace xoid = x509::oid;

// What was read so far.
struct Reading {
    CsrDemands demands;
    bool extensions_seen = false;
};

Error malformed(const char* text, std::size_t offset = 0) {
    return fail(Errc::malformed, text, offset);
}

bool is_key_type(Bytes id) {
    return equal(id, xoid::kRsaEncryption) || equal(id, xoid::kEcPublicKey) ||
           equal(id, xoid::kEd25519) || equal(id, xoid::kEd448);
}

// id-at (2.5.4) and the two attribute types of RFC 4519 that names have beside it.
bool is_subject_type(Bytes id) {
    return (id.size() > 2 && id[0] == 0x55 && id[1] == 0x04) || equal(id, xoid::kUserId) ||
           equal(id, xoid::kDomainComponent);
}

// id-ce (2.5.29), and the one of RFC 7633.
bool is_extension_type(Bytes id) {
    return (id.size() > 2 && id[0] == 0x55 && id[1] == 0x1d) || equal(id, xoid::kTlsFeature);
}

Status set_key(CsrDemands& demands, KeyDemand key) {
    if (demands.key) return malformed("CSR attributes: a second key");
    demands.key = std::move(key);
    return {};
}

Status take_extension(CsrDemands& demands, ExtensionDemand extension) {
    for (const ExtensionDemand& other : demands.extensions)
        if (other.id == extension.id)
            return malformed("CSR attributes: the same extension twice");
    demands.extensions.push_back(std::move(extension));
    return {};
}

// What holds the other parts says nothing by itself.
void keep_type(CsrDemands& demands, Bytes type) {
    if (equal(type, xoid::kExtensionRequest) || equal(type, oid::kExtensionRequestTemplate) ||
        equal(type, oid::kRequestTemplate))
        return;
    demands.attributes.push_back(to_buffer(type));
}

// RFC 7030 4.5.2: an OID by itself.
Status take_oid(CsrDemands& demands, Bytes id) {
    if (is_key_type(id)) return set_key(demands, {to_buffer(id), {}, 0});
    if (is_extension_type(id)) return take_extension(demands, {to_buffer(id), false, {}});
    if (is_subject_type(id))
        demands.subject.push_back({to_buffer(id), {}});
    else
        keep_type(demands, id);
    return {};
}

// RFC 9908 3.2: a curve, the size of an RSA key, or nothing.
Status take_key(CsrDemands& demands, Bytes type, der::Reader values) {
    KeyDemand key{to_buffer(type), {}, 0};
    const bool rsa = equal(type, xoid::kRsaEncryption);
    if (!rsa && values.next_is(der::kOid)) {
        PKI_TRY(const Bytes curve, values.oid());
        key.curve = to_buffer(curve);
    } else if (rsa && values.next_is(der::kInteger)) {
        PKI_TRY(const std::uint64_t bits, values.small_integer());
        if (bits > limits::kRsaMaxBits) return malformed("CSR attributes: size of the key");
        key.rsa_bits = bits;
    }
    PKI_CHECK(values.finish());
    return set_key(demands, std::move(key));
}

Status open_extensions(Reading& reading, const der::Reader& values) {
    if (reading.extensions_seen)
        return malformed("CSR attributes: extensions stand there twice", values.offset());
    reading.extensions_seen = true;
    return {};
}

// The example of RFC 7030 4.5.2, which servers followed until RFC 9908 5.2 corrected it.
Status take_oids(CsrDemands& demands, der::Reader values) {
    while (!values.at_end()) {
        PKI_TRY(const Bytes id, values.oid());
        PKI_CHECK(take_oid(demands, id));
    }
    return {};
}

// RFC 9908 3.2: one value, of type Extensions.
Status take_extensions(Reading& reading, der::Reader values) {
    PKI_CHECK(open_extensions(reading, values));
    if (values.next_is(der::kOid)) return take_oids(reading.demands, values);
    PKI_TRY(const der::Element value, values.element(der::kSequence));
    PKI_CHECK(values.finish());
    PKI_TRY(const x509::Extensions extensions, x509::parse_extensions(value.encoding));
    for (const x509::Extension& e : extensions.list)
        PKI_CHECK(
            take_extension(reading.demands, {to_buffer(e.id), e.critical, to_buffer(e.value)}));
    return {};
}

// ExtensionTemplate ::= SEQUENCE { extnID, critical DEFAULT FALSE, extnValue OPTIONAL }
Status take_extension_template(CsrDemands& demands, der::Reader fields) {
    ExtensionDemand extension;
    PKI_TRY(const Bytes id, fields.oid());
    extension.id = to_buffer(id);
    if (fields.next_is(der::kBoolean)) {
        PKI_TRY(extension.critical, fields.boolean());
    }
    if (!fields.at_end()) {
        PKI_TRY(const Bytes value, fields.content(der::kOctetString));
        extension.value = to_buffer(value);
    }
    PKI_CHECK(fields.finish());
    return take_extension(demands, std::move(extension));
}

Status take_extension_templates(Reading& reading, der::Reader values) {
    PKI_CHECK(open_extensions(reading, values));
    PKI_TRY(der::Reader extensions, values.enter(der::kSequence));
    PKI_CHECK(values.finish());
    while (!extensions.at_end()) {
        PKI_TRY(const der::Reader fields, extensions.enter(der::kSequence));
        PKI_CHECK(take_extension_template(reading.demands, fields));
    }
    return {};
}

// A value by itself, where the type is one of names.
Status take_subject_value(CsrDemands& demands, Bytes type, der::Reader values) {
    SubjectDemand demand{to_buffer(type), {}};
    if (!values.at_end()) {
        PKI_TRY(const der::Element value, values.any());
        demand.value = to_buffer(value.encoding);
    }
    PKI_CHECK(values.finish());
    demands.subject.push_back(std::move(demand));
    return {};
}

Status take_attribute(Reading& reading, Bytes type, der::Reader values) {
    CsrDemands& demands = reading.demands;
    if (equal(type, xoid::kExtensionRequest)) return take_extensions(reading, values);
    if (is_key_type(type)) return take_key(demands, type, values);
    if (is_subject_type(type)) return take_subject_value(demands, type, values);
    keep_type(demands, type);
    return {};
}

// NameTemplate: a Name whose values may be missing.
Status take_subject(CsrDemands& demands, der::Reader rdns) {
    while (!rdns.at_end()) {
        PKI_TRY(der::Reader rdn, rdns.enter(der::kSet));
        while (!rdn.at_end()) {
            PKI_TRY(der::Reader fields, rdn.enter(der::kSequence));
            PKI_TRY(const Bytes type, fields.oid());
            PKI_CHECK(take_subject_value(demands, type, fields));
        }
    }
    return {};
}

std::size_t bit_length(Bytes magnitude) {
    if (magnitude.empty()) return 0;
    return (magnitude.size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(magnitude[0]));
}

// RFC 9908 3.4: of the placeholder only the length of its modulus counts.
Result<std::size_t> placeholder_bits(Bytes key_bits) {
    der::Reader input(key_bits);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_TRY(const Bytes modulus, fields.unsigned_integer());
    if (bit_length(modulus) > limits::kRsaMaxBits)
        return malformed("CSR attributes: size of the key");
    return bit_length(modulus);
}

// SubjectPublicKeyInfoTemplate ::= SEQUENCE { algorithm, subjectPublicKey OPTIONAL }
Status take_key_template(CsrDemands& demands, der::Reader fields) {
    PKI_TRY(der::Reader algorithm, fields.enter(der::kSequence));
    PKI_TRY(const Bytes id, algorithm.oid());
    KeyDemand key{to_buffer(id), {}, 0};
    if (algorithm.next_is(der::kOid)) {
        PKI_TRY(const Bytes curve, algorithm.oid());
        key.curve = to_buffer(curve);
    }
    if (!fields.at_end()) {
        PKI_TRY(const Bytes bits, fields.bit_string_octets());
        if (equal(id, xoid::kRsaEncryption)) {
            PKI_TRY(key.rsa_bits, placeholder_bits(bits));
        }
    }
    PKI_CHECK(fields.finish());
    return set_key(demands, std::move(key));
}

Status take_template_attributes(Reading& reading, der::Reader attributes) {
    while (!attributes.at_end()) {
        PKI_TRY(der::Reader fields, attributes.enter(der::kSequence));
        PKI_TRY(const Bytes type, fields.oid());
        PKI_TRY(const der::Reader values, fields.enter(der::kSet));
        PKI_CHECK(fields.finish());
        if (equal(type, oid::kExtensionRequestTemplate))
            PKI_CHECK(take_extension_templates(reading, values));
        else if (equal(type, xoid::kExtensionRequest))
            PKI_CHECK(take_extensions(reading, values));
        else
            keep_type(reading.demands, type);
    }
    return {};
}

// CertificationRequestInfoTemplate (RFC 9908 3.4)
Result<CsrDemands> parse_template(der::Reader values) {
    PKI_TRY(der::Reader fields, values.enter(der::kSequence));
    PKI_CHECK(values.finish());
    Reading reading;
    CsrDemands& demands = reading.demands;
    PKI_TRY(const std::uint64_t version, fields.small_integer());
    if (version != 0) return malformed("CSR attributes: version is not 0", fields.offset());
    if (fields.next_is(der::kSequence)) {
        PKI_TRY(const der::Reader name, fields.enter(der::kSequence));
        PKI_CHECK(take_subject(demands, name));
    }
    if (fields.next_is(der::constructed(0))) {
        PKI_TRY(const der::Reader key, fields.enter(der::constructed(0)));
        PKI_CHECK(take_key_template(demands, key));
    }
    PKI_TRY(const der::Reader attributes, fields.enter(der::constructed(1)));
    PKI_CHECK(take_template_attributes(reading, attributes));
    PKI_CHECK(fields.finish());
    return std::move(reading.demands);
}

// AttrOrOID ::= CHOICE { oid OBJECT IDENTIFIER, attribute Attribute }
Status take_element(Reading& reading, std::optional<CsrDemands>& from_template,
                    der::Reader& input) {
    if (input.next_is(der::kOid)) {
        PKI_TRY(const Bytes id, input.oid());
        return take_oid(reading.demands, id);
    }
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_TRY(const Bytes type, fields.oid());
    PKI_TRY(const der::Reader values, fields.enter(der::kSet));
    PKI_CHECK(fields.finish());
    if (!equal(type, oid::kRequestTemplate)) return take_attribute(reading, type, values);
    if (from_template) return malformed("CSR attributes: a second template", input.offset());
    PKI_TRY(from_template, parse_template(values));
    return {};
}

}  // namespace

Result<CsrDemands> parse_csr_attributes(Bytes der) {
    if (der.size() > limits::kCsrAttrs) return malformed("CSR attributes: too large");
    der::Reader input(der);
    PKI_TRY(der::Reader elements, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    Reading reading;
    std::optional<CsrDemands> from_template;
    while (!elements.at_end()) PKI_CHECK(take_element(reading, from_template, elements));
    return from_template ? std::move(*from_template) : std::move(reading.demands);
}

}  // namespace pki::est
