#include "clients/signerctl/ca_identity.h"

#include <array>

#include "clients/signerctl/ca.h"
#include "libpki/ossl/digest.h"
#include "libpki/x509/oids.h"
#include "libpki/x509/tbs.h"

namespace signerctl {

using pki::Buffer;
using pki::Errc;
using pki::fail;
using pki::Result;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

namespace {

constexpr std::int64_t kBackdate = 300;
constexpr std::int64_t kDay = 86400;

// 126 random bits; the top two make it positive and always 16 octets long.
Result<std::array<std::uint8_t, 16>> random_serial() {
    std::array<std::uint8_t, 16> serial{};
    PKI_CHECK(ossl::random_bytes(serial));
    serial[0] = static_cast<std::uint8_t>((serial[0] & 0x3f) | 0x40);
    return serial;
}

// What stands in it is what certificates below it refer to.
Result<Buffer> key_identifier_of(const x509::Certificate& certificate) {
    const auto* found = certificate.tbs.extensions.find(x509::oid::kSubjectKeyIdentifier);
    if (!found) return x509::key_identifier(certificate.tbs.spki);
    PKI_TRY(const pki::Bytes id, x509::parse_subject_key_identifier(found->value));
    return pki::to_buffer(id);
}

}  // namespace

Validity validity(std::int64_t now, std::int64_t days) {
    return {now - kBackdate, now + days * kDay};
}

Result<Buffer> ca_name(const std::string& text) {
    PKI_TRY(Buffer name, x509::name_from_text(text));
    PKI_TRY(const x509::Name parsed, x509::parse_name(name));
    // RFC 5280 4.1.2.4: an issuer has a name.
    if (parsed.empty()) return fail(Errc::malformed, "a CA needs a name");
    return name;
}

Result<Identity> make_identity(Buffer name, const std::string& key_spec) {
    Identity made;
    made.name = std::move(name);
    PKI_TRY(made.key, ossl::generate_key(key_spec));
    PKI_TRY(made.scheme, ossl::default_scheme(made.key.get()));
    PKI_TRY(made.spki, ossl::public_key_der(made.key.get()));
    PKI_TRY(const x509::Spki spki, x509::parse_spki(made.spki));
    made.key_identifier = x509::key_identifier(spki);
    return made;
}

Result<Identity> identity_of(const x509::Certificate& certificate, EVP_PKEY* key) {
    PKI_CHECK(check_key(certificate, key));
    Identity found;
    EVP_PKEY_up_ref(key);
    found.key.reset(key);
    found.name = pki::to_buffer(certificate.tbs.subject.encoding);
    found.spki = pki::to_buffer(certificate.tbs.spki.encoding);
    PKI_TRY(found.scheme, ossl::default_scheme(key));
    PKI_TRY(found.key_identifier, key_identifier_of(certificate));
    return found;
}

Result<Buffer> certify(const Identity& issuer, const Identity& subject, const Validity& valid,
                       std::optional<std::uint64_t> path_length) {
    PKI_TRY(const auto serial, random_serial());
    x509::TbsSpec spec;
    spec.serial = serial;
    spec.scheme = issuer.scheme;
    spec.issuer = issuer.name;
    spec.subject = subject.name;
    spec.not_before = valid.not_before;
    spec.not_after = valid.not_after;
    spec.spki = subject.spki;
    spec.subject_key_identifier = subject.key_identifier;
    if (&issuer != &subject) spec.authority_key_identifier = issuer.key_identifier;
    spec.ca = true;
    spec.path_length = path_length;
    spec.key_usage = x509::kKeyCertSign | x509::kCrlSign;
    const Buffer tbs = x509::build_tbs(spec);
    PKI_TRY(const Buffer signature, ossl::sign(issuer.key.get(), issuer.scheme, tbs));
    return x509::assemble_certificate(tbs, issuer.scheme, signature);
}

Result<bool> same_name(const Buffer& a, const Buffer& b) {
    PKI_TRY(const x509::Name first, x509::parse_name(a));
    PKI_TRY(const x509::Name second, x509::parse_name(b));
    return x509::same_name(first, second);
}

}  // namespace signerctl
