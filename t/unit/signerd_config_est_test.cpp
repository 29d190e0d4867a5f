// "est" of signerd.json.
#include "t/unit/config_refusals.h"

#include "t/unit/unit.h"

namespace {

const unit::ConfigFolder* folder;

// The good configuration with this at "profiles.device.est".
unit::LoadResult load(const std::string& est) {
    const signerd::JsonPtr root(json_loads(unit::kGoodConfig, 0, nullptr));
    json_t* device = unit::json_step(unit::json_step(root.get(), "profiles"), "device");
    json_object_set_new(device, "est", json_loads(est.c_str(), JSON_DECODE_ANY, nullptr));
    return folder->load(unit::json_text(root.get()));
}

void rules_are_read(void**) {
    const auto config = load(R"({
        "key_generation": true,
        "renewal": { "grace": "2d", "change_subject": true, "from_profiles": ["gone:1"] } })");
    assert_ok(config);
    const auto& est = (*config)->profiles.at("device").est;
    assert_true(est.key_generation);
    assert_int_equal(est.renewal.grace, 2 * 86400);
    assert_true(est.renewal.change_subject);
    assert_text(est.renewal.from_profiles.at(0), "gone:1");
}

// Nothing is allowed that the file does not allow.
void what_is_left_out_is_refused(void**) {
    for (const auto& config : {folder->load(unit::kGoodConfig), load("{}")}) {
        assert_ok(config);
        const auto& est = (*config)->profiles.at("device").est;
        assert_false(est.key_generation);
        assert_int_equal(est.renewal.grace, 0);
        assert_false(est.renewal.change_subject);
        assert_true(est.renewal.from_profiles.empty());
        assert_true(est.renewal.same_key);
        assert_true(est.csr_attributes.form == pki::est::CsrAttributesForm::both);
        assert_true(est.csr_attributes.extensions.empty());
    }
}

// Each with the text that an operator reads.
void bad_rules_are_refused(void**) {
    const struct {
        const char *est, *expected;
    } cases[] = {
        {R"([])", "profiles.device.est: not an object"},
        {R"({ "key_generation": "on" })",
         "profiles.device.est.key_generation: not true or false"},
        {R"({ "keygen": true })", "profiles.device.est.keygen: unknown key"},
        {R"({ "renewal": { "same_key": 0 } })",
         "profiles.device.est.renewal.same_key: not true or false"},
        {R"({ "csr_attributes": { "form": "new" } })",
         "profiles.device.est.csr_attributes.form: \"new\" is none of attributes, template"},
        {R"({ "csr_attributes": { "extensions": ["subjectAltName"] } })",
         "profiles.device.est.csr_attributes.extensions[0]: \"subjectAltName\" is none of"},
        {R"({ "csr_attributes": { "extensions": ["keyUsage", "keyUsage"] } })",
         "profiles.device.est.csr_attributes.extensions[1]: the same as"},
        {R"({ "renewal": { "grace": "366d" } })",
         "profiles.device.est.renewal.grace: out of range"},
    };
    for (const auto& c : cases) {
        const std::string actual = unit::refusal(load(c.est));
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
