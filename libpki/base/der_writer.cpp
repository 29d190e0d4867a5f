#include "libpki/base/der_writer.h"

#include <array>

#include "libpki/base/time.h"

namespace pki::der {

namespace {

struct Length {
    std::array<std::uint8_t, 9> octets{};
    std::size_t count = 0;
};

// X.690 10.1: the definite form, in the fewest octets.
Length length_of(std::uint64_t size) {
    if (size < 0x80) return {{static_cast<std::uint8_t>(size)}, 1};
    Length length;
    for (std::uint64_t rest = size; rest != 0; rest >>= 8) length.count++;
    length.octets[0] = static_cast<std::uint8_t>(0x80 | length.count);
    for (std::size_t i = 0; i < length.count; i++)
        length.octets[1 + i] = static_cast<std::uint8_t>(size >> 8 * (length.count - 1 - i));
    length.count++;
    return length;
}

}  // namespace

// One octet is kept for the length; most containers need no more.
std::size_t Writer::open(std::uint8_t tag) {
    out_.push_back(tag);
    out_.push_back(0);
    return out_.size();
}

void Writer::close(std::size_t content_start) {
    const Length length = length_of(out_.size() - content_start);
    out_[content_start - 1] = length.octets[0];
    out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(content_start),
                length.octets.begin() + 1,
                length.octets.begin() + static_cast<std::ptrdiff_t>(length.count));
}

void Writer::header(std::uint8_t tag, std::uint64_t size) {
    const Length length = length_of(size);
    out_.push_back(tag);
    append(out_, Bytes(length.octets).first(length.count));
}

void Writer::primitive(std::uint8_t tag, Bytes content) {
    const std::size_t start = open(tag);
    append(out_, content);
    close(start);
}

void Writer::boolean(bool value) {
    const std::uint8_t octet = value ? 0xff : 0;
    primitive(kBoolean, {&octet, 1});
}

void Writer::integer(std::uint64_t value) {
    std::array<std::uint8_t, 8> octets{};
    for (std::size_t i = 0; i < 8; i++)
        octets[i] = static_cast<std::uint8_t>(value >> 8 * (7 - i));
    integer(Bytes(octets));
}

void Writer::integer(Bytes magnitude) {
    while (!magnitude.empty() && magnitude[0] == 0) magnitude = magnitude.subspan(1);
    const std::size_t start = open(kInteger);
    if (magnitude.empty() || (magnitude[0] & 0x80)) out_.push_back(0);
    append(out_, magnitude);
    close(start);
}

void Writer::bit_string(Bytes octets, std::uint8_t unused_bits) {
    const std::size_t start = open(kBitString);
    out_.push_back(unused_bits);
    append(out_, octets);
    close(start);
}

void Writer::named_bits(std::uint32_t mask) {
    std::array<std::uint8_t, 4> octets{};
    int last = -1;
    for (int bit = 0; bit < 32; bit++) {
        if (!(mask & (1u << bit))) continue;
        octets[static_cast<std::size_t>(bit / 8)] |= static_cast<std::uint8_t>(0x80 >> bit % 8);
        last = bit;
    }
    const auto used = static_cast<std::size_t>(last / 8 + (last >= 0 ? 1 : 0));
    bit_string(Bytes(octets).first(used),
               last < 0 ? 0 : static_cast<std::uint8_t>(7 - last % 8));
}

void Writer::time(std::int64_t unix_seconds) {
    const std::string text = format_time(unix_seconds);
    const bool utc = text.size() == 13;
    primitive(utc ? kUtcTime : kGeneralizedTime, as_bytes(text));
}

void Writer::generalized_time(std::int64_t unix_seconds) {
    primitive(kGeneralizedTime, as_bytes(format_generalized_time(unix_seconds)));
}

}  // namespace pki::der
