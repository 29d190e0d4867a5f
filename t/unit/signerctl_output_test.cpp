#include "clients/signerctl/cert.h"
#include "clients/common/output.h"
#include "clients/signerctl/status.h"
#include "t/unit/unit.h"

namespace {

using pki::Errc;
using signerctl::terminal_safe;

void plain_text_stays(void**) {
    assert_text(terminal_safe(""), "");
    assert_text(terminal_safe("CN=a\\, b, O=Größe 日本"), "CN=a\\, b, O=Größe 日本");
}

void controls_are_escaped(void**) {
    assert_text(terminal_safe("\x1b]0;title\x07"), "\\x1b]0;title\\x07");
    assert_text(terminal_safe("a\r\n\tb\x7f"), "a\\x0d\\x0a\\x09b\\x7f");
    assert_text(terminal_safe(std::string_view("a\0b", 3)), "a\\x00b");
    assert_text(terminal_safe("\u009b2J"), "\\u{9b}2J");
}

void marks_that_reorder_or_hide_text_are_escaped(void**) {
    assert_text(terminal_safe("\u202egro.elpmaxe"), "\\u{202e}gro.elpmaxe");
    assert_text(terminal_safe("a\u200bb\u2066c\ufeff"), "a\\u{200b}b\\u{2066}c\\u{feff}");
}

void bytes_that_are_not_utf8_are_escaped(void**) {
    assert_text(terminal_safe("\xff\x9b"), "\\xff\\x9b");
    assert_text(terminal_safe("\xc0\x9b"), "\\xc0\\x9b");
    assert_text(terminal_safe("a\xe2\x82"), "a\\xe2\\x82");
    assert_text(terminal_safe("\xed\xa0\x80"), "\\xed\\xa0\\x80");
}

void table_columns_are_aligned_by_characters(void**) {
    signerctl::Table table({"NAME", "LAST"});
    table.add({"Gerät-7", "x"});
    table.add({"a\x1b", ""});
    assert_text(table.take(), "NAME     LAST\nGerät-7  x\na\\x1b    \n");
    table.add({"b", "later"});
    assert_text(table.take(), "b        later\n");
    assert_text(table.take(), "");
}

void fields_are_aligned_and_empty_ones_left_out(void**) {
    assert_text(signerctl::fields({{"A", "1"}, {"Longer", "2\n"}, {"None", ""}}),
                "A:       1\nLonger:  2\\x0a\n");
}

void serials_are_taken_in_every_form(void**) {
    for (const char* form : {"0a1b2c", "0A1B2C", "0a:1b:2c", "A1B2C", "00:0A:1B:2C"}) {
        const auto serial = signerctl::normalise_serial(form);
        assert_ok(serial);
        assert_text(*serial, "0a1b2c");
    }
    const std::string longest(40, 'f');
    assert_ok(signerctl::normalise_serial(longest));
    assert_ok(signerctl::normalise_serial("00" + longest));
}

void what_is_no_serial_is_refused(void**) {
    for (const char* bad : {"", ":", "0", "00:00", "12 34", "0x12", "-1", "12g4", "1;2"})
        assert_error(Errc::malformed, signerctl::normalise_serial(bad));
    assert_error(Errc::malformed, signerctl::normalise_serial("1" + std::string(40, '0')));
}

void certificate_text_is_safe_and_keeps_the_lines_of_pem(void**) {
    const auto certificate = signerctl::parse_json_object(pki::as_bytes(
        R"({"serial":"0a","subject":"CN=\u001b[2J","pem":"-----BEGIN\nAA\u0007==\n-----END\n"})"));
    assert_ok(certificate);
    assert_text(signerctl::certificate_text(certificate->get()),
                "Serial:       0a\n"
                "Subject:      CN=\\x1b[2J\n"
                "-----BEGIN\nAA\\x07==\n-----END\n");
}

void status_text_tells_what_signerd_said(void**) {
    const auto status = signerctl::parse_json_object(pki::as_bytes(
        R"({"version":"0.1.0","id":"one","uptime_seconds":7200,"config":"/c","generation":2,)"
        R"("cas":[{"name":"main","tenant":"t","subject":"CN=CA","not_after":"2030"}],)"
        R"("profiles":["a","b"],"certificates":5,"revoked":1,"audit_records":6,"queue":0,)"
        R"("key_child":{"pid":77,"state":"running"}})"));
    assert_ok(status);
    assert_text(signerctl::status_text(status->get()),
                "Version:        0.1.0\n"
                "Id:             one\n"
                "Up:             2 hours\n"
                "Configuration:  /c\n"
                "Generation:     2\n"
                "Key child:      running, pid 77\n"
                "Queue:          0\n"
                "Certificates:   5\n"
                "Revoked:        1\n"
                "Audit records:  6\n"
                "Profiles:       a, b\n"
                "\n"
                "CA    TENANT  NOT AFTER  SUBJECT\n"
                "main  t       2030       CN=CA\n");
}

void status_text_tells_who_succeeds(void**) {
    const auto status = signerctl::parse_json_object(
        pki::as_bytes(R"({"cas":[{"name":"a","successor":"b","successor_from":"2027"},)"
                      R"({"name":"b","successor":"c"},{"name":"c"}]})"));
    assert_ok(status);
    const std::string text = signerctl::status_text(status->get());
    const std::string expected =
        "\n"
        "CA  SUCCESSOR  FROM\n"
        "a   b          2027\n"
        "b   c          announced\n";
    assert_true(text.ends_with(expected));
}

void status_text_tells_of_crls(void**) {
    const auto status = signerctl::parse_json_object(
        pki::as_bytes(R"({"cas":[{"name":"a"},{"name":"b","crl":{"ca":"b","number":3,)"
                      R"("this_update":"2026","next_update":"2027","entries":2}}]})"));
    assert_ok(status);
    const std::string text = signerctl::status_text(status->get());
    const std::string expected =
        "\n"
        "CA  NUMBER  THIS UPDATE  NEXT UPDATE  ENTRIES\n"
        "b   3       2026         2027         2\n";
    assert_true(text.ends_with(expected));
}

void json_is_safe_for_a_terminal(void**) {
    const auto value =
        signerctl::parse_json_object(pki::as_bytes("{\"a\":\"\\u001b\\u009b\\u202e\"}"));
    assert_ok(value);
    assert_text(signerctl::json_line(value->get()), "{\"a\":\"\\u001B\\u009B\\u202E\"}");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_stays),
        cmocka_unit_test(controls_are_escaped),
        cmocka_unit_test(marks_that_reorder_or_hide_text_are_escaped),
        cmocka_unit_test(bytes_that_are_not_utf8_are_escaped),
        cmocka_unit_test(table_columns_are_aligned_by_characters),
        cmocka_unit_test(fields_are_aligned_and_empty_ones_left_out),
        cmocka_unit_test(serials_are_taken_in_every_form),
        cmocka_unit_test(what_is_no_serial_is_refused),
        cmocka_unit_test(certificate_text_is_safe_and_keeps_the_lines_of_pem),
        cmocka_unit_test(status_text_tells_what_signerd_said),
        cmocka_unit_test(status_text_tells_of_crls),
        cmocka_unit_test(status_text_tells_who_succeeds),
        cmocka_unit_test(json_is_safe_for_a_terminal),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
