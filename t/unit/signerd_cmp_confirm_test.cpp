// certConf: what a client may say of its certificate, who may, and when.
#include "t/unit/cmp_confirm_fixture.h"

namespace {

namespace wire = pki::wire;
using pki::Errc;
using pki::Reason;
using signerd::TransactionState;
using unit::Conf;
using unit::ConfirmFixture;
using unit::kHour;
using unit::make_csr;
using unit::refused;
using unit::Sent;

void test_a_certificate_is_confirmed(void**) {
    ConfirmFixture fixture;
    const Conf conf = ConfirmFixture::conf(fixture.enrolled());
    const std::uint64_t id = fixture.start_confirm(conf, ConfirmFixture::second());
    assert_text(fixture.outcome(id), "nothing");  // before it is durable
    fixture.finish();
    assert_text(fixture.outcome(id), "done");
    assert_text(fixture.nonce(id), "nonce-of-answer-2");
    assert_int_equal(fixture.state(), TransactionState::confirmed);
    assert_false(fixture.revocation().has_value());
    const auto row = fixture.audit().back();
    assert_int_equal(row.operation, wire::Operation::confirm);
    assert_int_equal(row.decision, wire::Decision::allow);
    assert_int_equal(row.protocol, wire::Protocol::cmp);
    assert_text(row.subject, "CN=device-1");
    assert_text(row.serial, fixture.store->list_certificates({})->at(0).serial);
    assert_text(row.credential_name, "factory");
    assert_text(row.transaction, "74782d31");
    assert_text(row.tenant, "demo");
    fixture.remove();
}

// The same bytes: the same answer. Other bytes: it is over.
void test_a_confirmation_comes_again(void**) {
    ConfirmFixture fixture;
    const Conf conf = ConfirmFixture::conf(fixture.enrolled());
    fixture.confirm(conf);
    Sent again = ConfirmFixture::second();
    again.sender_nonce = "nonce-of-answer-3";
    const std::uint64_t id = fixture.confirm(conf, again);
    assert_text(fixture.outcome(id), "done again");
    assert_text(fixture.nonce(id), "nonce-of-answer-2");
    assert_int_equal(fixture.log().size(), 2);
    again.message = "third";
    const std::string confirmed = refused(Errc::conflict, Reason::cert_confirmed);
    assert_text(fixture.outcome(fixture.confirm(conf, again)), confirmed);
    again.recip_nonce = "nonce-of-answer-2";
    assert_text(fixture.outcome(fixture.confirm(conf, again)), confirmed);
    again.message = "second";
    again.reference = "other";
    assert_text(fixture.outcome(fixture.confirm(conf, again)),
                refused(Errc::bad_signature, Reason::bad_message_check));
    // Its certificate is still the answer to the first message.
    fixture.remove();
}

void test_a_certificate_is_rejected(void**) {
    ConfirmFixture fixture;
    Conf conf = ConfirmFixture::conf(fixture.enrolled(), false);
    conf.reason = "wrong name";
    const std::uint64_t id = fixture.confirm(conf);
    assert_text(fixture.outcome(id), "done");
    assert_int_equal(fixture.state(), TransactionState::rejected);
    assert_true(fixture.revocation()->reason == pki::x509::CrlReason::cessation_of_operation);
    assert_int_equal(fixture.revoked, 1);
    const auto row = fixture.audit().back();
    assert_int_equal(row.operation, wire::Operation::revoke);
    assert_int_equal(row.decision, wire::Decision::allow);
    assert_text(row.detail, "rejected by the client: wrong name");
    assert_text(fixture.outcome(fixture.confirm(conf)), "done again");
    Sent other = ConfirmFixture::second();
    other.message = "third";
    assert_text(fixture.outcome(fixture.confirm(conf, other)),
                refused(Errc::conflict, Reason::cert_confirmed));
    assert_int_equal(fixture.revoked, 1);
    fixture.remove();
}

// RFC 9810 5.3.18.
void test_an_empty_one_rejects(void**) {
    ConfirmFixture fixture;
    fixture.enrolled();
    assert_text(fixture.outcome(fixture.confirm({.empty = true, .accepted = false})), "done");
    assert_true(fixture.revocation().has_value());
    assert_int_equal(fixture.state(), TransactionState::rejected);
    fixture.remove();
}

void test_what_was_revoked_meanwhile(void**) {
    ConfirmFixture fixture;
    const Conf conf = ConfirmFixture::conf(fixture.enrolled());
    const auto record = fixture.store->list_certificates({})->at(0);
    assert_ok(unit::commit(*fixture.store, {unit::change_of({unit::revocation_of(record)})}));
    assert_text(fixture.outcome(fixture.confirm(conf)),
                refused(Errc::denied, Reason::cert_revoked));
    Conf rejection = conf;
    rejection.accepted = false;
    assert_text(fixture.outcome(fixture.confirm(rejection)), "done");
    assert_true(fixture.revocation()->reason == pki::x509::CrlReason::superseded);
    assert_int_equal(fixture.audit().back().operation, wire::Operation::confirm);
    fixture.remove();
}

void test_who_may_confirm(void**) {
    ConfirmFixture fixture;
    const pki::Buffer certificate = fixture.enrolled();
    const Conf conf = ConfirmFixture::conf(certificate);
    Sent sent = ConfirmFixture::second();
    sent.reference = "other";
    assert_text(fixture.outcome(fixture.confirm(conf, sent)),
                refused(Errc::bad_signature, Reason::bad_message_check));
    sent.certificate = certificate;
    assert_text(fixture.outcome(fixture.confirm(conf, sent)),
                refused(Errc::bad_signature, Reason::wrong_integrity));
    assert_int_equal(fixture.audit().back().decision, wire::Decision::deny);
    assert_text(fixture.audit().back().credential_name, "CN=device-1");
    assert_text(fixture.outcome(fixture.confirm(conf)), "done");
    fixture.remove();
}

void test_the_nonce_of_our_answer(void**) {
    ConfirmFixture fixture;
    const Conf conf = ConfirmFixture::conf(fixture.enrolled());
    const std::string bad = refused(Errc::malformed, Reason::bad_recipient_nonce);
    for (const char* nonce : {"", "nonce-of-answer-2", "nonce-of-answer-"}) {
        Sent sent = ConfirmFixture::second();
        sent.recip_nonce = nonce;
        assert_text(fixture.outcome(fixture.confirm(conf, sent)), bad);
    }
    assert_int_equal(fixture.state(), TransactionState::unconfirmed);
    fixture.remove();
}

void test_which_certificate(void**) {
    ConfirmFixture fixture;
    const pki::Buffer certificate = fixture.enrolled();
    Conf conf = ConfirmFixture::conf(certificate);
    conf.cert_req_id = 0;
    assert_text(fixture.outcome(fixture.confirm(conf)),
                refused(Errc::malformed, Reason::bad_request));
    conf = ConfirmFixture::conf(certificate);
    conf.cert_hash.back() ^= 1;
    const std::string other = refused(Errc::denied, Reason::bad_cert_id);
    assert_text(fixture.outcome(fixture.confirm(conf)), other);
    conf.cert_hash.clear();
    assert_text(fixture.outcome(fixture.confirm(conf)), other);
    conf = ConfirmFixture::conf(certificate, false);
    conf.cert_hash.pop_back();
    assert_text(fixture.outcome(fixture.confirm(conf)), other);
    assert_false(fixture.revocation().has_value());
    fixture.remove();
}

void test_hashes(void**) {
    const auto digest_as = [](pki::ossl::Hash hash) {
        ConfirmFixture fixture;
        const pki::Buffer certificate = fixture.enrolled();
        const auto made = pki::ossl::digest(hash, certificate);
        const std::string said = fixture.outcome(
            fixture.confirm({.cert_hash = *made, .hash = static_cast<std::uint8_t>(hash)}));
        fixture.remove();
        return said;
    };
    using pki::ossl::Hash;
    for (const Hash hash : {Hash::sha256, Hash::sha384, Hash::sha512})
        assert_text(digest_as(hash), "done");
    for (const Hash hash : {Hash::sha1, Hash::md5})
        assert_text(digest_as(hash), refused(Errc::unsupported, Reason::bad_alg));
}

void test_transactions_that_have_nothing_to_confirm(void**) {
    ConfirmFixture fixture;
    fixture.cmp().implicit_confirm = true;
    const std::uint64_t id = fixture.send(make_csr(), {}, wire::RequestForm::pkcs10, true);
    const Conf conf = ConfirmFixture::conf(fixture.CmpFixture::certificate(id));
    assert_text(fixture.outcome(fixture.confirm(conf)),
                refused(Errc::conflict, Reason::cert_confirmed));
    Sent none = ConfirmFixture::second();
    none.transaction = "another";
    assert_text(fixture.outcome(fixture.confirm(conf, none)),
                refused(Errc::not_found, Reason::bad_request));
    fixture.remove();
}

void test_it_is_too_late(void**) {
    ConfirmFixture fixture;
    const Conf conf = ConfirmFixture::conf(fixture.enrolled());
    fixture.clock.seconds += 301;
    const std::string late = refused(Errc::denied, Reason::bad_request);
    assert_text(fixture.outcome(fixture.confirm(conf)), late);
    fixture.sweep.use(fixture.generation);
    fixture.finish();
    assert_int_equal(fixture.state(), TransactionState::lapsed);
    assert_text(fixture.outcome(fixture.confirm(conf)), late);
    fixture.remove();
}

void test_two_at_once(void**) {
    ConfirmFixture fixture;
    const pki::Buffer certificate = fixture.enrolled();
    const Sent sent = ConfirmFixture::second();
    const std::uint64_t first = fixture.start_confirm(ConfirmFixture::conf(certificate), sent);
    const std::uint64_t same = fixture.start_confirm(ConfirmFixture::conf(certificate), sent);
    Sent other = sent;
    other.message = "other";
    const std::uint64_t rejection =
        fixture.start_confirm(ConfirmFixture::conf(certificate, false), other);
    fixture.finish();
    fixture.finish();
    assert_text(fixture.outcome(first), "done");
    assert_text(fixture.outcome(same), "done again");
    assert_text(fixture.outcome(rejection), refused(Errc::conflict, Reason::cert_confirmed));
    assert_false(fixture.revocation().has_value());
    fixture.remove();
}

void test_a_store_that_is_away(void**) {
    ConfirmFixture fixture;
    const Conf conf = ConfirmFixture::conf(fixture.enrolled(), false);
    fixture.committer.failure = pki::Error{Errc::unavailable, "no disk", 0, {}};
    assert_text(fixture.outcome(fixture.confirm(conf)), refused(Errc::unavailable));
    assert_int_equal(fixture.state(), TransactionState::unconfirmed);
    fixture.committer.failure.reset();
    assert_text(fixture.outcome(fixture.confirm(conf)), "done");
    assert_int_equal(fixture.revoked, 1);
    fixture.remove();
}

void test_what_is_not_for_this_peer_or_profile(void**) {
    ConfirmFixture fixture;
    const Conf conf = ConfirmFixture::conf(fixture.enrolled());
    fixture.peer.all_profiles = false;
    assert_text(fixture.outcome(fixture.confirm(conf)), refused(Errc::not_found));
    fixture.peer.profiles = {"device"};
    fixture.config->profiles["device"].cmp.reset();
    assert_text(fixture.outcome(fixture.confirm(conf)), refused(Errc::denied));
    fixture.cmp();
    Sent broken = ConfirmFixture::second();
    broken.sender_nonce = "short";
    assert_text(fixture.outcome(fixture.confirm(conf, broken)), refused(Errc::malformed));
    assert_text(fixture.outcome(fixture.confirm({.empty = true})), refused(Errc::malformed));
    assert_text(fixture.outcome(fixture.confirm(conf)), "done");
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_a_certificate_is_confirmed),
        cmocka_unit_test(test_a_confirmation_comes_again),
        cmocka_unit_test(test_a_certificate_is_rejected),
        cmocka_unit_test(test_an_empty_one_rejects),
        cmocka_unit_test(test_what_was_revoked_meanwhile),
        cmocka_unit_test(test_who_may_confirm),
        cmocka_unit_test(test_the_nonce_of_our_answer),
        cmocka_unit_test(test_which_certificate),
        cmocka_unit_test(test_hashes),
        cmocka_unit_test(test_transactions_that_have_nothing_to_confirm),
        cmocka_unit_test(test_it_is_too_late),
        cmocka_unit_test(test_two_at_once),
        cmocka_unit_test(test_a_store_that_is_away),
        cmocka_unit_test(test_what_is_not_for_this_peer_or_profile),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
