#include "signerd/stored.h"

#include "libpki/x509/algorithm.h"
#include "libpki/x509/oids.h"

namespace signerd {

namespace x509 = pki::x509;

namespace {

// nullptr when the key that signed is not the CA's of today, or cannot be told.
EVP_PKEY* key_of_today(const CertificateRecord& record, const x509::Certificate& certificate,
                       const Generation& generation) {
    const auto ca = generation.config->cas.find(record.ca);
    const auto* aki = certificate.tbs.extensions.find(x509::oid::kAuthorityKeyIdentifier);
    if (ca == generation.config->cas.end() || aki == nullptr) return nullptr;
    const auto id = x509::parse_authority_key_identifier(aki->value);
    if (!id || !pki::equal(*id, ca->second.key_identifier)) return nullptr;
    return generation.ca_keys.at(record.ca).get();
}

}  // namespace

bool is_signed(const x509::Certificate& certificate, EVP_PKEY* key) {
    const auto scheme = x509::parse_signature_algorithm(certificate.signature_algorithm);
    return scheme &&
           pki::ossl::verify(key, *scheme, certificate.tbs.encoding, certificate.signature);
}

pki::Status check_stored(const CertificateRecord& record, const x509::Spki& spki,
                         const Generation& generation) {
    const auto certificate = x509::parse_certificate(record.der);
    if (!certificate) return damaged("a certificate that cannot be read", record.serial);
    if (x509::serial_text(certificate->tbs) != record.serial ||
        certificate->tbs.not_after != record.not_after ||
        !pki::equal(certificate->tbs.spki.encoding, spki.encoding))
        return damaged("a certificate that is not the one of its record", record.serial);
    EVP_PKEY* key = key_of_today(record, *certificate, generation);
    if (key != nullptr && !is_signed(*certificate, key))
        return damaged("a certificate whose signature does not verify", record.serial);
    return {};
}

pki::Error damaged(const std::string& finding, const std::string& serial) {
    return pki::fail(pki::Errc::internal, kStoreDamaged, finding + ", serial " + serial);
}

}  // namespace signerd
