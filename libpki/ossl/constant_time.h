// Selections whose time does not depend on what is selected. A mask is 0 or all ones.
#pragma once

#include <cstdint>

namespace pki::ossl {

// Keeps a compiler from seeing that a mask has two values, and from making a branch of it.
inline std::uint32_t opaque(std::uint32_t value) {
    __asm__("" : "+r"(value));
    return value;
}

inline std::uint32_t mask_of_zero(std::uint32_t value) {
    return opaque(0 - ((~value & (value - 1)) >> 31));
}

inline std::uint32_t mask_of_equal(std::uint32_t a, std::uint32_t b) {
    return mask_of_zero(a ^ b);
}

// For numbers below 2^31.
inline std::uint32_t mask_of_less(std::uint32_t a, std::uint32_t b) {
    return opaque(0 - ((a - b) >> 31));
}

inline std::uint8_t select_octet(std::uint32_t mask, std::uint8_t chosen,
                                 std::uint8_t otherwise) {
    return static_cast<std::uint8_t>((chosen & mask) | (otherwise & ~mask));
}

}  // namespace pki::ossl
