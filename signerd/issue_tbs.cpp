#include "signerd/issue_tbs.h"

#include <algorithm>

#include "libpki/ossl/digest.h"
#include "libpki/x509/tbs.h"
#include "signerd/crl_schedule.h"

namespace signerd {

namespace x509 = pki::x509;

namespace {

// Only RSA encrypts to the subject (RFC 5480 section 3, RFC 8410 section 5).
std::uint16_t usage_for(std::uint16_t usage, const x509::Spki& spki) {
    if (spki.key.type == pki::ossl::KeyType::rsa) return usage;
    return static_cast<std::uint16_t>(usage &
                                      ~(x509::kKeyEncipherment | x509::kDataEncipherment));
}

}  // namespace

pki::Result<Serial> new_serial(std::int64_t now) {
    constexpr std::size_t kTime = 6;      // octets, of which two bits make the number positive
    constexpr int kMicrosecondBits = 12;  // dropped: 4 ms are fine enough, and last 9000 years
    Serial serial{};
    PKI_CHECK(pki::ossl::random_bytes(std::span(serial).subspan(kTime)));
    const std::uint64_t time = static_cast<std::uint64_t>(now) >> kMicrosecondBits;
    for (std::size_t i = 0; i < kTime; i++)
        serial[i] = static_cast<std::uint8_t>(time >> 8 * (kTime - 1 - i));
    serial[0] = static_cast<std::uint8_t>((serial[0] & 0x3f) | 0x40);
    return serial;
}

pki::Result<UnsignedCertificate> make_tbs(const Ca& ca, const x509::Profile& profile,
                                          const x509::Csr& csr, const Serial& serial,
                                          std::int64_t now) {
    if (now < ca.not_before || now >= ca.not_after)
        return pki::fail(pki::Errc::internal, "the CA's certificate is not valid now", ca.name);
    PKI_TRY(const pki::Buffer subject, x509::canonical_name(csr.subject));
    const pki::Buffer subject_key_identifier = x509::key_identifier(csr.spki);
    x509::TbsSpec spec;
    spec.serial = serial;
    spec.scheme = ca.scheme;
    spec.issuer = ca.subject;
    spec.subject = subject;
    spec.not_before = std::max(now - profile.backdate_seconds, ca.not_before);
    spec.not_after = std::min(now + profile.validity_seconds, ca.not_after);
    spec.spki = csr.spki.encoding;
    spec.subject_key_identifier = subject_key_identifier;
    spec.authority_key_identifier = ca.key_identifier;
    spec.key_usage = usage_for(profile.key_usage, csr.spki);
    // Without the extension the key could be used for anything.
    if (spec.key_usage == 0 && profile.key_usage != 0)
        return pki::fail(pki::Errc::denied, "profile: key_usage",
                         "no usage is left for this type of key");
    spec.extended_key_usage = {profile.extended_key_usage.begin(),
                               profile.extended_key_usage.end()};
    if (csr.san) spec.san = csr.san->encoding;
    spec.must_staple = profile.must_staple;
    spec.crl_urls = partition_urls(ca, partition_of(ca, serial));
    spec.ocsp_urls = ca.ocsp_urls;
    spec.ca_issuers_urls = ca.ca_issuers_urls;
    return UnsignedCertificate{x509::build_tbs(spec), spec.not_before, spec.not_after};
}

}  // namespace signerd
