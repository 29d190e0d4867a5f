// keyEncryptionAlgorithm of a KeyTransRecipientInfo: RSA with the padding of PKCS#1 v1.5
// (RFC 3370 4.2.1) or OAEP (RFC 3560 2, RFC 4055 4.1).
#pragma once

#include "libpki/base/der_writer.h"
#include "libpki/ossl/rsa_encryption.h"

namespace pki::cms {

// From the complete AlgorithmIdentifier, a view into it. unsupported for other algorithms.
Result<ossl::RsaPadding> parse_key_transport(Bytes encoding);
void write_key_transport(der::Writer& writer, const ossl::RsaPadding& padding);

}  // namespace pki::cms
