// EnvelopedData (RFC 5652 section 6) for RSA keys and passwords, as SCEP has it.
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

// PBKDF2 (RFC 8018 A.2), and the cipher that wraps the key (RFC 3211 2.3).
struct PasswordKey {
    Bytes salt;
    std::uint64_t iterations = 0;  // 1 to limits::kPasswordIterations
    ossl::Hash prf = ossl::Hash::sha1;
    ossl::Cipher cipher = ossl::Cipher::aes128;
    Bytes iv;
};

struct Recipient {
    // unsupported: another kind of RecipientInfo, or an algorithm that we do not have.
    enum class Kind : std::uint8_t { rsa, password, unsupported } kind = Kind::unsupported;
    SignerId id;               // rsa
    ossl::RsaPadding padding;  // rsa
    PasswordKey password;      // password
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

// Ciphers beside AES that the caller lets senders use.
struct CipherRules {
    bool des3 = false;
    bool des = false;
};
// Of the content, and of the keys of password recipients. unsupported.
Status check_cipher(const EnvelopedData& data, const CipherRules& allowed);

// A key of ours and the certificate by which senders know it.
struct RecipientKey {
    Bytes certificate;
    EVP_PKEY* key = nullptr;
};

struct Opened {
    Secret content;
    bool by_password = false;
    std::size_t which = 0;  // index of the key or password
};

// Takes the first recipient that names one of our keys or, when there are passwords, the first
// one that wants a password; no second is tried, so that a message costs one RSA operation, or
// one derivation for each password. not_found when none of ours is named, unsupported for
// algorithms that we do not have. Beyond that bad_signature for every failure, with one text
// and after the same work: a wrong key or password, wrong padding anywhere, wrong lengths.
Result<Opened> open_enveloped_data(const EnvelopedData& data,
                                   std::span<const RecipientKey> keys,
                                   std::span<const Secret> passwords);

// For a certificate with an RSA key, or else for a password.
struct SealingSpec {
    ossl::Cipher cipher = ossl::Cipher::aes128;
    Bytes content;  // of type id-data
    Bytes recipient_certificate;
    // Its key, when the caller has read it; x509::parse_certificate() is not asked then.
    const x509::Spki* recipient_key = nullptr;
    ossl::RsaPadding padding;
    Bytes password;  // used when there is no certificate
};

// ContentInfo with one recipient. unsupported when the certificate's key is not RSA.
Result<Buffer> build_enveloped_data(const SealingSpec& spec);

}  // namespace pki::cms
