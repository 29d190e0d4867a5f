// SignedData (RFC 5652 section 5) with one signer, as SCEP has it.
#pragma once

#include <optional>
#include <vector>

#include "libpki/base/secret.h"
#include "libpki/cms/signer_id.h"
#include "libpki/ossl/key.h"
#include "libpki/x509/spki.h"

namespace pki::cms {

struct Attribute {
    Bytes type;   // OID content
    Bytes value;  // the only value: one element
};

struct SignerInfo {
    SignerId id;
    ossl::Hash digest = ossl::Hash::none;  // none: one that we do not have
    Bytes signature_algorithm;             // AlgorithmIdentifier
    Bytes signature;
    std::vector<Attribute> attributes;  // signed ones; no type twice
    Bytes attributes_encoding;          // content of signedAttrs, as received

    const Attribute* find(Bytes type) const;  // nullptr when there is none
};

struct SignedData {
    Bytes content_type;
    std::optional<Bytes> content;     // eContent, without the OCTET STRING
    std::vector<Bytes> certificates;  // each is a SEQUENCE; no more is checked
    std::vector<Bytes> crls;          // the same
    std::optional<SignerInfo> signer;
};

// From a ContentInfo, which is DER in lengths (der_from_ber). Views into it. No signer (the
// degenerate form) or exactly one; more are malformed, as is an attribute with two values or
// two of one type. At most limits::kChain certificates and CRLs each and
// limits::kCmsAttributes attributes. unsupported when it is no SignedData.
//
// Not checked: the signature, the versions, what certificates and CRLs hold.
// Unknown algorithms are found by verify_signed_data().
Result<SignedData> parse_signed_data(Bytes content_info);

// The same without ContentInfo, as it stands inside of EnvelopedData.
Result<SignedData> parse_bare_signed_data(Bytes signed_data);

// Hashes beside SHA-2 that the caller lets signers use.
struct HashRules {
    bool sha1 = false;
    bool md5 = false;
};

// RFC 5652 5.4 and 5.6: messageDigest is the digest of the content (of nothing, when there is
// none), contentType that of the content, and the key verifies the signature over the
// attributes: as they came or, since some devices sign what they do not send, sorted as DER
// wants. bad_signature for each of these, also without signer or signed attributes, which RFC
// 5652 5.3 allows and SCEP does not; unsupported for algorithms, also for hashes outside of
// `allowed`. Whose key it is, and whether its certificate is any good, is the caller's matter.
Status verify_signed_data(const SignedData& data, const x509::Spki& signer,
                          const HashRules& allowed);

// The one among the certificates that the SignerInfo names; not_found.
Result<Bytes> signer_certificate(const SignedData& data);

struct SigningSpec {
    EVP_PKEY* key = nullptr;
    Bytes certificate;  // the signer's; issuer and serial number come from it
    ossl::Hash digest = ossl::Hash::sha256;
    bool rsa_encryption_oid = true;  // name the key, not the signature algorithm: old devices
    Bytes content_type;
    std::optional<Bytes> content;
    std::vector<Buffer> attributes;  // complete Attributes beside contentType and messageDigest
    std::vector<Bytes> certificates;
    std::vector<Bytes> crls;
};

// ContentInfo with one signer. Certificates are written in the order given, attributes in that
// of DER. unsupported when key and digest do not match.
Result<Buffer> build_signed_data(const SigningSpec& spec);
// The same without ContentInfo, and wiped when it goes: the content may be a secret.
Result<Secret> build_bare_signed_data(const SigningSpec& spec);

// A complete Attribute with one value, which is one element.
Buffer build_attribute(Bytes type, Bytes value);

}  // namespace pki::cms
