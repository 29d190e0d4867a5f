#include "libpki/scep/ca.h"

#include "libpki/x509/certs_only.h"
#include "libpki/x509/oids.h"

namespace pki::scep {

std::string default_capabilities(const Rules& rules, bool next_ca) {
    std::string words = "AES\n";
    if (rules.ciphers.des3) words += "DES3\n";
    if (next_ca) words += "GetNextCACert\n";
    words += "POSTPKIOperation\nRenewal\nSCEPStandard\n";
    if (rules.hashes.sha1) words += "SHA-1\n";
    words += "SHA-256\nSHA-512\n";
    return words;
}

Result<Buffer> build_next_ca(const Signing& signing, const std::vector<Bytes>& certificates) {
    const Buffer content = x509::build_certs_only(certificates);
    cms::SigningSpec spec;
    spec.key = signing.key;
    spec.certificate = signing.certificate;
    spec.digest = ossl::Hash::sha256;
    spec.rsa_encryption_oid = true;
    spec.content_type = x509::oid::kData;
    spec.content = content;
    if (signing.include_certificate) spec.certificates.push_back(signing.certificate);
    return cms::build_signed_data(spec);
}

}  // namespace pki::scep
