#include "ngx_common/password_file.h"

#include <fstream>
#include <iterator>

#include "libpki/base/secret.h"
#include "ngx_common/pool.h"

namespace ngx_enroll {

namespace {

constexpr std::size_t kMaxFileSize = 16 * 1024 * 1024;

std::string_view next_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

}  // namespace

// Returns what is wrong, or nullptr. Each user has one line, as each must have one password.
const char* PasswordFile::read(std::string_view text) {
    while (!text.empty()) {
        const std::string_view line = next_line(text);
        if (line.empty() || line.starts_with('#')) continue;
        const std::size_t colon = line.find(':');
        if (colon == 0 || colon == std::string_view::npos) return "a line is not \"user:hash\"";
        const std::string_view hash =
            line.substr(colon + 1, line.find(':', colon + 1) - colon - 1);
        if (hash.empty()) return "a user has an empty hash";
        if (!hashes_.emplace(line.substr(0, colon), hash).second) return "a user stands twice";
    }
    return hashes_.empty() ? "there is no user" : nullptr;
}

const PasswordFile* PasswordFile::load(ngx_conf_t* cf, ngx_str_t& file) {
    if (ngx_conf_full_name(cf->cycle, &file, 1) != NGX_OK) return nullptr;
    auto* loaded = new_in_pool<PasswordFile>(cf->pool);
    loaded->path_ = view(file);
    std::ifstream in(loaded->path_, std::ios::binary);
    if (!in) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno, "cannot open \"%V\"", &file);
        return nullptr;
    }
    std::string text(std::istreambuf_iterator<char>(in), {});
    const char* problem = text.size() > kMaxFileSize ? "it is too large" : loaded->read(text);
    OPENSSL_cleanse(text.data(), text.size());
    if (problem == nullptr) return loaded;
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "password file \"%V\" cannot be used: %s", &file,
                       problem);
    return nullptr;
}

PasswordFile::Entry PasswordFile::find(std::string_view user) const {
    const auto found = hashes_.find(user);
    if (found != hashes_.end()) return {&found->second, true};
    return {&hashes_.begin()->second, false};
}

bool is_slow_hash(std::string_view hash) {
    return !hash.starts_with("{PLAIN}") && !hash.starts_with("{SHA}") &&
           !hash.starts_with("{SSHA}");
}

bool password_matches(const std::string& password, const std::string& hash) {
    ngx_pool_t* pool = ngx_create_pool(1024, ngx_cycle->log);
    if (pool == nullptr) return false;
    // ngx_crypt() writes to neither.
    ngx_str_t key = lend(password);
    ngx_str_t salt = lend(hash);
    u_char* computed = nullptr;
    const ngx_int_t rc = ngx_crypt(pool, key.data, salt.data, &computed);
    const bool matches = rc == NGX_OK && computed != nullptr &&
                         pki::equal_constant_time(pki::Bytes(computed, ngx_strlen(computed)),
                                                  pki::as_bytes(hash));
    ngx_destroy_pool(pool);
    return matches;
}

}  // namespace ngx_enroll
