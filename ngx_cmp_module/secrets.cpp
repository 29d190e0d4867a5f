#include "ngx_cmp_module/secrets.h"

#include <algorithm>
#include <optional>

#include "libpki/base/ascii.h"
#include "libpki/base/base64.h"
#include "libpki/base/limits.h"
#include "libpki/base/utf8.h"
#include "ngx_common/conf_file.h"
#include "ngx_common/pool.h"

namespace ngx_enroll::cmp {

namespace {

constexpr std::size_t kMinSecret = 8;
constexpr std::string_view kHex = "0x";

std::string_view take_line(std::string_view& text) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

// The octets of a senderKID; nothing when it cannot be one.
std::optional<pki::Buffer> reference_octets(std::string_view text) {
    std::optional<pki::Buffer> octets;
    if (text.starts_with(kHex)) {
        auto decoded = pki::hex_decode(text.substr(kHex.size()));
        if (decoded) octets = std::move(*decoded);
    } else {
        octets.emplace(text.begin(), text.end());
    }
    if (!octets || octets->empty() || octets->size() > pki::limits::kCmpReference)
        return std::nullopt;
    return octets;
}

// What is wrong with the line; nullptr: nothing.
const char* take_secret(std::string_view line, Secrets& secrets) {
    const std::size_t colon = line.find(':');
    if (colon == line.npos) return "a line is not \"reference:secret\"";
    const std::string_view reference = line.substr(0, colon);
    const std::string_view secret = line.substr(colon + 1);
    auto octets = reference_octets(reference);
    // It stands in records as it is written.
    if (!octets || !std::ranges::all_of(reference, pki::is_graphic))
        return "a reference is not 1 to 128 visible characters, or 0x and hexadecimal";
    if (secret.size() < kMinSecret || secret.size() > pki::limits::kCmpSecret)
        return "a secret has less than 8 or more than 255 octets";
    SharedSecret entry{std::string(reference), pki::Secret(pki::as_bytes(secret))};
    if (!secrets.by_reference.emplace(std::move(*octets), std::move(entry)).second)
        return "a reference stands twice";
    return nullptr;
}

const char* take_secrets(std::string_view text, Secrets& secrets) {
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (line.empty() || line.starts_with('#')) continue;
        if (const char* why = take_secret(line, secrets); why != nullptr) return why;
    }
    return secrets.by_reference.empty() ? "it has no secret" : nullptr;
}

}  // namespace

const SharedSecret* Secrets::find(pki::Bytes reference) const {
    const auto found = by_reference.find(pki::Buffer(reference.begin(), reference.end()));
    return found == by_reference.end() ? nullptr : &found->second;
}

const Secrets* load_secrets(ngx_conf_t* cf, ngx_str_t& file) {
    const auto text = read_conf_file(cf, file, Holds::secrets);
    if (!text) return nullptr;
    auto* secrets = new_in_pool<Secrets>(cf->pool);
    const char* const why = take_secrets(pki::as_text(text->view()), *secrets);
    if (why == nullptr) return secrets;
    complain(cf, file, why);
    return nullptr;
}

}  // namespace ngx_enroll::cmp
