// Requests by CMP that wait for a person, and how the client hears of what became of them.
#include "t/unit/cmp_confirm_fixture.h"

namespace {

namespace wire = pki::wire;
using pki::Errc;
using pki::Reason;
using signerd::TransactionState;
using unit::Conf;
using unit::ConfirmFixture;
using unit::kDay;
using unit::kHour;
using unit::kNow;
using unit::make_csr;
using unit::refused;
using unit::Sent;

class Waiting : public ConfirmFixture {
   public:
    Waiting() { rules().manual = true; }

    // The answer to this one has the nonce "nonce-of-answer-N", and it knows the one before.
    static Sent nth(int number) {
        Sent sent;
        sent.message = "message " + std::to_string(number);
        if (number > 1) sent.recip_nonce = "nonce-of-answer-" + std::to_string(number - 1);
        sent.sender_nonce = "nonce-of-answer-" + std::to_string(number);
        return sent;
    }
};

void test_it_waits_and_is_approved(void**) {
    Waiting fixture;
    const pki::Buffer csr = make_csr();
    const std::uint64_t first = fixture.send(csr, Waiting::nth(1));
    assert_text(fixture.said(first), "pending 1");
    assert_text(fixture.nonce(first), "nonce-of-answer-1");
    const std::uint64_t second = fixture.poll(Waiting::nth(2));
    assert_text(fixture.said(second), "pending 1");
    assert_text(fixture.nonce(second), "nonce-of-answer-2");
    assert_int_equal(fixture.log().size(), 1);  // polls have no records

    fixture.clock.seconds += kHour;
    assert_text(fixture.said(fixture.decide(1, true)), "json");
    assert_int_equal(fixture.state(), TransactionState::ready);
    assert_text(fixture.audit().back().credential_name, "factory");
    fixture.clock.seconds += kHour;
    const std::uint64_t third = fixture.poll(Waiting::nth(3));
    const auto reply = fixture.replies.issued(third);
    assert_ok(reply);
    assert_int_equal(reply->confirm_until, kNow + 2 * kHour + 300);
    assert_text(fixture.nonce(third), "nonce-of-answer-3");
    assert_int_equal(fixture.state(), TransactionState::unconfirmed);
    assert_text(
        fixture.outcome(fixture.confirm(
            ConfirmFixture::conf(fixture.CmpFixture::certificate(third)), Waiting::nth(4))),
        "done");
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

void test_the_same_poll_again(void**) {
    Waiting fixture;
    fixture.send(make_csr(), Waiting::nth(1));
    Sent sent = Waiting::nth(2);
    fixture.poll(sent);
    sent.sender_nonce = "nonce-of-answer-x";
    const std::uint64_t again = fixture.poll(sent);
    assert_text(fixture.said(again), "pending 1");
    assert_text(fixture.nonce(again), "nonce-of-answer-2");
    fixture.decide(1, true);
    const std::uint64_t later = fixture.poll(sent);
    assert_ok(fixture.replies.issued(later));
    assert_text(fixture.nonce(later), "nonce-of-answer-2");
    assert_int_equal(fixture.state(), TransactionState::unconfirmed);
    const std::uint64_t once_more = fixture.poll(sent);
    assert_int_equal(fixture.replies.issued(once_more)->confirm_until, kNow + 300);
    fixture.remove();
}

// Who did not hear that he has to wait sends the request again.
void test_the_request_again(void**) {
    Waiting fixture;
    const pki::Buffer csr = make_csr();
    fixture.send(csr, Waiting::nth(1));
    Sent again = Waiting::nth(1);
    again.sender_nonce = "nonce-of-answer-x";
    const std::uint64_t waits = fixture.send(csr, again);
    assert_text(fixture.said(waits), "pending 1");
    assert_text(fixture.nonce(waits), "nonce-of-answer-1");
    fixture.decide(1, true);
    const std::uint64_t issued = fixture.send(csr, again);
    assert_text(fixture.said(issued), "replayed");
    assert_text(fixture.nonce(issued), "nonce-of-answer-1");
    assert_int_equal(fixture.replies.issued(issued)->confirm_until, kNow + 300);
    assert_int_equal(fixture.state(), TransactionState::unconfirmed);
    assert_text(
        fixture.outcome(fixture.confirm(
            ConfirmFixture::conf(fixture.CmpFixture::certificate(issued)), Waiting::nth(2))),
        "done");
    assert_int_equal(fixture.issuer.in_flight(), 0);
    fixture.remove();
}

void test_it_is_confirmed_implicitly_when_it_is_fetched(void**) {
    Waiting fixture;
    fixture.cmp().implicit_confirm = true;
    fixture.send(make_csr(), Waiting::nth(1), wire::RequestForm::pkcs10, true);
    fixture.decide(1, true);
    assert_int_equal(fixture.state(), TransactionState::ready);
    const std::uint64_t id = fixture.poll(Waiting::nth(2));
    assert_int_equal(fixture.replies.issued(id)->confirm_until, 0);
    assert_int_equal(fixture.state(), TransactionState::closed);
    fixture.remove();
}

void test_it_is_denied(void**) {
    Waiting fixture;
    const pki::Buffer csr = make_csr();
    fixture.send(csr, Waiting::nth(1));
    fixture.decide(1, false, "who is that?");
    const std::uint64_t id = fixture.poll(Waiting::nth(2));
    assert_text(fixture.said(id), "denied: the request was denied");
    assert_text(fixture.said(fixture.send(csr, Waiting::nth(1))),
                "denied: the request was denied");
    assert_text(fixture.refusal(fixture.send(csr, Waiting::nth(2))),
                refused(Errc::conflict, Reason::transaction_id_in_use));
    assert_int_equal(fixture.certificates(), 0);
    fixture.remove();
}

void test_who_may_poll(void**) {
    Waiting fixture;
    fixture.send(make_csr(), Waiting::nth(1));
    Sent sent = Waiting::nth(2);
    sent.reference = "other";
    assert_text(fixture.refusal(fixture.poll(sent)),
                refused(Errc::bad_signature, Reason::bad_message_check));
    sent = Waiting::nth(2);
    sent.recip_nonce = "nonce-of-answer-x";
    assert_text(fixture.refusal(fixture.poll(sent)),
                refused(Errc::malformed, Reason::bad_recipient_nonce));
    assert_text(fixture.refusal(fixture.poll(Waiting::nth(2), 0)),
                refused(Errc::malformed, Reason::bad_request));
    sent = Waiting::nth(2);
    sent.transaction = "another";
    assert_text(fixture.refusal(fixture.poll(sent)),
                refused(Errc::not_found, Reason::bad_request));
    assert_text(fixture.said(fixture.poll(Waiting::nth(2))), "pending 1");
    fixture.remove();
}

void test_nothing_waits(void**) {
    Waiting fixture;
    fixture.rules().manual = false;
    fixture.enrolled();
    assert_text(fixture.refusal(fixture.poll(ConfirmFixture::second())),
                refused(Errc::denied, Reason::bad_request));
    fixture.remove();
}

void test_it_waits_for_so_long(void**) {
    Waiting fixture;
    const pki::Buffer csr = make_csr();
    fixture.send(csr, Waiting::nth(1));
    fixture.clock.seconds += kDay;
    assert_text(fixture.refusal(fixture.poll(Waiting::nth(2))),
                refused(Errc::not_found, Reason::bad_request));
    assert_text(fixture.said(fixture.decide(1, true)), "conflict: the request has expired: 1");
    assert_text(fixture.said(fixture.send(csr, Waiting::nth(2))), "pending 2");
    fixture.remove();
}

// Who never fetches it does not have it.
void test_what_nobody_fetches(void**) {
    Waiting fixture;
    const pki::Buffer csr = make_csr();
    fixture.send(csr, Waiting::nth(1));
    fixture.decide(1, true);
    fixture.clock.seconds += kDay + 1;
    assert_text(fixture.refusal(fixture.poll(Waiting::nth(2))),
                refused(Errc::not_found, Reason::bad_request));
    fixture.sweep.use(fixture.generation);
    fixture.finish();
    assert_int_equal(fixture.state(), TransactionState::lapsed);
    assert_true(fixture.revocation().has_value());
    assert_text(fixture.audit().back().detail, "not fetched in time");
    fixture.remove();
}

// The profile has become automatic: whoever sends the request again has it.
void test_nobody_has_to_decide_any_more(void**) {
    Waiting fixture;
    const pki::Buffer csr = make_csr();
    fixture.send(csr, Waiting::nth(1));
    fixture.rules().manual = false;
    fixture.reload();
    const std::uint64_t id = fixture.send(csr, Waiting::nth(1));
    assert_text(fixture.said(id), "issued");
    assert_int_equal(fixture.state(), TransactionState::unconfirmed);
    assert_true(fixture.said(fixture.decide(1, true))
                    .starts_with("conflict: a certificate was issued for it meanwhile"));
    assert_text(fixture.said(fixture.decide(1, false)), "json");
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

// A later answer was lost, so the client has begun anew, with the same message.
void test_the_nonce_of_the_first_answer_goes_on(void**) {
    Waiting fixture;
    const pki::Buffer csr = make_csr();
    fixture.send(csr, Waiting::nth(1));
    fixture.poll(Waiting::nth(2));
    assert_text(fixture.nonce(fixture.send(csr, Waiting::nth(1))), "nonce-of-answer-1");
    Sent sent = Waiting::nth(2);
    sent.message = "another poll";
    sent.sender_nonce = "nonce-of-answer-3";
    const std::uint64_t id = fixture.poll(sent);
    assert_text(fixture.said(id), "pending 1");
    assert_text(fixture.nonce(id), "nonce-of-answer-3");
    fixture.remove();
}

void test_a_retry_while_somebody_approves(void**) {
    Waiting fixture;
    const pki::Buffer csr = make_csr();
    fixture.send(csr, Waiting::nth(1));
    const std::uint64_t decision = fixture.ApprovalFixture::start(1, true);
    const std::uint64_t again = fixture.start(csr, Waiting::nth(1));
    fixture.finish();
    fixture.finish();
    assert_text(fixture.said(decision), "json");
    assert_text(fixture.said(again), "replayed");
    assert_int_equal(fixture.state(), TransactionState::unconfirmed);
    assert_int_equal(fixture.certificates(), 1);
    assert_int_equal(fixture.issuer.in_flight(), 0);
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_it_waits_and_is_approved),
        cmocka_unit_test(test_the_same_poll_again),
        cmocka_unit_test(test_the_request_again),
        cmocka_unit_test(test_it_is_confirmed_implicitly_when_it_is_fetched),
        cmocka_unit_test(test_it_is_denied),
        cmocka_unit_test(test_who_may_poll),
        cmocka_unit_test(test_nothing_waits),
        cmocka_unit_test(test_it_waits_for_so_long),
        cmocka_unit_test(test_what_nobody_fetches),
        cmocka_unit_test(test_nobody_has_to_decide_any_more),
        cmocka_unit_test(test_the_nonce_of_the_first_answer_goes_on),
        cmocka_unit_test(test_a_retry_while_somebody_approves),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
