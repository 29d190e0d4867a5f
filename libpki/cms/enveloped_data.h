// EnvelopedData (RFC 5652 section 6) for RSA keys and passwords, as SCEP has it, and for EC
// keys (RFC 5753), as CMP has beside these.
//
// CBC has no integrity. What comes out of an envelope may be what its sender made of somebody
// else's: when it does not parse, he must be told the same as when the envelope cannot be
// opened.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "libpki/cms/signer_id.h"
#include "libpki/ossl/cipher.h"
#include "libpki/ossl/rsa_encryption.h"
#include "libpki/x509/spki.h"

namespace pki::cms {

// PBKDF2 (RFC 8018 A.2), and the cipher that wraps the key: twice with CBC (RFC 3211 2.3), or
// as AES key wrap does (RFC 3394).
struct PasswordKey {
    Bytes salt;
    std::uint64_t iterations = 0;  // 1 to limits::kPasswordIterations
    ossl::Hash prf = ossl::Hash::sha1;
    ossl::Cipher cipher = ossl::Cipher::aes128;
    Bytes iv;               // of CBC
    bool key_wrap = false;  // RFC 3394
};

// ECDH with an ephemeral key of the sender's, X9.63 KDF, AES key wrap (RFC 5753 3.1).
struct KeyAgreement {
    Bytes point;  // of the sender's key, uncompressed
    Bytes ukm;    // may be empty
    ossl::Hash kdf = ossl::Hash::sha256;
    ossl::Cipher wrap = ossl::Cipher::aes128;
    Bytes wrap_algorithm;  // AlgorithmIdentifier, as the key derivation has it
};

struct Recipient {
    // unsupported: another kind of RecipientInfo, or an algorithm that we do not have.
    enum class Kind : std::uint8_t {
        rsa,
        password,
        agreement,
        key_encryption_key,
        unsupported
    } kind = Kind::unsupported;
    SignerId id;               // rsa, agreement; key_encryption_key: its keyIdentifier
    ossl::RsaPadding padding;  // rsa
    PasswordKey password;      // password
    KeyAgreement agreement;    // agreement
    // key_encryption_key: AES key wrap (RFC 3394).
    ossl::Cipher wrap = ossl::Cipher::aes128;
    Bytes encrypted_key;
};

struct EnvelopedData {
    Bytes content_type;
    std::optional<ossl::Cipher> cipher;  // none: one that we do not have
    Bytes iv;
    std::vector<Bytes> encrypted;  // parts of the encrypted content, in order
    std::vector<Recipient> recipients;
};

// From a ContentInfo, which is DER in lengths (der_from_ber); an encryptedContent that was
// sent in parts still is. Views into it. malformed with more than limits::kRecipients.
// unsupported when it is no EnvelopedData. Other unknown algorithms are found by
// check_cipher() and open_enveloped_data().
Result<EnvelopedData> parse_enveloped_data(Bytes content_info);

// What SCEP does not have, and what is `unsupported` where nobody asks for it.
struct RecipientRules {
    bool key_agreement = false;
    // Passwords with AES key wrap, which RFC 9481 4.3 lists in the place of RFC 3211.
    bool password_key_wrap = false;
    bool key_encryption_key = false;
};
// Without ContentInfo, as other messages have it inside.
Result<EnvelopedData> parse_bare_enveloped_data(Bytes enveloped_data,
                                                const RecipientRules& rules);

// Ciphers beside AES that the caller lets senders use.
struct CipherRules {
    bool des3 = false;
    bool des = false;
};
// Of the content, and of the keys of password recipients. unsupported.
Status check_cipher(const EnvelopedData& data, const CipherRules& allowed);

// A key of ours and the certificate by which senders know it, or without one its identifier.
struct RecipientKey {
    Bytes certificate;
    EVP_PKEY* key = nullptr;
    Bytes key_identifier = {};
};

// A key of AES that both sides have, with its name.
struct KeyEncryptionKey {
    Bytes identifier;
    Bytes key;
};

struct Opened {
    Secret content;
    bool by_password = false;
    std::size_t which = 0;  // index of the key, password or key-encryption key
};

// An EC key opens what was agreed upon with it. Takes the first recipient that names one of our
// keys or, when there are passwords, the first one that wants a password; no second is tried,
// so that a message costs one RSA operation, or one derivation for each password. not_found
// when none of ours is named, unsupported for algorithms that we do not have. Beyond that
// bad_signature for every failure, with one text and after the same work: a wrong key or
// password, wrong padding anywhere, wrong lengths.
Result<Opened> open_enveloped_data(const EnvelopedData& data,
                                   std::span<const RecipientKey> keys,
                                   std::span<const Secret> passwords,
                                   std::span<const KeyEncryptionKey> wrapping = {});

// For a certificate with an RSA key or, where that is wanted, an EC key, for such a key that is
// known by its identifier alone, for a key of AES, or else for a password.
struct SealingSpec {
    ossl::Cipher cipher = ossl::Cipher::aes128;  // key agreement: AES
    std::optional<ossl::Cipher> wrap;            // of key agreement; none: as the content
    Bytes content;
    Bytes content_type;  // empty: id-data
    Bytes recipient_certificate;
    bool key_agreement = false;
    // Names the certificate by its SubjectKeyIdentifier, when it has one.
    bool by_key_identifier = false;
    // Its key, when the caller has read it; x509::parse_certificate() is not asked then.
    const x509::Spki* recipient_key = nullptr;
    ossl::RsaPadding padding;
    Bytes key_encryption_key;  // 16, 24 or 32 octets
    Bytes key_identifier;      // of it, or of recipient_key where there is no certificate
    Bytes password;            // used when there is none of these
};

// ContentInfo with one recipient. unsupported when the certificate's key is of another kind.
Result<Buffer> build_enveloped_data(const SealingSpec& spec);
// The same without ContentInfo.
Result<Buffer> build_bare_enveloped_data(const SealingSpec& spec);

// How the spec names its certificate.
Result<SignerId> recipient_id(const SealingSpec& spec);

}  // namespace pki::cms
