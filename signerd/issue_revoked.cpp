#include "signerd/issue_revoked.h"

#include "signerd/revocation_rules.h"

namespace signerd {

using pki::Errc;
using pki::fail;

namespace {

// Not to the octet: of an ECDSA signature (r, s) anybody can make (r, n - s), which verifies as
// well, so that one certificate has two encodings.
bool is_that(const CertificateRecord& record, const pki::x509::Certificate& shown) {
    const auto certificate = pki::x509::parse_certificate(record.der);
    return certificate && pki::equal(certificate->tbs.encoding, shown.tbs.encoding);
}

}  // namespace

Objection object_to_client(Store& store, const pki::x509::Certificate& shown) {
    PKI_TRY(const auto records,
            store.certificates_with_serial(pki::x509::serial_text(shown.tbs)));
    for (const CertificateRecord& record : records)
        if (record.revocation && is_that(record, shown))
            return std::optional(fail(Errc::unauthenticated, pki::Reason::cert_revoked,
                                      "the client certificate is revoked",
                                      revocation_text(*record.revocation)));
    return std::optional<pki::Error>();
}

Objection object_to_key(Store& store, const pki::x509::Spki& key) {
    PKI_TRY(const bool blocked, store.is_blocked(pki::ossl::sha256(key.encoding)));
    if (!blocked) return std::optional<pki::Error>();
    return std::optional(fail(Errc::denied, "the key was revoked as compromised"));
}

}  // namespace signerd
