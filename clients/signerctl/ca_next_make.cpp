#include <algorithm>

#include "clients/signerctl/ca_identity.h"
#include "clients/signerctl/ca_next.h"
#include "libpki/base/ascii.h"
#include "libpki/x509/oids.h"

namespace signerctl {

using pki::Buffer;
using pki::Errc;
using pki::fail;
using pki::Result;
using pki::Status;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

namespace {

// "... G2" behind a text without a number.
std::string next_text(const std::string& text) {
    constexpr std::size_t kDigits = 9;
    constexpr std::string_view kMark = " G";
    const std::size_t mark = text.rfind(kMark);
    if (mark != text.npos) {
        const std::string_view digits = std::string_view(text).substr(mark + kMark.size());
        const auto number = pki::parse_decimal(digits);
        if (number && digits.size() <= kDigits)
            return text.substr(0, mark) + std::string(kMark) + std::to_string(*number + 1);
    }
    return text + std::string(kMark) + "2";
}

Result<std::optional<std::uint64_t>> path_length_of(const x509::Certificate& certificate) {
    const auto* found = certificate.tbs.extensions.find(x509::oid::kBasicConstraints);
    if (!found) return std::optional<std::uint64_t>();
    PKI_TRY(const auto constraints, x509::parse_basic_constraints(found->value));
    return constraints.path_length;
}

Status check_old(const OldCa& old, std::int64_t now) {
    if (!x509::same_name(old.root.tbs.issuer, old.root.tbs.subject))
        return fail(Errc::denied, "not a root", x509::name_text(old.root.tbs.subject));
    return check_ca_chain({old.root}, now);
}

// A certificate whose issuer has its own name reads as self-issued (RFC 5280 3.2), and CRLs
// are told apart by the name of who issued them (RFC 5280 5.1.2.3).
Status check_name(const OldCa& old, const Buffer& root_name, const Buffer& name) {
    PKI_TRY(const bool root_has_it, same_name(root_name, name));
    if (root_has_it) return fail(Errc::denied, "root and issuing CA need different names");
    PKI_TRY(const bool old_has_it,
            same_name(pki::to_buffer(old.issuing.tbs.subject.encoding), name));
    if (old_has_it)
        return fail(Errc::denied, "the old issuing CA has this name",
                    x509::name_text(old.issuing.tbs.subject));
    return {};
}

Result<Validity> validity_below(const Life& life, std::int64_t root_end, std::int64_t now) {
    Validity valid = validity(now, life.days);
    if (valid.not_after > root_end && !life.cut)
        return fail(Errc::denied, "the issuing certificate would outlive its root");
    valid.not_after = std::min(valid.not_after, root_end);
    return valid;
}

Result<NewCa> make_issuing(const Identity& root, std::int64_t root_end, const NextSpec& spec,
                           std::int64_t now) {
    PKI_TRY(const Validity valid, validity_below(spec.life, root_end, now));
    PKI_TRY(const Identity issuing, make_identity(spec.name, spec.key));
    NewCa made;
    PKI_TRY(made.certificate, certify(root, issuing, valid, 0));
    PKI_TRY(made.key, ossl::write_private_key(issuing.key.get()));
    return made;
}

// Validity as RFC 9810 4.4.1 has it, but never beyond the certificate of who signs.
Result<CrossCertificates> make_cross(const OldCa& old, const Identity& old_root,
                                     const Identity& root, const Validity& valid) {
    const x509::Tbs& before = old.root.tbs;
    const std::int64_t end = std::min(before.not_after, valid.not_after);
    PKI_TRY(const auto path_length, path_length_of(old.root));
    CrossCertificates made;
    PKI_TRY(made.old_with_new, certify(root, old_root, {before.not_before, end}, path_length));
    PKI_TRY(made.new_with_old, certify(old_root, root, {valid.not_before, end}, {}));
    return made;
}

// The old root may have a path length that leaves no room for what hangs below it now.
Status check_made(const OldCa& old, const NextCa& made, std::int64_t now) {
    PKI_TRY(const auto root, x509::parse_certificate(made.ca.root));
    PKI_TRY(const auto issuing, x509::parse_certificate(made.ca.certificate));
    PKI_TRY(const auto old_with_new, x509::parse_certificate(made.cross.old_with_new));
    PKI_TRY(const auto new_with_old, x509::parse_certificate(made.cross.new_with_old));
    PKI_CHECK(check_ca_chain({issuing, root}, now));
    PKI_CHECK(check_ca_chain({issuing, new_with_old, old.root}, now));
    return check_ca_chain({old_with_new, root}, now);
}

}  // namespace

Result<Buffer> next_name(const x509::Name& name) {
    std::vector<x509::NamePart> parts;
    x509::NamePart* common_name = nullptr;
    for (const x509::NameAttribute& attribute : name.attributes) {
        if (attribute.rdn != parts.size())
            return fail(Errc::denied, "no next name: several attributes in one RDN",
                        x509::name_text(name));
        parts.push_back({attribute.type, x509::attribute_text(attribute)});
    }
    for (x509::NamePart& part : parts)
        if (pki::equal(part.type, x509::oid::kCommonName)) common_name = &part;
    if (common_name == nullptr)
        return fail(Errc::denied, "no next name: no CN", x509::name_text(name));
    common_name->value = next_text(common_name->value);
    PKI_TRY(const Buffer made, x509::build_name(parts));
    PKI_TRY(const x509::Name parsed, x509::parse_name(made));
    return x509::canonical_name(parsed);  // knows how long a CN may get (RFC 5280 A.1)
}

Result<NextCa> make_next_ca(const OldCa& old, const NextSpec& spec, std::int64_t now) {
    PKI_CHECK(check_old(old, now));
    PKI_CHECK(check_name(old, spec.root_name, spec.name));
    const Validity valid = validity(now, spec.root_days);
    // RFC 7030 4.1.3: clients know the newest root by the latest end.
    if (valid.not_after < old.root.tbs.not_after)
        return fail(Errc::denied, "the new root would end before the old one");
    PKI_TRY(const Identity old_root, identity_of(old.root, old.root_key));
    PKI_TRY(const Identity root, make_identity(spec.root_name, spec.root_key));

    NextCa made;
    PKI_TRY(made.ca, make_issuing(root, valid.not_after, spec, now));
    PKI_TRY(made.ca.root, certify(root, root, valid, {}));
    PKI_TRY(made.ca.root_key, ossl::write_private_key(root.key.get()));
    PKI_TRY(made.cross, make_cross(old, old_root, root, valid));
    PKI_CHECK(check_made(old, made, now));
    return made;
}

Result<NewCa> make_next_issuing(const OldCa& old, const NextSpec& spec, std::int64_t now) {
    PKI_CHECK(check_old(old, now));
    PKI_TRY(const Identity root, identity_of(old.root, old.root_key));
    PKI_CHECK(check_name(old, root.name, spec.name));
    PKI_TRY(NewCa made, make_issuing(root, old.root.tbs.not_after, spec, now));
    PKI_TRY(const auto issuing, x509::parse_certificate(made.certificate));
    PKI_CHECK(check_ca_chain({issuing, old.root}, now));
    return made;
}

}  // namespace signerctl
