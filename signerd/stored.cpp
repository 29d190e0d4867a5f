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

namespace {

// `key` is a SubjectPublicKeyInfo; empty: any.
pki::Status check(const CertificateRecord& record, pki::Bytes key,
                  const Generation& generation) {
    const auto certificate = x509::parse_certificate(record.der);
    if (!certificate) return damaged("a certificate that cannot be read", record.serial);
    if (x509::serial_text(certificate->tbs) != record.serial ||
        certificate->tbs.not_after != record.not_after ||
        (!key.empty() && !pki::equal(certificate->tbs.spki.encoding, key)))
        return damaged("a certificate that is not the one of its record", record.serial);
    EVP_PKEY* signer = key_of_today(record, *certificate, generation);
    if (signer != nullptr && !is_signed(*certificate, signer))
        return damaged("a certificate whose signature does not verify", record.serial);
    return {};
}

}  // namespace

pki::Status check_stored(const CertificateRecord& record, const x509::Spki& spki,
                         const Generation& generation) {
    return check(record, spki.encoding, generation);
}

pki::Status check_stored(const CertificateRecord& record, const Generation& generation) {
    return check(record, {}, generation);
}

pki::Result<CertificateRecord> certificate_of(Store& store, const Transaction& transaction,
                                              const Generation& generation) {
    PKI_TRY(auto found, store.find_certificate(transaction.ca, transaction.serial));
    if (!found) return damaged("a transaction without its certificate", transaction.serial);
    PKI_CHECK(check_stored(*found, generation));
    return *std::move(found);
}

const Ca* find_ca(const Generation& generation, const std::string& name) {
    const auto& cas = generation.config->cas;
    const auto found = cas.find(name);
    return found == cas.end() ? nullptr : &found->second;
}

pki::Error damaged(const std::string& finding, const std::string& serial) {
    return pki::fail(pki::Errc::internal, kStoreDamaged, finding + ", serial " + serial);
}

}  // namespace signerd
