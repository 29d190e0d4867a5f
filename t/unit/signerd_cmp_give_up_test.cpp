// A client that gives its transaction up with an error message.
#include "t/unit/cmp_confirm_fixture.h"

namespace {

namespace wire = pki::wire;
using pki::Errc;
using pki::Reason;
using signerd::TransactionState;
using unit::Conf;
using unit::ConfirmFixture;
using unit::make_csr;
using unit::refused;
using unit::Sent;

Conf gives_up() {
    return {.empty = true, .accepted = false, .reason = "badDataFormat", .gave_up = true};
}

// What it could not read has no nonce to give back.
Sent without_nonce() {
    Sent sent = ConfirmFixture::second();
    sent.recip_nonce.clear();
    return sent;
}

void test_it_does_not_want_its_certificate(void**) {
    for (const Sent& sent : {ConfirmFixture::second(), without_nonce()}) {
        ConfirmFixture fixture;
        const Conf conf = ConfirmFixture::conf(fixture.enrolled());
        const std::uint64_t id = fixture.confirm(gives_up(), sent);
        assert_text(fixture.outcome(id), "done");
        assert_text(fixture.nonce(id), "nonce-of-answer-2");
        assert_int_equal(fixture.state(), TransactionState::rejected);
        assert_true(fixture.revocation()->reason ==
                    pki::x509::CrlReason::cessation_of_operation);
        assert_int_equal(fixture.revoked, 1);
        const auto row = fixture.audit().back();
        assert_int_equal(row.operation, wire::Operation::revoke);
        assert_int_equal(row.decision, wire::Decision::allow);
        assert_text(row.detail, "given up by the client: badDataFormat");
        assert_text(fixture.outcome(fixture.confirm(gives_up(), sent)), "done again");
        Sent later = ConfirmFixture::second();
        later.message = "third";
        assert_text(fixture.outcome(fixture.confirm(conf, later)),
                    refused(Errc::conflict, Reason::cert_confirmed));
        fixture.remove();
    }
}

// As when nothing is heard of the client.
void test_a_profile_that_keeps_it(void**) {
    ConfirmFixture fixture;
    fixture.cmp().keep_unconfirmed = true;
    fixture.enrolled();
    assert_text(fixture.outcome(fixture.confirm(gives_up())), "done");
    assert_int_equal(fixture.state(), TransactionState::rejected);
    assert_false(fixture.revocation().has_value());
    assert_int_equal(fixture.revoked, 0);
    const auto row = fixture.audit().back();
    assert_int_equal(row.operation, wire::Operation::confirm);
    assert_int_equal(row.decision, wire::Decision::deny);
    assert_text(row.detail,
                "the certificate stays as it is: given up by the client: badDataFormat");
    assert_text(row.serial, fixture.store->list_certificates({})->at(0).serial);
    fixture.remove();
}

// One that a person has approved, and nobody has fetched.
void test_what_is_ready(void**) {
    ConfirmFixture fixture;
    fixture.rules().manual = true;
    fixture.send(make_csr(), {});
    const std::string nothing = refused(Errc::denied, Reason::bad_request);
    assert_text(fixture.outcome(fixture.confirm(gives_up())), nothing);
    assert_int_equal(fixture.state(), TransactionState::waiting);
    assert_text(fixture.said(fixture.decide(1, true)), "json");
    assert_text(fixture.outcome(fixture.confirm(gives_up())), "done");
    assert_int_equal(fixture.state(), TransactionState::rejected);
    assert_true(fixture.revocation().has_value());
    fixture.remove();
}

void test_who_may(void**) {
    ConfirmFixture fixture;
    const Conf conf = ConfirmFixture::conf(fixture.enrolled());
    Sent sent = ConfirmFixture::second();
    sent.transaction = "transaction-0002";
    assert_text(fixture.outcome(fixture.confirm(gives_up(), sent)),
                refused(Errc::not_found, Reason::bad_request));
    sent = without_nonce();
    sent.reference = "somebody";
    assert_text(fixture.outcome(fixture.confirm(gives_up(), sent)),
                refused(Errc::bad_signature, Reason::bad_message_check));
    sent = ConfirmFixture::second();
    sent.recip_nonce = "another nonce that is long";
    assert_text(fixture.outcome(fixture.confirm(gives_up(), sent)),
                refused(Errc::malformed, Reason::bad_recipient_nonce));
    assert_int_equal(fixture.state(), TransactionState::unconfirmed);
    fixture.confirm(conf);
    sent = without_nonce();
    sent.message = "third";
    assert_text(fixture.outcome(fixture.confirm(gives_up(), sent)),
                refused(Errc::conflict, Reason::cert_confirmed));
    assert_int_equal(fixture.state(), TransactionState::confirmed);
    assert_int_equal(fixture.revoked, 0);
    fixture.remove();
}

// A transaction of another profile of the location, too.
void test_its_profile_need_not_be_named(void**) {
    ConfirmFixture fixture;
    fixture.config->profiles["other"] = fixture.config->profiles["device"];
    fixture.config->profiles["other"].rules.name = "other";
    fixture.enrolled({.profile = "other"});
    Sent sent = ConfirmFixture::second();
    sent.others = {"other"};
    assert_text(fixture.outcome(fixture.confirm(gives_up(), sent)), "done");
    assert_int_equal(fixture.state({.profile = "other"}), TransactionState::rejected);
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_it_does_not_want_its_certificate),
        cmocka_unit_test(test_a_profile_that_keeps_it),
        cmocka_unit_test(test_what_is_ready),
        cmocka_unit_test(test_who_may),
        cmocka_unit_test(test_its_profile_need_not_be_named),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
