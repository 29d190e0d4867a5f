// What people read: text that is safe for a terminal, and aligned tables.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "libpki/base/result.h"

namespace clients {

// Names and addresses come from devices: control characters, escape sequences, marks that
// reorder text and bytes that are not UTF-8 become "\x1b" (a byte) or "\u{202e}" (a character).
std::string terminal_safe(std::string_view text);

// Columns separated by two spaces, as wide as their widest cell so far; the last one is not
// padded. Cells are made safe.
class Table {
   public:
    explicit Table(std::vector<std::string> headings);

    void add(std::vector<std::string> cells);
    // The rows since the last call, the headings before the first of them. Long lists are
    // printed page by page: a later page may be wider.
    std::string take();

   private:
    std::vector<std::size_t> widths_;
    std::vector<std::vector<std::string>> rows_;
};

// "Subject:  CN=a" lines with aligned, safe values; fields without a value are left out.
std::string fields(const std::vector<std::pair<std::string, std::string>>& list);

void print(std::string_view text);
// Has everything that was printed reached standard output?
pki::Status finish_output();

}  // namespace clients
