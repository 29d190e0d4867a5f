#include "libpki/base/utf8.h"

#include "libpki/base/ascii.h"
#include "t/unit/unit.h"

namespace {

// The only character, or 0xffffffff.
char32_t character_of(const char* digits) {
    const pki::Buffer in = unit::hex(digits);
    pki::Bytes rest(in);
    const auto character = pki::take_utf8(rest);
    return character && rest.empty() ? *character : char32_t{0xffffffff};
}

void first_and_last_of_each_length(void**) {
    constexpr std::pair<char32_t, const char*> kVectors[] = {
        {0, "00"},
        {0x7f, "7f"},
        {0x80, "c280"},
        {0x7ff, "dfbf"},
        {0x800, "e0a080"},
        {0xd7ff, "ed9fbf"},
        {0xe000, "ee8080"},
        {0xffff, "efbfbf"},
        {0x10000, "f0908080"},
        {0x10ffff, "f48fbfbf"},
    };
    for (const auto& [character, digits] : kVectors) {
        assert_int_equal(character_of(digits), character);
        std::string text;
        pki::append_utf8(text, character);
        assert_hex(pki::as_bytes(text), digits);
    }
}

void malformed_utf8(void**) {
    for (const char* bad :
         {"",         "80",       "bf",       "c0af",     "c1bf",        "c2",     "c241",
          "e08080",   "e09fbf",   "e282",     "e28228",   "eda080",      "edbfbf", "f0808080",
          "f08fbfbf", "f0288cbc", "f4908080", "f5808080", "f8888080 80", "ff",     "fe"})
        assert_int_equal(character_of(bad), 0xffffffff);
}

void plain_text_has_no_controls(void**) {
    assert_true(pki::is_plain_text(""));
    assert_true(pki::is_plain_text("caf\xc3\xa9 ~"));
    for (const char* bad :
         {"a\nb", "\x1b[31m", "\x7f", "\xc2\x9b", "\xc2\x80", "\xff", "a\xc3"})
        assert_false(pki::is_plain_text(bad));
    assert_false(pki::is_plain_text(std::string_view("a\0b", 3)));
    assert_true(pki::is_plain_text("\xc2\xa0"));
}

void printable_escapes_and_cuts(void**) {
    assert_text(pki::printable("caf\xc3\xa9", 10), "caf\xc3\xa9");
    assert_text(pki::printable("a\"b\\c\n", 10), "a\\x22b\\x5cc\\x0a");
    assert_text(pki::printable("\xff\xc2\x9b", 10), "\\xff\\xc2\\x9b");
    assert_text(pki::printable("abcdef", 5), "abcde...");
    assert_text(pki::printable("abcde", 5), "abcde");
    assert_text(pki::printable("\xc3\xa9\xc3\xa9\xc3\xa9", 2), "\xc3\xa9\xc3\xa9...");
}

void ascii_case(void**) {
    assert_text(pki::to_lower("AbZ[@\xc3\x89"), "abz[@\xc3\x89");
    assert_true(pki::equal_ignoring_case("Device-1", "dEVICE-1"));
    assert_false(pki::equal_ignoring_case("a", "ab"));
    assert_false(pki::equal_ignoring_case("[", "{"));
}

void decimals_have_one_text(void**) {
    assert_true(pki::parse_decimal("0") == 0u);
    assert_true(pki::parse_decimal("18446744073709551615") == UINT64_MAX);
    for (const char* bad :
         {"", "00", "01", "-1", "+1", " 1", "1 ", "0x1", "1a", "18446744073709551616"})
        assert_false(pki::parse_decimal(bad).has_value());
}

void cut_between_characters(void**) {
    std::string text = "abc";
    pki::cut_text(text, 3);
    assert_string_equal(text.c_str(), "abc");
    text = "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9";  // four times e with an acute accent
    pki::cut_text(text, 6);
    assert_string_equal(text.c_str(), "\xc3\xa9\xe2\x80\xa6");
    assert_true(pki::is_plain_text(text));
    text = "abcdef";
    pki::cut_text(text, 2);
    assert_string_equal(text.c_str(), "ab");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(first_and_last_of_each_length),
        cmocka_unit_test(malformed_utf8),
        cmocka_unit_test(plain_text_has_no_controls),
        cmocka_unit_test(printable_escapes_and_cuts),
        cmocka_unit_test(cut_between_characters),
        cmocka_unit_test(ascii_case),
        cmocka_unit_test(decimals_have_one_text),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
