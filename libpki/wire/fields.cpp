#include "libpki/wire/fields.h"

#include "libpki/base/utf8.h"

namespace pki::wire {

namespace {

constexpr std::size_t kTagSize = 1;

void append_number(Buffer& out, std::uint64_t value, std::size_t size) {
    for (std::size_t i = size; i > 0; i--)
        out.push_back(static_cast<std::uint8_t>(value >> 8 * (i - 1)));
}

std::uint64_t read_number(Bytes octets) {
    std::uint64_t value = 0;
    for (const std::uint8_t octet : octets) value = value << 8 | octet;
    return value;
}

}  // namespace

FieldWriter::FieldWriter(Kind kind, std::uint64_t id) : framed_(true) {
    append_number(out_, 0, kLengthSize);
    out_.push_back(kVersion);
    out_.push_back(static_cast<std::uint8_t>(kind));
    append_number(out_, 0, 2);
    append_number(out_, id, 8);
}

void FieldWriter::put(std::uint8_t tag, Bytes value, std::size_t max) {
    if (value.size() > max || value.size() > limits::kFrame) {
        beyond_bound_ = true;
        return;
    }
    out_.push_back(tag);
    append_number(out_, value.size(), kFieldOverhead - kTagSize);
    append(out_, value);
}

void FieldWriter::put_number(std::uint8_t tag, std::uint64_t value, std::size_t size) {
    if (value == 0) return;
    out_.push_back(tag);
    append_number(out_, size, kFieldOverhead - kTagSize);
    append_number(out_, value, size);
}

void FieldWriter::bytes(std::uint8_t tag, Bytes value, std::size_t max) {
    if (!value.empty()) put(tag, value, max);
}

void FieldWriter::text(std::uint8_t tag, std::string_view value, std::size_t max) {
    if (!is_plain_text(value)) beyond_bound_ = true;
    bytes(tag, as_bytes(value), max);
}

void FieldWriter::list(std::uint8_t tag, const std::vector<Bytes>& values, std::size_t max_each,
                       std::size_t max_count) {
    if (values.size() > max_count) beyond_bound_ = true;
    for (const Bytes value : values) {
        if (value.empty()) beyond_bound_ = true;
        put(tag, value, max_each);
    }
}

Result<Buffer> FieldWriter::finish() && {
    if (beyond_bound_) return fail(Errc::internal, "wire: value beyond its bound");
    if (!framed_) return std::move(out_);
    const std::size_t length = out_.size() - kLengthSize;
    if (length > limits::kFrame) return fail(Errc::internal, "wire: message too large");
    for (std::size_t i = 0; i < kLengthSize; i++)
        out_[i] = static_cast<std::uint8_t>(length >> 8 * (kLengthSize - 1 - i));
    return std::move(out_);
}

void FieldReader::refuse(const char* problem) {
    if (problem_ == nullptr) problem_ = problem;
}

bool FieldReader::take(std::uint8_t tag, Bytes& value, std::size_t max) {
    if (problem_ != nullptr || rest_.empty() || rest_[0] != tag) return false;
    if (rest_.size() < kFieldOverhead) {
        refuse("wire: truncated field");
        return false;
    }
    const std::size_t length = read_number(rest_.subspan(kTagSize, kFieldOverhead - kTagSize));
    if (length == 0 || length > max || length > rest_.size() - kFieldOverhead) {
        refuse(length == 0 ? "wire: empty field" : "wire: field too long");
        return false;
    }
    value = rest_.subspan(kFieldOverhead, length);
    rest_ = rest_.subspan(kFieldOverhead + length);
    return true;
}

std::uint64_t FieldReader::take_number(std::uint8_t tag, std::size_t size) {
    Bytes octets;
    if (!take(tag, octets, size)) return 0;
    const std::uint64_t value = read_number(octets);
    if (octets.size() != size || value == 0) refuse("wire: bad number");
    return value;
}

void FieldReader::bytes(std::uint8_t tag, Bytes& value, std::size_t max) {
    value = {};
    take(tag, value, max);
}

void FieldReader::text(std::uint8_t tag, std::string_view& value, std::size_t max) {
    Bytes octets;
    value = {};
    if (!take(tag, octets, max)) return;
    value = as_text(octets);
    if (!is_plain_text(value)) refuse("wire: text is not plain UTF-8");
}

void FieldReader::list(std::uint8_t tag, std::vector<Bytes>& values, std::size_t max_each,
                       std::size_t max_count) {
    values.clear();
    Bytes value;
    while (take(tag, value, max_each)) {
        if (values.size() == max_count) return refuse("wire: list too long");
        values.push_back(value);
    }
}

void FieldReader::flag(std::uint8_t tag, bool& value) {
    const std::uint64_t number = take_number(tag, 1);
    if (number > 1) refuse("wire: flag is neither 0 nor 1");
    value = number != 0;
}

// Tags that are unknown, repeated or out of order are still there: nobody took them.
Status FieldReader::finish() const {
    if (problem_ != nullptr) return fail(Errc::malformed, problem_);
    if (!rest_.empty()) return fail(Errc::malformed, "wire: unexpected field");
    return {};
}

}  // namespace pki::wire
