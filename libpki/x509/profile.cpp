#include "libpki/x509/profile.h"

#include "libpki/base/utf8.h"
#include "libpki/x509/oids.h"

namespace pki::x509 {

namespace {

constexpr std::size_t kShownValue = 100;  // characters of a peer's value in an error

std::string quoted(std::string_view value) { return '"' + printable(value, kShownValue) + '"'; }
std::string shown(Bytes oid) { return printable(attribute_name(oid), kShownValue); }

Error denied(const char* rule, std::string detail) {
    return fail(Errc::denied, rule, std::move(detail));
}

using Match = bool (*)(std::string_view pattern, std::string_view text);

bool any_match(const std::vector<std::string>& patterns, std::string_view text,
               Match match = glob_match) {
    return std::ranges::any_of(patterns, [&](const std::string& p) { return match(p, text); });
}

Match match_of(SanType type) {
    if (type == SanType::uri) return uri_match;
    if (type == SanType::directory_name) return dirname_match;
    return glob_match;
}

Status check_key(const Profile& profile, const Csr& csr) {
    std::string allowed;
    for (const KeyRule& rule : profile.keys) {
        if (rule.allows(csr.spki)) return {};
        allowed += (allowed.empty() ? "" : ", ") + rule.describe();
    }
    return fail(Errc::weak_key, "profile: keys",
                csr.spki.describe() + " is none of " + allowed);
}

Status check_attribute(const Profile& profile, const NameAttribute& attribute) {
    const std::string type = shown(attribute.type);
    const auto rule = profile.subject.find(to_buffer(attribute.type));
    if (rule == profile.subject.end())
        return denied("profile: subject", type + " is not allowed");
    const std::vector<std::string>& patterns = rule->second.patterns;
    const std::string value = attribute_text(attribute);
    if (patterns.empty() || any_match(patterns, value)) return {};
    return denied("profile: subject", type + ": " + quoted(value) + " matches no pattern");
}

// RFC 5280 4.1.2.6: without a subject the SAN is the identity.
Status check_subject(const Profile& profile, const Csr& csr) {
    if (csr.subject.empty()) {
        if (profile.empty_subject && csr.san) return {};
        return denied("profile: subject", "empty");
    }
    for (const NameAttribute& attribute : csr.subject.attributes)
        PKI_CHECK(check_attribute(profile, attribute));
    for (const auto& [type, rule] : profile.subject)
        if (rule.required && csr.subject.find(type) == nullptr)
            return denied("profile: subject", attribute_name(type) + " is required");
    return {};
}

bool address_allowed(const Profile& profile, const GeneralName& name) {
    return std::ranges::any_of(
        profile.san_ip, [&](const IpRange& range) { return range.contains(name.value); });
}

Status check_general_name(const Profile& profile, const GeneralName& name) {
    const std::string text = general_name_text(name);
    bool allowed = false;
    if (name.type == SanType::ip) {
        allowed = address_allowed(profile, name);
    } else if (const auto rule = profile.san.find(name.type); rule != profile.san.end()) {
        allowed = any_match(rule->second, std::string_view(text).substr(text.find(':') + 1),
                            match_of(name.type));
    }
    if (allowed) return {};
    return denied("profile: san", quoted(text) + " is not allowed");
}

Status check_san(const Profile& profile, const Csr& csr) {
    if (!csr.san) {
        if (profile.san_required) return denied("profile: san", "subjectAltName is required");
        return {};
    }
    for (const GeneralName& name : csr.san->names) PKI_CHECK(check_general_name(profile, name));
    return {};
}

Status check_basic_constraints(const Extension& extension) {
    PKI_TRY(const BasicConstraints constraints, parse_basic_constraints(extension.value));
    if (constraints.ca)
        return denied("profile: basic_constraints", "CA certificates are not issued");
    return {};
}

Status check_key_usage(const Profile& profile, const Extension& extension) {
    constexpr const char* kNames[] = {"digitalSignature", "nonRepudiation", "keyEncipherment",
                                      "dataEncipherment", "keyAgreement",   "keyCertSign",
                                      "cRLSign",          "encipherOnly",   "decipherOnly"};
    PKI_TRY(const std::uint16_t asked, parse_key_usage(extension.value));
    for (std::size_t bit = 0; bit < std::size(kNames); bit++)
        if ((asked & ~profile.key_usage) >> bit & 1)
            return denied("profile: key_usage", std::string(kNames[bit]) + " is not allowed");
    return {};
}

Status check_extended_key_usage(const Profile& profile, const Extension& extension) {
    PKI_TRY(const std::vector<Bytes> asked, parse_extended_key_usage(extension.value));
    for (const Bytes purpose : asked)
        if (std::ranges::none_of(profile.extended_key_usage,
                                 [&](const Buffer& b) { return equal(b, purpose); }))
            return denied("profile: extended_key_usage", shown(purpose) + " is not allowed");
    return {};
}

// A critical one is a demand (RFC 5280 4.2): a certificate without it is not what was asked.
// The subject key identifier is in every certificate.
Status check_other(const Extension& extension) {
    if (!extension.critical || equal(extension.id, oid::kSubjectKeyIdentifier)) return {};
    return denied("profile: extensions",
                  shown(extension.id) + " is critical and not in the profile");
}

Status check_extension(const Profile& profile, const Extension& extension) {
    const auto is = [&](Bytes id) { return equal(extension.id, id); };
    if (is(oid::kSubjectAltName)) return {};
    if (is(oid::kBasicConstraints)) return check_basic_constraints(extension);
    if (profile.ignore_requested_usages) return {};
    if (is(oid::kKeyUsage)) return check_key_usage(profile, extension);
    if (is(oid::kExtendedKeyUsage)) return check_extended_key_usage(profile, extension);
    if (!is(oid::kTlsFeature)) return check_other(extension);
    if (!profile.must_staple) return denied("profile: must_staple", "not allowed");
    return {};
}

std::string csr_attribute_name(Bytes type) {
    if (equal(type, oid::kChallengePassword)) return "challengePassword";
    if (equal(type, oid::kExtensionRequest)) return "extensionRequest";
    return oid_to_text(type);
}

Status check_required_attributes(const Profile& profile, const Csr& csr) {
    for (const Buffer& type : profile.required_attributes)
        if (std::ranges::none_of(csr.attribute_types, [&](Bytes b) { return equal(b, type); }))
            return denied("profile: required_attributes",
                          csr_attribute_name(type) + " is missing");
    return {};
}

}  // namespace

Status check_request(const Profile& profile, const Csr& csr) {
    PKI_CHECK(check_key(profile, csr));
    return check_request_without_key(profile, csr);
}

Status check_request_without_key(const Profile& profile, const Csr& csr) {
    PKI_CHECK(check_subject(profile, csr));
    PKI_CHECK(check_san(profile, csr));
    for (const Extension& extension : csr.extensions.list)
        PKI_CHECK(check_extension(profile, extension));
    return check_required_attributes(profile, csr);
}

Status check_same_identity(const Csr& csr, const Certificate& certificate) {
    if (!same_name(csr.subject, certificate.tbs.subject))
        return denied("renewal: the subject is not that of the certificate",
                      quoted(name_text(csr.subject)));
    PKI_TRY(const std::optional<San> san, certificate_san(certificate));
    const bool same = csr.san && san ? same_san(*csr.san, *san) : !csr.san && !san;
    if (!same) return denied("renewal: the SAN is not that of the certificate", {});
    return {};
}

}  // namespace pki::x509
