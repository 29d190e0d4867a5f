// The schema, the example and the code know the same keys: whatever one of them gains, the
// others must gain too.
#include <algorithm>
#include <map>
#include <set>

#include "signerd/config_keys.h"
#include "t/unit/config_fixture.h"

#include "t/unit/unit.h"

namespace {

namespace keys = signerd::config_keys;

struct Table {
    const char* definition;  // in $defs; "" is the whole file
    signerd::KeyTable keys;
};
constexpr Table kTables[] = {{"", keys::kFile},
                             {"listen", keys::kListen},
                             {"peer", keys::kPeer},
                             {"ca", keys::kCa},
                             {"limits", keys::kLimits},
                             {"profile", keys::kProfile},
                             {"san", keys::kSan},
                             {"subject_rule", keys::kSubjectRule},
                             {"crl", keys::kCrl},
                             {"ocsp", keys::kOcsp},
                             {"successor", keys::kSuccessor},
                             {"issue_limits", keys::kIssueLimits},
                             {"issue_limit", keys::kIssueLimit},
                             {"scep", keys::kScep},
                             {"cmp", keys::kCmp},
                             {"est", keys::kEst},
                             {"csr_attributes", keys::kCsrAttributes},
                             {"renewal", keys::kRenewal},
                             {"static_challenge", keys::kStaticChallenge},
                             {"hmac_challenge", keys::kHmacChallenge},
                             {"hmac_key", keys::kHmacKey},
                             {"jws_challenge", keys::kJwsChallenge},
                             {"webhook_challenge", keys::kWebhook},
                             {"intune_challenge", keys::kIntune},
                             {"outside", keys::kOutside}};

const unit::ConfigFolder* folder;
json_t* schema;
json_t* example;

// The files that the example has beside those of the good configuration.
void write_successor(const unit::ConfigFolder& made) {
    std::filesystem::create_directory(made.file("ca/next"));
    const auto root = unit::make_ca({.name = "CN=Test Root, O=Example"});
    const auto issuing = unit::make_ca({.name = "CN=Next, O=Example"}, &root);
    EVP_PKEY_up_ref(root.key.get());
    const auto cross = unit::make_ca_with(pki::ossl::PkeyPtr(root.key.get()),
                                          {.name = "CN=Test Root, O=Example"}, &made.root);
    made.write("ca/next/chain.pem", issuing.pem() + root.pem());
    made.write("ca/next/cross.pem", cross.pem());
    made.write("ca/next/issuing.key", issuing.key_pem());
    chmod(made.file("ca/next/issuing.key").c_str(), 0600);
}

void write_challenges(const unit::ConfigFolder& made) {
    std::filesystem::create_directory(made.file("challenge"));
    made.write("challenge/mdm.pem", made.issuing.pem());
    std::filesystem::create_directory(made.file("outside"));
    for (const char* name :
         {"challenge/factory.secrets", "challenge/2026.key", "challenge/2027.key",
          "outside/inventory.secret", "outside/intune.secret"}) {
        made.write(name, "0123456789abcdef0123456789abcdef\n");
        chmod(made.file(name).c_str(), 0600);
    }
}

json_t* definition_of(const std::string& name) {
    return name.empty() ? schema
                        : json_object_get(json_object_get(schema, "$defs"), name.c_str());
}

std::set<std::string> property_names(json_t* definition) {
    std::set<std::string> names;
    const char* key;
    json_t* value;
    json_object_foreach(json_object_get(definition, "properties"), key, value)
        names.insert(key);
    return names;
}

// An object of the example, with the definition that the schema has for it.
struct Instance {
    std::string definition;
    json_t* object;
    std::string path;
};

constexpr std::string_view kPrefix = "#/$defs/";

json_t* referred(json_t* rule) {
    return definition_of(
        std::string(json_string_value(json_object_get(rule, "$ref"))).substr(kPrefix.size()));
}

// Of several, the one whose type the value has.
json_t* alternative(json_t* rule, const json_t* value) {
    std::size_t i;
    json_t* one;
    json_array_foreach(json_object_get(rule, "oneOf"), i, one) {
        if (!json_object_get(one, "$ref")) continue;
        json_t* type = json_object_get(json_object_get(referred(one), "properties"), "type");
        if (type && json_equal(json_object_get(type, "const"), json_object_get(value, "type")))
            return one;
    }
    return rule;
}

// Follows the schema down into the example.
void collect(json_t* rule, std::string definition, json_t* value, const std::string& path,
             std::vector<Instance>& found) {
    rule = alternative(rule, value);
    if (const char* reference = json_string_value(json_object_get(rule, "$ref"))) {
        definition = std::string(reference).substr(kPrefix.size());
        rule = definition_of(definition);
    }
    if (json_object_get(rule, "properties")) found.push_back({definition, value, path});
    if (json_is_array(value)) {
        for (std::size_t i = 0; i < json_array_size(value); i++)
            collect(json_object_get(rule, "items"), "?", json_array_get(value, i),
                    path + "[" + std::to_string(i) + "]", found);
        return;
    }
    const char* key;
    json_t* member;
    json_object_foreach(value, key, member) {
        json_t* property = json_object_get(json_object_get(rule, "properties"), key);
        if (!property) property = json_object_get(rule, "additionalProperties");
        collect(property, "?", member, path + (path.empty() ? "" : ".") + key, found);
    }
}

std::vector<Instance> instances() {
    std::vector<Instance> found;
    collect(schema, "", example, "", found);
    return found;
}

void schema_has_the_keys_of_the_code(void**) {
    for (const Table& table : kTables) {
        const std::set<std::string> known(table.keys.begin(), table.keys.end());
        assert_int_equal(known.size(), table.keys.size());
        assert_true(property_names(definition_of(table.definition)) == known);
    }
}

void schema_has_no_other_objects(void**) {
    std::set<std::string> with_table;
    for (const Table& table : kTables) with_table.insert(table.definition);
    const char* name;
    json_t* definition;
    json_object_foreach(json_object_get(schema, "$defs"), name, definition) {
        if (json_object_get(definition, "properties")) assert_true(with_table.contains(name));
    }
}

void schema_describes_and_closes_each_object(void**) {
    for (const Table& table : kTables) {
        json_t* definition = definition_of(table.definition);
        assert_true(json_is_false(json_object_get(definition, "additionalProperties")));
        const char* key;
        json_t* property;
        json_object_foreach(json_object_get(definition, "properties"), key, property) {
            assert_non_null(json_string_value(json_object_get(property, "description")));
        }
    }
}

void example_has_every_key(void**) {
    std::map<std::string, std::set<std::string>> used;
    for (const Instance& instance : instances()) {
        const char* key;
        json_t* value;
        json_object_foreach(instance.object, key, value) used[instance.definition].insert(key);
    }
    for (const Table& table : kTables)
        assert_true(used[table.definition] == property_names(definition_of(table.definition)));
}

void example_loads(void**) { assert_ok(folder->load(unit::json_text(example))); }

void check_spoilt(const std::string& expected) {
    const auto result = folder->load(unit::json_text(example));
    assert_error(pki::Errc::malformed, result);
    assert_text(result.error().detail.substr(0, expected.size()), expected);
}

std::string path_to(const Instance& instance, const std::string& key) {
    return instance.path + (instance.path.empty() ? "" : ".") + key;
}

// The reader does not look over it.
void renamed_keys_are_refused(void**) {
    for (const Instance& instance : instances())
        for (const std::string& key : property_names(definition_of(instance.definition))) {
            const std::string renamed = "x-" + key + "-x";
            json_object_set_new(instance.object, renamed.c_str(), json_true());
            check_spoilt(path_to(instance, renamed) + ": unknown key");
            json_object_del(instance.object, renamed.c_str());
        }
}

// The reader does read it.
void null_is_refused_for_each_key(void**) {
    for (const Instance& instance : instances())
        for (const std::string& key : property_names(definition_of(instance.definition))) {
            json_t* before = json_object_get(instance.object, key.c_str());
            if (!before) continue;
            json_incref(before);
            json_object_set_new(instance.object, key.c_str(), json_null());
            check_spoilt(path_to(instance, key) + ": not ");
            json_object_set_new(instance.object, key.c_str(), before);
        }
}

}  // namespace

int main() {
    const unit::ConfigFolder made;
    folder = &made;
    write_successor(made);
    write_challenges(made);
    const signerd::JsonPtr schema_file(json_load_file("conf/signerd.schema.json", 0, nullptr));
    const signerd::JsonPtr example_file(json_load_file("conf/signerd.json", 0, nullptr));
    schema = schema_file.get();
    example = example_file.get();
    const CMUnitTest tests[] = {
        cmocka_unit_test(schema_has_the_keys_of_the_code),
        cmocka_unit_test(schema_has_no_other_objects),
        cmocka_unit_test(schema_describes_and_closes_each_object),
        cmocka_unit_test(example_has_every_key),
        cmocka_unit_test(example_loads),
        cmocka_unit_test(renamed_keys_are_refused),
        cmocka_unit_test(null_is_refused_for_each_key),
    };
    const int failed = cmocka_run_group_tests(tests, nullptr, nullptr);
    made.remove();
    return failed;
}
