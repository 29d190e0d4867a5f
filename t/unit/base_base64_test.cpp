#include "libpki/base/base64.h"
#include "t/unit/unit.h"

namespace {

using pki::as_bytes;
using pki::Errc;

std::string encoded(std::string_view text) { return pki::base64_encode(as_bytes(text)); }

std::string decoded(std::string_view text) {
    const auto bytes = pki::base64_decode(as_bytes(text));
    return bytes ? std::string(pki::as_text(*bytes)) : "refused";
}

// RFC 4648 section 10.
void vectors_of_the_rfc(void**) {
    constexpr const char* kVectors[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (const auto& [plain, base64] : kVectors) {
        assert_text(encoded(plain), base64);
        assert_text(decoded(base64), plain);
    }
}

void all_symbols(void**) {
    const auto bytes = unit::hex(
        "00108310518720928b30d38f41149351559761969b71d79f8218a39259a7"
        "a29aabb2dbafc31cb3d35db7e39ebbf3dfbf");
    const std::string text = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    assert_text(pki::base64_encode(bytes), text);
    assert_hex(*pki::base64_decode(as_bytes(text)), pki::hex_encode(bytes));
}

void white_space_goes_anywhere(void**) {
    assert_text(decoded(" Zm\r\n9v\tYm Fy\n\n"), "foobar");
    assert_text(decoded("Zg= =\n"), "f");
    assert_text(decoded(" \r\n"), "");
}

void padding_may_be_missing(void**) {
    assert_text(decoded("Zg"), "f");
    assert_text(decoded("Zm8"), "fo");
}

void bad_padding_is_refused(void**) {
    for (const char* bad : {"Zg=", "Z===", "=", "====", "Zm9v=", "Zm8==", "Zg===", "Zm9v===="})
        assert_text(decoded(bad), "refused");
}

void data_after_padding_is_refused(void**) {
    for (const char* bad : {"Zg==Zg==", "Zg==AAAA", "Zg=v", "Zg=A", "Zm8=Z"})
        assert_text(decoded(bad), "refused");
}

void foreign_characters_are_refused(void**) {
    for (const char* bad : {"Zm9-", "Zm9_", "Zm9v.", "Zm9\xc3", "Zm\v9v", "-----BEGIN"})
        assert_text(decoded(bad), "refused");
    assert_text(decoded(std::string_view("Zm9v\0", 5)), "refused");
    const auto error = pki::base64_decode(as_bytes("Zm9v!"));
    assert_error(Errc::malformed, error);
    assert_int_equal(error.error().offset, 4);
}

// RFC 4648 3.5: else one value would have several encodings.
void bits_left_over_are_refused(void**) {
    for (const char* bad : {"Zh==", "Zh", "Zm9=", "Zm9"}) assert_text(decoded(bad), "refused");
}

void hex_in_both_cases(void**) {
    assert_text(pki::hex_encode(unit::hex("00ff7f")), "00ff7f");
    assert_hex(*pki::hex_decode("0123456789ABCDEFabcdef"), "0123456789abcdefabcdef");
    assert_hex(*pki::hex_decode(""), "");
}

void bad_hex_is_refused(void**) {
    for (const char* bad : {"0", "0g", "0x", " 0", "/0", ":0", "@0", "G0", "`0"})
        assert_error(Errc::malformed, pki::hex_decode(bad));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_the_rfc),
        cmocka_unit_test(all_symbols),
        cmocka_unit_test(white_space_goes_anywhere),
        cmocka_unit_test(padding_may_be_missing),
        cmocka_unit_test(bad_padding_is_refused),
        cmocka_unit_test(data_after_padding_is_refused),
        cmocka_unit_test(foreign_characters_are_refused),
        cmocka_unit_test(bits_left_over_are_refused),
        cmocka_unit_test(hex_in_both_cases),
        cmocka_unit_test(bad_hex_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
