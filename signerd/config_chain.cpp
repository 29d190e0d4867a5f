// The certificates of a CA: which one issues, and that the rest leads upwards from it.
#include <span>

#include "libpki/base/limits.h"
#include "libpki/x509/oids.h"
#include "signerd/config_files.h"
#include "signerd/config_parts.h"
#include "signerd/config_values.h"

namespace signerd {

namespace {

using pki::x509::Certificate;

// A chain of the largest certificates, with air for the text that openssl x509 -text writes.
constexpr std::size_t kMaxChainFile = 2 * pki::limits::kChain * pki::limits::kCertificate;

// Below this no CA key is safe until its certificates expire (NIST SP 800-57 part 1, table 2).
constexpr std::size_t kMinRsaBits = 2048;

// RFC 5280 4.2.1.9. Absent is not a CA.
pki::Result<pki::x509::BasicConstraints> basic_constraints(const Certificate& certificate) {
    const auto* found = certificate.tbs.extensions.find(pki::x509::oid::kBasicConstraints);
    if (!found) return pki::x509::BasicConstraints{};
    return pki::x509::parse_basic_constraints(found->value);
}

// RFC 5280 4.2.1.3: without the extension every usage is allowed.
pki::Status check_cert_sign(const Certificate& certificate) {
    const auto* found = certificate.tbs.extensions.find(pki::x509::oid::kKeyUsage);
    if (!found) return {};
    PKI_TRY(const std::uint16_t usage, pki::x509::parse_key_usage(found->value));
    if ((usage & pki::x509::kKeyCertSign) == 0)
        return pki::fail(pki::Errc::denied, "its key usage lacks keyCertSign");
    return {};
}

// What only the issuing certificate has to have: RFC 5280 4.1.2.6 and 4.2.1.3 of a CA.
pki::Status check_issuing(const Certificate& certificate) {
    PKI_CHECK(check_ca(certificate, 0));
    if (!certificate.tbs.extensions.find(pki::x509::oid::kKeyUsage))
        return pki::fail(pki::Errc::denied, "no key usage, keyCertSign is needed");
    if (certificate.tbs.subject.empty())
        return pki::fail(pki::Errc::denied, "its subject is empty");
    const pki::x509::Spki& spki = certificate.tbs.spki;
    if (spki.key.type == pki::ossl::KeyType::rsa && spki.rsa_bits() < kMinRsaBits)
        return pki::fail(pki::Errc::weak_key, "its RSA key is below 2048 bits");
    return {};
}

pki::Status check_link(const Certificate& lower, const Certificate& upper) {
    if (!pki::x509::same_name(lower.tbs.issuer, upper.tbs.subject))
        return pki::fail(pki::Errc::denied, "its issuer is not the next certificate's subject");
    return pki::x509::verify_signature(lower, upper.tbs.spki);
}

// RFC 5280 6.1.1 (d): a trust anchor need not say that it is a CA, and version 1 roots
// cannot.
bool is_old_root(std::span<const Certificate> chain, std::size_t i) {
    return i > 0 && i + 1 == chain.size() && is_self_issued(chain[i]) &&
           chain[i].tbs.extensions.list.empty();
}

pki::Status check_certificate(std::span<const Certificate> chain, std::size_t i) {
    std::size_t below = 0;
    for (const Certificate& lower : chain.first(i)) below += is_self_issued(lower) ? 0 : 1;

    if (i == 0) PKI_CHECK(check_issuing(chain[i]));
    if (i > 0 && !is_old_root(chain, i)) PKI_CHECK(check_ca(chain[i], below));
    // What a root says of itself proves nothing: RFC 5280 6.1 leaves its signature out.
    if (i + 1 == chain.size()) return {};
    return check_link(chain[i], chain[i + 1]);
}

pki::Result<std::vector<Certificate>> parse_chain(const std::vector<pki::Buffer>& ders) {
    if (ders.size() > pki::limits::kChain)
        return pki::fail(pki::Errc::malformed, "too many certificates");
    std::vector<Certificate> chain;
    for (const pki::Buffer& der : ders) {
        PKI_TRY(Certificate certificate, pki::x509::parse_certificate(der));
        for (const Certificate& earlier : chain)
            if (pki::equal(earlier.encoding, der))
                return pki::fail(pki::Errc::malformed, "the same certificate twice");
        chain.push_back(std::move(certificate));
    }
    for (std::size_t i = 0; i < chain.size(); i++) {
        const auto checked = check_certificate(chain, i);
        if (checked) continue;
        return pki::fail(checked.error().code, checked.error().text,
                         "certificate " + std::to_string(i + 1) + ", " +
                             pki::x509::name_text(chain[i].tbs.subject));
    }
    return chain;
}

pki::Result<pki::Buffer> subject_key_identifier(const Certificate& certificate) {
    const auto* found = certificate.tbs.extensions.find(pki::x509::oid::kSubjectKeyIdentifier);
    if (!found) return pki::x509::key_identifier(certificate.tbs.spki);
    PKI_TRY(const pki::Bytes id, pki::x509::parse_subject_key_identifier(found->value));
    return pki::to_buffer(id);
}

pki::Status load_chain(const std::string& path, Ca& ca) {
    PKI_TRY(const std::string pem, read_text_file(path, kMaxChainFile));
    PKI_TRY(ca.chain, pki::x509::certificates_from_pem(pem));
    PKI_TRY(const auto chain, parse_chain(ca.chain));

    const Certificate& issuing = chain.front();
    ca.subject = pki::to_buffer(issuing.tbs.subject.encoding);
    ca.not_before = issuing.tbs.not_before;
    ca.not_after = issuing.tbs.not_after;
    PKI_TRY(ca.key_identifier, subject_key_identifier(issuing));
    PKI_TRY(const auto key, pki::ossl::make_public_key(issuing.tbs.spki.key));
    PKI_TRY(ca.scheme, pki::ossl::default_scheme(key.get()));
    return {};
}

}  // namespace

bool is_self_issued(const Certificate& certificate) {
    return pki::x509::same_name(certificate.tbs.issuer, certificate.tbs.subject);
}

pki::Status check_ca(const Certificate& certificate, std::size_t below) {
    PKI_TRY(const auto constraints, basic_constraints(certificate));
    if (!constraints.ca) return pki::fail(pki::Errc::denied, "not a CA certificate");
    if (constraints.path_length && *constraints.path_length < below)
        return pki::fail(pki::Errc::denied, "its path length allows no CA this far below");
    return check_cert_sign(certificate);
}

pki::Status read_chain(const JsonValue& value, const std::filesystem::path& folder, Ca& ca) {
    PKI_TRY(const std::string path, read_path(value, folder, "file"));
    if (const auto loaded = load_chain(path, ca); !loaded)
        return value.error(path + ": " + loaded.error().message());
    return {};
}

}  // namespace signerd
