// The fields of a message. A message lists its fields once, in visit(); FieldReader and
// FieldWriter run that list in the two directions, so they cannot disagree.
#pragma once

#include <concepts>
#include <string_view>
#include <vector>

#include "libpki/wire/frame.h"

namespace pki::wire {

// Bytes of a field beside its value.
constexpr std::size_t kFieldOverhead = 5;

class FieldWriter {
   public:
    FieldWriter() = default;                   // fields alone
    FieldWriter(Kind kind, std::uint64_t id);  // a frame

    // Empty values and zeros are left out: absent means empty or zero.
    void bytes(std::uint8_t tag, Bytes value, std::size_t max);
    void text(std::uint8_t tag, std::string_view value, std::size_t max);
    void list(std::uint8_t tag, const std::vector<Bytes>& values, std::size_t max_each,
              std::size_t max_count);
    void flag(std::uint8_t tag, bool value) { put_number(tag, value, 1); }
    template <class T>
    void number(std::uint8_t tag, T value, T min, T max) {
        if (value < min || value > max) beyond_bound_ = true;
        put_number(tag, static_cast<std::uint64_t>(value), sizeof(T));
    }
    template <std::integral T>
    void number(std::uint8_t tag, T value) {
        put_number(tag, static_cast<std::uint64_t>(value), sizeof(T));
    }

    // internal when a value was beyond its bound or the frame is beyond limits::kFrame: the
    // caller checks before it gets here.
    Result<Buffer> finish() &&;

   private:
    void put(std::uint8_t tag, Bytes value, std::size_t max);
    void put_number(std::uint8_t tag, std::uint64_t value, std::size_t size);

    Buffer out_;
    bool framed_ = false;
    bool beyond_bound_ = false;
};

// Accepts exactly what FieldWriter writes, so that a message has one encoding.
class FieldReader {
   public:
    explicit FieldReader(Bytes fields) : rest_(fields) {}

    // Views into the input.
    void bytes(std::uint8_t tag, Bytes& value, std::size_t max);
    // Text of the wire is UTF-8 without control characters.
    void text(std::uint8_t tag, std::string_view& value, std::size_t max);
    void list(std::uint8_t tag, std::vector<Bytes>& values, std::size_t max_each,
              std::size_t max_count);
    void flag(std::uint8_t tag, bool& value);
    // An enumeration without a zero is one whose field cannot be absent.
    template <class T>
    void number(std::uint8_t tag, T& value, T min, T max) {
        value = static_cast<T>(take_number(tag, sizeof(T)));
        if (value < min || value > max) refuse("wire: number out of range");
    }
    template <std::integral T>
    void number(std::uint8_t tag, T& value) {
        value = static_cast<T>(take_number(tag, sizeof(T)));
    }

    Status finish() const;

   private:
    bool take(std::uint8_t tag, Bytes& value, std::size_t max);
    std::uint64_t take_number(std::uint8_t tag, std::size_t size);
    void refuse(const char* problem);

    Bytes rest_;
    const char* problem_ = nullptr;  // the first one; later reads are no-ops
};

}  // namespace pki::wire
