// The fields of a message. A message lists its fields once, in visit(); FieldReader and
// FieldWriter run that list in the two directions, so they cannot disagree.
#pragma once

#include <string_view>
#include <type_traits>
#include <vector>

#include "libpki/wire/frame.h"

namespace pki::wire {

class FieldWriter {
   public:
    FieldWriter(Kind kind, std::uint64_t id);

    // Empty values and zeros are left out: absent means empty or zero.
    void bytes(std::uint8_t tag, Bytes value, std::size_t max);
    void text(std::uint8_t tag, std::string_view value, std::size_t max);
    void list(std::uint8_t tag, const std::vector<Bytes>& values, std::size_t max_each,
              std::size_t max_count);
    template <class T>
    void number(std::uint8_t tag, T value) {
        put_number(tag, static_cast<std::uint64_t>(value), sizeof(T));
    }

    // internal when a value was beyond its bound: the caller checks before it gets here.
    Result<Buffer> finish() &&;

   private:
    void put(std::uint8_t tag, Bytes value, std::size_t max);
    void put_number(std::uint8_t tag, std::uint64_t value, std::size_t size);

    Buffer out_;
    bool too_large_ = false;
};

class FieldReader {
   public:
    explicit FieldReader(Bytes fields) : rest_(fields) {}

    // Views into the input.
    void bytes(std::uint8_t tag, Bytes& value, std::size_t max);
    // Text of the wire is printable or UTF-8 without control characters.
    void text(std::uint8_t tag, std::string_view& value, std::size_t max);
    void list(std::uint8_t tag, std::vector<Bytes>& values, std::size_t max_each,
              std::size_t max_count);
    template <class T>
    void number(std::uint8_t tag, T& value) {
        value = static_cast<T>(take_number(tag, sizeof(T)));
    }

    Status finish() const;

   private:
    bool take(std::uint8_t tag, Bytes& value, std::size_t max);
    std::uint64_t take_number(std::uint8_t tag, std::size_t size);

    Bytes rest_;
    const char* problem_ = nullptr;  // the first one; later reads are no-ops
};

}  // namespace pki::wire
