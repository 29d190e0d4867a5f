#include "libpki/x509/csr_decrypt_keys.h"

#include "libpki/base/limits.h"
#include "libpki/x509/decrypt_key_oids.h"
#include "libpki/x509/nested.h"

namespace pki::x509 {

namespace {

// The attributes [0] at the end of CertificationRequestInfo, which parse_csr() has read once.
Result<der::Reader> attributes_of(const Csr& csr) {
    der::Reader input(csr.info);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    while (!fields.at_end() && !fields.next_is(der::constructed(0))) PKI_CHECK(fields.any());
    if (fields.at_end()) return fields;
    return fields.enter(der::constructed(0));
}

Result<Bytes> only_identifier(der::Reader& values) {
    PKI_TRY(const Bytes identifier, values.content(der::kOctetString));
    if (identifier.empty() || identifier.size() > limits::kCmpReference)
        return fail(Errc::malformed, "CSR: size of a key identifier", values.offset());
    return identifier;
}

Status take_identifier(std::optional<Bytes>& identifier, const DecryptKeys& found,
                       der::Reader& values) {
    if (found.symmetric || found.asymmetric)
        return fail(Errc::malformed, "CSR: a second key to encrypt with", values.offset());
    PKI_TRY(identifier, only_identifier(values));
    return values.finish();
}

Status take_capabilities(DecryptKeys& found, der::Reader& values) {
    if (!found.capabilities.empty())
        return fail(Errc::malformed, "CSR: a second SMIMECapabilities", values.offset());
    PKI_TRY(const der::Element list, values.element(der::kSequence));
    found.capabilities = list.encoding;
    return values.finish();
}

Status take_attribute(DecryptKeys& found, der::Reader attribute) {
    PKI_TRY(const Bytes type, attribute.oid());
    PKI_TRY(der::Reader values, attribute.enter(der::kSet));
    if (equal(type, oid::kDecryptKeyId)) return take_identifier(found.symmetric, found, values);
    if (equal(type, oid::kAsymmDecryptKeyId))
        return take_identifier(found.asymmetric, found, values);
    if (equal(type, oid::kSmimeCapabilities)) return take_capabilities(found, values);
    return {};
}

Result<DecryptKeys> read(const Csr& csr) {
    PKI_TRY(der::Reader attributes, attributes_of(csr));
    DecryptKeys found;
    while (!attributes.at_end()) {
        PKI_TRY(const der::Reader attribute, attributes.enter(der::kSequence));
        PKI_CHECK(take_attribute(found, attribute));
    }
    return found;
}

}  // namespace

Result<DecryptKeys> parse_decrypt_keys(const Csr& csr) {
    return nested(csr.encoding, csr.info, read(csr));
}

}  // namespace pki::x509
