// KEKRecipientInfo (RFC 5652 6.2.3): a key of AES that both sides have wraps the content's key
// (RFC 3394).
#pragma once

#include "libpki/base/der_writer.h"
#include "libpki/cms/enveloped_data.h"

namespace pki::cms {

// Reads its fields. unsupported for other algorithms.
Result<Recipient> parse_kek_recipient(der::Reader fields);

// kekri [2]. unsupported when the key has not 16, 24 or 32 octets.
Status write_kek_recipient(der::Writer& writer, const KeyEncryptionKey& with, Bytes key);

// The key wrap whose keys have so many octets (RFC 3565 2.3.2); none: no key of AES.
std::optional<ossl::Cipher> wrap_of_size(std::size_t octets);

}  // namespace pki::cms
