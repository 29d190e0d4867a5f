#include <set>

#include "libpki/base/ascii.h"
#include "libpki/x509/oids.h"
#include "signerd/config_keys.h"
#include "signerd/config_parts.h"
#include "signerd/config_values.h"

namespace signerd {

namespace {

namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

// A certificate that is shorter-lived than its delivery, or outlives everybody, is a typing
// mistake.
constexpr std::int64_t kMinValidity = kMinute;
constexpr std::int64_t kMaxValidity = 36525 * kDay;
constexpr std::int64_t kMaxBackdate = 30 * kDay;
constexpr std::int64_t kMaxIdempotencyWindow = 30 * kDay;

// RFC 5280 4.2.1.3, with the newer name of nonRepudiation.
constexpr Choice<std::uint16_t> kKeyUsages[] = {
    {"digitalSignature", x509::kDigitalSignature}, {"nonRepudiation", x509::kNonRepudiation},
    {"contentCommitment", x509::kNonRepudiation},  {"keyEncipherment", x509::kKeyEncipherment},
    {"dataEncipherment", x509::kDataEncipherment}, {"keyAgreement", x509::kKeyAgreement},
    {"encipherOnly", x509::kEncipherOnly},         {"decipherOnly", x509::kDecipherOnly},
    {"keyCertSign", x509::kKeyCertSign},           {"cRLSign", x509::kCrlSign}};

constexpr std::uint8_t kAnyExtendedKeyUsage[] = {0x55, 0x1d, 0x25, 0x00};

constexpr Choice<pki::Bytes> kPurposes[] = {
    {"serverAuth", oid::kServerAuth},
    {"clientAuth", oid::kClientAuth},
    {"codeSigning", oid::kCodeSigning},
    {"emailProtection", oid::kEmailProtection},
    {"timeStamping", oid::kTimeStamping},
    {"OCSPSigning", oid::kOcspSigning},
    {"ipsecIKE", oid::kIpsecIke},
    {"cmcCA", oid::kCmcCa},
    {"cmcRA", oid::kCmcRa},
    {"anyExtendedKeyUsage", pki::Bytes(kAnyExtendedKeyUsage)}};

constexpr Choice<pki::Bytes> kAttributes[] = {{"challengePassword", oid::kChallengePassword}};

constexpr Choice<bool> kRequestedUsages[] = {{"refuse", false}, {"ignore", true}};

constexpr Choice<x509::SanType> kTextSans[] = {
    {"dns", x509::SanType::dns},          {"email", x509::SanType::email},
    {"uri", x509::SanType::uri},          {"dirname", x509::SanType::directory_name},
    {"other", x509::SanType::other_name}, {"rid", x509::SanType::registered_id}};

pki::Result<x509::KeyRule> read_key_rule(const JsonValue& value) {
    PKI_TRY(const std::string text, value.text());
    auto rule = x509::parse_key_rule(text);
    if (!rule) return value.error(rule.error().message());
    return rule;
}

pki::Result<x509::IpRange> read_ip_range(const JsonValue& value) {
    PKI_TRY(const std::string text, value.text());
    auto range = x509::parse_ip_range(text);
    if (!range) return value.error(range.error().message());
    return range;
}

pki::Result<std::vector<std::string>> read_patterns(const JsonValue& value) {
    return list_of(&JsonValue::text, 1)(value);
}

pki::Result<std::pair<pki::Buffer, x509::SubjectRule>> read_subject_rule(
    const std::string& name, const JsonValue& value) {
    auto type = x509::attribute_type(name);
    if (!type) return value.error(type.error().message());
    PKI_TRY(const JsonObject object, value.object(config_keys::kSubjectRule));
    x509::SubjectRule rule;
    PKI_CHECK(object.optional("required", into(rule.required, &JsonValue::boolean)));
    PKI_CHECK(object.optional("patterns", into(rule.patterns, read_patterns)));
    return std::pair(*std::move(type), std::move(rule));
}

pki::Status read_subject(const JsonValue& value, x509::Profile& rules) {
    PKI_TRY(const auto members, value.members());
    for (const auto& [name, member] : members) {
        PKI_TRY(auto rule, read_subject_rule(name, member));
        if (!rules.subject.insert(std::move(rule)).second)
            return member.error("this attribute has a rule already");
    }
    return {};
}

pki::Status read_san(const JsonValue& value, x509::Profile& rules) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kSan));
    for (const auto& [name, type] : kTextSans)
        PKI_CHECK(object.optional(name.data(), [&, san = type](const JsonValue& patterns) {
            return into(rules.san[san], read_patterns)(patterns);
        }));
    return object.optional("ip", into(rules.san_ip, list_of(read_ip_range, 1)));
}

pki::Result<std::uint16_t> read_key_usage(const JsonValue& value) {
    PKI_TRY(const auto elements, value.list(0));
    std::uint16_t mask = 0;
    for (const JsonValue& element : elements) {
        PKI_TRY(const std::uint16_t bit, read_choice<std::uint16_t>(element, kKeyUsages));
        if ((bit & (x509::kKeyCertSign | x509::kCrlSign)) != 0)
            return element.error("no profile makes certificates of a CA");
        mask |= bit;
    }
    // RFC 5280 4.2.1.3: their meaning is undefined without it.
    if ((mask & (x509::kEncipherOnly | x509::kDecipherOnly)) != 0 &&
        (mask & x509::kKeyAgreement) == 0)
        return value.error("encipherOnly and decipherOnly need keyAgreement");
    return mask;
}

// A name of the table, or a dotted OID.
pki::Result<pki::Buffer> read_oid(const JsonValue& value,
                                  std::span<const Choice<pki::Bytes>> names) {
    PKI_TRY(const std::string text, value.text());
    if (!pki::is_digit(text[0])) {
        PKI_TRY(const pki::Bytes known, read_choice<pki::Bytes>(value, names));
        return pki::to_buffer(known);
    }
    auto parsed = x509::oid_from_text(text);
    if (!parsed) return value.error(parsed.error().message());
    return parsed;
}

// RFC 5280 4.2.1.12: anyExtendedKeyUsage would undo every other purpose. cmcCA (RFC 6402
// 2.10) belongs to the CA itself.
pki::Result<pki::Buffer> read_purpose(const JsonValue& value) {
    PKI_TRY(pki::Buffer purpose, read_oid(value, kPurposes));
    if (pki::equal(purpose, kAnyExtendedKeyUsage) || pki::equal(purpose, oid::kCmcCa))
        return value.error("a profile may not grant this purpose");
    return purpose;
}

pki::Result<pki::Buffer> read_attribute(const JsonValue& value) {
    return read_oid(value, kAttributes);
}

// A list of OIDs, where a name and its dotted form are the same.
template <class Read>
auto oids(Read read) {
    return [read](const JsonValue& value) -> pki::Result<std::vector<pki::Buffer>> {
        PKI_TRY(auto list, list_of(read)(value));
        if (std::set<pki::Buffer>(list.begin(), list.end()).size() != list.size())
            return value.error("one of them stands there twice");
        return list;
    };
}

pki::Result<bool> read_requested_usages(const JsonValue& value) {
    return read_choice<bool>(value, kRequestedUsages);
}

pki::Status read_rules(const JsonObject& object, x509::Profile& rules) {
    const auto subject = [&](const JsonValue& v) { return read_subject(v, rules); };
    const auto san = [&](const JsonValue& v) { return read_san(v, rules); };
    const auto boolean = &JsonValue::boolean;
    rules.key_usage = x509::kDigitalSignature;
    PKI_CHECK(object.required("keys", into(rules.keys, list_of(read_key_rule, 1))));
    PKI_CHECK(object.optional("subject", subject));
    PKI_CHECK(object.optional("empty_subject", into(rules.empty_subject, boolean)));
    PKI_CHECK(object.optional("san", san));
    PKI_CHECK(object.optional("san_required", into(rules.san_required, boolean)));
    PKI_CHECK(object.optional("key_usage", into(rules.key_usage, read_key_usage)));
    PKI_CHECK(object.optional("extended_key_usage",
                              into(rules.extended_key_usage, oids(read_purpose))));
    PKI_CHECK(object.optional("required_attributes",
                              into(rules.required_attributes, oids(read_attribute))));
    PKI_CHECK(object.optional("requested_usages",
                              into(rules.ignore_requested_usages, read_requested_usages)));
    PKI_CHECK(object.required(
        "validity", into(rules.validity_seconds, duration(kMinValidity, kMaxValidity))));
    PKI_CHECK(
        object.optional("backdate", into(rules.backdate_seconds, duration(0, kMaxBackdate))));
    return object.optional("must_staple", into(rules.must_staple, boolean));
}

// RFC 5480 section 3, RFC 8410 section 5: only RSA keys encipher, the others lose these bits.
bool leaves_no_usage(std::uint16_t key_usage, const x509::KeyRule& rule) {
    return rule.type != pki::ossl::KeyType::rsa && key_usage != 0 &&
           (key_usage & ~(x509::kKeyEncipherment | x509::kDataEncipherment)) == 0;
}

// Rules that contradict each other would refuse every request, one by one.
pki::Status check_consistent(const JsonObject& object, const x509::Profile& rules) {
    const bool any_san = !rules.san.empty() || !rules.san_ip.empty();
    if (rules.subject.empty() && !rules.empty_subject)
        return object.error("subject", "no attribute is allowed, and empty_subject is false");
    // RFC 5280 4.1.2.6: without a subject the SAN names the holder.
    if (rules.empty_subject && !any_san)
        return object.error("empty_subject", "san allows no name that could stand in for it");
    if (rules.san_required && !any_san)
        return object.error("san_required", "san allows no name");
    for (const x509::KeyRule& rule : rules.keys)
        if (leaves_no_usage(rules.key_usage, rule))
            return object.error("key_usage", "leaves no usage for keys of " + rule.describe());
    return {};
}

// Whoever is asked outside is told what became of it, within seconds.
pki::Status check_approval(const JsonObject& object, const Profile& profile) {
    if (!profile.approval.manual || !profile.scep) return {};
    for (const ChallengePtr& challenge : profile.scep->challenges)
        if (challenge->asks_outside())
            return object.error("approval", "not with the challenge \"" + challenge->name() +
                                                "\": nobody would tell it the outcome");
    return {};
}

// What no certificate of the profile has cannot be asked for.
pki::Status check_csr_attributes(const JsonObject& object, const Profile& profile) {
    for (const pki::Bytes id : profile.est.csr_attributes.extensions) {
        const bool usage = pki::equal(id, oid::kKeyUsage);
        if (usage ? profile.rules.key_usage == 0 : profile.rules.extended_key_usage.empty())
            return object.error("est", std::string("csr_attributes: the profile has no ") +
                                           (usage ? "key_usage" : "extended_key_usage"));
    }
    return {};
}

pki::Result<Profile> read_profile(const std::string& name, const JsonValue& value,
                                  const std::map<std::string, Ca>& cas,
                                  const Challenges* challenges) {
    PKI_CHECK(check_profile_name(value, name));
    PKI_TRY(const JsonObject object, value.object(config_keys::kProfile));
    Profile profile;
    profile.rules.name = name;
    const auto ca = [&](const JsonValue& v) -> pki::Result<std::string> {
        PKI_TRY(std::string ca_name, v.text());
        if (!cas.contains(ca_name)) return v.error("no CA \"" + ca_name + "\"");
        return ca_name;
    };
    PKI_CHECK(object.required("ca", into(profile.ca, ca)));
    PKI_CHECK(read_rules(object, profile.rules));
    PKI_CHECK(check_consistent(object, profile.rules));
    PKI_CHECK(object.optional("idempotency_window", into(profile.idempotency_window,
                                                         duration(1, kMaxIdempotencyWindow))));
    PKI_CHECK(read_approval(object, profile.approval));
    PKI_CHECK(object.optional("limits", into(profile.limits, read_issue_limits)));
    const auto scep = [&](const JsonValue& v) { return read_scep_rules(v, challenges); };
    PKI_CHECK(object.optional("scep", into(profile.scep, scep)));
    PKI_CHECK(object.optional("cmp", into(profile.cmp, read_cmp_rules)));
    PKI_CHECK(object.optional("est", into(profile.est, read_est_rules)));
    PKI_CHECK(check_csr_attributes(object, profile));
    PKI_CHECK(check_approval(object, profile));
    return profile;
}

}  // namespace

pki::Result<std::map<std::string, Profile>> read_profiles(const JsonValue& value,
                                                          const std::map<std::string, Ca>& cas,
                                                          const Challenges* challenges) {
    PKI_TRY(const auto members, value.members());
    if (members.empty()) return value.error("no profile");
    std::map<std::string, Profile> profiles;
    for (const auto& [name, member] : members) {
        PKI_TRY(Profile profile, read_profile(name, member, cas, challenges));
        profiles.emplace(name, std::move(profile));
    }
    return profiles;
}

}  // namespace signerd
