#include "libpki/base/base64.h"
#include "libpki/x509/cert.h"
#include "signerd/challenge/jws_challenge.h"

namespace signerd {

namespace x509 = pki::x509;
using pki::Errc;
using pki::fail;
using pki::ossl::KeyType;

namespace {

constexpr std::size_t kLeastRsa = 2048;
constexpr std::string_view kBegin = "-----BEGIN PUBLIC KEY-----";
constexpr std::string_view kEnd = "-----END PUBLIC KEY-----";
constexpr std::string_view kCertificate = "-----BEGIN CERTIFICATE-----";

pki::Result<JwsAnchor> anchor_of(const x509::Spki& spki) {
    const bool p256 = spki.key.type == KeyType::ec && spki.key.curve == pki::ossl::Curve::p256;
    if (spki.key.type != KeyType::rsa && !p256)
        return fail(Errc::unsupported, "a key for neither RS256 nor ES256", spki.describe());
    if (!p256 && spki.rsa_bits() < kLeastRsa)
        return fail(Errc::weak_key, "an RSA key below 2048 bits", spki.describe());
    JwsAnchor anchor;
    PKI_TRY(anchor.key, pki::ossl::make_public_key(spki.key));
    return anchor;
}

pki::Status add_keys(std::string_view pem, std::vector<JwsAnchor>& anchors) {
    for (;;) {
        const std::size_t start = pem.find(kBegin);
        if (start == pem.npos) return {};
        pem.remove_prefix(start + kBegin.size());
        const std::size_t end = pem.find(kEnd);
        if (end == pem.npos) return fail(Errc::malformed, "PEM: block without end");
        PKI_TRY(const pki::Buffer der, pki::base64_decode(pki::as_bytes(pem.substr(0, end))));
        PKI_TRY(const x509::Spki spki, x509::parse_spki(der));
        PKI_TRY(JwsAnchor anchor, anchor_of(spki));
        anchors.push_back(std::move(anchor));
    }
}

pki::Status add_certificates(std::string_view pem, std::vector<JwsAnchor>& anchors) {
    if (pem.find(kCertificate) == pem.npos) return {};
    PKI_TRY(const auto certificates, x509::certificates_from_pem(pem));
    for (const pki::Buffer& der : certificates) {
        PKI_TRY(const x509::Certificate certificate, x509::parse_certificate(der));
        PKI_TRY(JwsAnchor anchor, anchor_of(certificate.tbs.spki));
        anchor.not_before = certificate.tbs.not_before;
        anchor.not_after = certificate.tbs.not_after;
        anchors.push_back(std::move(anchor));
    }
    return {};
}

}  // namespace

pki::Result<std::vector<JwsAnchor>> anchors_from_pem(std::string_view pem) {
    std::vector<JwsAnchor> anchors;
    PKI_CHECK(add_keys(pem, anchors));
    PKI_CHECK(add_certificates(pem, anchors));
    if (anchors.empty()) return fail(Errc::malformed, "no certificate and no public key");
    return anchors;
}

}  // namespace signerd
