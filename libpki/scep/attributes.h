// The signed attributes of SCEP messages (RFC 8894 3.2.1): each of them has one value and
// stands there once.
#pragma once

#include <optional>

#include "libpki/base/der_reader.h"
#include "libpki/cms/signed_data.h"

namespace pki::scep {

// The value; views into the message.
std::optional<der::Element> find_attribute(const cms::SignerInfo& signer, Bytes type);
// malformed: it is not there.
Result<der::Element> attribute(const cms::SignerInfo& signer, Bytes type);

// "A decimal value as a numeric text string", in a PrintableString.
Result<std::uint64_t> number(const der::Element& value);
// What a nonce can be: an OCTET STRING of 8 octets or more, and not more than
// limits::kScepNonce. RFC 8894 3.2.1.5 has 16; 8 are in the field.
Result<Bytes> nonce(const der::Element& value);
// A transactionID: any string type, and 1 to limits::kScepTransaction octets of any value, for
// some devices write the octets of a digest.
Result<der::Element> transaction(const der::Element& value);

// A complete Attribute with this value.
Buffer build_attribute(Bytes type, std::uint8_t tag, Bytes content);
Buffer build_number(Bytes type, unsigned value);

}  // namespace pki::scep
