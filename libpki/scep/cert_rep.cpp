#include "libpki/scep/cert_rep.h"

#include <algorithm>
#include <array>

#include "libpki/base/limits.h"
#include "libpki/base/utf8.h"
#include "libpki/ossl/digest.h"
#include "libpki/scep/attributes.h"
#include "libpki/x509/certs_only.h"
#include "libpki/x509/oids.h"

namespace pki::scep {

namespace {

namespace oid = x509::oid;

constexpr std::size_t kNonce = 16;  // RFC 8894 3.2.1.5

// The digest of the request, where it may be signed with.
ossl::Hash reply_digest(ossl::Hash asked, const cms::HashRules& hashes, EVP_PKEY* key) {
    const bool rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    switch (asked) {
        case ossl::Hash::sha256:
        case ossl::Hash::sha384:
        case ossl::Hash::sha512: return asked;
        case ossl::Hash::sha1: return hashes.sha1 ? asked : ossl::Hash::sha256;
        case ossl::Hash::md5: return hashes.md5 && rsa ? asked : ossl::Hash::sha256;
        case ossl::Hash::none: break;
    }
    return ossl::Hash::sha256;
}

// What the client has shown that it can read; RSA with PKCS#1 1.5 where it has shown nothing.
ossl::RsaPadding reply_padding(const Request& request) {
    if (!request.envelope) return {};
    const auto& recipients = request.envelope->recipients;
    const auto rsa = std::ranges::find_if(recipients, [](const cms::Recipient& r) {
        return r.kind == cms::Recipient::Kind::rsa;
    });
    return rsa == recipients.end() ? ossl::RsaPadding() : rsa->padding;
}

// RFC 8894 3.1: to the signer's key where it can be encrypted to, else by the password.
Result<Buffer> seal(const Request& request, const CertRep& reply) {
    const Buffer content = x509::build_certs_only(reply.certificates, reply.crls);
    cms::SealingSpec spec;
    if (request.envelope) spec.cipher = request.envelope->cipher.value_or(spec.cipher);
    spec.content = content;
    if (request.signer.tbs.spki.key.type == ossl::KeyType::rsa) {
        spec.recipient_certificate = request.signer.encoding;
        spec.recipient_key = &request.signer.tbs.spki;
        spec.padding = reply_padding(request);
    } else if (reply.password.empty()) {
        return fail(Errc::unsupported, "SCEP: nothing to encrypt the answer with");
    } else {
        spec.password = reply.password;
    }
    return cms::build_enveloped_data(spec);
}

// RFC 8894 3.2.1.4: only with a failure.
void add_failure(std::vector<Buffer>& attributes, const CertRep& reply) {
    attributes.push_back(
        build_number(oid::kScepFailInfo, static_cast<unsigned>(reply.fail_info)));
    if (reply.fail_text.empty()) return;
    std::string text = reply.fail_text;
    cut_text(text, limits::kScepFailText);
    attributes.push_back(
        build_attribute(oid::kScepFailInfoText, der::kUtf8String, as_bytes(text)));
}

Result<std::vector<Buffer>> attributes(const Request& request, const CertRep& reply) {
    std::array<std::uint8_t, kNonce> sender_nonce{};
    PKI_CHECK(ossl::random_bytes(sender_nonce));
    std::vector<Buffer> out;
    out.push_back(
        build_number(oid::kScepMessageType, static_cast<unsigned>(MessageType::cert_rep)));
    out.push_back(build_number(oid::kScepPkiStatus, static_cast<unsigned>(reply.status)));
    out.push_back(build_attribute(oid::kScepTransactionId, request.transaction_tag,
                                  request.transaction_id));
    out.push_back(build_attribute(oid::kScepSenderNonce, der::kOctetString, sender_nonce));
    out.push_back(
        build_attribute(oid::kScepRecipientNonce, der::kOctetString, request.sender_nonce));
    if (reply.status == PkiStatus::failure) add_failure(out, reply);
    return out;
}

}  // namespace

Result<Buffer> build_cert_rep(const Request& request, const CertRep& reply,
                              const Signing& signing) {
    cms::SigningSpec spec;
    spec.key = signing.key;
    spec.certificate = signing.certificate;
    spec.digest = reply_digest(request.digest, signing.hashes, signing.key);
    spec.rsa_encryption_oid = true;
    spec.content_type = oid::kData;
    PKI_TRY(spec.attributes, attributes(request, reply));
    if (signing.include_certificate) spec.certificates.push_back(signing.certificate);
    // RFC 8894 3.3.2.2 and 3.3.2.3 omit the envelope. The content that would hold it is there
    // all the same and empty: OpenSSL's PKCS7_verify, and so certmonger, takes none for a
    // detached one.
    Buffer envelope;
    if (reply.status == PkiStatus::success) {
        PKI_TRY(envelope, seal(request, reply));
    }
    spec.content = envelope;
    return cms::build_signed_data(spec);
}

}  // namespace pki::scep
