#include "ngx_est_module/keygen_secrets.h"

#include <algorithm>

#include "libpki/base/base64.h"
#include "libpki/base/limits.h"
#include "libpki/cms/kek_recipient.h"
#include "ngx_common/conf_file.h"
#include "ngx_common/pool.h"

namespace ngx_enroll::est {

namespace {

std::string_view take_line(std::string_view& text) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

// What is wrong with the line; nullptr: nothing.
const char* take_secret(std::string_view line, KeygenSecrets& secrets) {
    const std::size_t colon = line.find(':');
    if (colon == line.npos) return "a line is not \"identifier:key\"";
    auto identifier = pki::hex_decode(line.substr(0, colon));
    if (!identifier || identifier->empty() || identifier->size() > pki::limits::kCmpReference)
        return "an identifier is not 1 to 128 octets in hexadecimal";
    auto octets = pki::hex_decode(line.substr(colon + 1));
    if (!octets || !pki::cms::wrap_of_size(octets->size()))
        return "a key is not 16, 24 or 32 octets in hexadecimal";
    pki::Secret key{pki::Bytes(*octets)};
    OPENSSL_cleanse(octets->data(), octets->size());
    if (!secrets.by_identifier.emplace(std::move(*identifier), std::move(key)).second)
        return "an identifier stands twice";
    return nullptr;
}

const char* take_secrets(std::string_view text, KeygenSecrets& secrets) {
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (line.empty() || line.starts_with('#')) continue;
        if (const char* why = take_secret(line, secrets); why != nullptr) return why;
    }
    return secrets.by_identifier.empty() ? "it has no key" : nullptr;
}

}  // namespace

const pki::Secret* KeygenSecrets::find(pki::Bytes identifier) const {
    const auto found = by_identifier.find(pki::to_buffer(identifier));
    return found == by_identifier.end() ? nullptr : &found->second;
}

const KeygenSecrets* load_keygen_secrets(ngx_conf_t* cf, ngx_str_t& file) {
    const auto text = read_conf_file(cf, file, Holds::secrets);
    if (!text) return nullptr;
    auto* secrets = new_in_pool<KeygenSecrets>(cf->pool);
    const char* const why = take_secrets(pki::as_text(text->view()), *secrets);
    if (why == nullptr) return secrets;
    complain(cf, file, why);
    return nullptr;
}

}  // namespace ngx_enroll::est
