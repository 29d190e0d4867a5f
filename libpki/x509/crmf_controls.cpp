// Controls (RFC 4211 6) and the CertId in one of them.
#include <algorithm>

#include "libpki/base/limits.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/crmf_oids.h"
#include "libpki/x509/crmf_parts.h"
#include "libpki/x509/nested.h"
#include "libpki/x509/oids.h"

namespace pki::x509 {

namespace {

constexpr std::uint8_t kDirectoryName = der::constructed(4);  // of GeneralName

Status read_text(std::optional<Bytes>& to, der::Reader& value) {
    PKI_TRY(to, value.content(der::kUtf8String));
    return {};
}

// RFC 9810 5.3.19.16 has it in a template; RFC 9483 4.1.6 has the request say the same thing
// in publicKey. Two answers to one question are none.
Status read_algorithm(CertRequest& request, der::Reader& value) {
    const std::size_t offset = value.offset();
    PKI_TRY(const der::Element algorithm, value.element(der::kSequence));
    PKI_CHECK(
        nested(request.encoding, algorithm.encoding, parse_algorithm(algorithm.encoding)));
    if (!request.wanted_algorithm.empty() &&
        !equal(request.wanted_algorithm, algorithm.encoding))
        return fail(Errc::malformed, "CRMF: two algorithms are asked for", offset);
    request.wanted_algorithm = algorithm.encoding;
    return {};
}

Status read_old_cert_id(CertRequest& request, der::Reader& value) {
    PKI_TRY(const der::Element id, value.element(der::kSequence));
    PKI_TRY(request.old_cert_id,
            nested(request.encoding, id.encoding, parse_cert_id(id.encoding)));
    return {};
}

// The values of other controls: one DER element, whatever it means.
Status read_value(CertRequest& request, Bytes type, der::Reader& value) {
    if (equal(type, oid::kRegToken)) return read_text(request.reg_token, value);
    if (equal(type, oid::kRegAuthenticator)) return read_text(request.authenticator, value);
    if (equal(type, oid::kRegOldCertId)) return read_old_cert_id(request, value);
    if (equal(type, oid::kRegAlgId)) return read_algorithm(request, value);
    if (equal(type, oid::kRegRsaKeyLen)) {
        PKI_TRY(request.wanted_rsa_bits, value.small_integer());
        return {};
    }
    PKI_CHECK(value.any());
    return {};
}

// AttributeTypeAndValue ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY }
Status read_control(CertRequest& request, der::Reader& list) {
    const std::size_t offset = list.offset();
    PKI_TRY(der::Reader fields, list.enter(der::kSequence));
    PKI_TRY(const Bytes type, fields.oid());
    if (request.controls.size() == limits::kCmpControls)
        return fail(Errc::malformed, "CRMF: too many controls", offset);
    if (std::ranges::any_of(request.controls, [&](Bytes other) { return equal(other, type); }))
        return Error{Errc::malformed, "CRMF: a control twice", offset, oid_to_text(type)};
    request.controls.push_back(type);
    PKI_CHECK(read_value(request, type, fields));
    return fields.finish();
}

}  // namespace

// RFC 5280 4.1.2.2: positive, at most 20 octets; in the fewest octets, as DER has it.
Status check_serial(Bytes content) {
    constexpr char kNone[] = "CRMF: no serial number";
    if (content.empty() || (content[0] & 0x80) != 0)
        return fail(Errc::malformed, Reason::bad_cert_id, kNone);
    const bool sign_octet = content[0] == 0;
    const Bytes magnitude = content.subspan(sign_octet ? 1 : 0);
    if (magnitude.empty() || magnitude.size() > limits::kSerial ||
        (sign_octet && (magnitude[0] & 0x80) == 0))
        return fail(Errc::malformed, Reason::bad_cert_id, kNone);
    return {};
}

Status read_controls(CertRequest& request, der::Reader& fields) {
    if (!fields.next_is(der::kSequence)) return {};
    PKI_TRY(der::Reader list, fields.enter(der::kSequence));
    if (list.at_end()) return fail(Errc::malformed, "CRMF: no controls", list.offset());
    while (!list.at_end()) PKI_CHECK(read_control(request, list));
    return {};
}

// CertId ::= SEQUENCE { issuer GeneralName, serialNumber INTEGER }
Result<CertId> parse_cert_id(Bytes encoding) {
    der::Reader input(encoding);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    CertId id;
    if (fields.next_is(kDirectoryName)) {
        PKI_TRY(der::Reader general_name, fields.enter(kDirectoryName));
        PKI_TRY(const der::Element name, general_name.element(der::kSequence));
        PKI_CHECK(general_name.finish());
        PKI_CHECK(nested(encoding, name.encoding, parse_name(name.encoding)));
        id.issuer = name.encoding;
    } else {
        PKI_CHECK(fields.any());
    }
    PKI_TRY(id.serial, fields.content(der::kInteger));
    PKI_CHECK(fields.finish());
    PKI_CHECK(check_serial(id.serial));
    return id;
}

void write_cert_id(der::Writer& writer, const CertId& id) {
    writer.sequence([&] {
        writer.tlv(kDirectoryName, [&] { writer.raw(id.issuer); });
        writer.primitive(der::kInteger, id.serial);
    });
}

}  // namespace pki::x509
