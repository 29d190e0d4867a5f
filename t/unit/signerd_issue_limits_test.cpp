// "limits" of a profile: what is counted, together with what, and until when.
#include "signerd/issue_limits.h"

#include "libpki/x509/oids.h"
#include "t/unit/token_fixture.h"

#include "t/unit/unit.h"

namespace {

using pki::Errc;
namespace wire = pki::wire;
using unit::make_csr;

class LimitFixture : public unit::TokenFixture {
   public:
    signerd::IssueLimits& limits() { return config->profiles["device"].limits; }

    static wire::IssueRequest from(const pki::Buffer& csr, std::string_view address) {
        wire::IssueRequest made = request(csr);
        made.client_address = address;
        return made;
    }
    // What said() tells of an enrolment of that name from there.
    std::string enrol(const std::string& subject, std::string_view address = "192.0.2.1",
                      const std::vector<std::string>& san = {}) {
        const pki::Buffer csr = make_csr(subject, san);
        last = issue(from(csr, address));
        return said(last);
    }
    std::uint32_t retry_after() const { return replies.error(last)->retry_after; }

    std::uint64_t last = 0;
};

void so_many_within_the_window(void**) {
    LimitFixture fixture;
    fixture.limits().per_name = {3, unit::kDay};
    for (int i = 0; i < 3; i++) {
        assert_text(fixture.enrol("CN=device-1"), "issued");
        fixture.clock.seconds += 10;
    }
    assert_text(fixture.enrol("CN=device-1"),
                "limited: too many certificates: per_name: 3 within 86400 s");
    assert_int_equal(fixture.retry_after(), unit::kDay - 30);
    const auto row = fixture.audit().back();
    assert_int_equal(row.decision, wire::Decision::deny);
    assert_int_equal(row.reason, Errc::limited);
    assert_text(row.detail, "too many certificates: per_name: 3 within 86400 s");
    fixture.clock.seconds = unit::kNow + unit::kDay - 1;
    assert_text(fixture.enrol("CN=device-1").substr(0, 7), "limited");
    assert_int_equal(fixture.retry_after(), 1);
    fixture.clock.seconds++;
    assert_text(fixture.enrol("CN=device-1"), "issued");
    assert_text(fixture.enrol("CN=device-1").substr(0, 7), "limited");
    assert_int_equal(fixture.retry_after(), 10);
    fixture.remove();
}

// Case is no way out, nor another address of the same host.
void what_is_one_name(void**) {
    LimitFixture fixture;
    fixture.limits().per_name = {1, unit::kDay};
    const struct {
        const char* subject;
        const char* address;
        bool good;
    } cases[] = {
        {"CN=device-1", "192.0.2.1", true},
        {"CN=Device-1", "192.0.2.1", false},
        {"CN=\\ device-1", "192.0.2.1", false},
        {"CN=device-1\\ ", "192.0.2.1", false},
        {"CN=device-1", "::ffff:192.0.2.1", false},
        {"CN=device-1", "192.0.2.2", true},
        {"CN=device-2", "192.0.2.1", true},
        {"CN=device-1", "2001:db8:0:1::1", true},
        {"CN=device-1", "2001:db8:0:1:ffff::", false},
        {"CN=device-1", "2001:db8:0:2::1", true},
        {"CN=device-1", "unix:", true},
        {"CN=device-1", "unix:", false},
        {"CN=device-1", "", true},
        {"CN=device-1", "", false},
    };
    for (const auto& c : cases)
        assert_text(fixture.enrol(c.subject, c.address).substr(0, 6),
                    c.good ? "issued" : "limite");
    fixture.remove();
}

// Nor is another name beside it.
void each_name_counts(void**) {
    LimitFixture fixture;
    fixture.limits().per_name = {1, unit::kDay};
    assert_text(fixture.enrol("CN=device-1,CN=x"), "issued");
    assert_text(fixture.enrol("CN=device-1,CN=y").substr(0, 6), "limite");
    assert_text(fixture.enrol("CN=z,CN=device-1").substr(0, 6), "limite");
    assert_text(fixture.enrol("CN=z,CN=Z"), "issued");
    assert_text(fixture.enrol("CN=y"), "issued");
    fixture.remove();
}

void without_a_common_name_the_san_counts(void**) {
    LimitFixture fixture;
    auto& rules = fixture.config->profiles["device"].rules;
    rules.subject.clear();
    rules.subject[pki::to_buffer(pki::x509::oid::kOrganization)] = {false, {}};
    fixture.limits().per_name = {1, unit::kDay};
    const auto enrol = [&](const char* name) {
        return fixture.enrol("O=Example", "192.0.2.1", {name}).substr(0, 6);
    };
    assert_text(enrol("dns:a.example.com"), "issued");
    assert_text(enrol("dns:b.example.com"), "issued");
    assert_text(enrol("dns:A.example.com"), "limite");
    assert_text(
        fixture.enrol("O=Example", "192.0.2.1", {"dns:c.example.com", "dns:a.example.com"})
            .substr(0, 6),
        "limite");
    fixture.remove();
}

// Each profile has its own; a profile without limits has none.
void profiles_count_apart(void**) {
    LimitFixture fixture;
    fixture.limits().per_name = {1, unit::kDay};
    fixture.config->profiles["user"].limits.per_name = {1, unit::kDay};
    const auto enrol = [&](const char* profile) {
        const pki::Buffer csr = make_csr();
        wire::IssueRequest request = LimitFixture::request(csr);
        request.profile = profile;
        return fixture.said(fixture.issue(request)).substr(0, 6);
    };
    assert_text(enrol("device"), "issued");
    assert_text(enrol("user"), "issued");
    assert_text(enrol("device"), "limite");
    assert_text(enrol("user"), "limite");
    fixture.remove();
}

// Only what was issued: no retry, and nothing that was refused.
void what_is_not_counted(void**) {
    LimitFixture fixture;
    fixture.limits().per_name = {2, unit::kDay};
    const pki::Buffer csr = make_csr();
    assert_text(fixture.said(fixture.issue(csr)), "issued");
    for (int i = 0; i < 3; i++) assert_text(fixture.said(fixture.issue(csr)), "replayed");
    assert_text(
        fixture.enrol("CN=device-1", "192.0.2.1", {"dns:elsewhere.example"}).substr(0, 6),
        "denied");
    fixture.signer.instead = pki::Error{Errc::unavailable, "no key child", 0, {}};
    assert_text(fixture.enrol("CN=device-1").substr(0, 6), "unavai");
    fixture.signer.instead.reset();
    assert_text(fixture.enrol("CN=device-1"), "issued");
    assert_text(fixture.enrol("CN=device-1").substr(0, 7), "limited");
    // Who is refused for now has not lost what he got before.
    assert_text(fixture.said(fixture.issue(csr)), "replayed");
    fixture.remove();
}

void requests_at_once_do_not_exceed_it(void**) {
    LimitFixture fixture;
    fixture.limits().per_name = {3, unit::kDay};
    std::deque<pki::Buffer> csrs;
    std::vector<std::uint64_t> ids;
    for (int i = 0; i < 5; i++) {
        csrs.push_back(make_csr());
        ids.push_back(fixture.begin(LimitFixture::request(csrs.back())));
    }
    fixture.finish();
    int issued = 0;
    for (const std::uint64_t id : ids) issued += fixture.said(id) == "issued";
    assert_int_equal(issued, 3);
    // Those on their way might have failed.
    assert_int_equal(fixture.replies.error(ids.back())->retry_after, signerd::kRetryAfter);
    fixture.remove();
}

// One with the same CSR waits for the outcome, and shares it.
void who_waits_comes_again_at_the_same_time(void**) {
    LimitFixture fixture;
    fixture.limits().per_name = {1, unit::kDay};
    assert_text(fixture.enrol("CN=device-1"), "issued");
    fixture.clock.seconds += unit::kHour;
    const pki::Buffer csr = make_csr();
    const std::uint64_t first = fixture.begin(LimitFixture::request(csr));
    const std::uint64_t second = fixture.begin(LimitFixture::request(csr));
    fixture.finish();
    for (const std::uint64_t id : {first, second})
        assert_int_equal(fixture.replies.error(id)->retry_after, unit::kDay - unit::kHour);
    fixture.remove();
}

void it_survives_a_restart(void**) {
    LimitFixture fixture;
    fixture.limits().per_name = {1, unit::kDay};
    assert_text(fixture.enrol("CN=device-1"), "issued");
    fixture.store.reset();
    fixture.store = *signerd::open_sqlite_store(fixture.folder.file());
    signerd::Store& store = *fixture.store;
    unit::FakeCommitter committer(store);
    signerd::Issuer issuer(fixture.clock, store, fixture.signer, committer, fixture.replies);
    const pki::Buffer csr = make_csr();
    const pki::Buffer frame = *wire::encode(LimitFixture::request(csr), 9000);
    issuer.issue({fixture.generation, &fixture.peer, *wire::parse_frame(frame), {7, 9000}});
    committer.run();
    assert_text(fixture.said(9000).substr(0, 7), "limited");
    fixture.remove();
}

void credentials_count_apart(void**) {
    LimitFixture fixture;
    fixture.limits().per_credential = {2, unit::kDay};
    const auto as_user = [&](const char* user) {
        const pki::Buffer csr = make_csr("CN=" + std::string(user));
        wire::IssueRequest request = LimitFixture::request(csr);
        request.credential = wire::Credential::basic;
        request.credential_name = user;
        return fixture.said(fixture.issue(request)).substr(0, 6);
    };
    assert_text(as_user("alice"), "issued");
    assert_text(as_user("alice"), "issued");
    assert_text(as_user("alice"), "limite");
    assert_text(fixture.audit().back().detail,
                "too many certificates: per_credential: 2 within 86400 s");
    assert_text(as_user("bob"), "issued");
    // Without a credential there is nobody to count for.
    for (int i = 0; i < 4; i++) assert_text(fixture.enrol("CN=alice"), "issued");
    const std::string token = fixture.make(LimitFixture::asked());
    const std::string other = fixture.make(LimitFixture::asked());
    for (const char* answer : {"issued", "issued", "limite"})
        assert_text(fixture.TokenFixture::enrol(token, make_csr()).substr(0, 6), answer);
    assert_text(fixture.TokenFixture::enrol(other, make_csr()), "issued");
    fixture.remove();
}

// Another certificate of the same name is the same client.
void certificates_of_a_name_count_together(void**) {
    LimitFixture fixture;
    fixture.limits().per_credential = {2, unit::kDay};
    const auto certificate = [&](const char* subject) {
        const pki::Buffer csr = make_csr(subject);
        return pki::to_buffer(
            fixture.replies.issued(fixture.issue(LimitFixture::request(csr)))->certificate);
    };
    const pki::Buffer first = certificate("CN=device-1");
    const pki::Buffer second = certificate("CN=device-1");
    const pki::Buffer other = certificate("CN=device-2");
    const auto show = [&](const pki::Buffer& shown) {
        const pki::Buffer csr = make_csr();
        wire::IssueRequest request = LimitFixture::request(csr);
        request.credential = wire::Credential::certificate;
        request.credential_name = "CN=whoever";
        request.client_certificate = shown;
        return fixture.said(fixture.issue(request)).substr(0, 6);
    };
    assert_text(show(first), "issued");
    assert_text(show(second), "issued");
    assert_text(show(first), "limite");
    assert_text(show(other), "issued");
    fixture.remove();
}

// What waits for a person counts as what was issued, and once.
void a_request_that_waits_is_counted(void**) {
    LimitFixture fixture;
    fixture.rules().manual = true;
    fixture.limits().per_name = {1, unit::kDay};
    const pki::Buffer csr = make_csr();
    assert_text(fixture.said(fixture.issue(csr)), "pending 1");
    assert_text(fixture.enrol("CN=device-1").substr(0, 7), "limited");
    assert_text(fixture.said(fixture.issue(csr)), "pending 1");
    assert_text(fixture.said(fixture.decide(1, true)), "json");
    assert_text(fixture.said(fixture.issue(csr)), "replayed");
    fixture.clock.seconds += unit::kDay;
    assert_text(fixture.enrol("CN=device-1").substr(0, 7), "pending");
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(so_many_within_the_window),
        cmocka_unit_test(what_is_one_name),
        cmocka_unit_test(each_name_counts),
        cmocka_unit_test(without_a_common_name_the_san_counts),
        cmocka_unit_test(profiles_count_apart),
        cmocka_unit_test(what_is_not_counted),
        cmocka_unit_test(requests_at_once_do_not_exceed_it),
        cmocka_unit_test(who_waits_comes_again_at_the_same_time),
        cmocka_unit_test(it_survives_a_restart),
        cmocka_unit_test(credentials_count_apart),
        cmocka_unit_test(certificates_of_a_name_count_together),
        cmocka_unit_test(a_request_that_waits_is_counted),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
