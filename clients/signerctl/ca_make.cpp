#include "clients/signerctl/ca.h"

#include <array>

#include "libpki/ossl/digest.h"
#include "libpki/x509/csr.h"
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

// A key, and what of it stands in certificates.
struct Identity {
    ossl::PkeyPtr key;
    ossl::SignatureScheme scheme;
    Buffer name;
    Buffer spki;
    Buffer key_identifier;
};

struct Validity {
    std::int64_t not_before = 0;
    std::int64_t not_after = 0;
};

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

Result<Identity> make_identity(const std::string& name, const std::string& key_spec) {
    Identity made;
    PKI_TRY(made.name, ca_name(name));
    PKI_TRY(made.key, ossl::generate_key(key_spec));
    PKI_TRY(made.scheme, ossl::default_scheme(made.key.get()));
    PKI_TRY(made.spki, ossl::public_key_der(made.key.get()));
    PKI_TRY(const x509::Spki spki, x509::parse_spki(made.spki));
    made.key_identifier = x509::key_identifier(spki);
    return made;
}

// 126 random bits; the top two make it positive and always 16 octets long.
Result<std::array<std::uint8_t, 16>> random_serial() {
    std::array<std::uint8_t, 16> serial{};
    PKI_CHECK(ossl::random_bytes(serial));
    serial[0] = static_cast<std::uint8_t>((serial[0] & 0x3f) | 0x40);
    return serial;
}

Result<Buffer> certify(const Identity& issuer, const Identity& subject, const Validity& valid) {
    PKI_TRY(const auto serial, random_serial());
    const bool root = &issuer == &subject;
    x509::TbsSpec spec;
    spec.serial = serial;
    spec.scheme = issuer.scheme;
    spec.issuer = issuer.name;
    spec.subject = subject.name;
    spec.not_before = valid.not_before;
    spec.not_after = valid.not_after;
    spec.spki = subject.spki;
    spec.subject_key_identifier = subject.key_identifier;
    spec.ca = true;
    spec.key_usage = x509::kKeyCertSign | x509::kCrlSign;
    if (!root) {
        spec.authority_key_identifier = issuer.key_identifier;
        spec.path_length = 0;
    }
    const Buffer tbs = x509::build_tbs(spec);
    PKI_TRY(const Buffer signature, ossl::sign(issuer.key.get(), issuer.scheme, tbs));
    return x509::assemble_certificate(tbs, issuer.scheme, signature);
}

Result<bool> same_name(const Buffer& a, const Buffer& b) {
    PKI_TRY(const x509::Name first, x509::parse_name(a));
    PKI_TRY(const x509::Name second, x509::parse_name(b));
    return x509::same_name(first, second);
}

}  // namespace

Result<NewCa> make_ca(const CaSpec& spec, std::int64_t now) {
    if (spec.days > spec.root_days)
        return fail(Errc::denied, "the issuing certificate would outlive its root");
    PKI_TRY(const Identity root, make_identity(spec.root_name, spec.root_key));
    PKI_TRY(const Identity issuing, make_identity(spec.name, spec.key));
    // A certificate whose issuer has its own name reads as self-issued (RFC 5280 3.2).
    PKI_TRY(const bool same, same_name(root.name, issuing.name));
    if (same) return fail(Errc::denied, "root and issuing CA need different names");

    NewCa made;
    PKI_TRY(made.root, certify(root, root, validity(now, spec.root_days)));
    PKI_TRY(made.certificate, certify(root, issuing, validity(now, spec.days)));
    PKI_TRY(made.root_key, ossl::write_private_key(root.key.get()));
    PKI_TRY(made.key, ossl::write_private_key(issuing.key.get()));
    return made;
}

Result<NewRequest> make_request(const std::string& name, const std::string& key) {
    PKI_TRY(const Identity issuing, make_identity(name, key));
    x509::CsrSpec spec;
    spec.subject = issuing.name;
    NewRequest made;
    PKI_TRY(made.csr, x509::build_csr(spec, issuing.key.get()));
    PKI_TRY(made.key, ossl::write_private_key(issuing.key.get()));
    return made;
}

}  // namespace signerctl
