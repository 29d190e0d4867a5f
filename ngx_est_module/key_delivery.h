// How a made key goes to the client: plain, or encrypted for whom (RFC 7030 4.4.1).
#pragma once

#include <optional>

#include "libpki/cms/key_package.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/csr.h"
#include "ngx_est_module/keygen_secrets.h"

namespace ngx_enroll::est {

// est_keygen_encrypt: what happens where the client names no key.
enum class KeygenEncrypt : ngx_uint_t {
    off,       // the key goes as it is
    csr,       // it is encrypted for the key in the CSR, when that can encrypt
    required,  // or else refused
};

struct KeyDelivery {
    // Looks into csr and certificate below, and into the secrets.
    std::optional<pki::cms::KeyRecipient> recipient;  // none: plain
    pki::cms::KeyCiphers ciphers;

    pki::Buffer der;  // of the request
    pki::x509::Csr csr;
    std::optional<pki::x509::Certificate> certificate;  // of the client
    pki::Buffer identifier;                             // of the key in the CSR
};

struct KeyDeliveryRules {
    KeygenEncrypt encrypt = KeygenEncrypt::off;
    const KeygenSecrets* secrets = nullptr;
};

// With `der` set; `client_certificate` is verified, or empty, and outlives the delivery.
// malformed: the request; denied: there is no such key, it may not encrypt, or one is needed;
// weak_key; unsupported: its kind, or none of the algorithms that the client can read.
pki::Status choose_recipient(KeyDelivery& delivery, pki::Bytes client_certificate,
                             const KeyDeliveryRules& rules);

}  // namespace ngx_enroll::est
