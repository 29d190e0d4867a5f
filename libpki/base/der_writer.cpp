#include "libpki/base/der_writer.h"

#include <array>

#include "libpki/base/time.h"

namespace pki::der {

// One octet is kept for the length; most containers need no more.
std::size_t Writer::open(std::uint8_t tag) {
    out_.push_back(tag);
    out_.push_back(0);
    return out_.size();
}

void Writer::close(std::size_t content_start) {
    const std::size_t length = out_.size() - content_start;
    if (length < 0x80) {
        out_[content_start - 1] = static_cast<std::uint8_t>(length);
        return;
    }
    std::array<std::uint8_t, 8> octets{};
    std::size_t count = 0;
    for (std::size_t rest = length; rest != 0; rest >>= 8) count++;
    for (std::size_t i = 0; i < count; i++)
        octets[i] = static_cast<std::uint8_t>(length >> 8 * (count - 1 - i));
    out_[content_start - 1] = static_cast<std::uint8_t>(0x80 | count);
    out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(content_start), octets.begin(),
                octets.begin() + static_cast<std::ptrdiff_t>(count));
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

}  // namespace pki::der
