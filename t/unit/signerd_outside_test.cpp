// What the outside child makes of answers, whom it may call, and what it tells the front.
#include "signerd/outside/answers.h"
#include "signerd/outside/protocol.h"
#include "signerd/outside/url.h"
#include "t/unit/outside_fixture.h"

#include "t/unit/unit.h"

namespace {

using pki::Errc;
using signerd::HttpAnswer;
using signerd::OutsideEvent;
using signerd::OutsideQuestion;
using unit::question;

void hosts(void**) {
    for (const char* good : {"a.example", "127.0.0.1", "localhost:8443", "a-b.example:1"})
        assert_ok(signerd::check_host(good));
    for (const char* bad :
         {"", "A.example", "a.example:443", "a.example.", ".a", "a..b", "a:0", "a:65536",
          "a:", "a:08", "https://a", "a/", "u@a", "[::1]", "*.example", "a b", "-a", "a_b"})
        assert_error(Errc::malformed, signerd::check_host(bad));
}

void urls(void**) {
    assert_text(*signerd::host_of_url("https://A.example/x"), "a.example");
    assert_text(*signerd::host_of_url("https://a.example:443?q"), "a.example");
    assert_text(*signerd::host_of_url("https://a.example:8443/x@y:1"), "a.example:8443");
    for (const char* bad :
         {"http://a.example/", "HTTPS://a.example", "https:/a.example", "https://",
          "https://u:p@a.example/", "https://a.example\\@b.example/", "https://a.example#x",
          "https://a.example/ x", "https://a.example/\n", "https://[::1]/", "//a.example",
          "https://a.example:/", "https://a.ex\xc3\xa4mple/", "https:///a.example"})
        assert_error(Errc::malformed, signerd::host_of_url(bad));
    const std::string listed[] = {"a.example", "b.example:8443"};
    assert_ok(signerd::check_listed("https://a.example/x", listed));
    assert_ok(signerd::check_listed("https://b.example:8443/", listed));
    for (const char* other : {"https://b.example/", "https://a.example:8443/",
                              "https://x.a.example/", "https://a.example.evil/"})
        assert_error(Errc::denied, signerd::check_listed(other, listed));
}

struct Verdict {
    long status;
    const char* body;
    int code;  // 0: ok
};

void check_verdicts(pki::Status (*read)(const HttpAnswer&), std::span<const Verdict> verdicts) {
    for (const Verdict& expected : verdicts) {
        const auto status = read({expected.status, expected.body});
        const int code = status ? 0 : static_cast<int>(status.error().code);
        if (code != expected.code) print_error("%ld %s\n", expected.status, expected.body);
        assert_int_equal(code, expected.code);
    }
}

constexpr int kRefused = static_cast<int>(Errc::unauthenticated);
constexpr int kAway = static_cast<int>(Errc::unavailable);

void webhook_verdicts(void**) {
    const Verdict verdicts[] = {{200, R"({"allow": true})", 0},
                                {200, R"({"allow": true, "reason": "x"})", 0},
                                {200, R"({"allow": false})", kRefused},
                                {200, R"({"allow": false, "reason": "no"})", kRefused},
                                {200, R"({"allow": "true"})", kAway},
                                {200, R"({"allow": 1})", kAway},
                                {200, R"({"allow": null})", kAway},
                                {200, R"({"allow": true, "allow": false})", kAway},
                                {200, R"({"allow": true} x)", kAway},
                                {200, R"({"allow": true)", kAway},
                                {200, R"([{"allow": true}])", kAway},
                                {200, R"({"answer": {"allow": true}})", kAway},
                                {200, "{}", kAway},
                                {200, "true", kAway},
                                {200, "", kAway},
                                {201, R"({"allow": true})", kAway},
                                {302, R"({"allow": true})", kAway},
                                {403, R"({"allow": false})", kAway},
                                {500, R"({"allow": true})", kAway}};
    check_verdicts(signerd::webhook_verdict, verdicts);
    const auto refused =
        signerd::webhook_verdict({200, R"({"allow": false, "reason": "not\ntoday \u00e4"})"});
    assert_text(refused.error().detail, "not?today ??");
}

void intune_verdicts(void**) {
    const Verdict verdicts[] = {
        {200, R"({"code": "Success", "errorDescription": ""})", 0},
        {200, R"({"code": "ChallengeExpired", "errorDescription": "x"})", kRefused},
        {200, R"({"code": "success"})", kRefused},
        {200, R"({"code": ""})", kAway},
        {200, R"({"code": null})", kAway},
        {200, R"({"code": ["Success"]})", kAway},
        {200, R"({"Code": "Success"})", kAway},
        {200, "{", kAway},
        {401, R"({"code": "Success"})", kAway},
        {503, "", kAway}};
    check_verdicts(signerd::intune_verdict, verdicts);
    assert_text(
        signerd::intune_verdict({200, R"({"code": "ChallengeExpired"})"}).error().detail,
        "ChallengeExpired");
}

void tokens(void**) {
    const auto token = signerd::read_token(
        {200, R"({"token_type": "Bearer", "expires_in": 3599, "access_token": "abc.def"})"});
    assert_ok(token);
    assert_text(token->text, "abc.def");
    assert_int_equal(token->lifetime, 3599);
    for (const char* bad :
         {R"({"token_type": "mac", "access_token": "abc"})", R"({"access_token": "abc"})",
          R"({"token_type": "Bearer"})", R"({"token_type": "Bearer", "access_token": ""})",
          R"({"token_type": "Bearer", "access_token": "a\r\nX-Other: b"})",
          R"({"token_type": "Bearer", "access_token": "a b"})"})
        assert_error(Errc::unavailable, signerd::read_token({200, bad}));
    const auto refused = signerd::read_token(
        {401, R"({"error": "invalid_client", "access_token": "abc", "token_type": "Bearer"})"});
    assert_error(Errc::unavailable, refused);
    assert_text(refused.error().detail, "invalid_client");
}

void endpoints(void**) {
    constexpr char kName[] = "ScepRequestValidationFEService";
    const auto found = signerd::read_endpoint(
        {200, R"({"value": [{"providerName": "Other", "uri": "https://o"}, 7, {},
                           {"providerName": "scepRequestValidationFEService",
                            "uri": "https://fef.example/path/"}]})"},
        kName);
    assert_ok(found);
    assert_text(*found, "https://fef.example/path");
    for (const char* bad :
         {R"({"value": []})", R"({"value": {}})", "{}", "[]",
          R"({"value": [{"providerName": "ScepRequestValidationFEService"}]})",
          R"({"value": [{"providerName": "ScepRequestValidationFEService", "uri": "/"}]})"})
        assert_error(Errc::unavailable, signerd::read_endpoint({200, bad}, kName));
    assert_error(Errc::unavailable, signerd::read_endpoint({403, "{}"}, kName));
}

// A question with everything in it passes, and one octet more does not.
void protocol(void**) {
    const OutsideQuestion asked = question(OutsideEvent::issued);
    const auto frame = pki::wire::encode(asked, 7);
    assert_ok(frame);
    const pki::wire::Frame parsed{{OutsideQuestion::kKind, 7},
                                  pki::Bytes(*frame).subspan(pki::wire::kHeaderSize)};
    const auto again = pki::wire::decode<OutsideQuestion>(parsed);
    assert_ok(again);
    assert_text(again->serial, "0a0b");
    assert_int_equal(again->sans.size(), 1);
    OutsideQuestion large = asked;
    const std::string password(signerd::kOutsideChallenge + 1, 'x');
    large.password = pki::as_bytes(password);
    assert_error(Errc::internal, pki::wire::encode(large, 7));
}

pki::Status through_wire(const pki::Status& status) {
    const pki::Buffer frame = signerd::answer_frame(status, 3);
    return signerd::status_in({{signerd::OutsideAnswer::kKind, 3},
                               pki::Bytes(frame).subspan(pki::wire::kHeaderSize)});
}

// Whatever else it was, it is no yes.
void answers_fail_closed(void**) {
    assert_ok(through_wire({}));
    const auto refused = through_wire(pki::Error{Errc::unauthenticated, "no", 0, "b\xff\n"});
    assert_error(Errc::unauthenticated, refused);
    assert_text(refused.error().detail, "no: b??");
    for (const Errc code : {Errc::denied, Errc::malformed, Errc::internal, Errc::unavailable})
        assert_error(Errc::unavailable,
                     through_wire(pki::Error{code, "x", 0, std::string(999, 'y')}));
    assert_error(Errc::unavailable,
                 signerd::status_in({{signerd::OutsideAnswer::kKind, 3}, {}}));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(hosts),
        cmocka_unit_test(urls),
        cmocka_unit_test(webhook_verdicts),
        cmocka_unit_test(intune_verdicts),
        cmocka_unit_test(tokens),
        cmocka_unit_test(endpoints),
        cmocka_unit_test(protocol),
        cmocka_unit_test(answers_fail_closed),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
