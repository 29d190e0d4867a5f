#include "clients/common/output.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "clients/common/files.h"
#include "libpki/base/utf8.h"

namespace clients {

namespace {

// C0, DEL and C1 controls; separators of lines; marks, embeddings, overrides and isolates of
// writing direction (Unicode Standard Annex 9), with which one name can be shown as another;
// characters of no width.
bool unsafe(char32_t code) {
    return pki::is_control(code) || code == 0xad || code == 0x61c ||
           (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
           (code >= 0xe0000 && code <= 0xe0fff);
}

std::string escaped(const char* format, unsigned value) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), format, value);
    return text.data();
}

// Characters, not bytes; wide ones of East Asia count as one.
std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<std::uint8_t>(c) & 0xc0) != 0x80; }));
}

std::string padded(std::string text, std::size_t to) {
    const std::size_t now = width(text);
    text.append(now < to ? to - now : 0, ' ');
    return text;
}

}  // namespace

std::string terminal_safe(std::string_view text) {
    std::string out;
    pki::Bytes rest = pki::as_bytes(text);
    while (!rest.empty()) {
        const pki::Bytes before = rest;
        const std::optional<char32_t> character = pki::take_utf8(rest);
        if (!character) rest = rest.subspan(1);
        if (!character || (unsafe(*character) && *character < 0x80))
            out += escaped("\\x%02x", before[0]);
        else if (unsafe(*character))
            out += escaped("\\u{%x}", static_cast<unsigned>(*character));
        else
            out += pki::as_text(before.first(before.size() - rest.size()));
    }
    return out;
}

Table::Table(std::vector<std::string> headings) : widths_(headings.size()) {
    add(std::move(headings));
}

void Table::add(std::vector<std::string> cells) {
    for (std::size_t i = 0; i < cells.size(); i++) {
        cells[i] = terminal_safe(cells[i]);
        widths_[i] = std::max(widths_[i], width(cells[i]));
    }
    rows_.push_back(std::move(cells));
}

std::string Table::take() {
    std::string text;
    for (std::vector<std::string>& row : rows_) {
        for (std::size_t i = 0; i + 1 < row.size(); i++)
            text += padded(std::move(row[i]), widths_[i]) + "  ";
        text += row.back() + "\n";
    }
    rows_.clear();
    return text;
}

std::string fields(const std::vector<std::pair<std::string, std::string>>& list) {
    std::size_t widest = 0;
    for (const auto& [name, value] : list) widest = std::max(widest, name.size());
    std::string text;
    for (const auto& [name, value] : list)
        if (!value.empty())
            text += padded(name + ":", widest + 3) + terminal_safe(value) + "\n";
    return text;
}

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

pki::Status finish_output() {
    if (std::fflush(stdout) != 0 || std::ferror(stdout))
        return system_error("cannot write", "standard output");
    return {};
}

}  // namespace clients
