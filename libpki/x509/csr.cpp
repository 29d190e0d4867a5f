#include "libpki/x509/csr.h"

#include <algorithm>

#include "libpki/base/limits.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/nested.h"
#include "libpki/x509/oids.h"

namespace pki::x509 {

namespace {

// A string type, and whole characters of it; which characters is nobody's concern.
bool is_string(const der::Element& value) {
    switch (value.tag) {
        case der::kUtf8String:
        case der::kPrintableString:
        case der::kTeletexString:
        case der::kIa5String: return true;
        case der::kBmpString: return value.content.size() % 2 == 0;
        case der::kUniversalString: return value.content.size() % 4 == 0;
        default: return false;
    }
}

// RFC 2985 5.4.1: a single DirectoryString. IA5String is what some devices send.
Status take_challenge_password(Csr& csr, der::Reader& values) {
    if (csr.challenge_password)
        return fail(Errc::malformed, "CSR: a second challengePassword", values.offset());
    const std::size_t offset = values.offset();
    PKI_TRY(const der::Element value, values.any());
    PKI_CHECK(values.finish());
    if (!is_string(value))
        return fail(Errc::malformed, "CSR: challengePassword is not a string", offset);
    csr.challenge_password = value.content;
    csr.challenge_tag = value.tag;
    return {};
}

// RFC 2985 5.4.2: a single Extensions. Microsoft's form differs in the OID only.
Status take_extension_request(Csr& csr, der::Reader& values, bool& seen) {
    if (seen) return fail(Errc::malformed, "CSR: a second extensionRequest", values.offset());
    seen = true;
    PKI_TRY(const der::Element value, values.element(der::kSequence));
    PKI_CHECK(values.finish());
    PKI_TRY(csr.extensions,
            nested(csr.encoding, value.encoding, parse_extensions(value.encoding)));
    return {};
}

// The values of other attributes: DER elements, whatever they mean.
Status skip_values(der::Reader& values) {
    while (!values.at_end()) PKI_CHECK(values.any());
    return {};
}

// Attribute ::= SEQUENCE { type OBJECT IDENTIFIER, values SET SIZE (1..MAX) OF ANY }
Status parse_attribute(Csr& csr, der::Reader& attributes, bool& extensions_seen) {
    PKI_TRY(der::Reader fields, attributes.enter(der::kSequence));
    PKI_TRY(const Bytes type, fields.oid());
    PKI_TRY(der::Reader values, fields.enter(der::kSet));
    PKI_CHECK(fields.finish());
    if (values.at_end())
        return fail(Errc::malformed, "CSR: an attribute without value", values.offset());
    csr.attribute_types.push_back(type);
    if (equal(type, oid::kChallengePassword)) return take_challenge_password(csr, values);
    if (equal(type, oid::kExtensionRequest) || equal(type, oid::kMicrosoftExtensionRequest))
        return take_extension_request(csr, values, extensions_seen);
    return skip_values(values);
}

Status parse_attributes(Csr& csr, der::Reader attributes) {
    bool extensions_seen = false;
    while (!attributes.at_end()) {
        if (csr.attribute_types.size() == limits::kCsrAttributes)
            return fail(Errc::malformed, "CSR: too many attributes", attributes.offset());
        PKI_CHECK(parse_attribute(csr, attributes, extensions_seen));
    }
    const Extension* const san = csr.extensions.find(oid::kSubjectAltName);
    if (san == nullptr) return {};
    PKI_TRY(csr.san, nested(csr.encoding, san->value, parse_san(san->value)));
    return {};
}

// CertificationRequestInfo (RFC 2986 4.1). attributes is not OPTIONAL there; encoders that
// leave an empty one out are common enough to accept that.
Status parse_info(Csr& csr, der::Reader info) {
    PKI_TRY(const std::uint64_t version, info.small_integer());
    if (version != 0) return fail(Errc::malformed, "CSR: version is not 0", info.offset());
    PKI_TRY(const der::Element subject, info.element(der::kSequence));
    PKI_TRY(csr.subject, nested(csr.encoding, subject.encoding, parse_name(subject.encoding)));
    PKI_TRY(const der::Element spki, info.element(der::kSequence));
    PKI_TRY(csr.spki, nested(csr.encoding, spki.encoding, parse_spki(spki.encoding)));
    if (info.next_is(der::constructed(0))) {
        PKI_TRY(const der::Reader attributes, info.enter(der::constructed(0)));
        PKI_CHECK(parse_attributes(csr, attributes));
    }
    return info.finish();
}

}  // namespace

// CertificationRequest ::= SEQUENCE { certificationRequestInfo, signatureAlgorithm, signature }
Result<Csr> parse_csr(Bytes der) {
    if (der.size() > limits::kCsr) return fail(Errc::malformed, "CSR: too large");
    der::Reader input(der);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    Csr csr;
    csr.encoding = der;
    PKI_TRY(const der::Reader info, der::Reader(fields).enter(der::kSequence));
    PKI_TRY(const der::Element whole_info, fields.element(der::kSequence));
    csr.info = whole_info.encoding;
    PKI_TRY(const der::Element algorithm, fields.element(der::kSequence));
    csr.signature_algorithm = algorithm.encoding;
    PKI_CHECK(nested(der, algorithm.encoding, parse_algorithm(algorithm.encoding)));
    PKI_TRY(csr.signature, fields.bit_string_octets());
    PKI_CHECK(fields.finish());
    PKI_CHECK(parse_info(csr, info));
    return csr;
}

Status verify_possession(const Csr& csr) {
    PKI_TRY(const ossl::SignatureScheme scheme,
            nested(csr.encoding, csr.signature_algorithm,
                   parse_signature_algorithm(csr.signature_algorithm)));
    if (scheme.hash == ossl::Hash::sha1) return fail(Errc::unsupported, "CSR: SHA-1 signature");
    PKI_TRY(const ossl::PkeyPtr key, ossl::make_public_key(csr.spki.key));
    return ossl::verify(key.get(), scheme, csr.info, csr.signature);
}

}  // namespace pki::x509
