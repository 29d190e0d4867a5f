// Profiles in signerd.json.
#include "t/unit/config_refusals.h"

namespace {

using unit::Refusal;

const unit::ConfigFolder* folder;

void rules_of_the_good_file(void**) {
    const auto config = folder->load(unit::kGoodConfig);
    assert_ok(config);
    const signerd::Profile& profile = (*config)->profiles.at("device");
    const pki::x509::Profile& rules = profile.rules;
    assert_text(rules.name, "device");
    assert_text(profile.ca, "issuing");
    assert_int_equal(profile.idempotency_window, 1800);
    assert_true(profile.approval.manual);
    assert_int_equal(profile.approval.lifetime, 3 * 86400);
    assert_int_equal(profile.approval.retry, 90);
    assert_int_equal(profile.approval.limit, 20);
    assert_int_equal(rules.keys.size(), 2);
    assert_text(rules.keys[0].describe(), "rsa:2048-4096");
    assert_int_equal(rules.subject.size(), 2);
    const auto& cn = rules.subject.at(pki::to_buffer(pki::x509::oid::kCommonName));
    assert_true(cn.required);
    assert_text(cn.patterns.at(0), "*.example.com");
    const auto& o = rules.subject.at(pki::to_buffer(pki::x509::oid::kOrganization));
    assert_false(o.required);
    assert_true(o.patterns.empty());
    assert_true(rules.empty_subject);
    assert_int_equal(rules.san.size(), 1);
    assert_text(rules.san.at(pki::x509::SanType::dns).at(0), "**.example.com");
    assert_int_equal(rules.san_ip.at(0).prefix, 24);
    assert_true(rules.san_required);
}

void certificate_content_of_the_good_file(void**) {
    const auto config = folder->load(unit::kGoodConfig);
    assert_ok(config);
    const pki::x509::Profile& rules = (*config)->profiles.at("device").rules;
    assert_int_equal(rules.key_usage,
                     pki::x509::kDigitalSignature | pki::x509::kKeyEncipherment);
    assert_int_equal(rules.extended_key_usage.size(), 2);
    assert_true(pki::equal(rules.extended_key_usage[0], pki::x509::oid::kClientAuth));
    assert_true(pki::equal(rules.extended_key_usage[1], pki::x509::oid::kServerAuth));
    assert_int_equal(rules.required_attributes.size(), 2);
    assert_true(pki::equal(rules.required_attributes[0], pki::x509::oid::kChallengePassword));
    assert_true(rules.ignore_requested_usages);
    assert_int_equal(rules.validity_seconds, 90 * 86400);
    assert_int_equal(rules.backdate_seconds, 120);
    assert_true(rules.must_staple);
}

void values_out_of_range(void**) {
    unit::check_refusals(
        *folder,
        (const Refusal[]){
            {"profiles.a b", "{}", "profiles[\"a b\"]: not a name"},
            {"profiles.device.ca", "\"issuer\"", "profiles.device.ca: no CA \"issuer\""},
            {"profiles.device.keys", "[]", "profiles.device.keys: an empty list"},
            {"profiles.device.keys[1]", "\"rsa:1024\"",
             "profiles.device.keys[1]: key rule: RSA below 2048 bits: rsa:1024"},
            {"profiles.device.keys[1]", "\"dsa:2048\"", "profiles.device.keys[1]: key rule"},
            {"profiles.device.keys", "\"ed25519\"", "profiles.device.keys: not a list"},
            {"profiles.device.requested_usages", "\"allow\"",
             "profiles.device.requested_usages: \"allow\" is none of refuse, ignore"},
            {"profiles.device.must_staple", "\"yes\"",
             "profiles.device.must_staple: not true or false"},
            {"profiles.device.validity", "90", "profiles.device.validity: not a string"},
            {"profiles.device.validity", "\"90\"", "profiles.device.validity: not a duration"},
            {"profiles.device.validity", "\"d\"", "profiles.device.validity: not a duration"},
            {"profiles.device.validity", "\"-1d\"", "profiles.device.validity: not a duration"},
            {"profiles.device.validity", "\"1.5h\"",
             "profiles.device.validity: not a duration"},
            {"profiles.device.validity", "\"1w\"", "profiles.device.validity: not a duration"},
            {"profiles.device.validity", "\"59s\"",
             "profiles.device.validity: out of range: from 1m to 36525d"},
            {"profiles.device.validity", "\"0d\"", "profiles.device.validity: out of range"},
            {"profiles.device.validity", "\"36526d\"",
             "profiles.device.validity: out of range"},
            {"profiles.device.validity", "\"213503982334602d\"",
             "profiles.device.validity: out of range"},
            {"profiles.device.backdate", "\"31d\"", "profiles.device.backdate: out of range"},
            {"profiles.device.idempotency_window", "\"0s\"",
             "profiles.device.idempotency_window: out of range: from 1s to 30d"},
            {"profiles.device.approval", "true", "profiles.device.approval: not a string"},
            {"profiles.device.approval", "\"auto\"",
             "profiles.device.approval: \"auto\" is none of automatic, manual"},
            {"profiles.device.approval_lifetime", "\"59s\"",
             "profiles.device.approval_lifetime: out of range: from 1m to 180d"},
            {"profiles.device.approval_lifetime", "\"181d\"",
             "profiles.device.approval_lifetime: out of range"},
            {"profiles.device.approval_retry", "\"0s\"",
             "profiles.device.approval_retry: out of range: from 1s to 1d"},
            {"profiles.device.limits", "{\"per_user\": {}}",
             "profiles.device.limits.per_user: unknown key"},
            {"profiles.device.limits", "{\"per_name\": {\"count\": 0, \"within\": \"1h\"}}",
             "profiles.device.limits.per_name.count: out of range"},
            {"profiles.device.limits", "{\"per_name\": {\"count\": 1, \"within\": \"0s\"}}",
             "profiles.device.limits.per_name.within: out of range"},
            {"profiles.device.limits", "{\"per_credential\": {\"count\": 1}}",
             "profiles.device.limits.per_credential.within: missing"},
            {"profiles.device.approval_limit", "0",
             "profiles.device.approval_limit: out of range"},
        });
}

void names(void**) {
    unit::check_refusals(
        *folder,
        (const Refusal[]){
            {"profiles.device.subject.shoeSize", "{}",
             "profiles.device.subject.shoeSize: name: unknown attribute type"},
            {"profiles.device.subject.commonname", "{}", "profiles.device.subject.commonname"},
            {"profiles.device.subject.cn", "{}",
             "profiles.device.subject.cn: this attribute has a rule already"},
            {"profiles.device.subject.CN", "true", "profiles.device.subject.CN: not an object"},
            {"profiles.device.subject.CN.required", "\"yes\"",
             "profiles.device.subject.CN.required: not true or false"},
            {"profiles.device.subject.CN.patterns", "[]",
             "profiles.device.subject.CN.patterns: an empty list"},
            {"profiles.device.subject.CN.patterns[0]", "\"\"",
             "profiles.device.subject.CN.patterns[0]: empty"},
            {"profiles.device.subject.CN.patterns[0]", "\"a\\u0007\"",
             "profiles.device.subject.CN.patterns[0]: holds a control character"},
            {"profiles.device.san.dns", "\"*\"", "profiles.device.san.dns: not a list"},
            {"profiles.device.san.email", "[]", "profiles.device.san.email: an empty list"},
            {"profiles.device.san.ip[0]", "\"192.0.2.1/24\"",
             "profiles.device.san.ip[0]: IP range"},
            {"profiles.device.san.ip[0]", "\"example.com\"",
             "profiles.device.san.ip[0]: IP range"},
            {"profiles.device.san", "{}",
             "profiles.device.empty_subject: san allows no name that could stand in for it"},
        });
}

void usages(void**) {
    unit::check_refusals(
        *folder,
        (const Refusal[]){
            {"profiles.device.key_usage[0]", "\"signing\"",
             "profiles.device.key_usage[0]: \"signing\" is none of digitalSignature"},
            {"profiles.device.key_usage[0]", "\"keyCertSign\"",
             "profiles.device.key_usage[0]: no profile makes certificates of a CA"},
            {"profiles.device.key_usage[0]", "\"cRLSign\"",
             "profiles.device.key_usage[0]: no profile makes certificates of a CA"},
            {"profiles.device.key_usage[0]", "\"decipherOnly\"",
             "profiles.device.key_usage: encipherOnly and decipherOnly need keyAgreement"},
            {"profiles.device.extended_key_usage[0]", "\"anything\"",
             "profiles.device.extended_key_usage[0]: \"anything\" is none of serverAuth"},
            {"profiles.device.extended_key_usage[0]", "\"anyExtendedKeyUsage\"",
             "profiles.device.extended_key_usage[0]: a profile may not grant this purpose"},
            {"profiles.device.extended_key_usage[0]", "\"2.5.29.37.0\"",
             "profiles.device.extended_key_usage[0]: a profile may not grant this purpose"},
            {"profiles.device.extended_key_usage[0]", "\"cmcCA\"",
             "profiles.device.extended_key_usage[0]: a profile may not grant this purpose"},
            {"profiles.device.extended_key_usage[0]", "\"1.3.6.1.5.5.7.3.27\"",
             "profiles.device.extended_key_usage[0]: a profile may not grant this purpose"},
            {"profiles.device.extended_key_usage[0]", "\"1..3\"",
             "profiles.device.extended_key_usage[0]: OID: not in dotted form"},
            {"profiles.device.extended_key_usage[0]", "\"serverAuth\"",
             "profiles.device.extended_key_usage: one of them stands there twice"},
            {"profiles.device.required_attributes[0]", "\"password\"",
             "profiles.device.required_attributes[0]: \"password\" is none of "
             "challengePassword"},
            {"profiles.device.required_attributes[1]", "\"1.2.840.113549.1.9.7\"",
             "profiles.device.required_attributes: one of them stands there twice"},
        });
}

// Each of these would refuse every request.
void contradictions(void**) {
    unit::check_refusals(
        *folder,
        (const Refusal[]){
            {"profiles.device", R"({"ca": "issuing", "keys": ["ed25519"], "validity": "1d"})",
             "profiles.device.subject: no attribute is allowed, and empty_subject is false"},
            {"profiles.device", R"({"ca": "issuing", "keys": ["ed25519"], "validity": "1d",
            "subject": {"CN": {}}, "san_required": true})",
             "profiles.device.san_required: san allows no name"},
            {"profiles.device.key_usage", R"(["dataEncipherment", "keyEncipherment"])",
             "profiles.device.key_usage: leaves no usage for keys of ec:P-256"},
        });
}

}  // namespace

int main() {
    const unit::ConfigFolder made;
    folder = &made;
    const CMUnitTest tests[] = {
        cmocka_unit_test(rules_of_the_good_file),
        cmocka_unit_test(certificate_content_of_the_good_file),
        cmocka_unit_test(values_out_of_range),
        cmocka_unit_test(names),
        cmocka_unit_test(usages),
        cmocka_unit_test(contradictions),
    };
    const int failed = cmocka_run_group_tests(tests, nullptr, nullptr);
    made.remove();
    return failed;
}
