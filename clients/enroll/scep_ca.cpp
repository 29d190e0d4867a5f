#include "clients/enroll/scep_ca.h"

#include <algorithm>

#include "clients/common/chain.h"
#include "clients/enroll/common.h"
#include "clients/enroll/verify.h"
#include "libpki/x509/oids.h"

namespace enroll {

using pki::Buffer;
using pki::Errc;
using pki::fail;
using pki::Result;
namespace x509 = pki::x509;

namespace {

// 1.3.6.1.4.1.311.20.2.1
constexpr std::uint8_t kRequestAgent[] = {0x2b, 0x06, 0x01, 0x04, 0x01,
                                          0x82, 0x37, 0x14, 0x02, 0x01};

bool contains(const std::vector<Buffer>& list, const Buffer& one) {
    return std::ranges::find(list, one) != list.end();
}

bool is_ca(const x509::Certificate& certificate) {
    const auto* found = certificate.tbs.extensions.find(x509::oid::kBasicConstraints);
    if (!found) return false;
    const auto constraints = x509::parse_basic_constraints(found->value);
    return constraints && constraints->ca;
}

// Without a keyUsage every use is allowed.
bool may_be_sealed_for(const x509::Certificate& certificate) {
    if (certificate.tbs.spki.key.type != pki::ossl::KeyType::rsa) return false;
    const auto* found = certificate.tbs.extensions.find(x509::oid::kKeyUsage);
    if (!found) return true;
    const auto bits = x509::parse_key_usage(found->value);
    return bits && (*bits & x509::kKeyEncipherment) != 0;
}

struct Sorted {
    std::vector<Buffer> cas, ras;
};

Sorted sort(const std::vector<Buffer>& certificates, const std::vector<Buffer>& anchors,
            bool any_ra, std::int64_t now) {
    Sorted sorted;
    for (const Buffer& der : certificates) {
        const auto one = x509::parse_certificate(der);
        if (!one) continue;
        const bool pinned = contains(anchors, der);
        if (!pinned && !find_chain(der, certificates, anchors, now)) continue;
        if (is_ca(*one))
            sorted.cas.push_back(der);
        else if (pinned || any_ra || may_be_ra(*one))
            sorted.ras.push_back(der);
    }
    return sorted;
}

bool issued_by(const Buffer& der, const Buffer& issuer) {
    const auto one = x509::parse_certificate(der);
    const auto above = x509::parse_certificate(issuer);
    return one && above && check_issued(*one, *above).has_value();
}

// The one above the RA; without an RA the first one that is above no other CA.
const Buffer& issuing_ca(const Sorted& sorted) {
    for (const Buffer& ra : sorted.ras)
        for (const Buffer& ca : sorted.cas)
            if (issued_by(ra, ca)) return ca;
    for (const Buffer& ca : sorted.cas) {
        const bool above = std::ranges::any_of(sorted.cas, [&](const Buffer& other) {
            return other != ca && issued_by(other, ca);
        });
        if (!above) return ca;
    }
    return sorted.cas.front();
}

// A CA that is its own RA may have a keyUsage without keyEncipherment: it is the only one.
Buffer find_recipient(const Sorted& sorted, const Buffer& issuer) {
    for (const Buffer& ra : sorted.ras) {
        const auto one = x509::parse_certificate(ra);
        if (one && may_be_sealed_for(*one)) return ra;
    }
    const auto ca = x509::parse_certificate(issuer);
    const bool rsa = ca && ca->tbs.spki.key.type == pki::ossl::KeyType::rsa;
    return sorted.ras.empty() && rsa ? issuer : Buffer();
}

}  // namespace

bool may_be_ra(const x509::Certificate& certificate) {
    const auto* found = certificate.tbs.extensions.find(x509::oid::kExtendedKeyUsage);
    if (!found) return true;
    const auto purposes = x509::parse_extended_key_usage(found->value);
    return purposes && std::ranges::any_of(*purposes, [](pki::Bytes purpose) {
               return pki::equal(purpose, x509::oid::kCmcRa) ||
                      pki::equal(purpose, kRequestAgent);
           });
}

Result<ScepCa> trusted_ca(const std::vector<Buffer>& certificates, const ScepTrust& trust,
                          std::int64_t now) {
    ScepCa ca;
    ca.anchors = trust.anchors;
    for (Buffer& pinned : with_fingerprint(certificates, trust.fingerprints))
        ca.anchors.push_back(std::move(pinned));
    const Sorted sorted = sort(certificates, ca.anchors, trust.any_ra, now);
    if (sorted.cas.empty()) return fail(Errc::denied, "the server names no CA that is trusted");
    ca.issuer = issuing_ca(sorted);
    ca.recipient = find_recipient(sorted, ca.issuer);
    ca.signers = sorted.ras;
    ca.signers.push_back(ca.issuer);
    ca.all = sorted.cas;
    ca.all.insert(ca.all.end(), sorted.ras.begin(), sorted.ras.end());
    return ca;
}

}  // namespace enroll
