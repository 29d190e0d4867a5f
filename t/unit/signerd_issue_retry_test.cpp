// The issue path with retries: one certificate and one "allow" for each request, however often
// and however close together it comes.
#include "t/unit/issue_fixture.h"

#include "t/unit/unit.h"

namespace {

namespace wire = pki::wire;
using pki::Errc;
using unit::IssueFixture;
using unit::kHour;
using unit::make_csr;

void assert_same_certificate(const IssueFixture& fixture, std::uint64_t a, std::uint64_t b) {
    const auto first = fixture.replies.issued(a);
    const auto second = fixture.replies.issued(b);
    assert_ok(first);
    assert_ok(second);
    assert_hex(first->certificate, pki::hex_encode(second->certificate));
}

void test_same_key_same_csr(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    auto request = IssueFixture::request(csr);
    request.idempotency_key = "order-66";
    const std::uint64_t first = fixture.issue(request);
    fixture.clock.seconds += 30 * unit::kDay;
    const std::uint64_t second = fixture.issue(request);
    assert_same_certificate(fixture, first, second);
    assert_false(fixture.replies.issued(first)->replayed);
    assert_true(fixture.replies.issued(second)->replayed);
    assert_int_equal(fixture.certificates(), 1);
    assert_int_equal(fixture.audit().size(), 1);
    fixture.remove();
}

// A certificate that has expired is no answer, also where the key does not expire.
void test_same_key_expired_certificate(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    const pki::Buffer other = make_csr();
    auto request = IssueFixture::request(csr);
    request.idempotency_key = "order-66";
    const std::uint64_t first = fixture.issue(request);
    fixture.clock.seconds += 90 * unit::kDay - 1;
    assert_same_certificate(fixture, first, fixture.issue(request));

    fixture.clock.seconds += 1;
    request.csr = other;
    assert_true(fixture.replies.error(fixture.issue(request))->code == Errc::conflict);
    request.csr = csr;
    const std::uint64_t second = fixture.issue(request);
    assert_false(fixture.replies.issued(second)->replayed);
    assert_same_certificate(fixture, second, fixture.issue(request));
    assert_int_equal(fixture.certificates(), 2);
    fixture.remove();
}

// The configuration with another CA behind the profile.
std::shared_ptr<signerd::Config> with_next_ca(const signerd::Config& config) {
    auto next = std::make_shared<signerd::Config>(config);
    const auto ca = unit::make_ca({.name = "CN=Next Issuing"});
    signerd::Ca& issuing = next->cas["next"] = next->cas["issuing"];
    issuing.name = "next";
    issuing.chain = {ca.certificate};
    issuing.subject = ca.name;
    next->profiles["device"].ca = "next";
    return next;
}

void test_chain_of_the_ca_that_issued(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    auto request = IssueFixture::request(csr);
    request.want_chain = true;
    const std::uint64_t first = fixture.issue(request);
    const auto next = with_next_ca(*fixture.config);
    fixture.generation = *signerd::make_generation(2, next);
    const std::uint64_t second = fixture.issue(request);
    assert_same_certificate(fixture, first, second);
    const auto replayed = *fixture.replies.issued(second);
    assert_int_equal(replayed.chain.size(), 1);
    assert_hex(replayed.chain[0], pki::hex_encode(fixture.ca.certificate));
    fixture.remove();
}

// One that waited may have come after a reload.
void test_chain_for_a_waiter(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    auto request = IssueFixture::request(csr);
    request.want_chain = true;
    fixture.begin(request);
    fixture.generation = *signerd::make_generation(2, with_next_ca(*fixture.config));
    const std::uint64_t waiter = fixture.begin(request);
    fixture.finish();
    assert_hex(fixture.replies.issued(waiter)->chain[0],
               pki::hex_encode(fixture.ca.certificate));
    fixture.remove();
}

void test_ca_that_issued_is_gone(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    auto request = IssueFixture::request(csr);
    const std::uint64_t first = fixture.issue(request);
    const auto next = with_next_ca(*fixture.config);
    next->cas.erase("issuing");
    fixture.generation = *signerd::make_generation(2, next);
    assert_same_certificate(fixture, first, fixture.issue(request));
    request.want_chain = true;
    const auto second = *fixture.replies.issued(fixture.issue(request));
    assert_false(second.replayed);
    assert_hex(second.chain[0], pki::hex_encode(next->cas["next"].chain[0]));
    assert_int_equal(fixture.certificates(), 2);
    fixture.remove();
}

void test_same_key_other_csr(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    const pki::Buffer other = make_csr();
    auto request = IssueFixture::request(csr);
    request.idempotency_key = "order-66";
    fixture.issue(request);
    request.csr = other;
    const std::uint64_t id = fixture.issue(request);
    assert_true(fixture.replies.error(id)->code == Errc::conflict);
    assert_int_equal(fixture.certificates(), 1);
    assert_int_equal(fixture.audit().at(1).reason, static_cast<int>(Errc::conflict));
    fixture.remove();
}

void test_same_csr_within_window(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    const std::uint64_t first = fixture.issue(csr);
    fixture.clock.seconds += kHour - 1;
    assert_same_certificate(fixture, first, fixture.issue(csr));
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

// Months later the same CSR is a renewal.
void test_same_csr_after_window(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    const std::uint64_t first = fixture.issue(csr);
    fixture.clock.seconds += kHour;
    const std::uint64_t second = fixture.issue(csr);
    assert_false(fixture.replies.issued(second)->replayed);
    assert_int_equal(fixture.certificates(), 2);
    assert_int_equal(fixture.allowed(), 2);

    const std::uint64_t third = fixture.issue(csr);
    assert_same_certificate(fixture, second, third);
    assert_true(first != third);
    fixture.remove();
}

void test_window_of_the_request(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    auto request = IssueFixture::request(csr);
    request.idempotency_window = 60;
    fixture.issue(request);
    fixture.clock.seconds += 60;
    assert_false(fixture.replies.issued(fixture.issue(request))->replayed);
    assert_int_equal(fixture.certificates(), 2);
    fixture.remove();
}

// An answer is for who may have it: the profile is looked at again.
void test_replay_is_checked_again(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    fixture.issue(csr);
    fixture.peer.all_profiles = false;
    const std::uint64_t id = fixture.issue(csr);
    assert_true(fixture.replies.error(id)->code == Errc::not_found);
    fixture.remove();
}

void test_waiters_get_the_same_certificate(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    std::vector<std::uint64_t> ids;
    for (int i = 0; i < 100; i++) ids.push_back(fixture.begin(IssueFixture::request(csr)));
    assert_int_equal(fixture.signer.waiting(), 1);
    assert_int_equal(fixture.issuer.in_flight(), 100);
    fixture.finish();
    for (const std::uint64_t id : ids) {
        assert_same_certificate(fixture, ids[0], id);
        assert_int_equal(fixture.replies.issued(id)->replayed, id != ids[0]);
    }
    assert_int_equal(fixture.certificates(), 1);
    assert_int_equal(fixture.audit().size(), 1);
    assert_int_equal(fixture.issuer.in_flight(), 0);
    fixture.remove();
}

// Between the commit and its completion, and after it.
void test_no_gap_after_commit(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    const std::uint64_t first = fixture.begin(IssueFixture::request(csr));
    fixture.signer.run();
    const std::uint64_t second = fixture.begin(IssueFixture::request(csr));
    fixture.committer.run();
    const std::uint64_t third = fixture.begin(IssueFixture::request(csr));
    assert_same_certificate(fixture, first, second);
    assert_same_certificate(fixture, first, third);
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

void test_waiter_with_other_csr(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    const pki::Buffer other = make_csr();
    auto request = IssueFixture::request(csr);
    request.idempotency_key = "order-66";
    const std::uint64_t first = fixture.begin(request);
    request.csr = other;
    const std::uint64_t second = fixture.begin(request);
    fixture.finish();
    assert_ok(fixture.replies.issued(first));
    assert_true(fixture.replies.error(second)->code == Errc::conflict);
    // The loser's refusal must not have ended the winner's claim.
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

void test_waiters_share_a_failure(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    fixture.signer.instead =
        pki::Error{Errc::unavailable, "the key child does not answer", 0, {}};
    const std::uint64_t first = fixture.begin(IssueFixture::request(csr));
    const std::uint64_t second = fixture.begin(IssueFixture::request(csr));
    fixture.finish();
    assert_true(fixture.replies.error(first)->code == Errc::unavailable);
    assert_true(fixture.replies.error(second)->code == Errc::unavailable);
    assert_int_equal(fixture.audit().size(), 2);
    assert_int_equal(fixture.issuer.in_flight(), 0);

    fixture.signer.instead.reset();
    assert_ok(fixture.replies.issued(fixture.issue(csr)));
    fixture.remove();
}

void test_store_away(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    fixture.committer.failure = pki::Error{Errc::unavailable, "store: disk full", 0, {}};
    const std::uint64_t first = fixture.begin(IssueFixture::request(csr));
    const std::uint64_t second = fixture.begin(IssueFixture::request(csr));
    fixture.finish();
    fixture.finish();
    for (const std::uint64_t id : {first, second}) {
        assert_true(fixture.replies.error(id)->code == Errc::unavailable);
        assert_text(fixture.replies.error(id)->text, "temporarily unavailable");
        assert_int_equal(fixture.replies.count[id], 1);
    }
    assert_int_equal(fixture.issuer.in_flight(), 0);

    fixture.committer.failure.reset();
    assert_false(fixture.replies.issued(fixture.issue(csr))->replayed);
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

// A denial that cannot be recorded does not leave either.
void test_denial_without_store(void**) {
    IssueFixture fixture;
    fixture.committer.failure = pki::Error{Errc::internal, "store: damaged", 0, {}};
    fixture.peer.all_profiles = false;
    const std::uint64_t id = fixture.issue(make_csr());
    assert_true(fixture.replies.error(id)->code == Errc::unavailable);
    fixture.remove();
}

// The CA of a renewed key is another CA: an old certificate is not held against it. The key of
// today verifies what it has signed.
void test_replay_under_another_ca_key(void**) {
    for (const bool renewed : {true, false}) {
        IssueFixture fixture;
        const pki::Buffer csr = make_csr();
        const std::uint64_t first = fixture.issue(csr);
        const auto other = unit::make_ca({.name = "CN=Test Issuing"});
        signerd::Ca& ca = fixture.config->cas["issuing"];
        ca.chain = {other.certificate};
        if (renewed) ca.key_identifier = {5, 6, 7, 8};
        fixture.generation = *signerd::make_generation(2, fixture.config);
        const std::uint64_t second = fixture.issue(csr);
        if (renewed)
            assert_same_certificate(fixture, first, second);
        else
            assert_true(fixture.replies.error(second)->code == Errc::unavailable);
        fixture.remove();
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_same_key_same_csr),
        cmocka_unit_test(test_same_key_expired_certificate),
        cmocka_unit_test(test_chain_of_the_ca_that_issued),
        cmocka_unit_test(test_chain_for_a_waiter),
        cmocka_unit_test(test_ca_that_issued_is_gone),
        cmocka_unit_test(test_replay_under_another_ca_key),
        cmocka_unit_test(test_same_key_other_csr),
        cmocka_unit_test(test_same_csr_within_window),
        cmocka_unit_test(test_same_csr_after_window),
        cmocka_unit_test(test_window_of_the_request),
        cmocka_unit_test(test_replay_is_checked_again),
        cmocka_unit_test(test_waiters_get_the_same_certificate),
        cmocka_unit_test(test_no_gap_after_commit),
        cmocka_unit_test(test_waiter_with_other_csr),
        cmocka_unit_test(test_waiters_share_a_failure),
        cmocka_unit_test(test_store_away),
        cmocka_unit_test(test_denial_without_store),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
