// CMP on the issue path: what a transaction is bound to, and what its first message gets.
#include "t/unit/cmp_issue_fixture.h"

namespace {

namespace wire = pki::wire;
using pki::Errc;
using pki::Reason;
using unit::CmpFixture;
using unit::kHour;
using unit::kNow;
using unit::make_csr;
using unit::refused;
using unit::Sent;

signerd::Transaction transaction_of(CmpFixture& fixture, const Sent& sent = {}) {
    const auto found = fixture.store->find_transaction(
        signerd::transaction_key("demo", "device", pki::as_bytes(sent.transaction)));
    assert_ok(found);
    assert_true(found->has_value());
    return **found;
}

void test_a_certificate_that_has_to_be_confirmed(void**) {
    CmpFixture fixture;
    const std::uint64_t id = fixture.send(make_csr(), {});
    const auto reply = fixture.replies.issued(id);
    assert_ok(reply);
    assert_false(reply->replayed);
    assert_false(reply->modified);
    assert_int_equal(reply->confirm_until, kNow + 300);
    assert_text(fixture.nonce(id), "nonce-of-answer-1");
    const auto row = fixture.audit().at(0);
    assert_int_equal(row.protocol, wire::Protocol::cmp);
    assert_int_equal(row.credential, wire::Credential::mac);
    assert_text(row.credential_name, "factory");
    assert_text(row.transaction, "74782d31");
    const auto transaction = transaction_of(fixture);
    assert_int_equal(transaction.state, signerd::TransactionState::unconfirmed);
    assert_text(transaction.serial, row.serial);
    assert_int_equal(transaction.cert_req_id, -1);
    assert_int_equal(transaction.confirm_by, kNow + 300);
    assert_int_equal(fixture.issuer.in_flight(), 0);
    fixture.remove();
}

void test_implicit_confirmation_is_asked_for_and_allowed(void**) {
    CmpFixture fixture;
    const auto until = [&](const char* transaction, bool asked) {
        const std::uint64_t id = fixture.send(make_csr(), {.transaction = transaction},
                                              wire::RequestForm::pkcs10, asked);
        return fixture.replies.issued(id)->confirm_until;
    };
    assert_int_equal(until("t-1", true), kNow + 300);
    fixture.cmp().implicit_confirm = true;
    fixture.reload();
    assert_int_equal(until("t-2", false), kNow + 300);
    assert_int_equal(until("t-3", true), 0);
    assert_int_equal(transaction_of(fixture, {.transaction = "t-3"}).state,
                     signerd::TransactionState::closed);
    fixture.remove();
}

// What went out the first time goes out again, whatever nonce the worker has made for it now.
void test_the_same_message_gets_the_same_answer(void**) {
    CmpFixture fixture;
    const pki::Buffer csr = make_csr();
    const std::uint64_t first = fixture.send(csr, {});
    fixture.clock.seconds += 100;
    const std::uint64_t again = fixture.send(csr, {.sender_nonce = "nonce-of-answer-2"});
    assert_true(fixture.replies.issued(again)->replayed);
    assert_true(fixture.certificate(again) == fixture.certificate(first));
    assert_text(fixture.nonce(again), "nonce-of-answer-1");
    assert_int_equal(fixture.replies.issued(again)->confirm_until, kNow + 300);
    assert_int_equal(fixture.certificates(), 1);
    assert_int_equal(fixture.log().size(), 1);
    fixture.remove();
}

void test_the_same_message_while_it_is_worked_on(void**) {
    CmpFixture fixture;
    const pki::Buffer csr = make_csr();
    const std::uint64_t first = fixture.start(csr, {});
    const std::uint64_t again = fixture.start(csr, {.sender_nonce = "nonce-of-answer-2"});
    const std::uint64_t other = fixture.start(csr, {.message = "other"});
    fixture.finish();
    assert_true(fixture.certificate(again) == fixture.certificate(first));
    assert_text(fixture.nonce(again), "nonce-of-answer-1");
    assert_int_equal(fixture.replies.issued(again)->confirm_until, kNow + 300);
    assert_text(fixture.refusal(other), refused(Errc::conflict, Reason::transaction_id_in_use));
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

void test_a_transaction_has_one_first_message(void**) {
    CmpFixture fixture;
    const pki::Buffer csr = make_csr();
    const pki::Buffer shown = fixture.certificate(fixture.send(csr, {.transaction = "t-0"}));
    fixture.send(csr, {});
    const std::string in_use = refused(Errc::conflict, Reason::transaction_id_in_use);
    for (const Sent& other :
         {Sent{.message = "other"}, Sent{.reference = "other"}, Sent{.certificate = shown}})
        assert_text(fixture.refusal(fixture.send(csr, other)), in_use);
    assert_int_equal(fixture.certificates(), 2);
    assert_ok(fixture.replies.issued(fixture.send(csr, {.transaction = "t-1"})));
    assert_int_equal(fixture.certificates(), 3);
    fixture.remove();
}

// Those of another profile or protocol are not in the way.
void test_a_transaction_belongs_to_a_profile(void**) {
    CmpFixture fixture;
    fixture.cmp();
    fixture.config->profiles["other"] = fixture.config->profiles["device"];
    fixture.send(make_csr(), {});
    assert_true(signerd::transaction_key("demo", "device", pki::as_bytes("t")) !=
                signerd::transaction_key("demo", "other", pki::as_bytes("t")));
    assert_true(signerd::transaction_key("demo", "device", pki::as_bytes("t")) !=
                signerd::transaction_key("other", "device", pki::as_bytes("t")));
    fixture.remove();
}

void test_a_transaction_ends(void**) {
    CmpFixture fixture;
    fixture.cmp().implicit_confirm = true;
    const pki::Buffer csr = make_csr();
    const auto send = [&](const Sent& sent) {
        return fixture.send(csr, sent, wire::RequestForm::pkcs10, true);
    };
    send({});
    fixture.clock.seconds += kHour - 1;
    assert_text(fixture.refusal(send({.message = "other"})),
                refused(Errc::conflict, Reason::transaction_id_in_use));
    fixture.clock.seconds += 1;
    assert_ok(fixture.replies.issued(send({.message = "other"})));
    assert_int_equal(fixture.certificates(), 2);
    fixture.remove();
}

// It does not while somebody may lose his certificate by it.
void test_one_that_is_not_confirmed_does_not_end_by_itself(void**) {
    CmpFixture fixture;
    const pki::Buffer csr = make_csr();
    fixture.send(csr, {});
    fixture.clock.seconds += 10 * kHour;
    const std::string in_use = refused(Errc::conflict, Reason::transaction_id_in_use);
    assert_text(fixture.refusal(fixture.send(csr, {})), in_use);
    assert_text(fixture.refusal(fixture.send(csr, {.message = "other"})), in_use);
    fixture.remove();
}

void test_a_revoked_answer_is_none(void**) {
    CmpFixture fixture;
    const pki::Buffer csr = make_csr();
    fixture.send(csr, {});
    const auto record = fixture.store->list_certificates({})->at(0);
    assert_ok(unit::commit(*fixture.store, {unit::change_of({unit::revocation_of(record)})}));
    assert_text(fixture.refusal(fixture.send(csr, {})),
                refused(Errc::denied, Reason::cert_revoked));
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

void test_an_originator_that_is_revoked(void**) {
    CmpFixture fixture;
    const pki::Buffer mine = fixture.certificate(fixture.send(make_csr(), {}));
    const Sent signed_by_it{.transaction = "t-2", .certificate = mine};
    assert_ok(fixture.replies.issued(fixture.send(make_csr(), signed_by_it)));
    assert_int_equal(fixture.audit().back().credential, wire::Credential::certificate);
    assert_text(fixture.audit().back().credential_name, "CN=device-1");
    const auto record = fixture.store->list_certificates({})->at(0);
    assert_ok(unit::commit(*fixture.store, {unit::change_of({unit::revocation_of(record)})}));
    Sent again = signed_by_it;
    again.transaction = "t-3";
    assert_text(fixture.refusal(fixture.send(make_csr(), again)),
                refused(Errc::unauthenticated, Reason::cert_revoked));
    // The same certificate with another signature: of an ECDSA signature anybody makes a second.
    pki::Buffer twin = mine;
    twin.back() ^= 1;
    again.transaction = "t-4";
    again.certificate = twin;
    assert_text(fixture.refusal(fixture.send(make_csr(), again)),
                refused(Errc::unauthenticated, Reason::cert_revoked));
    fixture.remove();
}

void test_a_profile_without_cmp(void**) {
    CmpFixture fixture;
    fixture.config->profiles["device"].cmp.reset();
    assert_text(fixture.refusal(fixture.send(make_csr(), {})), refused(Errc::denied));
    assert_int_equal(fixture.certificates(), 0);
    assert_text(fixture.audit().back().credential_name, "factory");
    fixture.remove();
}

void test_a_signature_that_is_none(void**) {
    CmpFixture fixture;
    pki::Buffer csr = make_csr();
    csr.back() ^= 1;
    assert_text(fixture.refusal(fixture.send(csr, {})),
                refused(Errc::bad_signature, Reason::bad_pop));
    fixture.peer.verify_possession = false;
    assert_text(fixture.refusal(fixture.send(csr, {.transaction = "t-2"})),
                refused(Errc::denied, Reason::bad_pop));
    fixture.remove();
}

// A CertReqMsg; without a key no public one is in it.
pki::Buffer crmf(EVP_PKEY* key, bool signs = true, bool ra_verified = false) {
    const pki::Buffer subject = *pki::x509::name_from_text("CN=device-1");
    const pki::Buffer public_key =
        key == nullptr ? pki::Buffer() : *pki::ossl::public_key_der(key);
    pki::x509::CertRequestSpec spec;
    spec.id = 7;
    spec.subject = subject;
    spec.public_key = public_key;
    spec.key = signs ? key : nullptr;
    spec.ra_verified = ra_verified;
    return *pki::x509::build_cert_request(spec);
}

void test_requests_in_crmf(void**) {
    CmpFixture fixture;
    const auto key = *pki::ossl::generate_key("ec:P-256");
    const pki::Buffer request = crmf(key.get());
    const auto send = [&](const pki::Buffer& csr, const char* transaction) {
        return fixture.send(csr, {.transaction = transaction}, wire::RequestForm::crmf);
    };
    const std::uint64_t id = send(request, "t-1");
    assert_ok(fixture.replies.issued(id));
    assert_int_equal(transaction_of(fixture, {.transaction = "t-1"}).cert_req_id, 7);
    assert_text(fixture.audit().back().subject, "CN=device-1");
    const pki::Buffer der = fixture.certificate(id);
    assert_true(pki::equal(pki::x509::parse_certificate(der)->tbs.spki.encoding,
                           *pki::ossl::public_key_der(key.get())));

    const std::string bad_pop = refused(Errc::bad_signature, Reason::bad_pop);
    assert_text(fixture.refusal(send(crmf(key.get(), false), "t-2")), bad_pop);
    pki::Buffer changed = request;
    changed.back() ^= 1;
    assert_text(fixture.refusal(send(changed, "t-3")), bad_pop);
    assert_text(fixture.refusal(send(make_csr(), "t-4")), refused(Errc::malformed));
    assert_text(fixture.refusal(send(crmf(nullptr), "t-5")),
                refused(Errc::denied, Reason::not_authorized));
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

void test_a_crmf_request_waits(void**) {
    CmpFixture fixture;
    fixture.rules().manual = true;
    const auto key = *pki::ossl::generate_key("ec:P-256");
    const pki::Buffer request = crmf(key.get());
    assert_text(fixture.said(fixture.send(request, {}, wire::RequestForm::crmf)), "pending 1");
    assert_text(fixture.said(fixture.decide(1, true)), "json");
    assert_text(fixture.said(fixture.send(request, {}, wire::RequestForm::crmf)), "replayed");
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

// Its word counts, where the profile says so; a stranger's is no proof.
void test_the_word_of_an_ra(void**) {
    CmpFixture fixture;
    const auto key = *pki::ossl::generate_key("ec:P-256");
    const pki::Buffer request = crmf(key.get(), false, true);
    const pki::Buffer shown = fixture.certificate(fixture.send(make_csr(), {}));
    const auto send = [&](const char* transaction, bool ra) {
        return fixture.send(request,
                            {.transaction = transaction, .certificate = shown, .ra = ra},
                            wire::RequestForm::crmf);
    };
    const std::string bad_pop = refused(Errc::bad_signature, Reason::bad_pop);
    assert_text(fixture.refusal(send("t-1", true)), bad_pop);
    fixture.cmp().ra = true;
    assert_text(fixture.refusal(send("t-2", false)), bad_pop);
    assert_ok(fixture.replies.issued(send("t-3", true)));
    fixture.remove();
}

void test_what_the_profile_does_not_give(void**) {
    CmpFixture fixture;
    assert_text(fixture.refusal(fixture.send(make_csr("CN=x", {"dns:evil.net"}), {})),
                refused(Errc::denied, Reason::bad_cert_template));
    fixture.remove();
}

void assert_malformed(CmpFixture& fixture, const wire::IssueRequest& request) {
    assert_text(fixture.refusal(fixture.issue(request)), refused(Errc::malformed));
}

void test_parts_that_do_not_fit(void**) {
    CmpFixture fixture;
    const pki::Buffer csr = make_csr();
    const Sent sent;
    const pki::Buffer turn = sent.turn();
    const pki::Buffer originator = sent.originator();
    wire::IssueRequest whole = CmpFixture::request(csr);
    whole.protocol = wire::Protocol::cmp;
    whole.turn = turn;
    whole.originator = originator;

    wire::IssueRequest est = CmpFixture::request(csr);
    est.turn = turn;
    assert_malformed(fixture, est);
    est = CmpFixture::request(csr);
    est.form = wire::RequestForm::crmf;
    assert_malformed(fixture, est);
    est = CmpFixture::request(csr);
    est.implicit_confirm = true;
    assert_malformed(fixture, est);

    wire::IssueRequest broken = whole;
    broken.turn = {};
    assert_malformed(fixture, broken);
    broken = whole;
    broken.originator = {};
    assert_malformed(fixture, broken);
    broken = whole;
    broken.credential = wire::Credential::basic;
    broken.credential_name = "x";
    assert_malformed(fixture, broken);
    broken = whole;
    broken.idempotency_key = "x";
    assert_malformed(fixture, broken);

    for (const Sent& bad :
         {Sent{.transaction = ""}, Sent{.sender_nonce = "short"}, Sent{.reference = ""},
          Sent{.certificate = {0x30, 0x00}}, Sent{.ra = true}})
        assert_text(fixture.refusal(fixture.send(csr, bad)), refused(Errc::malformed));
    const pki::Buffer no_hash = *wire::encode_turn(
        {pki::as_bytes("t"), pki::as_bytes("short"), {}, pki::as_bytes("0123456789abcdef")});
    broken = whole;
    broken.turn = no_hash;
    assert_malformed(fixture, broken);
    assert_ok(fixture.replies.issued(fixture.issue(whole)));
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_a_certificate_that_has_to_be_confirmed),
        cmocka_unit_test(test_implicit_confirmation_is_asked_for_and_allowed),
        cmocka_unit_test(test_the_same_message_gets_the_same_answer),
        cmocka_unit_test(test_the_same_message_while_it_is_worked_on),
        cmocka_unit_test(test_a_transaction_has_one_first_message),
        cmocka_unit_test(test_a_transaction_belongs_to_a_profile),
        cmocka_unit_test(test_a_transaction_ends),
        cmocka_unit_test(test_one_that_is_not_confirmed_does_not_end_by_itself),
        cmocka_unit_test(test_a_revoked_answer_is_none),
        cmocka_unit_test(test_an_originator_that_is_revoked),
        cmocka_unit_test(test_a_profile_without_cmp),
        cmocka_unit_test(test_a_signature_that_is_none),
        cmocka_unit_test(test_requests_in_crmf),
        cmocka_unit_test(test_a_crmf_request_waits),
        cmocka_unit_test(test_the_word_of_an_ra),
        cmocka_unit_test(test_what_the_profile_does_not_give),
        cmocka_unit_test(test_parts_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
