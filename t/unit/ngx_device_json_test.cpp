#include "ngx_enroll_module/device_json.h"

#include <cstring>

#include "libpki/base/limits.h"
#include "t/unit/unit.h"

namespace {

using ngx_enroll::DeviceForm;

std::string outcome(std::string_view body, DeviceForm form = DeviceForm::bootstrap) {
    const auto request = ngx_enroll::parse_device_request(pki::as_bytes(body), form);
    if (!request) return request.error().text;
    return std::string(request->token.view()) + "|" + std::string(request->csr.view());
}

void both_orders(void**) {
    assert_text(outcome(R"({"token": "abc", "csr": "MII="})"), "abc|MII=");
    assert_text(outcome("\t{\"csr\":\"MII=\",\r\n\"token\":\"abc\"} \n"), "abc|MII=");
    assert_text(outcome(R"({"token":"","csr":""})"), "|");
}

void renewal_has_no_token(void**) {
    assert_text(outcome(R"({"csr": "MII="})", DeviceForm::renewal), "|MII=");
    assert_text(outcome(R"({"token": "abc", "csr": "MII="})", DeviceForm::renewal),
                "JSON: a member that is not \"csr\"");
}

void escapes(void**) {
    assert_text(outcome(R"({"token":"\"\\\/\b\f\n\r\t","csr":"\u0041\u007e"})"),
                "\"\\/\b\f\n\r\t|A~");
    assert_text(outcome(R"({"\u0074oken":"a","c\u0073r":"b"})"), "a|b");
    for (const char* bad : {R"("\x41")", R"("\u00")", R"("\u00g1")", R"("\)"})
        assert_true(
            outcome(std::string(R"({"token":"a","csr":)") + bad + "}").starts_with("JSON: "));
}

void only_ascii(void**) {
    for (const char* value : {"\"\\u0000\"", "\"\\u00e9\"", "\"\xc3\xa9\"", "\"\x7f\""})
        assert_text(outcome(std::string("{\"csr\":") + value + "}"),
                    "JSON: a character in a string that is not ASCII");
    assert_text(outcome("{\"csr\":\"a\nb\"}"), "JSON: a control character in a string");
}

void nothing_else(void**) {
    const char* const kCases[][2] = {
        {"", "JSON: the request must be an object"},
        {"[]", "JSON: the request must be an object"},
        {"\xef\xbb\xbf{}", "JSON: the request must be an object"},
        {"{}", "JSON: \"token\" is missing"},
        {R"({"token":"a"})", "JSON: \"csr\" is missing"},
        {R"({"csr":"a"})", "JSON: \"token\" is missing"},
        {R"({"csr":"a","csr":"a"})", "JSON: \"csr\" stands twice"},
        {R"({"token":"a","csr":"a","\u0074oken":"b"})", "JSON: \"token\" stands twice"},
        {R"({"csr":1})", "JSON: \"csr\" must be a string"},
        {R"({"token":null})", "JSON: \"token\" must be a string"},
        {R"({"csr":["a"]})", "JSON: \"csr\" must be a string"},
        {R"({"csr":{"csr":"a"}})", "JSON: \"csr\" must be a string"},
        {R"({"CSR":"a"})", "JSON: a member that is neither \"token\" nor \"csr\""},
        {R"({"csr":"a",})", "JSON: the name of a member is missing"},
        {R"({,"csr":"a"})", "JSON: the name of a member is missing"},
        {R"({"csr" "a"})", "JSON: a colon is missing"},
        {R"({"csr":"a" "token":"b"})", "JSON: the object has no end"},
        {R"({"csr":"a")", "JSON: the object has no end"},
        {R"({"csr":"a)", "JSON: a string without an end"},
        {R"({"csr":"a"}})", "JSON: something stands behind the object"},
        {R"({"csr":"a"} {})", "JSON: something stands behind the object"},
        {R"({"csr":"a"} //)", "JSON: something stands behind the object"},
    };
    for (const auto& [body, text] : kCases) assert_text(outcome(body), text);
    const std::string behind("{\"csr\":\"a\"}\0", 12);
    assert_text(outcome(behind), "JSON: something stands behind the object");
}

void offsets_are_told(void**) {
    const auto request =
        ngx_enroll::parse_device_request(pki::as_bytes("{\"csr\": 1}"), DeviceForm::renewal);
    assert_false(request.has_value());
    assert_int_equal(request.error().offset, 8);
}

void bounded(void**) {
    const std::string shell = R"({"csr":""})";
    const std::string most(pki::limits::kJsonRequest - shell.size(), 'A');
    const auto with = [&](const std::string& csr) { return "{\"csr\":\"" + csr + "\"}"; };
    assert_text(outcome(with(most), DeviceForm::renewal), "|" + most);
    assert_text(outcome(with(most + "A"), DeviceForm::renewal),
                "JSON: the request is too large");
    // Deep nesting costs nothing: it ends at its first bracket.
    assert_text(outcome(std::string(90'000, '['), DeviceForm::renewal),
                "JSON: the request must be an object");
}

void reply_has_lines_of_64(void**) {
    const pki::Buffer certificate(49, 0);
    assert_text(ngx_enroll::device_reply(certificate, {}),
                "{\"certificate\": \"-----BEGIN CERTIFICATE-----\\n" + std::string(64, 'A') +
                    "\\nAA==\\n-----END CERTIFICATE-----\\n\", \"ca_bundle\": \"\"}\n");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(both_orders),  cmocka_unit_test(renewal_has_no_token),
        cmocka_unit_test(escapes),      cmocka_unit_test(only_ascii),
        cmocka_unit_test(nothing_else), cmocka_unit_test(offsets_are_told),
        cmocka_unit_test(bounded),      cmocka_unit_test(reply_has_lines_of_64),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
