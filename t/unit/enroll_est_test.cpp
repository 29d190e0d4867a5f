// EST of the client: URLs, answers, and who says "later".
#include "clients/enroll/est.h"

#include "clients/enroll/credentials.h"
#include "clients/enroll/secrets.h"
#include "libpki/est/body.h"
#include "libpki/x509/certs_only.h"
#include "t/unit/enroll_fixture.h"
#include "t/unit/test_ca.h"
#include "t/unit/unit.h"

namespace {

using enroll::Exit;
using pki::Errc;
using unit::FakeClock;
using unit::FakeTransport;

constexpr const char* kCms = "application/pkcs7-mime; smime-type=certs-only";

// One client with its server.
struct Client {
    explicit Client(std::uint64_t wait) : patience(clock, wait) {}

    FakeTransport transport;
    FakeClock clock;
    enroll::Patience patience;
    enroll::Report report{false};
    enroll::EstServer server{transport, "https://host/.well-known/est", patience, report};
};

enroll::MakeCsr same(pki::Buffer csr) {
    return [csr](const std::string&) -> pki::Result<pki::Buffer> { return csr; };
}

std::string url_or_error(const std::string& text) {
    const auto url = enroll::est_url(text);
    return url ? *url : url.error().text;
}

void urls_are_a_host_and_a_path(void**) {
    assert_text(url_or_error("https://host"), "https://host/.well-known/est");
    assert_text(url_or_error("https://host:8443/"), "https://host:8443/.well-known/est");
    assert_text(url_or_error("https://host/.well-known/est/label/"),
                "https://host/.well-known/est/label");
    assert_text(url_or_error("http://host/.well-known/est"), "not an https URL");
    assert_text(url_or_error("https:///x"), "not a URL of a host and a path alone");
    assert_text(url_or_error("https://user:secret@host/"),
                "not a URL of a host and a path alone");
    assert_text(url_or_error("https://host/x?y"), "not a URL of a host and a path alone");
    assert_text(url_or_error("https://host/x y"), "not a URL of a host and a path alone");
    assert_text(*enroll::normal_url("http://host/scep", true), "http://host/scep");
    assert_error(Errc::malformed, enroll::normal_url("ftp://host/scep", true));
}

void secrets_are_a_line(void**) {
    const auto line = [](std::string_view text) {
        return std::string(pki::as_text(enroll::first_line(pki::as_bytes(text)).view()));
    };
    assert_text(line("secret"), "secret");
    assert_text(line("secret\n"), "secret");
    assert_text(line("with space \r\nmore\n"), "with space ");
    assert_text(line("\n"), "");
}

void certificates_come_as_base64_or_der(void**) {
    const unit::TestCa ca = unit::make_ca({.name = "CN=Root"});
    const pki::Buffer der = pki::x509::build_certs_only({ca.certificate});
    const std::string base64 = pki::base64_encode(der);
    Client client(0);
    client.transport.will_say(200, kCms, pki::as_bytes(base64));
    client.transport.will_say(200, "Application/PKCS7-mime", der);
    client.transport.will_say(200, "text/html", pki::as_bytes(base64));
    for (int i = 0; i < 2; i++) {
        const auto certificates = enroll::est_cacerts(client.server);
        assert_ok(certificates);
        assert_int_equal(certificates->size(), 1);
        assert_true(certificates->front() == ca.certificate);
    }
    assert_error(Errc::malformed, enroll::est_cacerts(client.server));
    assert_text(client.transport.urls[0], "https://host/.well-known/est/cacerts");
    assert_true(client.transport.anonymous[0]);
}

void the_same_request_is_sent_again_after_the_time_told(void**) {
    const unit::TestCa ca = unit::make_ca({.name = "CN=Root"});
    const std::string base64 = pki::est::certs_only_body({ca.certificate});
    Client client(100);
    client.transport.will_say(202, "text/plain", {}, 20);
    client.transport.will_say(503, "text/plain", {}, 5);
    client.transport.will_say(429, "text/plain", {}, 7);
    client.transport.will_say(202, "text/plain");
    client.transport.will_say(200, kCms, pki::as_bytes(base64));
    assert_ok(enroll::est_post(client.server, "simpleenroll", same({1, 2, 3})));
    assert_true(client.clock.slept == std::vector<std::uint64_t>({20, 5, 7, 30}));
    assert_int_equal(client.transport.bodies.size(), 5);
    for (const pki::Buffer& body : client.transport.bodies)
        assert_text(pki::as_text(body), "AQID");
    assert_false(client.transport.anonymous[0]);
}

void patience_ends(void**) {
    Client client(25);
    client.transport.will_say(202, "text/plain", {}, 20);
    client.transport.will_say(202, "text/plain", {}, 20);
    const auto status = enroll::est_post(client.server, "simpleenroll", same({}));
    assert_error(Errc::unavailable, status);
    assert_text(status.error().message(), "the request is pending: ask again in 20 s");
    assert_true(client.clock.slept == std::vector<std::uint64_t>({20}));
    assert_int_equal(static_cast<int>(client.report.finish(status.error())),
                     static_cast<int>(Exit::pending));
}

// The connection of each attempt is another one, and so is the request.
void bound_requests_are_made_for_their_connection(void**) {
    const unit::TestCa ca = unit::make_ca({.name = "CN=Root"});
    const std::string base64 = pki::est::certs_only_body({ca.certificate});
    Client client(100);
    client.server.bind = true;
    client.transport.will_say(404, "text/plain");
    client.transport.answers.back().binding = "Zmlyc3Q=";
    client.transport.will_say(202, "text/plain", {}, 20);
    client.transport.will_say(200, kCms, pki::as_bytes(base64));
    client.transport.answers.back().binding = "c2Vjb25k";
    client.transport.will_say(200, kCms, pki::as_bytes(base64));
    const auto make = [](const std::string& binding) -> pki::Result<pki::Buffer> {
        return pki::to_buffer(pki::as_bytes(binding));
    };
    assert_ok(enroll::est_post(client.server, "simpleenroll", make));
    assert_true(client.transport.bindings ==
                std::vector<std::string>({"", "Zmlyc3Q=", "", "c2Vjb25k"}));
    assert_text(pki::as_text(client.transport.bodies[1]), "Wm1seWMzUT0=");
    assert_text(pki::as_text(client.transport.bodies[3]), "YzJWamIyNWs=");
    assert_true(client.transport.anonymous[0]);
    assert_false(client.transport.anonymous[1]);
}

void what_cannot_be_bound_is_not_sent(void**) {
    Client client(0);
    client.server.bind = true;
    client.transport.will_say(200, "text/plain");
    assert_error(Errc::unsupported, enroll::est_post(client.server, "simpleenroll", same({})));
    assert_int_equal(client.transport.urls.size(), 1);
}

void attributes_come_as_base64_or_not_at_all(void**) {
    constexpr const char* kType = "application/csrattrs";
    const pki::Buffer der = {0x30, 0x05, 0x06, 0x03, 0x55, 0x04, 0x03};
    const pki::Buffer empty = {0x30, 0x00};
    Client client(0);
    client.transport.will_say(200, kType, pki::as_bytes("MAUGA1UEAw==\r\n"));
    client.transport.will_say(200, kType, empty);
    client.transport.will_say(204, "");
    client.transport.will_say(404, "text/html");
    assert_true(*enroll::est_csrattrs(client.server) == der);
    assert_true(*enroll::est_csrattrs(client.server) == empty);
    assert_true(enroll::est_csrattrs(client.server)->empty());
    assert_true(enroll::est_csrattrs(client.server)->empty());
    client.transport.will_say(200, "text/html", der);
    assert_error(Errc::malformed, enroll::est_csrattrs(client.server));
    client.transport.will_say(401, "text/plain");
    assert_error(Errc::unauthenticated, enroll::est_csrattrs(client.server));
    assert_false(client.transport.anonymous[0]);
}

int exit_for(long status, std::string_view text = {}) {
    Client client(0);
    client.transport.will_say(status, "text/plain", pki::as_bytes(text), status == 503 ? 9 : 0);
    const auto answer = enroll::est_post(client.server, "simpleenroll", same({}));
    assert_false(answer.has_value());
    return static_cast<int>(client.report.finish(answer.error()));
}

void refusals_have_their_exit_status(void**) {
    assert_int_equal(exit_for(401), 1);
    assert_int_equal(exit_for(403), 1);
    assert_int_equal(exit_for(404), 1);
    assert_int_equal(exit_for(429), 3);
    assert_int_equal(exit_for(500), 3);
    assert_int_equal(exit_for(503), 3);
    assert_int_equal(exit_for(202), 4);
    assert_int_equal(exit_for(302), 5);
    assert_int_equal(exit_for(204), 5);
    Client client(0);
    const auto none = enroll::est_cacerts(client.server);
    assert_int_equal(static_cast<int>(client.report.finish(none.error())), 3);
}

void words_of_the_server_are_one_safe_line(void**) {
    enroll::Report report(false);
    const std::string text = "subject: CN is\x1b[2J missing\nmore";
    enroll::HttpAnswer answer{403, "text/plain", 0, pki::to_buffer(pki::as_bytes(text))};
    assert_text(enroll::refusal(answer, report).message(),
                "the server refuses: HTTP status 403, subject: CN is\\x1b[2J missing");
    answer.content_type = "text/html";
    assert_text(enroll::refusal(answer, report).message(),
                "the server refuses: HTTP status 403");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_a_host_and_a_path),
        cmocka_unit_test(secrets_are_a_line),
        cmocka_unit_test(certificates_come_as_base64_or_der),
        cmocka_unit_test(the_same_request_is_sent_again_after_the_time_told),
        cmocka_unit_test(patience_ends),
        cmocka_unit_test(bound_requests_are_made_for_their_connection),
        cmocka_unit_test(what_cannot_be_bound_is_not_sent),
        cmocka_unit_test(attributes_come_as_base64_or_not_at_all),
        cmocka_unit_test(refusals_have_their_exit_status),
        cmocka_unit_test(words_of_the_server_are_one_safe_line),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
