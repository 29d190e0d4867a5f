// Challenges of type "static" and "hmac".
#include "t/unit/challenge_fixture.h"

#include "t/unit/unit.h"

namespace {

using signerd::Finding;
using signerd::secrets_of;
using signerd::Verdict;
using unit::hmac_challenge;
using unit::Shown;

void assert_finding(const Finding& finding, Verdict verdict, std::string_view cause) {
    assert_int_equal(finding.verdict, verdict);
    assert_text(finding.cause, cause);
    if (verdict != Verdict::accepted) assert_false(finding.claims.once.has_value());
}

void each_secret_of_the_file_is_good(void**) {
    auto secrets = secrets_of("first secret\r\n\nsecond secret");
    assert_ok(secrets);
    assert_int_equal(secrets->size(), 2);
    const signerd::StaticChallenge challenge("factory", *std::move(secrets));
    Shown shown;
    for (const char* good : {"first secret", "second secret"}) {
        const Finding finding = shown.by(challenge, good);
        assert_finding(finding, Verdict::accepted, "");
        assert_false(finding.claims.once.has_value());
    }
    for (const char* bad :
         {"first secre", "first secret ", "First secret", "first secret\r", ""})
        assert_finding(shown.by(challenge, bad), Verdict::not_mine, "none of its secrets");
}

void files_without_good_secrets_are_refused(void**) {
    for (const char* text : {"", "\n\n", "short", "a good secret\nshort", "with\ta control",
                             "not utf-8 \xff", "a good secret\nanother\n\na good secret"})
        assert_error(pki::Errc::malformed, secrets_of(text));
}

std::string token(const signerd::HmacChallenge& challenge, const char* subject = "",
                  std::int64_t lifetime = 60, int version = 2) {
    return *challenge.make({version, unit::kNow + lifetime, "device", subject});
}

void a_token_is_good_for_its_profile(void**) {
    const auto challenge = hmac_challenge("mdm");
    const std::string made = token(*challenge);
    Shown shown;
    const Finding finding = shown.by(*challenge, made);
    assert_finding(finding, Verdict::accepted, "");
    assert_text(finding.key, "k1");
    assert_true(finding.claims.once->kind == signerd::UsedKind::hmac_token);
    assert_int_equal(finding.claims.once->expires, unit::kNow + 60);
    assert_false(finding.claims.counted.has_value());
    shown.presented.profile = "router";
    assert_finding(shown.by(*challenge, made), Verdict::not_mine,
                   "a token of another key, or for another profile");
}

void a_token_lasts_until_it_expires(void**) {
    const auto challenge = hmac_challenge("mdm");
    const std::string made = token(*challenge);
    Shown shown;
    shown.presented.now = unit::kNow + 59;
    assert_finding(shown.by(*challenge, made), Verdict::accepted, "");
    shown.presented.now = unit::kNow + 60;
    assert_finding(shown.by(*challenge, made), Verdict::refused, "the token has expired");
    shown.presented.renewal = true;
    assert_finding(shown.by(*challenge, made), Verdict::accepted, "");
}

void a_token_may_be_for_one_subject(void**) {
    const auto challenge = hmac_challenge("mdm");
    const std::string made = token(*challenge, "device-1");
    Shown shown("O=Example, CN=device-1");
    assert_finding(shown.by(*challenge, made), Verdict::accepted, "");
    Shown other("CN=device-2");
    assert_finding(other.by(*challenge, made), Verdict::not_mine,
                   "a token of another key, or for another profile or subject");
    for (const char* subject : {"O=Example", "CN=device-1, CN=device-2"}) {
        Shown none(subject);
        assert_finding(none.by(*challenge, made), Verdict::refused,
                       "a token for a common name, of which there is not one");
    }
}

// Only the first key makes tokens; those of the other are good.
void keys_are_rotated(void**) {
    signerd::HmacRules rules;
    rules.keys.push_back({"k0", unit::secret(unit::kOldKey)});
    const signerd::HmacChallenge before("mdm", std::move(rules));
    Shown shown;
    const Finding finding = shown.by(*hmac_challenge("mdm"), token(before));
    assert_finding(finding, Verdict::accepted, "");
    assert_text(finding.key, "k0");
    assert_finding(shown.by(before, token(*hmac_challenge("mdm"))), Verdict::not_mine,
                   "a token of another key, or for another profile");
}

void version_1_only_where_it_is_on(void**) {
    const auto on = hmac_challenge("mdm", true, true);
    const auto off = hmac_challenge("mdm");
    const std::string made = token(*on, "", 60, 1);
    Shown shown;
    assert_finding(shown.by(*on, made), Verdict::accepted, "");
    assert_finding(shown.by(*off, made), Verdict::not_mine,
                   "a token of version 1, which is off");
    assert_error(pki::Errc::denied, off->make({1, unit::kNow, "device", ""}));
    assert_error(pki::Errc::denied, on->make({1, unit::kNow, "device", "device-1"}));
    // It does not say which key it is of.
    signerd::HmacRules rules;
    rules.keys.push_back({"k0", unit::secret(unit::kOldKey)});
    rules.version_1 = true;
    assert_text(
        shown.by(*on, token(signerd::HmacChallenge("mdm", std::move(rules)), "", 60, 1)).key,
        "k0");
}

void several_uses_only_where_it_says_so(void**) {
    const auto challenge = hmac_challenge("mdm", false);
    Shown shown;
    const Finding finding = shown.by(*challenge, token(*challenge));
    assert_finding(finding, Verdict::accepted, "");
    assert_false(finding.claims.once.has_value());
}

void what_is_no_token_is_somebody_elses(void**) {
    const auto challenge = hmac_challenge("mdm", true, true);
    Shown shown;
    std::string spoilt = token(*challenge);
    for (const std::string& text : {std::string("secret"), spoilt + "x", std::string(300, 'a')})
        assert_finding(shown.by(*challenge, text), Verdict::not_mine, "not a token");
    spoilt.back() = spoilt.back() == 'A' ? 'Q' : 'A';
    spoilt[spoilt.size() - 5] ^= 1;
    assert_int_equal(shown.by(*challenge, spoilt).verdict, Verdict::not_mine);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_secret_of_the_file_is_good),
        cmocka_unit_test(files_without_good_secrets_are_refused),
        cmocka_unit_test(a_token_is_good_for_its_profile),
        cmocka_unit_test(a_token_lasts_until_it_expires),
        cmocka_unit_test(a_token_may_be_for_one_subject),
        cmocka_unit_test(keys_are_rotated),
        cmocka_unit_test(version_1_only_where_it_is_on),
        cmocka_unit_test(several_uses_only_where_it_says_so),
        cmocka_unit_test(what_is_no_token_is_somebody_elses),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
