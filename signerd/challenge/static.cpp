#include "signerd/challenge/static.h"

#include <algorithm>

#include "libpki/base/utf8.h"

namespace signerd {

namespace {

using pki::Errc;
using pki::fail;

std::string_view take_line(std::string_view& rest) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const bool ended = end < rest.size();
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(ended ? end + 1 : end);
    if (ended && line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

}  // namespace

// Each is compared, so that the time does not tell which one it was.
Finding StaticChallenge::check(const Presented& presented) const {
    bool known = false;
    for (const pki::Secret& secret : secrets_)
        known |= secret.equals(pki::as_bytes(presented.password));
    if (known) return {Verdict::accepted, {}, {}, {}};
    return {Verdict::not_mine, "none of its secrets", {}, {}};
}

pki::Result<std::vector<pki::Secret>> secrets_of(std::string_view text) {
    std::vector<pki::Secret> secrets;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (line.empty()) continue;
        if (line.size() < kShortestSecret)
            return fail(Errc::malformed, "a secret of less than 8 characters");
        if (!pki::is_plain_text(line))
            return fail(Errc::malformed,
                        "a secret that is not UTF-8 without control characters");
        for (const pki::Secret& secret : secrets)
            if (secret.equals(pki::as_bytes(line)))
                return fail(Errc::malformed, "a secret that stands there twice");
        secrets.emplace_back(pki::as_bytes(line));
    }
    if (secrets.empty()) return fail(Errc::malformed, "no secret");
    return secrets;
}

}  // namespace signerd
