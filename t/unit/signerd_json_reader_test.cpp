// The reader under signerd.json: bounds, paths, hints.
#include <array>

#include "signerd/json_reader.h"

#include "t/unit/unit.h"

namespace {

using signerd::JsonPtr;
using signerd::JsonValue;

constexpr std::string_view kKnown[] = {"validity", "keys", "id"};

JsonPtr parse(const std::string& text) {
    return *signerd::parse_json(text, "test.json");
}

void text_has_bounds(void**) {
    const JsonPtr longest(json_string(std::string(512, 'x').c_str()));
    assert_ok(JsonValue(longest.get(), "a").text());
    const JsonPtr longer(json_string(std::string(513, 'x').c_str()));
    const auto refused = JsonValue(longer.get(), "a").text();
    assert_error(pki::Errc::malformed, refused);
    assert_text(refused.error().text, "invalid configuration");
    assert_text(refused.error().detail, "a: longer than 512 bytes");
}

JsonPtr numbers(int count) {
    JsonPtr list(json_array());
    for (int i = 0; i < count; i++) json_array_append_new(list.get(), json_integer(i));
    return list;
}

void list_has_bounds(void**) {
    const JsonPtr longest = numbers(1024);
    const auto elements = JsonValue(longest.get(), "a").list(1);
    assert_ok(elements);
    assert_int_equal(elements->size(), 1024);
    assert_text(elements->back().path(), "a[1023]");
    const JsonPtr longer = numbers(1025);
    assert_text(JsonValue(longer.get(), "a").list(1).error().detail,
                "a: more than 1024 elements");
}

void list_has_no_equal_elements(void**) {
    const JsonPtr root = parse(R"([[1, {"a": 2}], [1, {"a": 3}], [1, {"a": 2}]])");
    assert_text(JsonValue(root.get(), "x").list(0).error().detail, "x[2]: the same as x[0]");
}

void integer_has_bounds(void**) {
    const JsonPtr root = parse("[-1, 0, 5, 6, 1e3, true]");
    const auto elements = JsonValue(root.get(), "n").list(0);
    assert_ok(elements);
    constexpr std::array<bool, 6> kFits{false, true, true, false, false, false};
    for (std::size_t i = 0; i < kFits.size(); i++)
        assert_int_equal((*elements)[i].integer(0, 5).has_value(), kFits[i]);
}

std::string object_error(const std::string& text) {
    const JsonPtr root = parse(text);
    const auto object = JsonValue(root.get(), "p").object(kKnown);
    return object ? "" : object.error().detail;
}

void hints_at_near_keys_only(void**) {
    assert_text(object_error(R"({"id": 1, "keys": 2})"), "");
    assert_text(object_error(R"({"key": 1})"), "p.key: unknown key (did you mean \"keys\"?)");
    assert_text(object_error(R"({"valdiity": 1})"),
                "p.valdiity: unknown key (did you mean \"validity\"?)");
    assert_text(object_error(R"({"ix": 1})"), "p.ix: unknown key (did you mean \"id\"?)");
    assert_text(object_error(R"({"x": 1})"), "p.x: unknown key");
    assert_text(object_error(R"({"": 1})"), "p[\"\"]: unknown key");
    assert_text(object_error(R"({"valuable": 1})"), "p.valuable: unknown key");
}

void odd_keys_are_quoted_and_cut(void**) {
    assert_text(object_error(R"({"a.b": 1})"), "p[\"a.b\"]: unknown key");
    assert_text(object_error("{\"" + std::string(100, 'k') + "\": 1}"),
                "p[\"" + std::string(64, 'k') + "...\"]: unknown key");
}

void members_keep_their_order(void**) {
    const JsonPtr root = parse(R"({"z": 1, "a": 2, "m": 3})");
    const auto members = JsonValue(root.get(), "").members();
    assert_ok(members);
    std::string order;
    for (const auto& [name, value] : *members) order += name + "=" + value.path() + " ";
    assert_text(order, "z=z a=a m=m ");
}

void text_is_utf8(void**) {
    assert_error(pki::Errc::malformed, signerd::parse_json("[\"\xff\"]", "test.json"));
    assert_error(pki::Errc::malformed, signerd::parse_json("[\"a\\u0000b\"]", "test.json"));
    assert_error(pki::Errc::malformed, signerd::parse_json("", "test.json"));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(text_has_bounds),
        cmocka_unit_test(list_has_bounds),
        cmocka_unit_test(list_has_no_equal_elements),
        cmocka_unit_test(integer_has_bounds),
        cmocka_unit_test(hints_at_near_keys_only),
        cmocka_unit_test(odd_keys_are_quoted_and_cut),
        cmocka_unit_test(members_keep_their_order),
        cmocka_unit_test(text_is_utf8),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
