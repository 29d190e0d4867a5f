// A writer of DER into a buffer that it owns. The code that writes has the shape
// of the ASN.1 that it writes:
//
//     Writer w;
//     w.sequence([&] {
//         w.integer(serial);
//         w.sequence([&] { w.oid(oid); w.null(); });
//     });
//     Buffer der = std::move(w).take();
//
// Lengths are filled in when a container closes. It writes what it is told: the
// order of a SET OF and the validity of strings are the caller's.
#pragma once

#include "libpki/base/bytes.h"
#include "libpki/base/der_reader.h"

namespace pki::der {

class Writer {
   public:
    explicit Writer(std::size_t reserve = 1024) { out_.reserve(reserve); }

    template <class Body>
    void tlv(std::uint8_t tag, Body&& body) {
        const std::size_t start = open(tag);
        body();
        close(start);
    }
    template <class Body>
    void sequence(Body&& body) {
        tlv(kSequence, body);
    }
    template <class Body>
    void set(Body&& body) {
        tlv(kSet, body);
    }

    void primitive(std::uint8_t tag, Bytes content);
    // Tag and length of an element whose content is written elsewhere.
    void header(std::uint8_t tag, std::uint64_t size);
    // Bytes that are DER already.
    void raw(Bytes encoding) { append(out_, encoding); }

    void boolean(bool value);
    void integer(std::uint64_t value);
    // A non-negative INTEGER from its big-endian magnitude.
    void integer(Bytes magnitude);
    void oid(Bytes content) { primitive(kOid, content); }
    void null() { primitive(kNull, {}); }
    void octet_string(Bytes content) { primitive(kOctetString, content); }
    void bit_string(Bytes octets, std::uint8_t unused_bits = 0);
    // A BIT STRING of named bits (X.690 11.2.2: trailing zero bits removed); bit 0 of
    // the mask is the first named bit.
    void named_bits(std::uint32_t mask);
    // RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050. Seconds since 1970.
    void time(std::int64_t unix_seconds);
    // The same as GeneralizedTime, whatever the year.
    void generalized_time(std::int64_t unix_seconds);

    Bytes view() const { return out_; }
    Buffer take() && { return std::move(out_); }

   private:
    std::size_t open(std::uint8_t tag);
    void close(std::size_t content_start);

    Buffer out_;
};

}  // namespace pki::der
