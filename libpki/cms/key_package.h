// A private key that was made for somebody else, on its way to him: EnvelopedData over
// SignedData over AsymmetricKeyPackage (RFC 5958), as CMP and EST have it.
#pragma once

#include <optional>

#include "libpki/base/secret.h"
#include "libpki/cms/enveloped_data.h"
#include "libpki/ossl/key.h"
#include "libpki/x509/cert.h"

namespace pki::cms {

// Who signs the package.
struct KeyGenerator {
    EVP_PKEY* key = nullptr;
    Bytes certificate;
    std::vector<Bytes> chain;
};

// For whom: the first of these that is there.
struct KeyRecipient {
    // An RSA key (key transport) or an EC key (key agreement), named by the certificate's
    // SubjectKeyIdentifier where it has one.
    Bytes certificate;
    // PBKDF2 and the key wrap of RFC 3211: cms/password_recipient.h says why not that of AES.
    Bytes password;
    // A key as above without a certificate, or one of AES; with the name that both sides know.
    const x509::Spki* key = nullptr;
    Bytes key_encryption_key = {};
    Bytes key_identifier = {};
};

// What the recipient can read.
struct KeyCiphers {
    ossl::Cipher content = ossl::Cipher::aes256;
    ossl::Cipher wrap = ossl::Cipher::aes256;  // of key agreement
    // PKCS#1 v1.5 has oracles; what opens CMS opens OAEP.
    ossl::RsaPadding padding = {true, ossl::Hash::sha256, ossl::Hash::sha256, {}};
};

// `private_key` is PKCS#8 (DER). EnvelopedData, without ContentInfo, as CMP has it inside of
// its messages. unsupported when the recipient's key is neither RSA nor EC, or an RSA key is
// too small.
Result<Buffer> seal_private_key(Bytes private_key, const KeyGenerator& generator,
                                const KeyRecipient& recipient, const KeyCiphers& ciphers = {});
// The same with ContentInfo.
Result<Buffer> seal_key_message(Bytes private_key, const KeyGenerator& generator,
                                const KeyRecipient& recipient, const KeyCiphers& ciphers = {});

// The client's side. What came out, and who signed it: whether that certificate is trusted and
// may make keys is the caller's matter. bad_signature, not_found (it is for somebody else),
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
    Bytes key_encryption_key = {};  // of AES
    Bytes key_identifier = {};      // of it or, without a certificate, of `key`
};
Result<DeliveredKey> open_private_key(Bytes enveloped_data, const KeyOpener& opener);
// From a ContentInfo, which is DER in lengths (der_from_ber).
Result<DeliveredKey> open_key_message(Bytes content_info, const KeyOpener& opener);

}  // namespace pki::cms
