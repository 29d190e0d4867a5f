// A private key that was made for the client, on its way to him (RFC 9483 4.1.6): EnvelopedData
// over SignedData over AsymmetricKeyPackage (RFC 5958).
#pragma once

#include <optional>

#include "libpki/base/secret.h"
#include "libpki/cms/enveloped_data.h"
#include "libpki/ossl/key.h"
#include "libpki/x509/cert.h"

namespace pki::cmp {

// Who signs the package: its certificate has the purpose id-kp-cmKGA.
struct KeyGenerator {
    EVP_PKEY* key = nullptr;
    Bytes certificate;
    std::vector<Bytes> chain;
};

// For whom. One of: the certificate that protected the request (RSA: key transport, EC: key
// agreement as RFC 9483 4.1.6.1 and 4.1.6.2 have it), or the shared secret of a MAC (PBKDF2 and
// the key wrap of RFC 3211, 4.1.6.3: cms/password_recipient.h says why not that of AES).
struct KeyRecipient {
    Bytes certificate;
    Bytes password;
};

// `private_key` is PKCS#8 (DER). EnvelopedData, without ContentInfo, as CertResponse has it.
// RSA keys are sealed with OAEP and SHA-256, the content with AES-256. unsupported when the
// recipient's key is neither RSA nor EC, or an RSA key is too small.
Result<Buffer> seal_private_key(Bytes private_key, const KeyGenerator& generator,
                                const KeyRecipient& recipient);

// The client's side. What came out, and who signed it: whether that certificate is trusted and
// has the purpose is the caller's matter. bad_signature, not_found (it is for somebody else),
// unsupported, malformed. The errors tell apart what a stranger must not learn to (cms/
// enveloped_data.h): the message around it has been verified.
struct DeliveredKey {
    Secret private_key;                // PKCS#8, DER
    Buffer signer;                     // certificate
    std::vector<Buffer> certificates;  // all that came along, the signer's too
};
struct KeyOpener {
    Bytes certificate;        // ours, with
    EVP_PKEY* key = nullptr;  // this key, or
    Bytes password;
};
Result<DeliveredKey> open_private_key(Bytes enveloped_data, const KeyOpener& opener);

}  // namespace pki::cmp
