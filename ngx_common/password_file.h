// A password file in the form of nginx's auth_basic: "user:hash[:comment]" a line, "#"
// comments, with the hashes that ngx_crypt() knows: crypt(3), $apr1$, {PLAIN}, {SHA}, {SSHA}.
#pragma once

#include <map>
#include <string>

#include "libpki/base/bytes.h"
#include "ngx_common/nginx.h"

namespace ngx_enroll {

class PasswordFile {
   public:
    // Read when the configuration is; the cause of a failure is logged with the directive's
    // place, and nullptr returned. Lives in the configuration's pool.
    static const PasswordFile* load(ngx_conf_t* cf, ngx_str_t& file);

    // The hash of a user. For an unknown one, the hash of some other user, so that the work
    // is the same, and known = false.
    struct Entry {
        const std::string* hash;
        bool known;
    };
    Entry find(std::string_view user) const;

    // Identifies the file's content at this reading, for credential_cache.h.
    std::string_view path() const { return path_; }

   private:
    const char* read(std::string_view text);

    std::string path_;
    std::map<std::string, std::string, std::less<>> hashes_;
};

// Is checking this hash so slow that it must not run in the event loop?
bool is_slow_hash(std::string_view hash);

// Constant-time comparison of the hash of the password with the stored one. Safe to call
// in a thread of nginx's pool: it uses no request and no pool of others.
bool password_matches(const std::string& password, const std::string& hash);

}  // namespace ngx_enroll
