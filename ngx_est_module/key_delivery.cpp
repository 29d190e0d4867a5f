#include "ngx_est_module/key_delivery.h"

#include "libpki/cms/capabilities.h"
#include "libpki/x509/csr_decrypt_keys.h"
#include "libpki/x509/oids.h"
#include "ngx_common/usages.h"

namespace ngx_enroll::est {

namespace {

namespace cms = pki::cms;
namespace x509 = pki::x509;
using pki::Errc;
using pki::fail;
using pki::ossl::KeyType;

constexpr std::size_t kLeastRsaBits = 2048;

bool can_encrypt(const x509::Spki& key) {
    return key.key.type == KeyType::rsa || key.key.type == KeyType::ec;
}

// RFC 7030 4.4.1.1, 4.4.1.2: the request ends here. Who asks for encryption never gets less.
pki::Error no_such_key() { return fail(Errc::denied, "there is no key with that identifier"); }

pki::Status encrypt_with(KeyDelivery& delivery, const pki::Secret& key, pki::Bytes identifier,
                         const cms::Capabilities& capabilities) {
    PKI_TRY(delivery.ciphers, capabilities.for_wrapping(key.size()));
    delivery.recipient.emplace();
    delivery.recipient->key_encryption_key = key.view();
    delivery.recipient->key_identifier = identifier;
    return {};
}

// Better to know it before there is a certificate.
pki::Status encrypt_for(KeyDelivery& delivery, const x509::Spki& key, pki::Bytes identifier,
                        const cms::Capabilities& capabilities) {
    if (!can_encrypt(key))
        return fail(Errc::unsupported, "no key can be encrypted for a key of that kind");
    const bool rsa = key.key.type == KeyType::rsa;
    if (rsa && key.rsa_bits() < kLeastRsaBits)
        return fail(Errc::weak_key, "the key to encrypt with has less than 2048 bits");
    PKI_CHECK(pki::ossl::make_public_key(key.key));
    PKI_TRY(delivery.ciphers,
            rsa ? capabilities.for_transport() : capabilities.for_agreement());
    delivery.recipient.emplace();
    delivery.recipient->key = &key;
    delivery.recipient->key_identifier = identifier;
    return {};
}

bool is_identifier(const x509::Extensions& extensions, const x509::Spki& key,
                   pki::Bytes identifier) {
    if (pki::equal(x509::key_identifier(key), identifier)) return true;
    const x509::Extension* const own = extensions.find(x509::oid::kSubjectKeyIdentifier);
    if (own == nullptr) return false;
    const auto value = x509::parse_subject_key_identifier(own->value);
    return value && pki::equal(*value, identifier);
}

// RFC 7030 4.4.1.2: where there is a certificate, its key may do it.
pki::Status check_usage(const x509::Certificate& certificate) {
    const bool rsa = certificate.tbs.spki.key.type == KeyType::rsa;
    const std::uint16_t wanted = rsa ? x509::kKeyEncipherment : x509::kKeyAgreement;
    if ((key_usage(certificate) & wanted) != 0) return {};
    return fail(Errc::denied, "the keyUsage of the client certificate allows no encryption");
}

// The keys that we know: of the client's certificate, and of the request itself.
pki::Status encrypt_for_named(KeyDelivery& delivery, pki::Bytes identifier,
                              const cms::Capabilities& capabilities) {
    if (is_identifier(delivery.csr.extensions, delivery.csr.spki, identifier))
        return encrypt_for(delivery, delivery.csr.spki, identifier, capabilities);
    if (!delivery.certificate) return no_such_key();
    const x509::Certificate& certificate = *delivery.certificate;
    if (!is_identifier(certificate.tbs.extensions, certificate.tbs.spki, identifier))
        return no_such_key();
    PKI_CHECK(check_usage(certificate));
    return encrypt_for(delivery, certificate.tbs.spki, identifier, capabilities);
}

// The client has named none.
pki::Status encrypt_unasked(KeyDelivery& delivery, KeygenEncrypt encrypt,
                            const cms::Capabilities& capabilities) {
    if (encrypt == KeygenEncrypt::off) return {};
    if (can_encrypt(delivery.csr.spki)) {
        delivery.identifier = x509::key_identifier(delivery.csr.spki);
        return encrypt_for(delivery, delivery.csr.spki, delivery.identifier, capabilities);
    }
    if (encrypt == KeygenEncrypt::csr) return {};
    return fail(Errc::denied, "a key to encrypt the private key with is required");
}

}  // namespace

pki::Status choose_recipient(KeyDelivery& delivery, pki::Bytes client_certificate,
                             const KeyDeliveryRules& rules) {
    PKI_TRY(delivery.csr, x509::parse_csr(delivery.der));
    PKI_TRY(const x509::DecryptKeys keys, x509::parse_decrypt_keys(delivery.csr));
    PKI_TRY(const auto capabilities, cms::Capabilities::parse(keys.capabilities));
    // One that only OpenSSL can read has no key for us.
    if (auto certificate = x509::parse_certificate(client_certificate); certificate)
        delivery.certificate = *std::move(certificate);
    if (keys.symmetric) {
        const pki::Secret* const key =
            rules.secrets == nullptr ? nullptr : rules.secrets->find(*keys.symmetric);
        if (key == nullptr) return no_such_key();
        return encrypt_with(delivery, *key, *keys.symmetric, capabilities);
    }
    if (keys.asymmetric) return encrypt_for_named(delivery, *keys.asymmetric, capabilities);
    return encrypt_unasked(delivery, rules.encrypt, capabilities);
}

}  // namespace ngx_enroll::est
