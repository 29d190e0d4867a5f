// Revocation requests of CMP: whose certificates they reach, and what is the same again.
#include "signerd/cmp_revoke.h"

#include "t/unit/cmp_issue_fixture.h"
#include "t/unit/store_fixture.h"

#include "t/unit/unit.h"

namespace {

namespace wire = pki::wire;
namespace x509 = pki::x509;
using pki::Buffer;
using pki::Errc;
using pki::Reason;
using pki::x509::CrlReason;
using unit::kDay;
using unit::refused;
using unit::Sent;

// What an rr says, by the certificate that it means.
struct Rr {
    Buffer certificate;
    CrlReason reason = CrlReason::superseded;
    bool release = false;
    const char* profile = "device";
};

class Revocations : public unit::CmpFixture {
   public:
    Revocations() { cmp().revocation = true; }

    wire::CmpRevokeRequest request_of(const Rr& rr) {
        const auto parsed = *x509::parse_certificate(rr.certificate);
        issuer_ = pki::to_buffer(parsed.tbs.issuer.encoding);
        serial_ = pki::to_buffer(parsed.tbs.serial);
        wire::CmpRevokeRequest made;
        made.profile = rr.profile;
        made.issuer = issuer_;
        made.serial = serial_;
        made.reason = rr.release ? 0 : static_cast<std::uint8_t>(rr.reason);
        made.release = rr.release;
        made.client_address = "192.0.2.1";
        made.transaction = "74782d31";
        return made;
    }
    // As far as the committer; the id of the request is the result.
    std::uint64_t start(wire::CmpRevokeRequest made, const Sent& sent) {
        const Buffer turn = sent.turn();
        const Buffer originator = sent.originator();
        made.turn = turn;
        made.originator = originator;
        const std::uint64_t id = ++last_;
        const Buffer frame = *wire::encode(made, id);
        if (!generation) generation = *signerd::make_generation(1, config);
        revoker.revoke({generation, &peer, *wire::parse_frame(frame), {9, id}});
        return id;
    }
    std::uint64_t ask(const Rr& rr, const Sent& sent) { return ask(request_of(rr), sent); }
    std::uint64_t ask(const wire::CmpRevokeRequest& made, const Sent& sent) {
        const std::uint64_t id = start(made, sent);
        committer.run();
        return id;
    }
    // By the owner.
    std::uint64_t ask(const Buffer& own, const char* transaction = "rr-1") {
        return ask(Rr{own}, Sent{.transaction = transaction, .certificate = own});
    }
    Buffer enrolled(const char* transaction = "ir-1") {
        return CmpFixture::certificate(send(unit::make_csr(), {.transaction = transaction}));
    }
    std::optional<signerd::Revocation> revocation(const Buffer& der) {
        const auto serial = x509::serial_text(x509::parse_certificate(der)->tbs);
        return (*store->find_certificate("issuing", serial))->revocation;
    }
    // "done", "again", or code and reason.
    std::string said(std::uint64_t id) {
        const auto frame = *wire::parse_frame(replies.frames.at(id));
        const auto reply = wire::decode<wire::TransactionReply>(frame);
        if (!reply) return refusal(id);
        return reply->replayed ? "again" : "done";
    }
    std::string cause() { return std::string(audit().back().detail); }

    int changes = 0;
    signerd::Revoker changed{clock, *store, committer, replies, [this] { changes++; }};
    signerd::CmpRevoker revoker{clock,   *store,  committer,
                                replies, changed, issuer.transactions()};

   private:
    Buffer issuer_, serial_;
    std::uint64_t last_ = 3000;  // apart from those of the other fixtures
};

const std::string kUnknown = refused(Errc::not_found, Reason::bad_cert_id);
const std::string kRevoked = refused(Errc::conflict, Reason::cert_revoked);
const std::string kNobody = refused(Errc::unauthenticated, Reason::cert_revoked);

void test_an_owner_revokes_his_certificate(void**) {
    Revocations fixture;
    const Buffer own = fixture.enrolled();
    fixture.clock.seconds += 10;
    const std::uint64_t id = fixture.ask(Rr{own, CrlReason::key_compromise},
                                         {.transaction = {}, .certificate = own});
    assert_text(fixture.said(id), "malformed 0");  // no transactionID: the worker's fault
    const std::uint64_t done =
        fixture.start(fixture.request_of({own, CrlReason::key_compromise}),
                      {.transaction = "rr-1", .certificate = own});
    // Nothing leaves before it is durable.
    assert_false(fixture.replies.frames.contains(done));
    fixture.committer.run();
    assert_text(fixture.said(done), "done");
    assert_text(fixture.nonce(done), "nonce-of-answer-1");
    const auto revocation = fixture.revocation(own);
    assert_true(revocation.has_value());
    assert_int_equal(revocation->reason, CrlReason::key_compromise);
    assert_int_equal(revocation->time, fixture.clock.seconds);
    assert_int_equal(fixture.changes, 1);
    const auto row = fixture.audit().back();
    assert_int_equal(row.protocol, wire::Protocol::cmp);
    assert_int_equal(row.operation, wire::Operation::revoke);
    assert_int_equal(row.decision, wire::Decision::allow);
    assert_int_equal(row.credential, wire::Credential::certificate);
    assert_text(row.credential_name, "CN=device-1");
    assert_text(row.subject, "CN=device-1");
    assert_text(row.profile, "device");
    assert_text(row.tenant, "demo");
    assert_text(row.client_address, "192.0.2.1");
    assert_text(row.transaction, "74782d31");
    assert_text(row.serial, x509::serial_text(x509::parse_certificate(own)->tbs));
    fixture.remove();
}

// RFC 9483 4.2: the same message is a retry, another one is too late.
void test_again(void**) {
    Revocations fixture;
    const Buffer own = fixture.enrolled();
    assert_text(fixture.said(fixture.ask(own)), "done");
    const std::uint64_t again = fixture.ask(
        Rr{own},
        {.transaction = "rr-1", .sender_nonce = "nonce-of-answer-2", .certificate = own});
    assert_text(fixture.said(again), "again");
    assert_text(fixture.nonce(again), "nonce-of-answer-1");
    const std::size_t records = fixture.audit().size();
    assert_text(fixture.said(fixture.ask(own, "rr-2")), kNobody);
    assert_int_equal(fixture.audit().size(), records + 1);
    assert_text(fixture.said(fixture.ask(
                    Rr{own}, {.transaction = "rr-1", .message = "other", .certificate = own})),
                refused(Errc::conflict, Reason::transaction_id_in_use));
    assert_int_equal(fixture.changes, 1);
    fixture.remove();
}

void test_two_at_once(void**) {
    Revocations fixture;
    const Buffer own = fixture.enrolled();
    const auto rr = fixture.request_of({own});
    const Sent sent{.transaction = "rr-1", .certificate = own};
    const std::uint64_t first = fixture.start(rr, sent);
    const std::uint64_t again = fixture.start(rr, sent);
    const std::uint64_t other = fixture.start(rr, {.transaction = "rr-2", .certificate = own});
    fixture.committer.run();
    assert_text(fixture.said(first), "done");
    assert_text(fixture.said(again), "again");
    // Whether the first one would become durable was not known.
    assert_text(fixture.said(other), refused(Errc::unavailable));
    assert_text(fixture.said(fixture.ask(own, "rr-3")), kNobody);
    assert_int_equal(fixture.changes, 1);
    fixture.remove();
}

void test_a_store_that_fails(void**) {
    Revocations fixture;
    const Buffer own = fixture.enrolled();
    fixture.committer.failure = pki::Error{Errc::unavailable, "disk full", 0, {}};
    assert_text(fixture.said(fixture.ask(own)), refused(Errc::unavailable));
    fixture.committer.failure.reset();
    assert_false(fixture.revocation(own).has_value());
    assert_int_equal(fixture.changes, 0);
    assert_text(fixture.said(fixture.ask(own)), "done");
    fixture.remove();
}

// What is not his cannot be told from what is not there.
void test_certificates_of_others(void**) {
    Revocations fixture;
    const Buffer own = fixture.enrolled();
    const Buffer other = fixture.enrolled("ir-2");  // of the same name
    const auto by_owner = [&](const char* transaction) {
        return Sent{.transaction = transaction, .certificate = own};
    };
    assert_text(fixture.said(fixture.ask(Rr{other}, by_owner("rr-1"))), kUnknown);
    auto absent = fixture.request_of({own});
    const Buffer serial(16, 0x11);
    absent.serial = serial;
    assert_text(fixture.said(fixture.ask(absent, by_owner("rr-2"))), kUnknown);
    auto elsewhere = fixture.request_of({own});
    const Buffer name = *x509::name_from_text("CN=Other");
    elsewhere.issuer = name;
    assert_text(fixture.said(fixture.ask(elsewhere, by_owner("rr-3"))), kUnknown);
    elsewhere.issuer = {};
    assert_text(fixture.said(fixture.ask(elsewhere, by_owner("rr-4"))), kUnknown);
    // Signed by nobody we know, though it says the same.
    Buffer changed = own;
    changed.back() ^= 1;
    assert_text(
        fixture.said(fixture.ask(Rr{own}, {.transaction = "rr-5", .certificate = changed})),
        kUnknown);
    assert_false(fixture.revocation(own) || fixture.revocation(other));
    fixture.remove();
}

void test_an_ra(void**) {
    Revocations fixture;
    const Buffer ra = fixture.enrolled();
    const Buffer other = fixture.enrolled("ir-2");
    const auto by_ra = [&](const char* transaction) {
        return Sent{.transaction = transaction, .certificate = ra, .ra = true};
    };
    assert_text(fixture.said(fixture.ask(Rr{other}, by_ra("rr-1"))), kUnknown);
    fixture.cmp().ra = true;
    fixture.reload();
    assert_text(
        fixture.said(fixture.ask(Rr{other}, {.transaction = "rr-2", .certificate = ra})),
        kUnknown);
    assert_text(fixture.said(fixture.ask(Rr{other}, by_ra("rr-3"))), "done");
    assert_text(fixture.said(fixture.ask(Rr{other}, by_ra("rr-4"))), kRevoked);
    // A key that is lost is lost from the first day on.
    assert_text(fixture.said(fixture.ask(Rr{other, CrlReason::key_compromise}, by_ra("rr-5"))),
                "done");
    fixture.remove();
}

void test_hold_and_release(void**) {
    Revocations fixture;
    fixture.cmp().ra = true;
    const Buffer ra = fixture.enrolled();
    const Buffer own = fixture.enrolled("ir-2");
    const auto by_ra = [&](const char* transaction) {
        return Sent{.transaction = transaction, .certificate = ra, .ra = true};
    };
    const Rr release{.certificate = own, .release = true};
    assert_text(fixture.said(fixture.ask(release, by_ra("rr-1"))),
                refused(Errc::conflict, Reason::bad_request));
    assert_text(fixture.said(fixture.ask(Rr{own, CrlReason::certificate_hold},
                                         {.transaction = "rr-2", .certificate = own})),
                "done");
    // Who holds it is nobody until it is released.
    assert_text(fixture.said(fixture.ask(release, {.transaction = "rr-3", .certificate = own})),
                kNobody);
    assert_text(fixture.said(fixture.ask(release, by_ra("rr-4"))), "done");
    assert_false(fixture.revocation(own).has_value());
    assert_int_equal(fixture.audit().back().operation, wire::Operation::release);
    assert_text(fixture.said(fixture.ask(Rr{own}, by_ra("rr-5"))), "done");
    assert_text(fixture.said(fixture.ask(release, by_ra("rr-6"))), kRevoked);
    fixture.remove();
}

void test_what_a_profile_says(void**) {
    Revocations fixture;
    const Buffer own = fixture.enrolled();
    fixture.config->profiles["router"] = fixture.config->profiles["device"];
    fixture.reload();
    const Sent sent{.transaction = "rr-1", .certificate = own};
    assert_text(fixture.said(fixture.ask(Rr{.certificate = own, .profile = "router"}, sent)),
                kUnknown);
    fixture.cmp().revocation = false;
    assert_text(fixture.said(fixture.ask(own)), refused(Errc::denied, Reason::not_authorized));
    assert_int_equal(fixture.audit().back().decision, wire::Decision::deny);
    fixture.config->profiles["device"].cmp.reset();
    assert_text(fixture.said(fixture.ask(own)), refused(Errc::denied));
    fixture.peer.all_profiles = false;
    assert_text(fixture.said(fixture.ask(own)), refused(Errc::not_found));
    assert_text(fixture.audit().back().tenant, "");
    assert_false(fixture.revocation(own).has_value());
    fixture.remove();
}

void test_a_secret_is_not_enough(void**) {
    Revocations fixture;
    const Buffer own = fixture.enrolled();
    assert_text(fixture.said(fixture.ask(Rr{own}, {.transaction = "rr-1"})),
                refused(Errc::bad_signature, Reason::wrong_integrity));
    assert_text(fixture.cause(), "revoke: a signature is needed");
    fixture.remove();
}

void test_a_certificate_that_is_over(void**) {
    Revocations fixture;
    const Buffer own = fixture.enrolled();
    fixture.clock.seconds += 90 * kDay + 1;
    assert_text(fixture.said(fixture.ask(own)),
                refused(Errc::denied, Reason::signer_not_trusted));
    fixture.clock.seconds -= 1;
    assert_text(fixture.said(fixture.ask(own)), "done");
    fixture.remove();
}

void test_reasons(void**) {
    Revocations fixture;
    const Buffer own = fixture.enrolled();
    const std::string bad = refused(Errc::malformed, Reason::bad_data_format);
    const Sent sent{.transaction = "rr-1", .certificate = own};
    for (const int reason : {7, 8, 11, 255}) {
        auto rr = fixture.request_of({own});
        rr.reason = static_cast<std::uint8_t>(reason);
        assert_text(fixture.said(fixture.ask(rr, sent)), bad);
    }
    auto release = fixture.request_of({.certificate = own, .release = true});
    release.reason = 1;
    assert_text(fixture.said(fixture.ask(release, sent)), bad);
    assert_text(fixture.said(fixture.ask(Rr{own, CrlReason::unspecified}, sent)), "done");
    fixture.remove();
}

// A transaction that asks for a certificate is not one that revokes.
void test_transactions_of_requests(void**) {
    Revocations fixture;
    const Buffer own = fixture.enrolled("one");
    assert_text(fixture.said(fixture.ask(own, "one")),
                refused(Errc::conflict, Reason::transaction_id_in_use));
    assert_text(fixture.said(fixture.ask(own, "two")), "done");
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_an_owner_revokes_his_certificate),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_two_at_once),
        cmocka_unit_test(test_a_store_that_fails),
        cmocka_unit_test(test_certificates_of_others),
        cmocka_unit_test(test_an_ra),
        cmocka_unit_test(test_hold_and_release),
        cmocka_unit_test(test_what_a_profile_says),
        cmocka_unit_test(test_a_secret_is_not_enough),
        cmocka_unit_test(test_a_certificate_that_is_over),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_transactions_of_requests),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
