#include "signerd/revocation_rules.h"

#include "libpki/base/time.h"
#include "libpki/x509/cert.h"
#include "signerd/stored.h"

namespace signerd {

using pki::Errc;
using pki::fail;
using pki::x509::CrlReason;

namespace {

pki::Result<pki::ossl::Sha256> key_of(const CertificateRecord& record) {
    const auto certificate = pki::x509::parse_certificate(record.der);
    if (!certificate) return damaged("a certificate that cannot be read", record.serial);
    return pki::ossl::sha256(certificate->tbs.spki.encoding);
}

// To certificateHold itself it is no change, and to keyCompromise neither.
bool may_change(CrlReason from, CrlReason to) {
    return from != to &&
           (from == CrlReason::certificate_hold || to == CrlReason::key_compromise);
}

}  // namespace

pki::Result<CrlReason> reason_to_revoke(std::uint8_t number) {
    const auto reason = pki::x509::crl_reason_from_number(number);
    if (!reason || *reason == CrlReason::remove_from_crl)
        return fail(Errc::malformed, "no reason to revoke", std::to_string(number));
    return *reason;
}

std::string revocation_text(const Revocation& revocation) {
    return std::string(name(revocation.reason)) + ", since " +
           pki::format_iso8601(revocation.time);
}

pki::Result<RevocationChange> revoke(const CertificateRecord& record, CrlReason reason,
                                     std::int64_t now) {
    const auto& before = record.revocation;
    if (before && !may_change(before->reason, reason))
        return fail(Errc::conflict, "already revoked", revocation_text(*before));
    RevocationChange change{record.ca, record.serial, Revocation{reason, now}, {}};
    if (before) change.revocation->time = before->time;
    if (reason != CrlReason::key_compromise) return change;
    PKI_TRY(change.blocked_key, key_of(record));
    return change;
}

pki::Result<RevocationChange> release(const CertificateRecord& record) {
    if (!record.revocation) return fail(Errc::conflict, "not revoked");
    if (record.revocation->reason != CrlReason::certificate_hold)
        return fail(Errc::conflict, "revoked for good", revocation_text(*record.revocation));
    return RevocationChange{record.ca, record.serial, {}, {}};
}

}  // namespace signerd
