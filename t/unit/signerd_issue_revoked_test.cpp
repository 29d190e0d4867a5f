// Revocation in the issue path: revoked clients, compromised keys, answers that are none any
// more, and a store that cannot be asked.
#include <sqlite3.h>

#include <algorithm>

#include "t/unit/revoke_fixture.h"

#include "t/unit/unit.h"

namespace {

namespace wire = pki::wire;
using pki::Errc;
using pki::x509::CrlReason;
using unit::make_csr;
using unit::RevokeFixture;

// A request of the client that has the last certificate().
wire::IssueRequest request_of(const RevokeFixture& fixture, const pki::Buffer& csr,
                              wire::Operation operation = wire::Operation::renew) {
    wire::IssueRequest request = RevokeFixture::request(csr);
    request.operation = operation;
    request.credential = wire::Credential::certificate;
    request.client_certificate = fixture.der;
    return request;
}

void test_a_revoked_client(void**) {
    for (const auto operation : {wire::Operation::enroll, wire::Operation::renew}) {
        for (const CrlReason reason : {CrlReason::superseded, CrlReason::certificate_hold}) {
            RevokeFixture fixture;
            const std::string serial = fixture.certificate();
            const pki::Buffer csr = make_csr();
            fixture.ask(fixture.by_serial(serial, reason));
            const std::uint64_t id = fixture.issue(request_of(fixture, csr, operation));
            assert_text(fixture.refusal(id), "unauthenticated: authentication failed");
            assert_int_equal(fixture.certificates(), 1);
            const auto row = fixture.audit().at(2);
            assert_int_equal(row.decision, wire::Decision::deny);
            assert_int_equal(row.reason, Errc::unauthenticated);
            assert_text(row.detail,
                        "the client certificate is revoked: " + std::string(name(reason)) +
                            ", since 2027-01-15T08:00:00Z");
            assert_text(row.subject, "CN=device-1");
            fixture.remove();
        }
    }
}

void test_a_released_client(void**) {
    RevokeFixture fixture;
    const std::string serial = fixture.certificate();
    const pki::Buffer csr = make_csr();
    fixture.ask(fixture.by_serial(serial, CrlReason::certificate_hold));
    assert_true(fixture.replies.error(fixture.issue(request_of(fixture, csr)))->code ==
                Errc::unauthenticated);
    fixture.ask(fixture.to_release(serial));
    assert_ok(fixture.replies.issued(fixture.issue(request_of(fixture, csr))));
    fixture.remove();
}

// Nor does it get what it got before, nor what somebody else is just getting.
void test_a_revoked_client_gets_no_stored_answer(void**) {
    RevokeFixture fixture;
    const std::string serial = fixture.certificate();
    const pki::Buffer csr = make_csr();
    const wire::IssueRequest request = request_of(fixture, csr);
    assert_ok(fixture.replies.issued(fixture.issue(request)));
    assert_true(fixture.replies.issued(fixture.issue(request))->replayed);
    fixture.ask(fixture.by_serial(serial));
    assert_true(fixture.replies.error(fixture.issue(request))->code == Errc::unauthenticated);
    fixture.remove();
}

// Another CA's with the same serial is not what was revoked.
void test_a_foreign_certificate_is_not_in_the_store(void**) {
    RevokeFixture fixture;
    const std::string serial = fixture.certificate();
    fixture.ask(fixture.by_serial(serial));
    const std::string_view name = "device-1";
    const auto found = std::ranges::search(fixture.der, pki::as_bytes(name));
    assert_false(found.empty());
    found.front() = 'D';
    const pki::Buffer csr = make_csr();
    wire::IssueRequest request = request_of(fixture, csr);
    request.operation = wire::Operation::enroll;
    assert_ok(fixture.replies.issued(fixture.issue(request)));
    fixture.remove();
}

void test_a_compromised_key(void**) {
    RevokeFixture fixture;
    const auto key = *pki::ossl::generate_key("ec:P-256");
    const std::string serial = fixture.certificate_for(make_csr(key.get()));
    fixture.ask(fixture.by_serial(serial, CrlReason::key_compromise));
    for (const char* subject : {"CN=device-1", "CN=device-2"}) {
        const std::uint64_t id = fixture.issue(make_csr(key.get(), subject));
        assert_text(fixture.refusal(id), "denied: the key was revoked as compromised");
    }
    assert_int_equal(fixture.audit().back().reason, Errc::denied);
    assert_ok(fixture.replies.issued(fixture.issue(make_csr())));
    assert_int_equal(fixture.certificates(), 2);
    fixture.remove();
}

// The profile speaks first: what it refuses tells nothing of the key.
void test_a_compromised_key_that_the_profile_refuses(void**) {
    RevokeFixture fixture;
    const auto key = *pki::ossl::generate_key("ec:P-256");
    const std::string serial = fixture.certificate_for(make_csr(key.get()));
    fixture.ask(fixture.by_serial(serial, CrlReason::key_compromise));
    const std::uint64_t id = fixture.issue(make_csr(key.get(), "O=Example"));
    assert_text(fixture.refusal(id), "denied: profile: subject: O is not allowed");
    fixture.remove();
}

void test_a_revoked_answer_is_none(void**) {
    RevokeFixture fixture;
    const pki::Buffer csr = make_csr();
    wire::IssueRequest request = RevokeFixture::request(csr);
    request.idempotency_key = "order-66";
    const std::uint64_t first = fixture.issue(request);
    const pki::Buffer der = pki::to_buffer(fixture.replies.issued(first)->certificate);
    fixture.ask(fixture.by_certificate(der));
    const std::uint64_t second = fixture.issue(request);
    assert_false(fixture.replies.issued(second)->replayed);
    assert_false(pki::equal(fixture.replies.issued(second)->certificate, der));
    const std::uint64_t third = fixture.issue(request);
    assert_true(fixture.replies.issued(third)->replayed);
    assert_int_equal(fixture.certificates(), 2);
    fixture.remove();
}

// Nobody can say that nothing is revoked.
void test_a_store_that_cannot_be_read(void**) {
    RevokeFixture fixture;
    fixture.certificate();
    const pki::Buffer csr = make_csr();
    for (const char* table : {"revocation", "blocked_key"}) {
        sqlite3* database = nullptr;
        sqlite3_open(fixture.folder.file().c_str(), &database);
        const std::string rename =
            std::string("ALTER TABLE ") + table + " RENAME TO " + table + "_away";
        assert_int_equal(sqlite3_exec(database, rename.c_str(), nullptr, nullptr, nullptr),
                         SQLITE_OK);
        sqlite3_close(database);
        const std::uint64_t id = fixture.issue(request_of(fixture, csr));
        assert_text(fixture.refusal(id), "unavailable: temporarily unavailable");
    }
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_a_revoked_client),
        cmocka_unit_test(test_a_released_client),
        cmocka_unit_test(test_a_revoked_client_gets_no_stored_answer),
        cmocka_unit_test(test_a_foreign_certificate_is_not_in_the_store),
        cmocka_unit_test(test_a_compromised_key),
        cmocka_unit_test(test_a_compromised_key_that_the_profile_refuses),
        cmocka_unit_test(test_a_revoked_answer_is_none),
        cmocka_unit_test(test_a_store_that_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
