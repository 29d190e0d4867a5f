// "challenges" and "scep" of signerd.json.
#include "signerd/challenge/hmac.h"
#include "t/unit/config_refusals.h"

#include "t/unit/unit.h"

namespace {

const unit::ConfigFolder* folder;

void write_secret(const char* name, const char* text, mode_t mode = 0600) {
    folder->write(name, text);
    chmod(folder->file(name).c_str(), mode);
}

constexpr const char* kChallenges = R"({
    "factory": { "type": "static", "file": "file:secrets" },
    "tokens": { "type": "hmac", "keys": [ { "id": "k1", "file": "k1.key" },
                                          { "id": "k0", "file": "k0.key" } ],
                "lifetime": "2h", "single_use": false, "version_1": true },
    "mdm": { "type": "jws", "anchors": ["mdm.pem"], "issuer": "https://mdm.example.com",
             "audience": "scep", "max_lifetime": "5m", "limit": 0 } })";

// With somebody outside, whose secret is in `secret`.
unit::LoadResult load_outside(const std::string& secret, const char* approval = "automatic") {
    const signerd::JsonPtr root(json_loads(unit::kGoodConfig, 0, nullptr));
    json_object_set_new(root.get(), "outside",
                        json_pack("{s:[s],s:s}", "hosts", "a.example", "ca_file", "mdm.pem"));
    json_object_set_new(root.get(), "challenges",
                        json_pack("{s:{s:s,s:s,s:s}}", "hook", "type", "webhook", "url",
                                  "https://a.example/", "secret", secret.c_str()));
    json_t* device = unit::json_step(unit::json_step(root.get(), "profiles"), "device");
    json_object_set_new(device, "scep", json_pack("{s:[s]}", "challenges", "hook"));
    json_object_set_new(device, "approval", json_string(approval));
    return folder->load(unit::json_text(root.get()));
}

// The good configuration with this at "challenges" and this at "profiles.device.scep".
unit::LoadResult load(const std::string& challenges, const std::string& scep) {
    const signerd::JsonPtr root(json_loads(unit::kGoodConfig, 0, nullptr));
    json_object_set_new(root.get(), "challenges",
                        json_loads(challenges.c_str(), JSON_DECODE_ANY, nullptr));
    json_t* device = unit::json_step(unit::json_step(root.get(), "profiles"), "device");
    json_object_set_new(device, "scep", json_loads(scep.c_str(), JSON_DECODE_ANY, nullptr));
    return folder->load(unit::json_text(root.get()));
}

void challenges_and_profiles_are_read(void**) {
    const auto config = load(kChallenges, R"({
        "challenges": ["tokens", "mdm", "factory"],
        "renewal": { "grace": "2d", "change_subject": true, "from_profiles": ["gone:1"] } })");
    assert_ok(config);
    assert_int_equal((*config)->challenges.size(), 3);
    const auto& scep = *(*config)->profiles.at("device").scep;
    assert_int_equal(scep.challenges.size(), 3);
    assert_text(scep.challenges[0]->name(), "tokens");
    assert_text(scep.challenges[2]->name(), "factory");
    assert_false(scep.open);
    assert_int_equal(scep.renewal.grace, 2 * 86400);
    assert_true(scep.renewal.change_subject);
    assert_text(scep.renewal.from_profiles.at(0), "gone:1");
    const auto& tokens = dynamic_cast<const signerd::HmacChallenge&>(*scep.challenges[0]);
    assert_int_equal(tokens.rules().lifetime, 7200);
    assert_true(tokens.rules().version_1);
    assert_false(tokens.rules().single_use);
    // The line's end is no part of a key.
    assert_true(
        tokens.rules().keys[0].key.equals(pki::as_bytes("0123456789abcdef0123456789abcdef")));
    assert_int_equal(tokens.rules().keys[1].key.size(), 33);
}

void what_is_left_out_has_defaults(void**) {
    const auto none = folder->load(unit::kGoodConfig);
    assert_ok(none);
    assert_true((*none)->challenges.empty());
    assert_false((*none)->profiles.at("device").scep.has_value());
    const auto empty = load(
        R"({ "t": { "type": "hmac", "keys": [ { "id": "k1", "file": "k1.key" } ] } })", "{}");
    assert_ok(empty);
    const auto& scep = *(*empty)->profiles.at("device").scep;
    assert_true(scep.challenges.empty());
    assert_false(scep.open);
    assert_int_equal(scep.renewal.grace, 0);
    assert_false(scep.renewal.change_subject);
    const auto& tokens =
        dynamic_cast<const signerd::HmacChallenge&>(*(*empty)->challenges.at("t"));
    assert_int_equal(tokens.rules().lifetime, 3600);
    assert_true(tokens.rules().single_use);
    assert_false(tokens.rules().version_1);
    const auto open = load("{}", R"({ "challenges": ["none"] })");
    assert_ok(open);
    assert_true((*open)->profiles.at("device").scep->open);
}

// The key child reads no secrets, and knows no challenges.
void the_key_child_does_without(void**) {
    assert_ok(load(kChallenges, R"({ "challenges": ["factory"] })"));
    std::filesystem::rename(folder->file("secrets"), folder->file("hidden"));
    const auto config = signerd::load_key_config(folder->file("signerd.json"));
    std::filesystem::rename(folder->file("hidden"), folder->file("secrets"));
    assert_ok(config);
    assert_true((*config)->challenges.empty());
    assert_true((*config)->profiles.at("device").scep->challenges.empty());
}

void expect(const std::string& challenges, const std::string& scep, const std::string& wanted) {
    const std::string actual = unit::refusal(load(challenges, scep));
    if (actual.find(wanted) != actual.npos) return;
    print_error("\"%s\" where \"%s\" was expected\n", actual.c_str(), wanted.c_str());
    fail();
}

void bad_challenges_are_refused(void**) {
    const struct {
        const char *challenges, *expected;
    } cases[] = {
        {"[]", "challenges: not an object"},
        {R"({ "none": {} })", "challenges.none: \"none\" is no name"},
        {R"({ "a b": {} })", "not a name"},
        {R"({ "x": 1 })", "challenges.x: not an object"},
        {R"({ "x": {} })", "challenges.x: \"type\" is missing"},
        {R"({ "x": { "type": "password" } })",
         "challenges.x.type: \"password\" is none of static, hmac, jws"},
        {R"({ "x": { "type": "static" } })", "challenges.x.file: missing"},
        {R"({ "x": { "type": "static", "file": "secrets", "limit": 3 } })",
         "challenges.x.limit: unknown key"},
        {R"({ "x": { "type": "static", "file": "absent" } })", "cannot be read"},
        {R"({ "x": { "type": "static", "file": "open" } })", "challenges.x.file: "},
        {R"({ "x": { "type": "static", "file": "open" } })", "chmod 0600"},
        {R"({ "x": { "type": "static", "file": "short" } })",
         "challenges.x.file: a secret of less than 8 characters"},
        {R"({ "x": { "type": "hmac" } })", "challenges.x.keys: missing"},
        {R"({ "x": { "type": "hmac", "keys": [] } })", "challenges.x.keys: an empty list"},
        {R"({ "x": { "type": "hmac", "keys": [ { "id": "a.b", "file": "k1.key" } ] } })",
         "challenges.x.keys[0].id: not 1 to 32"},
        {R"({ "x": { "type": "hmac", "keys": [ { "id": "a", "file": "short" } ] } })",
         "challenges.x.keys[0].file: a key of less than 32 bytes"},
        {R"({ "x": { "type": "hmac", "keys": [ { "id": "a", "file": "k1.key" },
                                               { "id": "a", "file": "k0.key" } ] } })",
         "challenges.x.keys[1].id: of an earlier key"},
        {R"({ "x": { "type": "jws", "issuer": "i", "audience": "a" } })",
         "challenges.x.anchors: missing"},
        {R"({ "x": { "type": "jws", "anchors": ["k1.key"], "issuer": "i", "audience": "a" } })",
         "no certificate and no public key"},
        {R"({ "x": { "type": "jws", "anchors": ["writable.pem"], "issuer": "i",
                     "audience": "a" } })",
         "challenges.x.anchors[0]: writable by group or others"},
        {R"({ "x": { "type": "jws", "anchors": ["mdm.pem"], "audience": "a" } })",
         "challenges.x.issuer: missing"},
        {R"({ "x": { "type": "jws", "anchors": ["mdm.pem"], "issuer": "i" } })",
         "challenges.x.audience: missing"},
        {R"({ "x": { "type": "jws", "anchors": ["mdm.pem"], "issuer": "i", "audience": "a",
                     "limit": -1 } })",
         "challenges.x.limit: out of range"},
    };
    for (const auto& c : cases) expect(c.challenges, "{}", c.expected);
}

// A file that holds none is found when it is named, not when the child reads it.
void secrets_for_outside_have_a_size(void**) {
    assert_ok(load_outside("secrets"));
    for (const char* bad : {"short", "long"})
        assert_text(
            unit::refusal(load_outside(bad)),
            "challenges.hook.secret: " + folder->file(bad) + ": a secret has 16 to 4096 bytes");
}

void nobody_outside_waits_for_a_person(void**) {
    assert_text(unit::refusal(load_outside("secrets", "manual")),
                "profiles.device.approval: not with the challenge \"hook\": nobody would tell "
                "it the outcome");
}

// What a secret holds is in no error.
void secrets_are_not_told(void**) {
    const std::string error =
        unit::refusal(load(R"({ "x": { "type": "static", "file": "short" } })", "{}"));
    assert_true(error.find("tiny") == error.npos);
}

void bad_scep_is_refused(void**) {
    const struct {
        const char *scep, *expected;
    } cases[] = {
        {R"({ "challenges": [] })", "profiles.device.scep.challenges: an empty list"},
        {R"({ "challenges": ["absent"] })",
         "profiles.device.scep.challenges[0]: no challenge \"absent\""},
        {R"({ "challenges": ["factory", "none"] })",
         "profiles.device.scep.challenges[1]: \"none\" stands alone"},
        {R"({ "challenges": ["none", "factory"] })",
         "profiles.device.scep.challenges[0]: \"none\" stands alone"},
        {R"({ "challenges": ["factory", "factory"] })", "the same as"},
        {R"({ "challenge": ["factory"] })", "did you mean \"challenges\"?"},
        {R"({ "renewal": { "grace": "366d" } })",
         "profiles.device.scep.renewal.grace: out of range"},
        {R"({ "renewal": { "from_profiles": [] } })", "an empty list"},
        {R"({ "renewal": { "from_profiles": ["a b"] } })", "from_profiles[0]: not a name"},
        {R"({ "renewal": { "change_subject": 1 } })", "not true or false"},
    };
    for (const auto& c : cases) expect(kChallenges, c.scep, c.expected);
}

}  // namespace

int main() {
    const unit::ConfigFolder made;
    folder = &made;
    write_secret("secrets", "first secret\nsecond secret\n");
    write_secret("open", "first secret\n", 0640);
    write_secret("short", "tiny\n");
    write_secret("long", std::string(4097, 'x').c_str());
    write_secret("k1.key", "0123456789abcdef0123456789abcdef\r\n");
    write_secret("k0.key", "0123456789abcdef0123456789abcdef\n\n");
    made.write("mdm.pem", made.issuing.pem());
    write_secret("writable.pem", made.issuing.pem().c_str(), 0664);
    const CMUnitTest tests[] = {
        cmocka_unit_test(challenges_and_profiles_are_read),
        cmocka_unit_test(what_is_left_out_has_defaults),
        cmocka_unit_test(the_key_child_does_without),
        cmocka_unit_test(bad_challenges_are_refused),
        cmocka_unit_test(secrets_for_outside_have_a_size),
        cmocka_unit_test(nobody_outside_waits_for_a_person),
        cmocka_unit_test(secrets_are_not_told),
        cmocka_unit_test(bad_scep_is_refused),
    };
    const int failed = cmocka_run_group_tests(tests, nullptr, nullptr);
    made.remove();
    return failed;
}
