// Tokens in the issue path: what they are good for, and that they are used up.
#include "libpki/x509/oids.h"
#include "signerd/issue_token.h"
#include "t/unit/token_fixture.h"

#include "t/unit/unit.h"

namespace {

using pki::Errc;
namespace wire = pki::wire;
using unit::make_csr;
using unit::TokenFixture;

constexpr char kRefused[] = "unauthenticated: authentication failed";

void a_token_enrols(void**) {
    TokenFixture fixture;
    wire::TokenCreateRequest request = TokenFixture::asked();
    request.name = "factory";
    const std::string named = fixture.make(request);
    const std::string plain = fixture.make(TokenFixture::asked());
    assert_text(fixture.enrol(named, make_csr()), "issued");
    auto row = fixture.audit().back();
    assert_int_equal(row.credential, wire::Credential::token);
    assert_text(row.credential_name, "factory");
    assert_text(fixture.enrol(named, make_csr()), "issued");
    assert_text(fixture.enrol(plain, make_csr()), "issued");
    row = fixture.audit().back();
    assert_text(row.credential_name, "token 2");
    for (const auto& entry : fixture.entries)
        for (const std::string& token : {named, plain})
            assert_true(pki::as_text(entry.canonical).find(token) == std::string_view::npos);
    fixture.remove();
}

// One text on the wire; the cause is in the record, with the token where there is one.
void a_token_that_is_not_good(void**) {
    TokenFixture fixture;
    const std::string revoked = fixture.make(TokenFixture::asked());
    fixture.revoke(1);
    const std::string once = fixture.make(TokenFixture::asked(true));
    assert_text(fixture.enrol(once, make_csr()), "issued");
    const std::string good = fixture.make(TokenFixture::asked());
    const struct {
        std::string token, profile, cause, name;
    } cases[] = {
        {"unknown", "device", "unknown", ""},
        {revoked, "device", "revoked", "token 1"},
        {once, "device", "used already", "token 2"},
        {good, "user", "of other profiles", "token 3"},
    };
    for (const auto& c : cases) {
        assert_text(fixture.enrol(c.token, make_csr(), c.profile), kRefused);
        assert_text(fixture.detail(), "the token is not valid: " + c.cause);
        assert_text(fixture.audit().back().credential_name, c.name);
    }
    assert_text(fixture.enrol(good, make_csr()), "issued");
    fixture.clock.seconds += unit::kHour - 1;
    assert_text(fixture.enrol(good, make_csr()), "issued");
    fixture.clock.seconds++;
    assert_text(fixture.enrol(good, make_csr()), kRefused);
    assert_text(fixture.detail(), "the token is not valid: expired");
    fixture.remove();
}

// What the policy says is for those who are known.
void the_policy_is_not_for_strangers(void**) {
    TokenFixture fixture;
    assert_text(fixture.enrol("unknown", make_csr("CN=device-1", {"dns:elsewhere.example"})),
                kRefused);
    fixture.remove();
}

void a_token_is_good_once(void**) {
    TokenFixture fixture;
    const std::string token = fixture.make(TokenFixture::asked(true));
    // A CSR that is refused does not use it up.
    const pki::Buffer bad = make_csr("CN=device-1", {"dns:elsewhere.example"});
    assert_true(fixture.enrol(token, bad).starts_with("denied"));
    const pki::Buffer csr = make_csr();
    assert_text(fixture.enrol(token, csr), "issued");
    assert_true((*fixture.store->find_token(1))->used);
    assert_text(fixture.enrol(token, make_csr()), kRefused);
    // A retry whose answer was lost gets it, even when the token has expired.
    assert_text(fixture.enrol(token, csr), "replayed");
    fixture.clock.seconds += unit::kHour - 1;
    fixture.generation.reset();
    assert_text(fixture.enrol(token, csr), "replayed");
    assert_text(fixture.enrol("another", csr), kRefused);
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

void two_come_with_it_at_once(void**) {
    TokenFixture fixture;
    const std::string token = fixture.make(TokenFixture::asked(true));
    const std::uint64_t first = fixture.begin(fixture.request_with(token, make_csr()));
    const std::uint64_t second = fixture.begin(fixture.request_with(token, make_csr()));
    fixture.finish();
    assert_text(fixture.said(first), "issued");
    assert_text(fixture.said(second), kRefused);
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

// A signer that fails leaves it as it was.
void a_failure_does_not_use_it_up(void**) {
    TokenFixture fixture;
    const std::string token = fixture.make(TokenFixture::asked(true));
    fixture.signer.instead = pki::Error{Errc::unavailable, "no key child", 0, {}};
    assert_true(fixture.enrol(token, make_csr()).starts_with("unavailable"));
    fixture.signer.instead.reset();
    assert_text(fixture.enrol(token, make_csr()), "issued");
    fixture.remove();
}

void only_a_token_for_once(void**) {
    TokenFixture fixture;
    const std::string once = fixture.make(TokenFixture::asked(true));
    const std::string often = fixture.make(TokenFixture::asked());
    const pki::Buffer csr = make_csr();
    wire::IssueRequest request = fixture.request_with(often, csr);
    request.protocol = wire::Protocol::enroll;
    request.single_use = true;
    assert_text(fixture.said(fixture.issue(request)), kRefused);
    assert_text(fixture.detail(), "the token is not valid: good more than once");
    request.token_sha256 = {};
    assert_text(fixture.said(fixture.issue(request)), kRefused);
    assert_text(fixture.detail(), "the token is not valid: there is none");
    const pki::ossl::Sha256 hash = pki::ossl::sha256(pki::as_bytes(once));
    request.token_sha256 = hash;
    assert_text(fixture.said(fixture.issue(request)), "issued");
    fixture.remove();
}

void a_token_is_bound_to_a_name(void**) {
    TokenFixture fixture;
    auto& rules = fixture.config->profiles["device"].rules;
    rules.subject[pki::to_buffer(pki::x509::oid::kOrganization)] = {false, {}};
    rules.subject[pki::to_buffer(pki::x509::oid::kSerialNumber)] = {false, {}};
    rules.san[pki::x509::SanType::uri] = {"**"};
    wire::TokenCreateRequest request = TokenFixture::asked();
    request.identity = "d1.example.com";
    const std::string token = fixture.make(request);
    const struct {
        const char* subject;
        std::vector<std::string> san;
        bool good;
    } cases[] = {
        {"CN=d1.example.com", {}, true},
        {"CN=d1.example.com, O=Example", {"dns:D1.example.com"}, true},
        {"CN=D1.example.com", {}, false},
        {"CN=d2.example.com", {}, false},
        {"CN=d1.example.com", {"dns:d2.example.com"}, false},
        {"CN=d1.example.com", {"dns:d1.example.com", "dns:d2.example.com"}, false},
        {"CN=d1.example.com", {"uri:urn:d1"}, false},
        {"CN=d1.example.com, serialNumber=7", {}, false},
        {"CN=d1.example.com, CN=d2.example.com", {}, false},
    };
    for (const auto& c : cases)
        assert_text(fixture.enrol(token, make_csr(c.subject, c.san)).substr(0, 40),
                    c.good ? "issued" : "denied: the token is bound to another na");
    assert_true(fixture.detail().ends_with(": d2.example.com"));
    fixture.remove();
}

void a_name_is_needed_where_it_is_bound(void**) {
    const pki::Buffer empty = make_csr("O=Example");
    assert_error(Errc::denied,
                 signerd::check_bound_names(*pki::x509::parse_csr(empty), "d1.example.com"));
    const pki::Buffer named = make_csr("O=Example", {"dns:d1.example.com"});
    assert_ok(signerd::check_bound_names(*pki::x509::parse_csr(named), "d1.example.com"));
}

// Who has proven to be somebody is known by that; the token is in the detail.
void a_token_beside_a_user(void**) {
    TokenFixture fixture;
    const std::string token = fixture.make(TokenFixture::asked());
    const pki::Buffer csr = make_csr();
    wire::IssueRequest request = fixture.request_with(token, csr);
    request.credential = wire::Credential::basic;
    request.credential_name = "alice";
    assert_text(fixture.said(fixture.issue(request)), "issued");
    const auto row = fixture.audit().back();
    assert_int_equal(row.credential, wire::Credential::basic);
    assert_text(row.credential_name, "alice");
    assert_text(row.detail, "token 1");
    // The same CSR without the user is another request.
    assert_text(fixture.enrol(token, csr), "issued");
    fixture.remove();
}

// It is used up when it waits, and the client may go on asking.
void a_request_that_waits_uses_it_up(void**) {
    TokenFixture fixture;
    fixture.rules().manual = true;
    const std::string token = fixture.make(TokenFixture::asked(true));
    const pki::Buffer csr = make_csr();
    assert_text(fixture.enrol(token, csr), "pending 1");
    assert_text(fixture.enrol(token, csr), "pending 1");
    assert_text(fixture.enrol(token, make_csr()), kRefused);
    assert_text(fixture.said(fixture.decide(1, true)), "json");
    const auto row = fixture.audit().back();
    assert_int_equal(row.credential, wire::Credential::token);
    assert_text(row.credential_name, "token 1");
    assert_text(fixture.enrol(token, csr), "replayed");
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

void what_does_not_fit_together_is_malformed(void**) {
    TokenFixture fixture;
    const pki::Buffer csr = make_csr();
    wire::IssueRequest request = fixture.request_with("token", csr);
    request.protocol = wire::Protocol::scep;
    assert_true(fixture.said(fixture.issue(request)).starts_with("malformed"));
    request.protocol = wire::Protocol::est;
    request.token_sha256 = request.token_sha256.first(31);
    assert_true(fixture.said(fixture.issue(request)).starts_with("malformed"));
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_token_enrols),
        cmocka_unit_test(a_token_that_is_not_good),
        cmocka_unit_test(the_policy_is_not_for_strangers),
        cmocka_unit_test(a_token_is_good_once),
        cmocka_unit_test(two_come_with_it_at_once),
        cmocka_unit_test(a_failure_does_not_use_it_up),
        cmocka_unit_test(only_a_token_for_once),
        cmocka_unit_test(a_token_is_bound_to_a_name),
        cmocka_unit_test(a_name_is_needed_where_it_is_bound),
        cmocka_unit_test(a_token_beside_a_user),
        cmocka_unit_test(a_request_that_waits_uses_it_up),
        cmocka_unit_test(what_does_not_fit_together_is_malformed),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
