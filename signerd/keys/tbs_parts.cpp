#include "signerd/keys/tbs_parts.h"

#include <algorithm>

#include "libpki/x509/oids.h"

namespace signerd {

namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

namespace {

constexpr std::int64_t kDay = 86400;
constexpr std::size_t kMinSerial = 8;  // octets: 64 bits of randomness

pki::Error denied(const char* text) { return pki::fail(pki::Errc::denied, text); }

}  // namespace

// RFC 5280 4.1.2.2, upper bound in parse_tbs().
pki::Status check_serial(const x509::Tbs& tbs) {
    if (tbs.serial.size() < kMinSerial) return denied("TBS: serial number too short");
    return {};
}

pki::Status check_issuer(const CaRules& rules, const x509::Tbs& tbs) {
    if (!pki::equal(tbs.issuer.encoding, rules.subject))
        return denied("TBS: issuer is not the CA");
    if (!pki::equal(tbs.signature_algorithm, rules.signature_algorithm))
        return denied("TBS: signature algorithm is not the CA's");
    // RFC 5280 4.2.1.1: there in every certificate that a CA issues; so the version is 3.
    const auto* aki = tbs.extensions.find(oid::kAuthorityKeyIdentifier);
    if (aki == nullptr) return denied("TBS: no authority key identifier");
    PKI_TRY(const pki::Bytes id, x509::parse_authority_key_identifier(aki->value));
    if (!pki::equal(id, rules.key_identifier))
        return denied("TBS: authority key identifier is not the CA's");
    return {};
}

// Strict parsers read what we sign; the front has made it so.
pki::Status check_subject(const x509::Tbs& tbs) {
    PKI_TRY(const pki::Buffer canonical, x509::canonical_name(tbs.subject));
    if (!pki::equal(canonical, tbs.subject.encoding))
        return denied("TBS: subject is not canonical");
    return {};
}

// A day of skew: no more is needed to date a certificate, and no less to bear a clock that a
// time server has just corrected.
pki::Status check_validity(const CaRules& rules, const x509::Tbs& tbs, std::int64_t now) {
    if (tbs.not_before < rules.not_before || tbs.not_after > rules.not_after)
        return denied("TBS: validity outside the CA's");
    if (tbs.not_before < now - rules.backdate - kDay || tbs.not_before > now + kDay)
        return denied("TBS: does not begin now");
    return {};
}

pki::Status check_not_ca(const x509::Tbs& tbs) {
    const auto* extension = tbs.extensions.find(oid::kBasicConstraints);
    if (extension == nullptr) return denied("TBS: no basic constraints");
    PKI_TRY(const auto constraints, x509::parse_basic_constraints(extension->value));
    if (constraints.ca) return denied("TBS: CA certificate");
    return {};
}

pki::Status check_extensions(const x509::Tbs& tbs, std::span<const pki::Bytes> allowed) {
    const auto fine = [&](const x509::Extension& extension) {
        return std::ranges::any_of(allowed,
                                   [&](pki::Bytes id) { return pki::equal(id, extension.id); });
    };
    if (!std::ranges::all_of(tbs.extensions.list, fine))
        return denied("TBS: foreign extension");
    return {};
}

}  // namespace signerd
