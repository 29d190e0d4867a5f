// "cmp" of signerd.json.
#include "t/unit/config_refusals.h"

#include "t/unit/unit.h"

namespace {

const unit::ConfigFolder* folder;

// The good configuration with this at "profiles.device.cmp".
unit::LoadResult load(const std::string& cmp) {
    const signerd::JsonPtr root(json_loads(unit::kGoodConfig, 0, nullptr));
    json_t* device = unit::json_step(unit::json_step(root.get(), "profiles"), "device");
    json_object_set_new(device, "cmp", json_loads(cmp.c_str(), JSON_DECODE_ANY, nullptr));
    return folder->load(unit::json_text(root.get()));
}

void rules_are_read(void**) {
    const auto config = load(R"({
        "names": "any", "implicit_confirm": true, "confirm_within": "2m",
        "unconfirmed": "keep", "ra": true, "key_generation": true, "revocation": true,
        "renewal": { "grace": "2d", "change_subject": true, "from_profiles": ["gone:1"] } })");
    assert_ok(config);
    const auto& cmp = *(*config)->profiles.at("device").cmp;
    assert_true(cmp.names == signerd::CmpNames::any);
    assert_true(cmp.implicit_confirm);
    assert_int_equal(cmp.confirm_within, 120);
    assert_true(cmp.keep_unconfirmed);
    assert_true(cmp.ra);
    assert_true(cmp.key_generation);
    assert_true(cmp.revocation);
    assert_int_equal(cmp.renewal.grace, 2 * 86400);
    assert_true(cmp.renewal.change_subject);
    assert_text(cmp.renewal.from_profiles.at(0), "gone:1");
}

// Nothing is allowed that the file does not allow.
void what_is_left_out_is_refused(void**) {
    const auto none = folder->load(unit::kGoodConfig);
    assert_ok(none);
    assert_false((*none)->profiles.at("device").cmp.has_value());
    const auto least = load(R"({ "names": "credential" })");
    assert_ok(least);
    const auto& cmp = *(*least)->profiles.at("device").cmp;
    assert_true(cmp.names == signerd::CmpNames::credential);
    assert_false(cmp.implicit_confirm);
    assert_int_equal(cmp.confirm_within, 300);
    assert_false(cmp.keep_unconfirmed);
    assert_false(cmp.ra);
    assert_false(cmp.key_generation);
    assert_false(cmp.revocation);
    assert_int_equal(cmp.renewal.grace, 0);
    assert_false(cmp.renewal.change_subject);
    assert_true(cmp.renewal.from_profiles.empty());
}

// Each with the text that an operator reads.
void bad_rules_are_refused(void**) {
    const struct {
        const char *cmp, *expected;
    } cases[] = {
        {R"({})", "profiles.device.cmp.names: missing"},
        {R"([])", "profiles.device.cmp: not an object"},
        {R"({ "names": "all" })",
         "profiles.device.cmp.names: \"all\" is none of any, credential"},
        {R"({ "names": ["any"] })", "profiles.device.cmp.names: not "},
        {R"({ "names": "any", "confirm": "5m" })", "profiles.device.cmp.confirm: unknown key"},
        {R"({ "names": "any", "confirm_within": 300 })",
         "profiles.device.cmp.confirm_within: not "},
        {R"({ "names": "any", "confirm_within": "0s" })",
         "profiles.device.cmp.confirm_within: out of range"},
        {R"({ "names": "any", "confirm_within": "25h" })",
         "profiles.device.cmp.confirm_within: out of range"},
        {R"({ "names": "any", "unconfirmed": "forget" })",
         "profiles.device.cmp.unconfirmed: \"forget\" is none of revoke, keep"},
        {R"({ "names": "any", "implicit_confirm": 1 })",
         "profiles.device.cmp.implicit_confirm: not true or false"},
        {R"({ "names": "any", "ra": "yes" })", "profiles.device.cmp.ra: not true or false"},
        {R"({ "names": "any", "key_generation": 1 })",
         "profiles.device.cmp.key_generation: not true or false"},
        {R"({ "names": "any", "revocation": 1 })",
         "profiles.device.cmp.revocation: not true or false"},
        {R"({ "names": "any", "renewal": { "grace": "366d" } })",
         "profiles.device.cmp.renewal.grace: out of range"},
        {R"({ "names": "any", "renewal": { "from_profiles": ["a b"] } })",
         "profiles.device.cmp.renewal.from_profiles[0]: not a name"},
    };
    for (const auto& c : cases) {
        const std::string actual = unit::refusal(load(c.cmp));
        if (actual.find(c.expected) != actual.npos) continue;
        print_error("\"%s\" where \"%s\" was expected\n", actual.c_str(), c.expected);
        fail();
    }
}

}  // namespace

int main() {
    const unit::ConfigFolder made;
    folder = &made;
    const CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_read),
        cmocka_unit_test(what_is_left_out_is_refused),
        cmocka_unit_test(bad_rules_are_refused),
    };
    const int failed = cmocka_run_group_tests(tests, nullptr, nullptr);
    made.remove();
    return failed;
}
