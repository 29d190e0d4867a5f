#include "libpki/base/der_reader.h"

namespace pki::der {

namespace {

// X.690 10.1: the definite form, in the fewest octets. Four length octets are
// far above any limit of ours.
constexpr char kTruncatedLength[] = "DER: truncated length";

struct Length {
    std::size_t value = 0;
    std::size_t octets = 0;
    const char* problem = nullptr;
};

Length read_length(Bytes in) {
    if (in.empty()) return {0, 0, kTruncatedLength};
    const std::uint8_t first = in[0];
    if (first < 0x80) return {first, 1, nullptr};
    if (first == 0x80) return {0, 0, "DER: indefinite length"};
    const std::size_t count = first & 0x7f;
    if (count > 4) return {0, 0, "DER: length too large"};
    if (in.size() < 1 + count) return {0, 0, kTruncatedLength};
    std::size_t value = 0;
    for (std::size_t i = 1; i <= count; i++) value = value << 8 | in[i];
    if (value < 0x80 || in[1] == 0) return {0, 0, "DER: length not minimal"};
    return {value, 1 + count, nullptr};
}

// X.690 8.9.1 and 8.11.1: SEQUENCE and SET are constructed, as are EXTERNAL and EMBEDDED PDV;
// 10.2: strings, and all that is left of the universal class, are primitive.
bool right_form(std::uint8_t tag) {
    if (tag & 0xc0) return true;
    const int number = tag & 0x1f;
    const bool is_constructed = (tag & 0x20) != 0;
    return is_constructed == (number == 16 || number == 17 || number == 8 || number == 11);
}

}  // namespace

Result<Element> Reader::any() {
    if (rest_.empty()) return error("DER: truncated");
    const std::uint8_t tag = rest_[0];
    if ((tag & 0x1f) == 0x1f) return error("DER: multi-byte tag");
    if (!right_form(tag)) return error("DER: primitive for constructed or the reverse");
    const Length length = read_length(rest_.subspan(1));
    if (length.problem != nullptr) return error(length.problem);
    const std::size_t header = 1 + length.octets;
    if (length.value > rest_.size() - header) return error("DER: length beyond the input");
    Element element{tag, rest_.subspan(header, length.value),
                    rest_.first(header + length.value)};
    rest_ = rest_.subspan(header + length.value);
    return element;
}

Result<Element> Reader::element(std::uint8_t tag) {
    if (rest_.empty()) return error("DER: element missing");
    if (rest_[0] != tag) return error("DER: unexpected tag");
    return any();
}

Result<Bytes> Reader::content(std::uint8_t tag) {
    PKI_TRY(const Element e, element(tag));
    return e.content;
}

Result<Reader> Reader::enter(std::uint8_t tag) {
    PKI_TRY(const Element e, element(tag));
    return Reader(e.content, origin_);
}

Status Reader::finish() const {
    if (!rest_.empty()) return error("DER: trailing data");
    return {};
}

// X.690 11.1: TRUE is FF, and a DEFAULT FALSE is left out, which only callers know.
Result<bool> Reader::boolean() {
    PKI_TRY(const Bytes value, content(kBoolean));
    if (value.size() != 1 || (value[0] != 0 && value[0] != 0xff))
        return error("DER: bad BOOLEAN");
    return value[0] != 0;
}

// X.690 8.3: two's complement in the fewest octets.
Result<Bytes> Reader::unsigned_integer() {
    PKI_TRY(const Bytes value, content(kInteger));
    if (value.empty()) return error("DER: empty INTEGER");
    if (value[0] & 0x80) return error("DER: negative INTEGER");
    if (value[0] != 0 || value.size() == 1) return value;
    if (!(value[1] & 0x80)) return error("DER: INTEGER not minimal");
    return value.subspan(1);
}

Result<std::uint64_t> Reader::small_integer() {
    PKI_TRY(const Bytes magnitude, unsigned_integer());
    if (magnitude.size() > 8) return error("DER: INTEGER too large");
    std::uint64_t value = 0;
    for (const std::uint8_t octet : magnitude) value = value << 8 | octet;
    return value;
}

Result<Bytes> Reader::oid() {
    PKI_TRY(const Bytes value, content(kOid));
    if (!valid_oid(value)) return error("DER: bad OBJECT IDENTIFIER");
    return value;
}

Result<Bytes> Reader::bit_string_octets() {
    PKI_TRY(const Bytes value, content(kBitString));
    if (value.empty() || value[0] != 0) return error("DER: BIT STRING is not whole bytes");
    return value.subspan(1);
}

// X.690 8.19: at least one arc, the last one complete, no arc padded with 80.
bool valid_oid(Bytes content) {
    if (content.empty() || (content.back() & 0x80)) return false;
    bool arc_start = true;
    for (const std::uint8_t octet : content) {
        if (arc_start && octet == 0x80) return false;
        arc_start = !(octet & 0x80);
    }
    return true;
}

Result<std::optional<Header>> read_header(Bytes start) {
    if (start.empty()) return std::optional<Header>();
    const std::uint8_t tag = start[0];
    if ((tag & 0x1f) == 0x1f) return fail(Errc::malformed, "DER: multi-byte tag");
    if (!right_form(tag))
        return fail(Errc::malformed, "DER: primitive for constructed or the reverse");
    const Length length = read_length(start.subspan(1));
    if (length.problem == kTruncatedLength) return std::optional<Header>();
    if (length.problem != nullptr) return fail(Errc::malformed, length.problem);
    return std::optional(Header{tag, 1 + length.octets, length.value});
}

Result<Element> only(Bytes input, std::uint8_t tag) {
    Reader reader(input);
    PKI_TRY(const Element e, reader.element(tag));
    PKI_CHECK(reader.finish());
    return e;
}

}  // namespace pki::der
