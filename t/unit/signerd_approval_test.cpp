// Requests that a person decides about, on the issue path: waiting, expiry, approval, denial.
#include "t/unit/approval_fixture.h"
#include "t/unit/challenge_fixture.h"

#include "t/unit/unit.h"

namespace {

namespace wire = pki::wire;
using pki::Errc;
using signerd::PendingState;
using unit::ApprovalFixture;
using unit::kDay;
using unit::kHour;
using unit::kNow;
using unit::make_csr;

constexpr char kPending[] = "pending: waits for approval";

void test_a_request_waits(void**) {
    ApprovalFixture fixture;
    const pki::Buffer csr = make_csr("CN=device-1", {"dns:a.example.com"});
    const std::uint64_t first = fixture.begin(ApprovalFixture::request(csr));
    assert_text(fixture.said(first), "nothing");  // its record is not durable yet
    fixture.finish();
    assert_text(fixture.said(first), "pending 1");
    const auto pending =
        wire::decode<wire::PendingReply>(*wire::parse_frame(fixture.replies.frames.at(first)));
    assert_int_equal(pending->retry_after, 45);
    assert_text(fixture.said(fixture.issue(csr)), "pending 1");  // and has no record
    assert_int_equal(fixture.log().size(), 1);
    assert_text(fixture.log()[0], kPending);
    assert_text(fixture.audit()[0].subject, "CN=device-1");
    assert_int_equal(fixture.certificates(), 0);
    const auto kept = *fixture.store->find_request(std::uint64_t{1});
    assert_text(kept->subject, "CN=device-1");
    assert_text(kept->sans, "dns:a.example.com");
    assert_text(kept->client_address, "192.0.2.1");
    assert_int_equal(kept->created, kNow);
    assert_int_equal(kept->expires, kNow + ApprovalFixture::kLifetime);
    assert_true(kept->csr == csr);
    assert_int_equal(fixture.issuer.in_flight(), 0);
    fixture.remove();
}

// Its own policy comes first: nobody is asked about what could not be issued.
void test_what_the_profile_refuses_does_not_wait(void**) {
    ApprovalFixture fixture;
    assert_text(fixture.said(fixture.issue(make_csr("CN=device-1", {"dns:evil.net"}))),
                "denied: profile: san: \"dns:evil.net\" is not allowed");
    assert_false(fixture.store->find_request(std::uint64_t{1})->has_value());
    fixture.remove();
}

void test_an_equal_request_beside_it_waits_too(void**) {
    ApprovalFixture fixture;
    const pki::Buffer csr = make_csr();
    const std::uint64_t first = fixture.begin(ApprovalFixture::request(csr));
    const std::uint64_t second = fixture.begin(ApprovalFixture::request(csr));
    fixture.finish();
    assert_text(fixture.said(first), "pending 1");
    assert_text(fixture.said(second), "pending 1");
    assert_int_equal(fixture.log().size(), 1);
    fixture.remove();
}

void test_an_approved_request_gets_its_certificate(void**) {
    ApprovalFixture fixture;
    const pki::Buffer csr = make_csr();
    fixture.issue(csr);
    fixture.clock.seconds += kHour;
    assert_text(fixture.said(fixture.decide(1, true)), "json");
    assert_int_equal(fixture.certificates(), 1);
    assert_text(fixture.log()[1], "allow: request 1 approved by operator");
    assert_text(fixture.audit()[1].subject, "CN=device-1");
    assert_text(fixture.audit()[1].peer, "operator");
    assert_text(fixture.audit()[1].client_address, "192.0.2.1");
    const auto kept = *fixture.store->find_request(std::uint64_t{1});
    assert_int_equal(kept->state, PendingState::issued);
    assert_text(kept->serial, fixture.audit()[1].serial);
    assert_text(fixture.said(fixture.issue(csr)), "replayed");
    assert_int_equal(fixture.log().size(), 2);
    assert_int_equal(fixture.issuer.in_flight(), 0);
    fixture.remove();
}

// The window of retries begins when the time to fetch the certificate is over.
void test_it_can_be_fetched_for_long(void**) {
    ApprovalFixture fixture;
    const pki::Buffer csr = make_csr();
    fixture.issue(csr);
    fixture.clock.seconds += kDay - 1;
    fixture.decide(1, true);
    fixture.clock.seconds += kDay + kHour - 1;
    assert_text(fixture.said(fixture.issue(csr)), "replayed");
    fixture.clock.seconds += 1;
    assert_text(fixture.said(fixture.issue(csr)), "pending 2");
    fixture.remove();
}

void test_a_denied_request(void**) {
    ApprovalFixture fixture;
    const pki::Buffer csr = make_csr();
    fixture.issue(csr);
    assert_text(fixture.said(fixture.decide(1, false, "who is that?")), "json");
    assert_text(fixture.log()[1],
                "deny: the request was denied: request 1 was denied by operator: who is that?");
    assert_text(fixture.said(fixture.issue(csr)), "denied: the request was denied");
    assert_text(fixture.log()[2],
                "deny: the request was denied: request 1 was denied by operator: who is that?");
    assert_text(fixture.audit()[2].peer, "nginx");
    fixture.clock.seconds += ApprovalFixture::kLifetime;
    assert_text(fixture.said(fixture.issue(csr)), "pending 2");
    assert_int_equal(fixture.certificates(), 0);
    fixture.remove();
}

void test_an_expired_request(void**) {
    ApprovalFixture fixture;
    const pki::Buffer csr = make_csr();
    fixture.issue(csr);
    fixture.clock.seconds += ApprovalFixture::kLifetime - 1;
    assert_text(fixture.said(fixture.issue(csr)), "pending 1");
    fixture.clock.seconds += 1;
    assert_text(fixture.said(fixture.decide(1, true)), "conflict: the request has expired: 1");
    assert_text(fixture.said(fixture.issue(csr)), "pending 2");
    assert_text(fixture.said(fixture.decide(1, true)), "conflict: the request has expired: 1");
    assert_text(fixture.said(fixture.decide(2, true)), "json");
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

void test_what_cannot_be_decided(void**) {
    ApprovalFixture fixture;
    fixture.issue(make_csr());
    fixture.issue(make_csr());
    fixture.decide(1, true);
    fixture.decide(2, false);
    for (const bool approve : {true, false}) {
        assert_text(fixture.said(fixture.decide(1, approve)),
                    "conflict: the request was approved already: 1");
        assert_text(fixture.said(fixture.decide(2, approve)),
                    "conflict: the request was denied already: 2");
        assert_text(fixture.said(fixture.decide(3, approve)), "not_found: no such request: 3");
    }
    assert_int_equal(fixture.certificates(), 1);
    assert_int_equal(fixture.log().size(), 4 + 6);
    assert_int_equal(fixture.issuer.in_flight(), 0);
    fixture.remove();
}

void test_another_csr_is_another_request(void**) {
    ApprovalFixture fixture;
    const auto key = *pki::ossl::generate_key("ec:P-256");
    const pki::Buffer csr = make_csr(key.get());
    const pki::Buffer again = make_csr(key.get());  // ECDSA: another signature
    assert_text(fixture.said(fixture.issue(csr)), "pending 1");
    assert_text(fixture.said(fixture.issue(again)), "pending 2");
    wire::IssueRequest keyed = ApprovalFixture::request(csr);
    keyed.idempotency_key = "k";
    assert_text(fixture.said(fixture.issue(keyed)), "pending 3");
    keyed.csr = again;
    assert_text(fixture.said(fixture.issue(keyed)),
                "conflict: the idempotency key belongs to another CSR");
    fixture.remove();
}

// Clients of SCEP may make the CSR of a transaction anew, with the same key.
void test_with_scep_the_public_key_decides(void**) {
    ApprovalFixture fixture;
    const auto key = *pki::ossl::generate_key("ec:P-256");
    const pki::Buffer csr = make_csr(key.get());
    const pki::Buffer again = make_csr(key.get());
    const pki::Buffer foreign = make_csr();
    assert_text(fixture.said(fixture.issue(ApprovalFixture::scep_request(csr))), "pending 1");
    assert_text(fixture.said(fixture.issue(ApprovalFixture::scep_request(again))), "pending 1");
    assert_text(fixture.said(fixture.issue(ApprovalFixture::scep_request(foreign))),
                "conflict: the transaction belongs to another key");
    fixture.remove();
}

void test_a_limit_of_those_that_wait(void**) {
    ApprovalFixture fixture;
    fixture.rules().limit = 2;
    const pki::Buffer csr = make_csr();
    fixture.issue(csr);
    fixture.issue(make_csr());
    assert_text(fixture.said(fixture.issue(make_csr())),
                "limited: too many requests wait for approval");
    assert_text(fixture.said(fixture.issue(csr)), "pending 1");
    fixture.decide(2, false);
    assert_text(fixture.said(fixture.issue(make_csr())), "pending 3");
    fixture.remove();
}

// The rules count that are in force when somebody approves.
void test_the_policy_of_today(void**) {
    ApprovalFixture fixture;
    const pki::Buffer csr = make_csr("CN=device-1", {"dns:a.example.com"});
    fixture.issue(csr);
    fixture.config->profiles["device"].rules.san.clear();
    fixture.reload();
    const std::string answer = fixture.said(fixture.decide(1, true));
    assert_true(answer.starts_with("denied: profile: "));
    assert_true(fixture.log()[1].starts_with("deny: request 1 stays undecided: profile: "));
    assert_int_equal((*fixture.store->find_request(std::uint64_t{1}))->state,
                     PendingState::waiting);
    fixture.config->profiles["device"].rules.san[pki::x509::SanType::dns] = {"**.example.com"};
    fixture.config->profiles["device"].rules.validity_seconds = 5 * kDay;
    fixture.reload();
    assert_text(fixture.said(fixture.decide(1, true)), "json");
    const auto certificate = fixture.store->list_certificates({})->at(0);
    assert_int_equal(certificate.not_after, kNow + 5 * kDay);
    fixture.remove();
}

void test_a_profile_that_is_gone(void**) {
    ApprovalFixture fixture;
    fixture.issue(make_csr());
    fixture.config->profiles["other"] = fixture.config->profiles["device"];
    fixture.config->profiles.erase("device");
    fixture.reload();
    assert_text(fixture.said(fixture.decide(1, true)), "not_found: no such profile");
    assert_text(fixture.said(fixture.decide(1, false)), "json");
    assert_text(fixture.audit()[2].tenant, "demo");
    fixture.remove();
}

void test_a_key_that_was_revoked_meanwhile(void**) {
    ApprovalFixture fixture;
    const auto key = *pki::ossl::generate_key("ec:P-256");
    const pki::Buffer csr = make_csr(key.get());
    fixture.issue(csr);
    signerd::RevocationChange change =
        unit::revocation_of(unit::certificate_record(1), pki::x509::CrlReason::key_compromise);
    change.blocked_key = pki::ossl::sha256(pki::x509::parse_csr(csr)->spki.encoding);
    assert_ok(unit::commit(*fixture.store, {unit::issue(1), unit::change_of({change})}));
    assert_text(fixture.said(fixture.decide(1, true)),
                "denied: the key was revoked as compromised");
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

// An operator who makes a profile automatic does not get two certificates for one request.
void test_a_certificate_that_was_issued_meanwhile(void**) {
    ApprovalFixture fixture;
    const pki::Buffer csr = make_csr();
    fixture.issue(csr);
    fixture.rules().manual = false;
    fixture.reload();
    assert_text(fixture.said(fixture.issue(csr)), "issued");
    assert_true(fixture.said(fixture.decide(1, true))
                    .starts_with("conflict: a certificate was issued for it meanwhile: "));
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

void test_clients_that_come_while_it_is_decided(void**) {
    ApprovalFixture fixture;
    const pki::Buffer csr = make_csr();
    fixture.issue(csr);
    const std::uint64_t approval = fixture.start(1, true);
    const std::uint64_t client = fixture.begin(ApprovalFixture::request(csr));
    assert_text(fixture.said(fixture.start(1, false)), "nothing");
    fixture.finish();
    assert_text(fixture.said(approval), "json");
    assert_text(fixture.said(client), "replayed");
    assert_text(fixture.said(1002), "conflict: the request is being worked on: 1");

    const pki::Buffer other = make_csr();
    fixture.issue(other);
    const std::uint64_t denial = fixture.start(2, false);
    const std::uint64_t refused = fixture.begin(ApprovalFixture::request(other));
    fixture.finish();
    assert_text(fixture.said(denial), "json");
    assert_text(fixture.said(refused), "denied: the request was denied");
    assert_int_equal(fixture.issuer.in_flight(), 0);
    fixture.remove();
}

// An approval that fails is no answer to the client, who waits on.
void test_an_approval_that_fails(void**) {
    ApprovalFixture fixture;
    const pki::Buffer csr = make_csr();
    fixture.issue(csr);
    fixture.signer.instead = pki::Error{Errc::unavailable, "no key child", 0, {}};
    const std::uint64_t approval = fixture.start(1, true);
    const std::uint64_t client = fixture.begin(ApprovalFixture::request(csr));
    fixture.finish();
    assert_text(fixture.said(approval), "unavailable: temporarily unavailable");
    assert_text(fixture.said(client), "pending 1");
    fixture.signer.instead.reset();
    fixture.committer.failure = pki::Error{Errc::unavailable, "disk full", 0, {}};
    fixture.decide(1, true);
    fixture.committer.failure.reset();
    assert_int_equal(fixture.certificates(), 0);
    assert_text(fixture.said(fixture.decide(1, true)), "json");
    assert_int_equal(fixture.certificates(), 1);
    assert_int_equal(fixture.issuer.in_flight(), 0);
    fixture.remove();
}

void test_a_store_that_fails_keeps_nobody_waiting(void**) {
    ApprovalFixture fixture;
    const pki::Buffer csr = make_csr();
    fixture.committer.failure = pki::Error{Errc::unavailable, "disk full", 0, {}};
    assert_text(fixture.said(fixture.issue(csr)), "unavailable: temporarily unavailable");
    fixture.committer.failure.reset();
    assert_text(fixture.said(fixture.issue(csr)), "pending 1");
    assert_int_equal(fixture.issuer.in_flight(), 0);
    fixture.remove();
}

// RFC 2985 5.4.1. It is never stored, and a profile may require that it was there.
void test_a_challenge_is_not_kept(void**) {
    ApprovalFixture fixture;
    fixture.config->profiles["device"].rules.required_attributes = {
        pki::to_buffer(pki::x509::oid::kChallengePassword)};
    const auto key = *pki::ossl::generate_key("ec:P-256");
    const pki::Buffer name = *pki::x509::name_from_text("CN=device-1");
    const pki::Buffer csr = *pki::x509::build_csr({name, {}, "top-secret"}, key.get());
    assert_text(fixture.said(fixture.issue(csr)), "pending 1");
    const auto kept = *fixture.store->find_request(std::uint64_t{1});
    assert_true(std::ranges::search(kept->csr, std::string_view("top-secret")).empty());
    assert_text(fixture.said(fixture.decide(1, true)), "json");
    assert_text(fixture.said(fixture.issue(csr)), "replayed");
    fixture.remove();
}

class TokenFixture : public ApprovalFixture {
   public:
    TokenFixture() {
        auto& scep = *config->profiles["device"].scep;
        scep.open = false;
        scep.challenges = {hmac};
    }
    pki::Buffer token_csr() {
        const std::string token = *hmac->make({2, clock.seconds + 60, "device", {}});
        return unit::challenge_csr(key.get(), token);
    }
    std::string enrol(const pki::Buffer& csr) { return said(issue(scep_request(csr))); }
    void become_automatic() {
        rules().manual = false;
        reload();
    }

    std::shared_ptr<signerd::HmacChallenge> hmac = unit::hmac_challenge("mdm");
    pki::ossl::PkeyPtr key = *pki::ossl::generate_key("ec:P-256");
};

void test_a_token_may_expire_meanwhile(void**) {
    TokenFixture fixture;
    const pki::Buffer csr = fixture.token_csr();
    assert_text(fixture.enrol(csr), "pending 1");
    fixture.clock.seconds += kHour;
    assert_text(fixture.enrol(csr), "pending 1");
    fixture.decide(1, true);
    assert_text(fixture.enrol(csr), "replayed");
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

// Its token was used up by the request that waits: by itself.
void test_who_waits_when_the_profile_becomes_automatic(void**) {
    TokenFixture fixture;
    const pki::Buffer csr = fixture.token_csr();
    assert_text(fixture.enrol(csr), "pending 1");
    fixture.become_automatic();
    assert_text(fixture.enrol(csr), "issued");
    assert_text(fixture.enrol(csr), "replayed");
    assert_int_equal(fixture.certificates(), 1);
    // But for one certificate only, whatever became of it.
    const auto issued = fixture.store->list_certificates({})->at(0);
    assert_ok(unit::commit(
        *fixture.store,
        {unit::change_of({unit::revocation_of(issued, pki::x509::CrlReason::superseded)})}));
    assert_text(fixture.enrol(csr), "unauthenticated: authentication failed");
    assert_text(fixture.log().back(), "deny: challenge refused: used already");
    fixture.remove();
}

void test_who_waits_with_a_token_that_has_expired(void**) {
    TokenFixture fixture;
    const pki::Buffer csr = fixture.token_csr();
    assert_text(fixture.enrol(csr), "pending 1");
    fixture.become_automatic();
    fixture.clock.seconds += kHour;
    assert_text(fixture.enrol(csr), "pending 1");
    assert_int_equal(fixture.certificates(), 0);
    fixture.remove();
}

void test_what_was_denied_when_the_profile_becomes_automatic(void**) {
    TokenFixture fixture;
    const pki::Buffer csr = fixture.token_csr();
    fixture.enrol(csr);
    fixture.decide(1, false);
    fixture.become_automatic();
    assert_text(fixture.enrol(csr), "denied: the request was denied");
    assert_int_equal(fixture.certificates(), 0);
    fixture.remove();
}

// What was decided is not undecided by a second attempt.
void test_the_record_of_a_second_decision(void**) {
    ApprovalFixture fixture;
    fixture.issue(make_csr());
    fixture.decide(1, true);
    fixture.decide(1, false);
    assert_text(fixture.log().back(), "deny: request 1: the request was approved already: 1");
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_waits),
        cmocka_unit_test(test_what_the_profile_refuses_does_not_wait),
        cmocka_unit_test(test_an_equal_request_beside_it_waits_too),
        cmocka_unit_test(test_an_approved_request_gets_its_certificate),
        cmocka_unit_test(test_it_can_be_fetched_for_long),
        cmocka_unit_test(test_a_denied_request),
        cmocka_unit_test(test_an_expired_request),
        cmocka_unit_test(test_what_cannot_be_decided),
        cmocka_unit_test(test_another_csr_is_another_request),
        cmocka_unit_test(test_with_scep_the_public_key_decides),
        cmocka_unit_test(test_a_limit_of_those_that_wait),
        cmocka_unit_test(test_the_policy_of_today),
        cmocka_unit_test(test_a_profile_that_is_gone),
        cmocka_unit_test(test_a_key_that_was_revoked_meanwhile),
        cmocka_unit_test(test_a_certificate_that_was_issued_meanwhile),
        cmocka_unit_test(test_clients_that_come_while_it_is_decided),
        cmocka_unit_test(test_an_approval_that_fails),
        cmocka_unit_test(test_a_store_that_fails_keeps_nobody_waiting),
        cmocka_unit_test(test_a_challenge_is_not_kept),
        cmocka_unit_test(test_a_token_may_expire_meanwhile),
        cmocka_unit_test(test_who_waits_when_the_profile_becomes_automatic),
        cmocka_unit_test(test_who_waits_with_a_token_that_has_expired),
        cmocka_unit_test(test_what_was_denied_when_the_profile_becomes_automatic),
        cmocka_unit_test(test_the_record_of_a_second_decision),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
