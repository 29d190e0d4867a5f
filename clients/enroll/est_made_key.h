// A private key that an EST server makes for us (RFC 7030 4.4): how it is asked for, and what
// opens it.
#pragma once

#include "clients/enroll/est_options.h"
#include "libpki/est/key_parts.h"

namespace enroll {

// Who can read the key beside the two ends of the connection.
struct KeyProtection {
    bool own_key = false;    // sealed for the key that has signed the request
    pki::Buffer identifier;  // of `shared`, as the server knows it
    pki::Secret shared;      // of AES; empty: none

    bool sealed() const { return own_key || shared.size() != 0; }
};
// --encrypt, or --decrypt-key-id with --decrypt-key-file.
pki::Result<KeyProtection> key_protection(const Arguments& arguments);

// Attributes of the request that ask for it: none where the key may come as it is.
pki::Result<std::vector<pki::Buffer>> protection_attributes(const KeyProtection& protection,
                                                            EVP_PKEY* request_key);

struct MadeKey {
    pki::ossl::PkeyPtr key;
    std::vector<pki::Buffer> certificates;  // of the answer
    // Who signed a sealed key, and what came along; empty: it was not sealed.
    pki::Buffer signer;
    std::vector<pki::Buffer> signer_chain;
};
// From an answer with status 200. A key that came without the protection that was asked for is
// `denied`; one that is sealed for the request's key is opened whether that was asked for or
// not. Not checked: whether it is the certificate's, who the signer is.
pki::Result<MadeKey> read_made_key(const HttpAnswer& answer, const KeyProtection& protection,
                                   EVP_PKEY* request_key);

}  // namespace enroll
