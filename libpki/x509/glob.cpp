#include "libpki/base/ascii.h"
#include "libpki/x509/profile.h"

namespace pki::x509 {

namespace {

struct Token {
    enum Kind { literal, within_label, anything } kind;
    char character = 0;

    bool repeats() const { return kind != literal; }
    bool matches(char c) const {
        switch (kind) {
            case literal: return to_lower(c) == to_lower(character);
            case within_label: return c != '*' && c != '.';
            case anything: return c != '*';
        }
        return false;
    }
};

std::vector<Token> tokens_of(std::string_view pattern) {
    std::vector<Token> tokens;
    for (std::size_t i = 0; i < pattern.size(); i++) {
        const bool more = i + 1 < pattern.size();
        if (pattern[i] == '\\' && more) {
            tokens.push_back({Token::literal, pattern[++i]});
        } else if (pattern[i] != '*') {
            tokens.push_back({Token::literal, pattern[i]});
        } else if (more && pattern[i + 1] == '*') {
            tokens.push_back({Token::anything});
            i++;
        } else {
            tokens.push_back({Token::within_label});
        }
    }
    return tokens;
}

}  // namespace

// All ways through the pattern at once, one character of the text after the other:
// reached[n] says whether the first n tokens can stand for the text so far.
bool glob_match(std::string_view pattern, std::string_view text) {
    const std::vector<Token> tokens = tokens_of(pattern);
    std::vector<bool> reached(tokens.size() + 1);
    reached[0] = true;
    for (const char c : text) {
        for (std::size_t n = tokens.size(); n > 0; n--) {
            const Token& token = tokens[n - 1];
            const bool here = reached[n - 1] || (token.repeats() && reached[n]);
            reached[n] = here && token.matches(c);
        }
        reached[0] = false;
    }
    return reached[tokens.size()];
}

}  // namespace pki::x509
