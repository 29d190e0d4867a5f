// Tokens of signerd/challenge/token.h.
#include "signerd/challenge/token.h"

#include "signerd/challenge/base64url.h"
#include "t/unit/unit.h"

namespace {

using signerd::HmacToken;
using signerd::parse_token;
using signerd::token_mac;
using signerd::token_text;

// Made by another program from the definition: key and nonce below, expiry 1800003600, profile
// "device", subject "device-1".
const pki::Bytes kKey = pki::as_bytes("0123456789abcdef0123456789abcdef");
constexpr const char* kVersion1 =
    "AAAAAGtJ4BA.AAECAwQFBgcICQoL.921zoCg-AOb8trckben8LBd2zik06OutsAl1SvNwXu4";
constexpr const char* kVersion2 =
    "v2.k1.AAAAAABrSeAQAAECAwQFBgcICQoL.vR2hjKSljxh2uGGwZE6EegNPOviNxOrJlimCL80i-9Y";
constexpr const char* kForSubject =
    "v2.k1.AQAAAABrSeAQAAECAwQFBgcICQoL.z11S_yGd94vgOcFrqxqnJIa9IZP4nPdyI_Fzp_N5gZs";

std::string written(int version, const char* subject) {
    HmacToken token;
    token.version = version;
    token.key_id = "k1";
    token.has_subject = *subject != 0;
    token.expires = 1'800'003'600;
    for (std::size_t i = 0; i < token.nonce.size(); i++)
        token.nonce[i] = static_cast<std::uint8_t>(i);
    token.mac = token_mac(token, kKey, {"device", subject});
    return token_text(token);
}

void tokens_are_written_as_defined(void**) {
    assert_text(written(1, ""), kVersion1);
    assert_text(written(2, ""), kVersion2);
    assert_text(written(2, "device-1"), kForSubject);
    assert_int_equal(std::string(kVersion1).size(), 72);
    assert_int_equal(std::string(kVersion2).size(), 78);
}

void tokens_are_read_as_written(void**) {
    for (const char* text : {kVersion1, kVersion2, kForSubject}) {
        const auto token = parse_token(text);
        assert_true(token.has_value());
        assert_int_equal(token->version, text == kVersion1 ? 1 : 2);
        assert_true(token->has_subject == (text == kForSubject));
        assert_int_equal(token->expires, 1'800'003'600);
        assert_text(token->key_id, text == kVersion1 ? "" : "k1");
        assert_true(token->mac == token_mac(*token, kKey, {"device", "device-1"}));
        assert_text(token_text(*token), text);
    }
}

void each_part_of_the_scope_is_in_the_mac(void**) {
    const auto token = parse_token(kForSubject);
    const auto good = token_mac(*token, kKey, {"device", "device-1"});
    assert_true(token_mac(*token, kKey, {"device", "device-2"}) != good);
    assert_true(token_mac(*token, kKey, {"router", "device-1"}) != good);
    assert_true(token_mac(*token, kKey, {"devicedevice", "-1"}) != good);
    assert_true(token_mac(*token, pki::as_bytes("another"), {"device", "device-1"}) != good);
    const auto anybody = parse_token(kVersion2);
    assert_true(token_mac(*anybody, kKey, {"device", "x"}) ==
                token_mac(*anybody, kKey, {"device", "y"}));
    assert_true(token_mac(*anybody, kKey, {"router", "x"}) !=
                token_mac(*anybody, kKey, {"device", "x"}));
}

std::string spoilt(std::string text, std::size_t at, char c) {
    text[at] = c;
    return text;
}

void nothing_else_is_a_token(void**) {
    const std::string one = kVersion1, two = kVersion2;
    const std::string texts[] = {"",
                                 ".",
                                 "..",
                                 "v2.",
                                 "v2...",
                                 "secret",
                                 one + "A",
                                 one.substr(1),
                                 " " + one,
                                 one + "=",
                                 spoilt(one, 11, '-'),
                                 spoilt(one, 3, '+'),
                                 spoilt(one, 3, '/'),
                                 spoilt(one, 3, '\n'),
                                 spoilt(one, 0, '_'),   // an expiry that is no time
                                 spoilt(one, 10, 'B'),  // bits left over
                                 spoilt(one, 71, '5'),
                                 two + "=",
                                 two + ".",
                                 spoilt(two, 1, '3'),
                                 spoilt(two, 0, 'V'),
                                 spoilt(two, 4, ':'),
                                 spoilt(two, 6, 'g'),  // unknown flags
                                 "v2.." + two.substr(6),
                                 "v2." + std::string(33, 'k') + two.substr(5),
                                 two.substr(0, two.size() - 1)};
    for (const std::string& text : texts) {
        if (parse_token(text)) print_error("a token: %s\n", text.c_str());
        assert_false(parse_token(text).has_value());
    }
}

void base64url_is_strict(void**) {
    assert_text(signerd::base64url_encode(unit::hex("fbff")), "-_8");
    assert_hex(*signerd::base64url_decode("-_8"), "fbff");
    for (const char* text : {"-_8=", "+/8", "-_9", "-_ 8", "-_8\n", "-"})
        assert_error(pki::Errc::malformed, signerd::base64url_decode(text));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_written_as_defined),
        cmocka_unit_test(tokens_are_read_as_written),
        cmocka_unit_test(each_part_of_the_scope_is_in_the_mac),
        cmocka_unit_test(nothing_else_is_a_token),
        cmocka_unit_test(base64url_is_strict),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
