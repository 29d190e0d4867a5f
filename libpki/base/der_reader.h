// A reader of DER (X.690) over a view: strict, bounded, without copies.
//
// What comes out are views into the input. Lengths must be definite and minimal, strings
// primitive, tags single-byte (no structure of PKIX needs more). What it does not check: the
// order of a SET OF, and that a BOOLEAN or a string is well formed, which
// the typed readers below and the callers do.
#pragma once

#include <optional>

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"

namespace pki::der {

enum Tag : std::uint8_t {
    kBoolean = 0x01,
    kInteger = 0x02,
    kBitString = 0x03,
    kOctetString = 0x04,
    kNull = 0x05,
    kOid = 0x06,
    kEnumerated = 0x0a,
    kUtf8String = 0x0c,
    kPrintableString = 0x13,
    kTeletexString = 0x14,
    kIa5String = 0x16,
    kUtcTime = 0x17,
    kGeneralizedTime = 0x18,
    kUniversalString = 0x1c,
    kBmpString = 0x1e,
    kSequence = 0x30,
    kSet = 0x31,
};

// [n] IMPLICIT of a primitive type, and [n] of a constructed one.
constexpr std::uint8_t context(int n) { return static_cast<std::uint8_t>(0x80 | n); }
constexpr std::uint8_t constructed(int n) { return static_cast<std::uint8_t>(0xa0 | n); }

struct Element {
    std::uint8_t tag = 0;
    Bytes content;
    Bytes encoding;  // tag, length and content
};

class Reader {
   public:
    explicit Reader(Bytes input) : rest_(input), origin_(input.data()) {}

    bool at_end() const { return rest_.empty(); }
    Bytes rest() const { return rest_; }
    bool next_is(std::uint8_t tag) const { return !rest_.empty() && rest_[0] == tag; }
    // Bytes from the start of the outermost input to the next element.
    std::size_t offset() const { return static_cast<std::size_t>(rest_.data() - origin_); }

    Result<Element> any();
    Result<Element> element(std::uint8_t tag);
    Result<Bytes> content(std::uint8_t tag);
    Result<Reader> enter(std::uint8_t tag);
    // Trailing bytes are an error: two readers must not see two messages in one input.
    Status finish() const;

    Result<bool> boolean();
    // The magnitude of a non-negative INTEGER, without the leading zero octet.
    Result<Bytes> unsigned_integer();
    Result<std::uint64_t> small_integer();
    Result<Bytes> oid();
    // A BIT STRING that is a whole number of bytes, as keys and signatures are.
    Result<Bytes> bit_string_octets();

   private:
    Reader(Bytes input, const std::uint8_t* origin) : rest_(input), origin_(origin) {}
    Error error(const char* text) const { return fail(Errc::malformed, text, offset()); }

    Bytes rest_;
    const std::uint8_t* origin_;
};

// The content of an OBJECT IDENTIFIER, for where it is tagged implicitly.
bool valid_oid(Bytes content);

// What stands before the content of an element.
struct Header {
    std::uint8_t tag = 0;
    std::size_t size = 0;     // octets of tag and length
    std::size_t content = 0;  // octets that follow
};
// For input that comes in pieces: from the first bytes of an element, as soon as they tell.
// nullopt: more of them are needed. Six always are enough.
Result<std::optional<Header>> read_header(Bytes start);

// One element that must fill the input.
Result<Element> only(Bytes input, std::uint8_t tag);

}  // namespace pki::der
