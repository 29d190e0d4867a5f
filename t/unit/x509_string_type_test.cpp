// Text of any length out of a string that nobody has checked.
#include "libpki/x509/string_type.h"

#include "t/unit/unit.h"

namespace {

namespace der = pki::der;
using pki::x509::whole_text;

void every_type_is_read_as_unicode(void**) {
    const struct {
        std::uint8_t tag;
        const char *value, *text;
    } cases[] = {
        {der::kUtf8String, "67c3bc", "g\xc3\xbc"},
        {der::kTeletexString, "67fc", "g\xc3\xbc"},
        {der::kBmpString, "006700fc", "g\xc3\xbc"},
        {der::kUniversalString, "000000670001f600", "g\xf0\x9f\x98\x80"},
        {der::kPrintableString, "2a40", "*@"},
        {der::kIa5String, "09", "\t"},
        {der::kUtf8String, "", ""},
    };
    for (const auto& c : cases) {
        const auto text = whole_text(c.tag, unit::hex(c.value));
        assert_true(text.has_value());
        assert_text(*text, c.text);
    }
    const pki::Buffer large(5000, 'x');
    assert_int_equal(whole_text(der::kUtf8String, large)->size(), 5000);
}

void what_is_no_text_of_its_type_is_none(void**) {
    const struct {
        std::uint8_t tag;
        const char* value;
    } cases[] = {{der::kUtf8String, "67fc"},    {der::kPrintableString, "fc"},
                 {der::kIa5String, "80"},       {der::kBmpString, "006700"},
                 {der::kBmpString, "d83dde00"}, {der::kUniversalString, "00110000"},
                 {der::kOctetString, "67"}};
    for (const auto& c : cases) assert_false(whole_text(c.tag, unit::hex(c.value)).has_value());
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read_as_unicode),
        cmocka_unit_test(what_is_no_text_of_its_type_is_none),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
