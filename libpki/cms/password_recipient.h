// PasswordRecipientInfo (RFC 5652 6.2.4): a key from a password by PBKDF2 (RFC 8018), which
// wraps the content's key by id-alg-PWRI-KEK (RFC 3211).
//
// RFC 9481 4.3 lists AES key wrap for this place, RFC 5652 6.2.4 leaves it open, and what
// OpenSSL (up to 3.5) and Bouncy Castle open is id-alg-PWRI-KEK alone: that is what we write.
// We read both where the caller wants it.
#pragma once

#include <optional>

#include "libpki/base/der_writer.h"
#include "libpki/cms/enveloped_data.h"

namespace pki::cms {

// Reads its fields; AES key wrap only with `key_wrap`. unsupported for other algorithms and
// more iterations than limits::kPasswordIterations.
Result<Recipient> parse_password_recipient(der::Reader fields, bool key_wrap);

// The key, nullopt when the password does not fit or the key has another size. Errors are our
// own faults.
Result<std::optional<Secret>> unwrap_key(const Recipient& recipient, Bytes password,
                                         std::size_t size);

// pwri [3] with a key that the password gives, with fresh salt and IV.
Status write_password_recipient(der::Writer& writer, ossl::Cipher cipher, Bytes password,
                                Bytes key);

}  // namespace pki::cms
