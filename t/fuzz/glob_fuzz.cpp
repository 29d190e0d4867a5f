// glob_match() against the definition, tried out character by character. Pattern and text
// are the lines of the input; short ones, since the definition takes exponential time.
#include "libpki/base/ascii.h"
#include "libpki/x509/profile.h"
#include "t/fuzz/fuzz.h"

namespace {

constexpr std::size_t kMaxPattern = 12;
constexpr std::size_t kMaxText = 12;

bool defined(std::string_view pattern, std::string_view text);

// One or more characters that are no "*" and not in `except`, and the rest of the pattern.
bool defined_run(std::string_view pattern, std::string_view text, std::string_view except) {
    for (std::size_t n = 0; n < text.size() && text[n] != '*'; n++) {
        if (pki::one_of(text[n], except)) return false;
        if (defined(pattern, text.substr(n + 1))) return true;
    }
    return false;
}

bool defined(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) return text.empty();
    if (pattern.starts_with("**")) return defined_run(pattern.substr(2), text, "");
    if (pattern.starts_with("*")) return defined_run(pattern.substr(1), text, ".");
    if (pattern[0] == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
    return !text.empty() && pki::to_lower(pattern[0]) == pki::to_lower(text[0]) &&
           defined(pattern.substr(1), text.substr(1));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = pki::as_text({data, size});
    const std::size_t end = input.find('\n');
    if (end == input.npos) return 0;
    const std::string_view pattern = input.substr(0, std::min(end, kMaxPattern));
    const std::string_view text = input.substr(end + 1, kMaxText);
    PROPERTY(pki::x509::glob_match(pattern, text) == defined(pattern, text));
    return 0;
}
