#include <span>

#include "libpki/base/ascii.h"
#include "libpki/x509/profile.h"

namespace pki::x509 {

namespace {

// A character or a wildcard of a pattern; a text is a pattern without wildcards.
struct Symbol {
    enum Kind { literal, within_label, anything } kind = literal;
    char character = 0;
    bool escaped = false;  // in a directory name: "\,", which is not ","

    bool is(char c) const { return kind == literal && !escaped && character == c; }
    bool is_one_of(std::string_view set) const {
        return kind == literal && !escaped && one_of(character, set);
    }
};

using Symbols = std::span<const Symbol>;

std::vector<Symbol> text_symbols(std::string_view text, bool directory_name) {
    std::vector<Symbol> symbols;
    symbols.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); i++) {
        const bool escape = directory_name && text[i] == '\\' && i + 1 < text.size();
        if (escape) i++;
        symbols.push_back({Symbol::literal, text[i], escape});
    }
    return symbols;
}

std::vector<Symbol> pattern_symbols(std::string_view pattern, bool directory_name) {
    std::vector<Symbol> symbols;
    for (std::size_t i = 0; i < pattern.size(); i++) {
        const bool more = i + 1 < pattern.size();
        if (pattern[i] == '\\' && more) {
            const char c = pattern[++i];
            symbols.push_back({Symbol::literal, c, directory_name && c != '*'});
        } else if (pattern[i] != '*') {
            symbols.push_back({Symbol::literal, pattern[i]});
        } else if (more && pattern[i + 1] == '*') {
            symbols.push_back({Symbol::anything});
            i++;
        } else {
            symbols.push_back({Symbol::within_label});
        }
    }
    return symbols;
}

// What "**" stands for; "*" for the same without ".".
using Wild = bool (*)(const Symbol&);

bool truly_any(const Symbol&) { return true; }
bool any_character(const Symbol& s) { return s.character != '*'; }
bool of_a_host(const Symbol& s) {
    return is_letter(s.character) || is_digit(s.character) || s.is_one_of(".-");
}
bool of_a_value(const Symbol& s) { return any_character(s) && !s.is_one_of(",+"); }

bool stands_for(const Symbol& pattern, const Symbol& text, Wild wild) {
    switch (pattern.kind) {
        case Symbol::literal:
            return pattern.escaped == text.escaped &&
                   to_lower(pattern.character) == to_lower(text.character);
        case Symbol::within_label: return wild(text) && !text.is('.');
        case Symbol::anything: return wild(text);
    }
    return false;
}

// All ways through the pattern at once, one character of the text after the other:
// reached[n] says whether the first n symbols can stand for the text so far.
bool match(Symbols pattern, Symbols text, Wild wild) {
    std::vector<bool> reached(pattern.size() + 1);
    reached[0] = true;
    for (const Symbol& s : text) {
        for (std::size_t n = pattern.size(); n > 0; n--) {
            const Symbol& by = pattern[n - 1];
            const bool here = reached[n - 1] || (by.kind != Symbol::literal && reached[n]);
            reached[n] = here && stands_for(by, s, wild);
        }
        reached[0] = false;
    }
    return reached[pattern.size()];
}

// Of scheme and authority (RFC 3986 3.2); 0 when there is no authority.
std::size_t authority_end(Symbols uri) {
    const auto colon = std::ranges::find_if(uri, [](const Symbol& s) { return s.is(':'); });
    if (uri.end() - colon < 3 || !colon[1].is('/') || !colon[2].is('/')) return 0;
    const auto end =
        std::find_if(colon + 3, uri.end(), [](const Symbol& s) { return s.is_one_of("/?#"); });
    return static_cast<std::size_t>(end - uri.begin());
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text) {
    return match(pattern_symbols(pattern, false), text_symbols(text, false), any_character);
}

bool uri_match(std::string_view pattern, std::string_view uri) {
    const auto symbols = pattern_symbols(pattern, false);
    const auto text = text_symbols(uri, false);
    const std::size_t symbols_end = authority_end(symbols), text_end = authority_end(text);
    const Symbols head = Symbols(text).first(text_end);
    if (symbols_end == 0 && text_end != 0) {
        const bool user = std::ranges::any_of(head, [](const Symbol& s) { return s.is('@'); });
        return pattern == "**" && !user && match(symbols, text, any_character);
    }
    return match(Symbols(symbols).first(symbols_end), head, of_a_host) &&
           match(Symbols(symbols).subspan(symbols_end), Symbols(text).subspan(text_end),
                 any_character);
}

bool dirname_match(std::string_view pattern, std::string_view text) {
    return match(pattern_symbols(pattern, true), text_symbols(text, true),
                 pattern == "**" ? any_character : of_a_value);
}

bool name_match(std::string_view pattern, std::string_view name) {
    return match(pattern_symbols(pattern, true), text_symbols(name, true), truly_any);
}

}  // namespace pki::x509
