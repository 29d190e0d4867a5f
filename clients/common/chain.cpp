#include "clients/common/chain.h"

#include "libpki/base/time.h"
#include "libpki/x509/oids.h"

namespace clients {

using pki::Errc;
using pki::fail;
using pki::Status;
namespace x509 = pki::x509;

namespace {

pki::Error refuse(const char* text, const x509::Certificate& certificate) {
    return fail(Errc::denied, text, x509::name_text(certificate.tbs.subject));
}

bool self_issued(const x509::Certificate& certificate) {
    return x509::same_name(certificate.tbs.issuer, certificate.tbs.subject);
}

// RFC 5280 6.1.4 (k), (n).
Status check_may_sign(const x509::Certificate& certificate) {
    const x509::Extensions& extensions = certificate.tbs.extensions;
    const auto* constraints = extensions.find(x509::oid::kBasicConstraints);
    if (!constraints) return refuse("not a CA certificate", certificate);
    PKI_TRY(const auto basic, x509::parse_basic_constraints(constraints->value));
    if (!basic.ca) return refuse("not a CA certificate", certificate);

    const auto* usage = extensions.find(x509::oid::kKeyUsage);
    if (!usage) return refuse("the certificate has no keyUsage", certificate);
    PKI_TRY(const std::uint16_t bits, x509::parse_key_usage(usage->value));
    if (!(bits & x509::kKeyCertSign))
        return refuse("the certificate's keyUsage lacks keyCertSign", certificate);
    return {};
}

// RFC 5280 6.1.4 (l), (m): `below` CA certificates that are not self-issued.
Status check_path_length(const x509::Certificate& certificate, std::size_t below) {
    const auto* constraints = certificate.tbs.extensions.find(x509::oid::kBasicConstraints);
    PKI_TRY(const auto basic, x509::parse_basic_constraints(constraints->value));
    if (basic.path_length && below > *basic.path_length)
        return refuse("the chain is longer than the path length constraint of", certificate);
    return {};
}

}  // namespace

Status check_date(const x509::Certificate& certificate, std::int64_t now) {
    const x509::Tbs& tbs = certificate.tbs;
    if (now < tbs.not_before)
        return fail(
            Errc::denied, "the certificate is not valid yet",
            x509::name_text(tbs.subject) + ", from " + pki::format_iso8601(tbs.not_before));
    if (now > tbs.not_after)
        return fail(
            Errc::denied, "the certificate has expired",
            x509::name_text(tbs.subject) + ", on " + pki::format_iso8601(tbs.not_after));
    return {};
}

Status check_issued(const x509::Certificate& certificate, const x509::Certificate& issuer) {
    if (!x509::same_name(certificate.tbs.issuer, issuer.tbs.subject))
        return refuse("the next certificate of the chain has not the issuer's name",
                      certificate);
    if (!x509::verify_signature(certificate, issuer.tbs.spki))
        return refuse("the next certificate of the chain did not sign this one", certificate);
    return {};
}

Status check_ca_chain(const std::vector<x509::Certificate>& chain, std::int64_t now) {
    std::size_t below = 0;
    for (std::size_t i = 0; i < chain.size(); i++) {
        PKI_CHECK(check_may_sign(chain[i]));
        PKI_CHECK(check_date(chain[i], now));
        PKI_CHECK(check_path_length(chain[i], below));
        if (i + 1 < chain.size()) {
            PKI_CHECK(check_issued(chain[i], chain[i + 1]));
        } else if (self_issued(chain[i])) {
            PKI_CHECK(check_issued(chain[i], chain[i]));
        }
        below += self_issued(chain[i]) ? 0 : 1;
    }
    return {};
}

Status check_key(const x509::Certificate& certificate, EVP_PKEY* key) {
    PKI_TRY(const auto certified, pki::ossl::make_public_key(certificate.tbs.spki.key));
    if (!pki::ossl::same_public_key(certified.get(), key))
        return refuse("the certificate is for another key", certificate);
    return {};
}

}  // namespace clients
