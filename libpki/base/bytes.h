// Bytes is a view, Buffer owns. A view never outlives what it looks at: every
// function that returns one says into what.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace pki {

using Bytes = std::span<const std::uint8_t>;
using Buffer = std::vector<std::uint8_t>;

inline Bytes as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Buffer to_buffer(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

inline void append(Buffer& to, Bytes from) { to.insert(to.end(), from.begin(), from.end()); }

// Not for secrets: see secret.h for the constant-time comparison.
inline bool equal(Bytes a, Bytes b) { return std::ranges::equal(a, b); }

}  // namespace pki
