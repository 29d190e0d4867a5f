#include "signerd/own_certificate.h"

#include <algorithm>

#include "signerd/stored.h"

namespace signerd {

namespace x509 = pki::x509;
using pki::Errc;
using pki::fail;

namespace {

// A store that somebody wrote into is no authority: the CA's key is.
bool is_signed_by_its_ca(const Generation& generation, const std::string& ca,
                         const x509::Certificate& certificate) {
    const auto key = generation.ca_keys.find(ca);
    return key != generation.ca_keys.end() && is_signed(certificate, key->second.get());
}

}  // namespace

pki::Result<std::optional<CertificateRecord>> find_own(Store& store,
                                                       const Generation& generation,
                                                       std::string_view tenant,
                                                       const x509::Certificate& certificate) {
    PKI_TRY(auto records, store.certificates_with_serial(x509::serial_text(certificate.tbs)));
    const auto found = std::ranges::find_if(records, [&](const CertificateRecord& record) {
        return record.tenant == tenant && pki::equal(record.der, certificate.encoding);
    });
    if (found == records.end() || !is_signed_by_its_ca(generation, found->ca, certificate))
        return std::optional<CertificateRecord>();
    return std::optional(std::move(*found));
}

bool renews(std::string_view profile, const Renewal& renewal, std::string_view other) {
    const auto& others = renewal.from_profiles;
    return other == profile || std::ranges::find(others, other) != others.end();
}

pki::Status check_renewal_time(const x509::Certificate& certificate, const Renewal& renewal,
                               std::int64_t now) {
    if (now < certificate.tbs.not_before)
        return fail(Errc::denied, "renewal: the certificate is not valid yet");
    if (now > certificate.tbs.not_after + renewal.grace)
        return fail(Errc::denied, "renewal: the certificate has expired");
    return {};
}

pki::Status check_renewal_key(const x509::Csr& csr, const x509::Certificate& certificate,
                              const Renewal& renewal) {
    const x509::Spki& old = certificate.tbs.spki;
    const bool same = csr.spki.key.type == old.key.type &&
                      csr.spki.key.curve == old.key.curve &&
                      pki::equal(csr.spki.key_bits, old.key_bits);
    if (renewal.same_key || !same) return {};
    return fail(Errc::denied, "renewal: same_key: a new key is required");
}

}  // namespace signerd
