#include "signerd/keys/ocsp_check.h"

#include "libpki/x509/oids.h"
#include "signerd/keys/tbs_parts.h"

namespace signerd {

namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

namespace {

constexpr std::int64_t kDay = 86400;
constexpr std::uint8_t kNull[] = {0x05, 0x00};

constexpr pki::Bytes kResponderExtensions[] = {
    oid::kSubjectKeyIdentifier, oid::kAuthorityKeyIdentifier,
    oid::kBasicConstraints,     oid::kKeyUsage,
    oid::kExtendedKeyUsage,     oid::kOcspNoCheck,
};

pki::Error denied(const char* text) { return pki::fail(pki::Errc::denied, text); }

// RFC 6960 4.2.2.2: id-kp-OCSPSigning is what makes it a responder, and it is to be nothing
// else.
pki::Status check_usages(const x509::Tbs& tbs) {
    const auto* usage = tbs.extensions.find(oid::kKeyUsage);
    if (usage == nullptr) return denied("responder: no key usage");
    PKI_TRY(const std::uint16_t bits, x509::parse_key_usage(usage->value));
    if (bits != x509::kDigitalSignature) return denied("responder: key usage");
    const auto* purposes = tbs.extensions.find(oid::kExtendedKeyUsage);
    if (purposes == nullptr) return denied("responder: no extended key usage");
    PKI_TRY(const auto list, x509::parse_extended_key_usage(purposes->value));
    if (list.size() != 1 || !pki::equal(list[0], oid::kOcspSigning))
        return denied("responder: extended key usage");
    return {};
}

// RFC 6960 4.2.2.2.1: without it clients would ask whether the responder is revoked.
pki::Status check_no_check(const x509::Tbs& tbs) {
    const auto* extension = tbs.extensions.find(oid::kOcspNoCheck);
    if (extension == nullptr) return denied("responder: no id-pkix-ocsp-nocheck");
    if (!pki::equal(extension->value, kNull))
        return pki::fail(pki::Errc::malformed, "responder: id-pkix-ocsp-nocheck");
    return {};
}

// RFC 6960 4.2.2.2: a responder speaks for the CA that has certified it. Of the certificates of
// others it may say that it does not know them.
pki::Status check_issuer_of(const CaRules& rules, const x509::OcspSingle& single) {
    if (single.status == x509::OcspStatus::unknown) return {};
    PKI_TRY(const auto id, x509::parse_ocsp_cert_id(single.cert_id));
    const auto issuer = x509::ocsp_issuer(id.hash, rules.subject, rules.key_bits);
    if (!pki::equal(id.issuer_name_hash, issuer.name_hash) ||
        !pki::equal(id.issuer_key_hash, issuer.key_hash))
        return denied("OCSP: certificate of another CA");
    return {};
}

bool near(std::int64_t time, std::int64_t now) {
    return time >= now - kDay && time <= now + kDay;
}

// An answer that is kept for the future would say `good` of what is revoked by then.
pki::Status check_times(const x509::OcspSingle& single, std::int64_t now) {
    if (!near(single.this_update, now)) return denied("OCSP: thisUpdate is not now");
    if (single.next_update == 0) return {};
    if (single.next_update <= single.this_update ||
        single.next_update - single.this_update > kLongestResponder)
        return denied("OCSP: nextUpdate");
    return {};
}

}  // namespace

pki::Result<x509::Tbs> check_responder(const CaRules& rules, pki::Bytes encoding,
                                       std::int64_t now) {
    PKI_TRY(x509::Tbs tbs, x509::parse_tbs(encoding));
    PKI_CHECK(check_serial(tbs));
    PKI_CHECK(check_issuer(rules, tbs));
    PKI_CHECK(check_subject(tbs));
    PKI_CHECK(check_validity(rules, tbs, now));
    if (tbs.not_after - tbs.not_before > kLongestResponder)
        return denied("responder: validity too long");
    PKI_CHECK(check_not_ca(tbs));
    PKI_CHECK(check_usages(tbs));
    PKI_CHECK(check_no_check(tbs));
    PKI_CHECK(check_extensions(tbs, kResponderExtensions));
    return tbs;
}

pki::Result<x509::OcspResponseData> check_ocsp(const CaRules& rules, pki::Bytes response_data,
                                               std::int64_t now) {
    PKI_TRY(x509::OcspResponseData data, x509::parse_ocsp_response_data(response_data));
    if (!near(data.produced_at, now)) return denied("OCSP: producedAt is not now");
    for (const x509::OcspSingle& single : data.responses) {
        PKI_CHECK(check_issuer_of(rules, single));
        PKI_CHECK(check_times(single, now));
    }
    return data;
}

}  // namespace signerd
