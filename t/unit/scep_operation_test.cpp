#include "libpki/scep/operation.h"

#include "t/unit/unit.h"

namespace {

using pki::Errc;
using pki::scep::Operation;

constexpr std::size_t kMax = 1024;

// What parse_query() makes of it: "operation", "operation message", or the name of the error.
std::string parsed(std::string_view args) {
    const auto query = pki::scep::parse_query(args);
    if (!query) return pki::name(query.error().code);
    std::string out(pki::scep::name(query->operation));
    if (query->has_message) out += " " + std::string(query->message);
    return out;
}

// The octets in hexadecimal, or "refused".
std::string decoded(std::string_view raw, std::size_t max = kMax) {
    const auto message = pki::scep::decode_message(raw, max);
    return message ? pki::hex_encode(*message) : "refused";
}

void operations(void**) {
    assert_text(parsed("operation=GetCACaps"), "GetCACaps");
    assert_text(parsed("operation=GetCACert"), "GetCACert");
    assert_text(parsed("operation=GetNextCACert"), "GetNextCACert");
    assert_text(parsed("operation=PKIOperation"), "PKIOperation");
    assert_text(parsed("operation=PKIOperation&message=MIIB"), "PKIOperation MIIB");
}

void case_matters(void**) {
    assert_text(parsed("operation=getcacaps"), "not_found");
    assert_text(parsed("operation=PkiOperation"), "not_found");
    assert_text(parsed("Operation=GetCACaps"), "malformed");
    assert_text(parsed("operation=GetCACaps&Message=x"), "GetCACaps");
}

void unknown_operations(void**) {
    assert_text(parsed("operation="), "not_found");
    assert_text(parsed("operation=GetCRL"), "not_found");
    assert_text(parsed("operation=GetCACaps%20"), "not_found");
    assert_text(parsed("operation=GetCACaps "), "not_found");
}

void no_operation(void**) {
    assert_text(parsed(""), "malformed");
    assert_text(parsed("operation"), "malformed");
    assert_text(parsed("message=MIIB"), "malformed");
    assert_text(parsed("xoperation=GetCACaps"), "malformed");
    assert_text(parsed("&&&"), "malformed");
}

void the_message_is_optional(void**) {
    assert_text(parsed("operation=GetCACaps&message"), "GetCACaps");
    assert_text(parsed("operation=GetCACaps&message="), "GetCACaps ");
    assert_text(parsed("operation=GetCACert&message=CAIdentifier"), "GetCACert CAIdentifier");
}

// Juniper sends a plain name, and it may hold what is no base64 and no percent-escape.
void the_name_of_a_ca_is_not_decoded(void**) {
    assert_text(parsed("operation=GetCACert&message=My%20CA+1%zz"), "GetCACert My%20CA+1%zz");
}

void other_arguments_are_ignored(void**) {
    assert_text(parsed("a=b&operation=PKIOperation&c&=d&message=TU&operations=x&&"),
                "PKIOperation TU");
    assert_text(parsed("message=a=b=&operation=PKIOperation"), "PKIOperation a=b=");
}

// Two readers must not see two operations in one query.
void nothing_twice(void**) {
    assert_text(parsed("operation=GetCACaps&operation=GetCACert"), "malformed");
    assert_text(parsed("operation=GetCACaps&operation=GetCACaps"), "malformed");
    assert_text(parsed("operation=GetCACaps&message=a&message=a"), "malformed");
}

void base64_in_each_form(void**) {
    assert_text(decoded("+/+/"), "fbffbf");
    assert_text(decoded("-_-_"), "fbffbf");
    assert_text(decoded("-/+_"), "fbffbf");
    assert_text(decoded("%2B%2F%2b%2f"), "fbffbf");
    assert_text(decoded("MA=="), "30");
    assert_text(decoded("MA%3D%3D"), "30");
    assert_text(decoded("MA%3d="), "30");
    assert_text(decoded("MA"), "30");
    assert_text(decoded("MAE="), "3001");
    assert_text(decoded("MAE"), "3001");
}

// A "+" is a letter of base64: a reader of HTML forms would make it a space, and lose it.
void plus_is_no_space(void**) { assert_text(decoded("MA+A"), "300f80"); }

void white_space_is_dropped(void**) {
    assert_text(decoded("MA%0AEC"), "300102");
    assert_text(decoded("MA%0D%0AEC%0d%0a"), "300102");
    assert_text(decoded("%20MAE%09C"), "300102");
    assert_text(decoded("MA EC\n"), "300102");
}

void what_is_no_message(void**) {
    for (const char* raw : {"", "%0A", "M", "MA%", "MA%4", "MA%zz", "MA%00", "MA=A",
                            "MA===", "MB", "MA*A", "MA%25", "%4%31"})
        assert_text(decoded(raw), "refused");
}

void sizes_are_bounded(void**) {
    const pki::Buffer octets(99, 0x5a);
    const std::string text = pki::base64_encode(octets);
    assert_text(decoded(text, 99), pki::hex_encode(octets));
    assert_text(decoded(text, 98), "refused");
    assert_text(decoded(text, 96), "refused");
    assert_text(decoded(text, 0), "refused");
    std::string escaped;
    for (const char c : text) escaped += "%" + pki::hex_encode(pki::as_bytes({&c, 1})) + "%0A";
    assert_text(decoded(escaped, 99), pki::hex_encode(octets));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(operations),
        cmocka_unit_test(case_matters),
        cmocka_unit_test(unknown_operations),
        cmocka_unit_test(no_operation),
        cmocka_unit_test(the_message_is_optional),
        cmocka_unit_test(the_name_of_a_ca_is_not_decoded),
        cmocka_unit_test(other_arguments_are_ignored),
        cmocka_unit_test(nothing_twice),
        cmocka_unit_test(base64_in_each_form),
        cmocka_unit_test(plus_is_no_space),
        cmocka_unit_test(white_space_is_dropped),
        cmocka_unit_test(what_is_no_message),
        cmocka_unit_test(sizes_are_bounded),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
