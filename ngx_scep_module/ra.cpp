#include "ngx_scep_module/ra.h"

#include <algorithm>

#include "ngx_common/key_pair.h"
#include "ngx_common/pool.h"

namespace ngx_enroll::scep {

namespace {

constexpr std::size_t kMaxPasswords = 8;
constexpr std::size_t kMinPassword = 8;
constexpr std::size_t kMaxPassword = 255;  // RFC 2985 5.4.1: of a challengePassword

void set_uses(RaPair& pair, const KeyPair& from) {
    const int type = EVP_PKEY_get_base_id(from.key.get());
    // EdDSA has a digest of its own, and none of the client's choice.
    pair.signs = (from.key_usage & pki::x509::kDigitalSignature) != 0 &&
                 (type == EVP_PKEY_RSA || type == EVP_PKEY_EC);
    pair.deciphers =
        type == EVP_PKEY_RSA && (from.key_usage & pki::x509::kKeyEncipherment) != 0;
    pair.not_before = from.not_before;
    pair.not_after = from.not_after;
}

bool load_pair(ngx_conf_t* cf, ngx_str_t& certificate_file, ngx_str_t& key_file, RaPair& pair) {
    KeyPair read;
    if (!load_key_pair(cf, certificate_file, key_file, read)) return false;
    set_uses(pair, read);
    if (!pair.signs && !pair.deciphers) {
        complain(cf, certificate_file,
                 "the keyUsage of the certificate has neither digitalSignature nor "
                 "keyEncipherment");
        return false;
    }
    pair.certificate = std::move(read.certificates.front());
    pair.key = std::move(read.key);
    return true;
}

bool is_valid(const RaPair& pair, std::int64_t now) {
    return pair.not_before <= now && now <= pair.not_after;
}

void warn_of_validity(ngx_conf_t* cf, const ngx_str_t& file, const RaPair& pair) {
    if (is_valid(pair, ngx_time())) return;
    ngx_conf_log_error(NGX_LOG_WARN, cf, 0, "the certificate in \"%V\" %s", &file,
                       ngx_time() < pair.not_before ? "is not valid yet" : "has expired");
}

template <class Able>
std::size_t first_of(const std::vector<RaPair>& pairs, std::int64_t now, Able able) {
    const auto usable = [&](const RaPair& pair) { return able(pair) && is_valid(pair, now); };
    auto found = std::ranges::find_if(pairs, usable);
    if (found == pairs.end()) found = std::ranges::find_if(pairs, able);
    return static_cast<std::size_t>(found - pairs.begin());
}

}  // namespace

std::size_t RaPairs::signer(std::int64_t now) const {
    return first_of(pairs, now, [](const RaPair& pair) { return pair.signs; });
}

std::size_t RaPairs::decipherer(std::int64_t now) const {
    return first_of(pairs, now, [](const RaPair& pair) { return pair.deciphers; });
}

const RaPairs* load_ra_pairs(ngx_conf_t* cf, const ngx_array_t& certificates,
                             const ngx_array_t& keys) {
    auto* ra = new_in_pool<RaPairs>(cf->pool);
    auto* certificate = static_cast<ngx_str_t*>(certificates.elts);
    auto* key = static_cast<ngx_str_t*>(keys.elts);
    for (ngx_uint_t i = 0; i < certificates.nelts; i++) {
        RaPair pair;
        if (!load_pair(cf, certificate[i], key[i], pair)) return nullptr;
        warn_of_validity(cf, certificate[i], pair);
        ra->pairs.push_back(std::move(pair));
    }
    const auto none = [&](bool RaPair::*able) {
        return std::ranges::none_of(ra->pairs, [&](const RaPair& pair) {
            return pair.*able && is_valid(pair, ngx_time());
        });
    };
    const char* missing = nullptr;
    if (none(&RaPair::signs)) missing = "digitalSignature and an RSA or EC key";
    if (none(&RaPair::deciphers)) missing = "keyEncipherment and an RSA key";
    if (missing == nullptr) return ra;
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "no valid \"scep_ra_certificate\" has %s",
                       missing);
    return nullptr;
}

const Passwords* load_passwords(ngx_conf_t* cf, ngx_str_t& file) {
    const auto text = read_conf_file(cf, file, Holds::secrets);
    if (!text) return nullptr;
    auto* passwords = new_in_pool<Passwords>(cf->pool);
    std::string_view rest = pki::as_text(text->view());
    while (!rest.empty()) {
        std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) continue;
        if (line.size() < kMinPassword || line.size() > kMaxPassword) {
            complain(cf, file, "a password has less than 8 or more than 255 octets");
            return nullptr;
        }
        if (passwords->secrets.size() == kMaxPasswords) {
            complain(cf, file, "it has more than 8 passwords");
            return nullptr;
        }
        passwords->secrets.emplace_back(pki::as_bytes(line));
    }
    if (!passwords->secrets.empty()) return passwords;
    complain(cf, file, "it is empty");
    return nullptr;
}

}  // namespace ngx_enroll::scep
