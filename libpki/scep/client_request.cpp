#include <array>

#include "libpki/base/limits.h"
#include "libpki/ossl/digest.h"
#include "libpki/scep/attributes.h"
#include "libpki/scep/client.h"
#include "libpki/x509/oids.h"
#include "libpki/x509/tbs.h"

namespace pki::scep {

namespace {

namespace oid = x509::oid;

Result<Buffer> seal(const RequestSpec& spec) {
    if (spec.lightweight) return to_buffer(spec.content);
    cms::SealingSpec sealing;
    sealing.cipher = spec.cipher;
    sealing.content = spec.content;
    sealing.password = spec.password;
    if (spec.password.empty()) {
        sealing.recipient_certificate = spec.recipient_certificate;
        sealing.padding = spec.padding;
    }
    return cms::build_enveloped_data(sealing);
}

// RFC 8894 2.3: fit for the signature of the request, and for the answer where the key is.
std::uint16_t key_usage(const x509::Spki& spki) {
    const bool rsa = spki.key.type == ossl::KeyType::rsa;
    return static_cast<std::uint16_t>(x509::kDigitalSignature |
                                      (rsa ? x509::kKeyEncipherment : 0));
}

// Never zero or negative (RFC 5280 4.1.2.2).
Result<std::array<std::uint8_t, 16>> random_serial() {
    std::array<std::uint8_t, 16> serial{};
    PKI_CHECK(ossl::random_bytes(serial));
    serial[0] = static_cast<std::uint8_t>((serial[0] & 0x7f) | 0x40);
    return serial;
}

}  // namespace

Result<Buffer> build_request(const RequestSpec& spec) {
    PKI_TRY(const Buffer content, seal(spec));
    cms::SigningSpec message;
    message.key = spec.key;
    message.certificate = spec.signer_certificate;
    message.digest = spec.digest;
    message.rsa_encryption_oid = true;
    message.content_type = oid::kData;
    message.content = content;
    message.certificates.push_back(spec.signer_certificate);
    message.attributes.push_back(
        build_number(oid::kScepMessageType, static_cast<unsigned>(spec.type)));
    message.attributes.push_back(build_attribute(oid::kScepTransactionId, der::kPrintableString,
                                                 as_bytes(spec.transaction_id)));
    message.attributes.push_back(
        build_attribute(oid::kScepSenderNonce, der::kOctetString, spec.sender_nonce));
    return cms::build_signed_data(message);
}

Result<Buffer> build_self_signed(EVP_PKEY* key, Bytes subject, std::int64_t not_before,
                                 std::int64_t not_after) {
    x509::TbsSpec spec;
    PKI_TRY(spec.scheme, ossl::default_scheme(key));
    PKI_TRY(const Buffer encoding, ossl::public_key_der(key));
    PKI_TRY(const x509::Spki spki, x509::parse_spki(encoding));
    PKI_TRY(const auto serial, random_serial());
    const Buffer identifier = x509::key_identifier(spki);
    spec.serial = serial;
    spec.issuer = subject;
    spec.subject = subject;
    spec.not_before = not_before;
    spec.not_after = not_after;
    spec.spki = encoding;
    spec.subject_key_identifier = identifier;
    spec.key_usage = key_usage(spki);
    const Buffer tbs = x509::build_tbs(spec);
    PKI_TRY(const Buffer signature, ossl::sign(key, spec.scheme, tbs));
    return x509::assemble_certificate(tbs, spec.scheme, signature);
}

}  // namespace pki::scep
