#include "clients/enroll/cmp_template.h"

#include "libpki/x509/algorithm.h"
#include "libpki/x509/crmf_oids.h"
#include "libpki/x509/extension.h"
#include "libpki/x509/name.h"
#include "libpki/x509/oids.h"

namespace enroll {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::fail;
using pki::Result;
using pki::Status;
namespace der = pki::der;
namespace oid = pki::x509::oid;
namespace x509 = pki::x509;

namespace {

constexpr std::size_t kMostKeys = 32;

struct KeyName {
    Bytes id;
    std::string_view text;
};
constexpr KeyName kKeys[] = {
    {oid::kRsaEncryption, "rsa"},
    {oid::kEd25519, "ed25519"},
    {oid::kEd448, "ed448"},
};
constexpr KeyName kCurves[] = {
    {oid::kP256, "ec:P-256"},
    {oid::kP384, "ec:P-384"},
    {oid::kP521, "ec:P-521"},
};

std::string text_of(std::span<const KeyName> names, Bytes id) {
    for (const KeyName& name : names)
        if (pki::equal(name.id, id)) return std::string(name.text);
    return x509::attribute_name(id);
}

// AttributeTypeAndValue: an algorithm or the length of an RSA key; others say nothing of keys.
Status add_key_spec(std::vector<std::string>& keys, der::Reader& controls) {
    PKI_TRY(der::Reader fields, controls.enter(der::kSequence));
    PKI_TRY(const Bytes type, fields.content(der::kOid));
    if (pki::equal(type, oid::kRegRsaKeyLen)) {
        PKI_TRY(const std::uint64_t bits, fields.small_integer());
        keys.push_back("rsa:" + std::to_string(bits));
        return fields.finish();
    }
    PKI_TRY(const der::Element value, fields.any());
    if (pki::equal(type, oid::kRegAlgId)) {
        PKI_TRY(std::string text, key_algorithm_text(value.encoding));
        keys.push_back(std::move(text));
    }
    return fields.finish();
}

// The fields of a CertTemplate in any order: their tags tell them apart.
Status read_field(RequestTemplate& out, const der::Element& field) {
    if (field.tag == der::constructed(5)) {
        PKI_TRY(const x509::Name subject, x509::parse_name(field.content));
        out.subject = x509::name_text(subject);
    }
    if (field.tag != der::constructed(9)) return {};
    Buffer sequence = pki::to_buffer(field.encoding);
    sequence[0] = der::kSequence;
    PKI_TRY(const x509::Extensions extensions, x509::parse_extensions(sequence));
    for (const x509::Extension& one : extensions.list)
        out.extensions.push_back(x509::attribute_name(one.id));
    return {};
}

}  // namespace

Result<std::string> key_algorithm_text(Bytes encoding) {
    PKI_TRY(const x509::Algorithm algorithm, x509::parse_algorithm(encoding));
    if (!pki::equal(algorithm.id, oid::kEcPublicKey)) return text_of(kKeys, algorithm.id);
    PKI_TRY(const Bytes curve, der::Reader(algorithm.parameters).content(der::kOid));
    return text_of(kCurves, curve);
}

Result<std::vector<std::string>> read_key_types(Bytes value) {
    der::Reader input(value);
    PKI_TRY(der::Reader list, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    std::vector<std::string> types;
    while (!list.at_end()) {
        if (types.size() == kMostKeys) return fail(Errc::malformed, "too many types of keys");
        PKI_TRY(const der::Element algorithm, list.element(der::kSequence));
        PKI_TRY(std::string text, key_algorithm_text(algorithm.encoding));
        types.push_back(std::move(text));
    }
    return types;
}

Result<RequestTemplate> read_template(Bytes value) {
    der::Reader input(value);
    PKI_TRY(der::Reader content, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PKI_TRY(der::Reader fields, content.enter(der::kSequence));
    RequestTemplate out;
    while (!fields.at_end()) {
        PKI_TRY(const der::Element field, fields.any());
        PKI_CHECK(read_field(out, field));
    }
    if (content.at_end()) return out;
    PKI_TRY(der::Reader controls, content.enter(der::kSequence));
    PKI_CHECK(content.finish());
    while (!controls.at_end()) {
        if (out.keys.size() == kMostKeys)
            return fail(Errc::malformed, "too many types of keys");
        PKI_CHECK(add_key_spec(out.keys, controls));
    }
    return out;
}

}  // namespace enroll
