#include "ngx_common/credential_cache.h"

#include <algorithm>
#include <array>

#include "libpki/base/secret.h"

namespace ngx_enroll {

namespace {

constexpr time_t kLifetime = 60;
constexpr std::size_t kBuckets = 256;
constexpr std::size_t kWays = 4;

struct Entry {
    pki::ossl::Sha256 value;
    time_t until;
};

using Bucket = std::array<Entry, kWays>;

// Per worker; both are zero until init_credential_cache().
std::array<Bucket, kBuckets> table;
pki::ossl::Sha256 worker_key;

Bucket& bucket_of(const CredentialKey& key) { return table[key.value[0] % kBuckets]; }

void append_part(pki::Buffer& to, std::string_view part) {
    const std::uint64_t size = part.size();
    for (int shift = 56; shift >= 0; shift -= 8)
        to.push_back(static_cast<std::uint8_t>(size >> shift));
    pki::append(to, pki::as_bytes(part));
}

}  // namespace

CredentialKey credential_key(std::string_view file, std::string_view user,
                             std::string_view password, std::string_view hash) {
    pki::Buffer message;
    message.reserve(32 + file.size() + user.size() + password.size() + hash.size());
    for (const std::string_view part : {file, user, password, hash}) append_part(message, part);
    CredentialKey key{pki::ossl::hmac_sha256(worker_key, message)};
    OPENSSL_cleanse(message.data(), message.size());
    return key;
}

bool credential_remembered(const CredentialKey& key) {
    const time_t now = ngx_time();
    return std::ranges::any_of(bucket_of(key), [&](const Entry& entry) {
        return entry.until > now && pki::equal_constant_time(entry.value, key.value);
    });
}

void remember_credential(const CredentialKey& key) {
    Bucket& bucket = bucket_of(key);
    auto oldest = std::ranges::min_element(bucket, {}, &Entry::until);
    *oldest = {key.value, ngx_time() + kLifetime};
}

ngx_int_t init_credential_cache() {
    table = {};
    return pki::ossl::random_bytes(worker_key) ? NGX_OK : NGX_ERROR;
}

}  // namespace ngx_enroll
