#include "clients/signerctl/ra.h"

#include <algorithm>

#include "clients/signerctl/ca.h"
#include "libpki/base/ascii.h"
#include "libpki/x509/csr.h"

namespace signerctl {

using pki::Buffer;
using pki::Errc;
using pki::fail;
namespace x509 = pki::x509;

namespace {

struct Unit {
    char letter;
    std::uint64_t seconds;
};
constexpr Unit kUnits[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};

constexpr std::uint64_t kLeast = 60;
constexpr std::uint64_t kMost = 3653 * std::uint64_t{86400};  // as signerd has it

pki::Error not_a_validity(std::string_view text) {
    return fail(Errc::malformed, "not a validity: a number and s, m, h or d, at most 3653d",
                std::string(text));
}

pki::Status check_issuer(const x509::Certificate& certificate, pki::Bytes issuing) {
    PKI_TRY(const auto issuer, x509::parse_certificate(issuing));
    if (!x509::same_name(certificate.tbs.issuer, issuer.tbs.subject))
        return fail(Errc::denied, "the chain of signerd's answer is that of another CA");
    return x509::verify_signature(certificate, issuer.tbs.spki);
}

}  // namespace

pki::Result<std::uint32_t> parse_validity(std::string_view text) {
    if (text.empty()) return not_a_validity(text);
    const auto unit = std::ranges::find(kUnits, text.back(), &Unit::letter);
    const auto count = pki::parse_decimal(text.substr(0, text.size() - 1));
    if (unit == std::end(kUnits) || !count || *count > kMost / unit->seconds ||
        *count * unit->seconds < kLeast)
        return not_a_validity(text);
    return static_cast<std::uint32_t>(*count * unit->seconds);
}

pki::Result<Buffer> make_ra_request(const std::string& subject, EVP_PKEY* key) {
    PKI_TRY(const Buffer name, x509::name_from_text(subject));
    PKI_TRY(const x509::Name parsed, x509::parse_name(name));
    if (parsed.empty()) return fail(Errc::malformed, "an RA needs a name");
    x509::CsrSpec spec;
    spec.subject = name;
    return x509::build_csr(spec, key);
}

pki::Status check_kind(EVP_PKEY* key, const std::string& spec) {
    PKI_TRY(const Buffer encoding, pki::ossl::public_key_der(key));
    PKI_TRY(const x509::Spki spki, x509::parse_spki(encoding));
    if (spki.describe() != spec)
        return fail(Errc::denied, "the key that is there is of another kind", spki.describe());
    return {};
}

pki::Result<std::string> ra_pem(const pki::wire::IssueReply& reply, EVP_PKEY* key) {
    PKI_TRY(const auto certificate, x509::parse_certificate(reply.certificate));
    PKI_CHECK(check_key(certificate, key));
    if (reply.chain.empty()) return fail(Errc::malformed, "signerd has sent no chain");
    PKI_CHECK(check_issuer(certificate, reply.chain.front()));
    std::string pem = x509::certificate_to_pem(reply.certificate);
    for (const pki::Bytes der : reply.chain) pem += x509::certificate_to_pem(der);
    return pem;
}

}  // namespace signerctl
