// KeyAgreeRecipientInfo (RFC 5652 6.2.2) with ephemeral-static ECDH (RFC 5753): a fresh key of
// the sender's and the recipient's agree on a key, which wraps the content's (RFC 3394).
#pragma once

#include <optional>
#include <vector>

#include "libpki/base/der_writer.h"
#include "libpki/cms/enveloped_data.h"

namespace pki::cms {

// Reads its fields: one Recipient for each of its RecipientEncryptedKeys, of which there may be
// limits::kRecipients. unsupported for an originator whose key is not inside and other
// algorithms. Not checked: whether the sender's point is on anybody's curve.
Result<std::vector<Recipient>> parse_agreement_recipients(der::Reader fields);

// The content's key, nullopt when the recipient's key is not the one that it was wrapped for,
// or the sender's is not on its curve. Errors are our own faults.
Result<std::optional<Secret>> unwrap_agreed_key(const Recipient& recipient, EVP_PKEY* own);

// kari [1] for the key of an EC certificate, wrapped by the cipher. The KDF has a hash as
// strong as the curve. unsupported when the key is not EC.
Status write_agreement_recipient(der::Writer& writer, const SealingSpec& spec, EVP_PKEY* peer,
                                 Bytes key);

}  // namespace pki::cms
