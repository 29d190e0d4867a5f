// Remembers for a minute that a password was right, so that a slow hash is not paid for
// by every request. What is kept is HMAC-SHA-256 under a random key of this worker over
// password file, user, password and stored hash: neither the password nor anything that
// could be tried against offline, and another file's user or a changed hash never hits.
//
// A fixed table: the oldest entry of a bucket gives way.
#pragma once

#include <string_view>

#include "libpki/ossl/digest.h"
#include "ngx_common/nginx.h"

namespace ngx_enroll {

struct CredentialKey {
    pki::ossl::Sha256 value{};
};

// The key to ask and to remember with.
CredentialKey credential_key(std::string_view file, std::string_view user,
                             std::string_view password, std::string_view hash);

bool credential_remembered(const CredentialKey& key);
void remember_credential(const CredentialKey& key);

// In the module's init_process: a new random key. NGX_ERROR without entropy.
ngx_int_t init_credential_cache();

}  // namespace ngx_enroll
