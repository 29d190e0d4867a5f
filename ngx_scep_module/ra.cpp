#include "ngx_scep_module/ra.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "libpki/ossl/key.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/oids.h"
#include "ngx_common/pool.h"

namespace ngx_enroll::scep {

namespace {

namespace x509 = pki::x509;

constexpr std::size_t kMaxFile = 256 * 1024;
constexpr std::size_t kMaxPasswords = 8;
constexpr std::size_t kMinPassword = 8;
constexpr std::size_t kMaxPassword = 255;  // RFC 2985 5.4.1: of a challengePassword
constexpr int kMinRsaBits = 2048;

void complain(ngx_conf_t* cf, const ngx_str_t& file, const char* why) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" cannot be used: %s", &file, why);
}

enum class Holds { certificates, secrets };

class File {
   public:
    explicit File(const ngx_str_t& name)
        : fd_(ngx_open_file(name.data, NGX_FILE_RDONLY | NGX_FILE_NONBLOCK, NGX_FILE_OPEN, 0)) {
    }
    ~File() {
        if (fd_ != NGX_INVALID_FILE) ngx_close_file(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    ngx_fd_t fd() const { return fd_; }

   private:
    ngx_fd_t fd_;
};

const char* problem_of(const struct stat& info, Holds holds) {
    if (!S_ISREG(info.st_mode)) return "it is no regular file";
    if (static_cast<std::size_t>(info.st_size) > kMaxFile) return "it is too large";
    // What another can read is no secret, what another can write is not ours.
    const mode_t others = holds == Holds::secrets ? S_IRWXO | S_IWGRP : S_IWOTH;
    if ((info.st_mode & others) != 0)
        return holds == Holds::secrets ? "others may read or write it (chmod 600)"
                                       : "others may write it";
    return nullptr;
}

// The whole file; nothing when it cannot be used, which is logged.
std::optional<pki::Secret> read_file(ngx_conf_t* cf, ngx_str_t& name, Holds holds) {
    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) return std::nullopt;
    const File file(name);
    struct stat info {};
    if (file.fd() == NGX_INVALID_FILE || fstat(file.fd(), &info) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno, "cannot open \"%V\"", &name);
        return std::nullopt;
    }
    if (const char* why = problem_of(info, holds); why != nullptr) {
        complain(cf, name, why);
        return std::nullopt;
    }
    pki::Secret text(static_cast<std::size_t>(info.st_size));
    const ssize_t got = ngx_read_fd(file.fd(), text.data().data(), text.size());
    if (got != static_cast<ssize_t>(text.size())) {
        complain(cf, name, "it cannot be read");
        return std::nullopt;
    }
    return text;
}

// No keyUsage at all allows everything (RFC 5280 4.2.1.3); one that cannot be read, nothing.
std::uint16_t key_usage(const x509::Certificate& certificate) {
    const x509::Extension* const extension =
        certificate.tbs.extensions.find(x509::oid::kKeyUsage);
    if (extension == nullptr) return x509::kDigitalSignature | x509::kKeyEncipherment;
    const auto usage = x509::parse_key_usage(extension->value);
    return usage ? *usage : std::uint16_t{0};
}

bool is_ca(const x509::Certificate& certificate) {
    const x509::Extension* const extension =
        certificate.tbs.extensions.find(x509::oid::kBasicConstraints);
    if (extension == nullptr) return false;
    const auto constraints = x509::parse_basic_constraints(extension->value);
    return !constraints || constraints->ca;
}

const char* problem_of(const x509::Certificate& certificate, const RaPair& pair) {
    if (is_ca(certificate))
        return "it is the certificate of a CA, whose key must never be here";
    const auto key = pki::ossl::make_public_key(certificate.tbs.spki.key);
    if (!key || !pki::ossl::same_public_key(key->get(), pair.key.get()))
        return "the key is not that of the certificate";
    if (EVP_PKEY_get_base_id(pair.key.get()) == EVP_PKEY_RSA &&
        EVP_PKEY_get_bits(pair.key.get()) < kMinRsaBits)
        return "the key has less than 2048 bits";
    if (!pair.signs && !pair.deciphers)
        return "the keyUsage of the certificate has neither digitalSignature nor "
               "keyEncipherment";
    return nullptr;
}

void set_uses(RaPair& pair, const x509::Certificate& certificate) {
    const std::uint16_t usage = key_usage(certificate);
    const pki::ossl::KeyType type = certificate.tbs.spki.key.type;
    // EdDSA has a digest of its own, and none of the client's choice.
    pair.signs = (usage & x509::kDigitalSignature) != 0 &&
                 (type == pki::ossl::KeyType::rsa || type == pki::ossl::KeyType::ec);
    pair.deciphers = type == pki::ossl::KeyType::rsa && (usage & x509::kKeyEncipherment) != 0;
    pair.not_before = certificate.tbs.not_before;
    pair.not_after = certificate.tbs.not_after;
}

bool take_certificates(ngx_conf_t* cf, ngx_str_t& file, RaPair& pair) {
    const auto text = read_file(cf, file, Holds::certificates);
    if (!text) return false;
    auto certificates = x509::certificates_from_pem(pki::as_text(text->view()));
    if (!certificates) {
        complain(cf, file, certificates.error().text);
        return false;
    }
    pair.certificate = std::move(certificates->front());
    return true;
}

bool take_key(ngx_conf_t* cf, ngx_str_t& file, RaPair& pair) {
    const auto text = read_file(cf, file, Holds::secrets);
    if (!text) return false;
    auto key = pki::ossl::read_private_key(text->view());
    if (!key) {
        complain(cf, file, key.error().text);
        return false;
    }
    pair.key = std::move(*key);
    return true;
}

bool load_pair(ngx_conf_t* cf, ngx_str_t& certificate_file, ngx_str_t& key_file, RaPair& pair) {
    if (!take_certificates(cf, certificate_file, pair) || !take_key(cf, key_file, pair))
        return false;
    const auto certificate = x509::parse_certificate(pair.certificate);
    if (!certificate) {
        complain(cf, certificate_file, certificate.error().text);
        return false;
    }
    set_uses(pair, *certificate);
    if (const char* why = problem_of(*certificate, pair); why != nullptr) {
        complain(cf, certificate_file, why);
        return false;
    }
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
    const auto text = read_file(cf, file, Holds::secrets);
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
