// What the outside child sends, and when.
#include "signerd/outside/service.h"

#include <sys/stat.h>

#include <deque>
#include <fstream>

#include "signerd/outside/secret_file.h"
#include "signerd/outside/token_source.h"
#include "t/unit/outside_fixture.h"
#include "t/unit/store_fixture.h"

#include "t/unit/unit.h"

namespace {

using pki::Errc;
using signerd::HttpAnswer;
using signerd::HttpRequest;
using signerd::OutsideEvent;
using signerd::OutsideQuestion;
using unit::question;

class FakeClock : public signerd::Clock {
   public:
    std::int64_t now() const override { return seconds * signerd::kMicroseconds; }

    std::int64_t seconds = 1'800'000'000;
};

// Answers what a test has put there, in the order of the requests.
class FakeHttp : public signerd::Http {
   public:
    void send(HttpRequest request, Done done) override {
        requests.push_back(std::move(request));
        if (answers.empty()) return waiting.push_back(std::move(done));
        const auto answer = answers.front();
        answers.pop_front();
        done(answer);
    }
    void answer(long status, const char* body) { answers.push_back(HttpAnswer{status, body}); }

    std::vector<HttpRequest> requests;
    std::deque<pki::Result<HttpAnswer>> answers;
    std::vector<Done> waiting;
};

// With the SHA-256 of RFC 4231 4.3's key and text, put together as the header wants it.
void signature(void**) {
    const std::string value = signerd::webhook_signature(pki::as_bytes("Jefe"), 17, "{}");
    assert_text(value, "t=17,v1=" + pki::hex_encode(pki::ossl::hmac_sha256(
                                        pki::as_bytes("Jefe"), pki::as_bytes("17.{}"))));
}

constexpr char kCommon[] =
    R"("id":"id-1","timestamp":"2027-01-15T08:00:00Z","profile":"device","transaction":"4711",)"
    R"("client_address":"192.0.2.7","subject":"CN=a","sans":["DNS:a.example"],"csr":"MAEC")";

void webhook_bodies(void**) {
    assert_text(signerd::webhook_body(question(OutsideEvent::decide)),
                std::string(R"({"event":"decide",)") + kCommon + R"(,"challenge":"p\"w"})");
    assert_text(signerd::webhook_body(question(OutsideEvent::issued)),
                std::string(R"({"event":"issued",)") + kCommon +
                    R"(,"serial":"0a0b","not_after":"2027-01-15T08:00:01Z",)"
                    R"("certificate":"MAEC"})");
    assert_text(
        signerd::webhook_body(question(OutsideEvent::failed)),
        std::string(R"({"event":"failed",)") + kCommon + R"(,"reason":"denied by policy"})");
}

void intune_bodies(void**) {
    const std::string start = R"("transactionId":"4711","certificateRequest":"MAEC",)";
    const std::string end = R"("callerInfo":"signerd/0.1.0"}})";
    assert_text(signerd::intune_body(question(OutsideEvent::decide)),
                R"({"request":{)" + start + end);
    assert_text(signerd::intune_body(question(OutsideEvent::issued)),
                R"({"notification":{)" + start +
                    R"("certificateThumbprint":"3F7F19430C6AF480F8C55DD3F95A958B0254B68F",)"
                    R"("certificateSerialNumber":"0a0b",)"
                    R"("certificateExpirationDateUtc":"2027-01-15T08:00:01.000Z",)"
                    R"("issuingCertificateAuthority":"CN=Issuing",)" +
                    end);
    assert_text(signerd::intune_body(question(OutsideEvent::failed)),
                R"({"notification":{)" + start +
                    R"("hResult":2684354566,"errorDescription":"denied by policy",)" + end);
}

// A transaction that is not there is the CSR's hash: Intune wants one.
void intune_without_transaction(void**) {
    OutsideQuestion asked = question(OutsideEvent::decide);
    asked.transaction = {};
    assert_true(signerd::intune_body(asked).find(
                    pki::hex_encode(pki::ossl::sha256(asked.csr))) != std::string::npos);
}

// --- Intune, from the first question on ---

constexpr char kToken[] = R"({"token_type":"Bearer","expires_in":3600,"access_token":"T"})";
constexpr char kList[] = R"({"value":[{"providerName":"ScepRequestValidationFEService",
                                       "uri":"https://fef.example/svc"}]})";
constexpr char kSuccess[] = R"({"code":"Success"})";

struct IntuneTest {
    explicit IntuneTest(const std::string& endpoint = "") {
        std::ofstream(folder.file("secret")) << "s&cret\n";
        chmod(folder.file("secret").c_str(), 0600);
        rules.tenant_id = "contoso.example";
        rules.client_id = "client";
        rules.secret_path = folder.file("secret");
        rules.authority = "https://login.example";
        rules.discovery = "https://graph.example/v1.0/endpoints";
        rules.endpoint = endpoint;
        rules.scope = "https://api.example//.default";
        auto made = signerd::make_intune(rules, clock, http);
        assert_ok(made);
        service = *std::move(made);
    }
    pki::Status ask() {
        std::optional<pki::Status> verdict;
        service->handle(question(OutsideEvent::decide), {},
                        [&](const pki::Status& status) { verdict = status; });
        assert_true(verdict.has_value());
        return *verdict;
    }

    unit::StoreFolder folder;
    FakeClock clock;
    FakeHttp http;
    signerd::IntuneRules rules;
    std::unique_ptr<signerd::Service> service;
};

void intune_from_the_start(void**) {
    IntuneTest test;
    for (const char* body : {kToken, kList, kToken, kSuccess}) test.http.answer(200, body);
    assert_ok(test.ask());
    const auto& sent = test.http.requests;
    assert_int_equal(sent.size(), 4);
    assert_text(sent[0].url, "https://login.example/contoso.example/oauth2/v2.0/token");
    assert_text(
        sent[0].body,
        "grant_type=client_credentials&client_id=client&scope=https%3A%2F%2Fgraph.example"
        "%2F.default&client_secret=s%26cret");
    assert_text(sent[1].url, "https://graph.example/v1.0/endpoints");
    assert_false(sent[1].post);
    assert_text(sent[1].headers[0], "Authorization: Bearer T");
    assert_true(sent[2].body.find("scope=https%3A%2F%2Fapi.example%2F%2F.default&") !=
                std::string::npos);
    assert_text(sent[3].url, "https://fef.example/svc/ScepActions/validateRequest");
    assert_text(sent[3].headers[3], "api-version: 2018-02-20");
    // All of that is kept.
    test.http.answer(200, R"({"code":"ChallengeExpired"})");
    assert_error(Errc::unauthenticated, test.ask());
    assert_int_equal(test.http.requests.size(), 5);
    test.folder.remove();
}

void intune_begins_anew(void**) {
    IntuneTest test("https://fef.example/svc");
    for (const char* body : {kToken, kSuccess}) test.http.answer(200, body);
    assert_ok(test.ask());
    // A token that is not taken is not used again.
    test.http.answer(401, "");
    assert_error(Errc::unavailable, test.ask());
    for (const char* body : {kToken, kSuccess}) test.http.answer(200, body);
    assert_ok(test.ask());
    assert_int_equal(test.http.requests.size(), 5);
    // Nor is one that will expire soon.
    test.clock.seconds += 3600 - 299;
    for (const char* body : {kToken, kSuccess}) test.http.answer(200, body);
    assert_ok(test.ask());
    assert_int_equal(test.http.requests.size(), 7);
    test.folder.remove();
}

// Nothing but the last answer is a yes, whichever of them fails.
void intune_fails_closed(void**) {
    const char* const bodies[] = {kToken, kList, kToken};
    for (std::size_t good = 0; good < 3; good++) {
        IntuneTest test;
        for (std::size_t i = 0; i < good; i++) test.http.answer(200, bodies[i]);
        test.http.answers.push_back(pki::Error{Errc::unavailable, "request failed", 0, {}});
        assert_error(Errc::unavailable, test.ask());
        test.folder.remove();
    }
}

// Who waits for a token at the same time waits for the same one.
void one_request_for_a_token(void**) {
    FakeClock clock;
    FakeHttp http;
    const signerd::TokenSource::Credentials credentials{"https://login.example/", "client",
                                                        pki::Secret(pki::as_bytes("x"))};
    signerd::TokenSource source(credentials, clock, http, "scope");
    int got = 0;
    for (int i = 0; i < 3; i++)
        source.get({}, [&](const auto& authorization) { got += authorization.has_value(); });
    assert_int_equal(http.requests.size(), 1);
    http.waiting[0](HttpAnswer{200, kToken});
    assert_int_equal(got, 3);
}

void secret_files(void**) {
    unit::StoreFolder folder;
    const std::string path = folder.file("secret");
    std::ofstream(path) << "sixteen-bytes-xx\r\n";
    chmod(path.c_str(), 0600);
    const auto secret = signerd::read_secret_file(path, 16);
    assert_ok(secret);
    assert_text(pki::as_text(secret->view()), "sixteen-bytes-xx");
    assert_error(Errc::malformed, signerd::read_secret_file(path, 17));
    chmod(path.c_str(), 0640);
    assert_error(Errc::denied, signerd::read_secret_file(path, 16));
    assert_error(Errc::not_found, signerd::read_secret_file(folder.file("absent"), 1));
    folder.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(signature),
        cmocka_unit_test(webhook_bodies),
        cmocka_unit_test(intune_bodies),
        cmocka_unit_test(intune_without_transaction),
        cmocka_unit_test(intune_from_the_start),
        cmocka_unit_test(intune_begins_anew),
        cmocka_unit_test(intune_fails_closed),
        cmocka_unit_test(one_request_for_a_token),
        cmocka_unit_test(secret_files),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
