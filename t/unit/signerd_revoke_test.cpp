// Revoking and releasing one certificate: which one, what may become of it, what is recorded.
#include "t/unit/revoke_fixture.h"

#include "t/unit/unit.h"

namespace {

namespace wire = pki::wire;
using pki::Errc;
using pki::x509::CrlReason;
using unit::RevokeFixture;

void test_by_serial(void**) {
    RevokeFixture fixture;
    const std::string serial = fixture.certificate();
    const std::uint64_t id = fixture.ask(fixture.by_serial(serial));
    assert_text(fixture.member(id, "serial"), serial);
    assert_text(fixture.member(id, "status"), "revoked");
    assert_text(fixture.member(id, "reason"), "superseded");
    assert_text(fixture.member(id, "revoked"), "2027-01-15T08:00:00Z");
    assert_text(fixture.member(id, "pem"), "");
    assert_int_equal(fixture.revocation(serial)->reason, CrlReason::superseded);
    assert_int_equal(fixture.revocation(serial)->time, unit::kNow);
    assert_int_equal(fixture.changes, 1);
    fixture.remove();
}

void test_what_is_recorded(void**) {
    RevokeFixture fixture;
    const std::string serial = fixture.certificate("CN=device-7");
    fixture.ask(fixture.by_serial(serial, CrlReason::certificate_hold));
    fixture.ask(fixture.to_release(serial));
    const auto audit = fixture.audit();
    assert_int_equal(audit.size(), 3);
    assert_int_equal(audit[1].operation, wire::Operation::revoke);
    assert_int_equal(audit[2].operation, wire::Operation::release);
    for (const auto& row : {audit[1], audit[2]}) {
        assert_int_equal(row.decision, wire::Decision::allow);
        assert_text(row.serial, serial);
        assert_text(row.subject, "CN=device-7");
        assert_text(row.profile, "device");
        assert_text(row.tenant, "demo");
        assert_int_equal(row.protocol, wire::Protocol::est);
        assert_text(row.peer, "operator");
        assert_text(row.signerd, "signerd-1");
        assert_text(row.detail, "certificateHold");
    }
    fixture.remove();
}

void test_by_certificate(void**) {
    RevokeFixture fixture;
    const std::string serial = fixture.certificate();
    assert_text(fixture.member(fixture.ask(fixture.by_certificate(fixture.der)), "status"),
                "revoked");
    assert_true(fixture.revocation(serial).has_value());

    // The same serial, another certificate.
    const std::string other = fixture.certificate();
    fixture.der.back() ^= 1;
    assert_text(fixture.refusal(fixture.ask(fixture.by_certificate(fixture.der))),
                "not_found: no such certificate: " + other);
    assert_false(fixture.revocation(other).has_value());
    const std::uint64_t foreign = fixture.ask(fixture.by_certificate(fixture.ca.certificate));
    assert_true(fixture.replies.error(foreign)->code == Errc::not_found);
    const pki::Buffer junk{0x30, 0x00};
    const std::uint64_t none = fixture.ask(fixture.by_certificate(junk));
    assert_true(fixture.replies.error(none)->code == Errc::malformed);
    assert_int_equal(fixture.changes, 1);
    fixture.remove();
}

void test_a_serial_in_several_cas(void**) {
    RevokeFixture fixture;
    const std::string serial = fixture.certificate();
    signerd::CertificateRecord twin = unit::certificate_record(1);
    twin.ca = "other";
    twin.serial = serial;
    assert_ok(unit::commit(*fixture.store, {unit::issue_of(twin, unit::hash_of("key", 1))}));
    assert_text(fixture.refusal(fixture.ask(fixture.by_serial(serial))),
                "conflict: several CAs have this serial, name one: issuing, other");
    wire::RevokeRequest narrowed = fixture.by_serial(serial);
    narrowed.ca = "other";
    assert_text(fixture.member(fixture.ask(narrowed), "ca"), "other");
    assert_false(fixture.revocation(serial).has_value());
    narrowed.ca = "none";
    assert_text(fixture.refusal(fixture.ask(narrowed)),
                "not_found: no such certificate: " + serial);
    assert_ok(fixture.store->find_certificate("issuing", serial));
    assert_text(fixture.member(fixture.ask(fixture.by_certificate(fixture.der)), "ca"),
                "issuing");
    fixture.remove();
}

void test_requests_that_make_no_sense(void**) {
    RevokeFixture fixture;
    const std::string serial = fixture.certificate();
    std::vector<wire::RevokeRequest> wrong(6, fixture.by_serial(serial));
    wrong[0].serial = {};
    wrong[1].certificate = fixture.der;
    wrong[2].serial = {};
    wrong[2].certificate = fixture.der;
    wrong[2].ca = "issuing";
    wrong[3].reason = static_cast<std::uint8_t>(CrlReason::remove_from_crl);
    wrong[4].reason = 7;
    wrong[5].release = true;
    for (const wire::RevokeRequest& request : wrong)
        assert_true(fixture.replies.error(fixture.ask(request))->code == Errc::malformed);
    assert_text(fixture.refusal(fixture.ask(wrong[4])), "malformed: no reason to revoke: 7");
    assert_false(fixture.revocation(serial).has_value());
    assert_int_equal(fixture.changes, 0);
    fixture.remove();
}

struct Step {
    CrlReason from, to;
    bool allowed;
};

void test_already_revoked(void**) {
    using enum CrlReason;
    for (const Step& step : {Step{superseded, superseded, false},
                             {superseded, certificate_hold, false},
                             {superseded, privilege_withdrawn, false},
                             {superseded, key_compromise, true},
                             {key_compromise, key_compromise, false},
                             {key_compromise, superseded, false},
                             {certificate_hold, certificate_hold, false},
                             {certificate_hold, superseded, true},
                             {certificate_hold, unspecified, true},
                             {certificate_hold, key_compromise, true}}) {
        RevokeFixture fixture;
        const std::string serial = fixture.certificate();
        fixture.ask(fixture.by_serial(serial, step.from));
        fixture.clock.seconds += 60;
        const std::uint64_t again = fixture.ask(fixture.by_serial(serial, step.to));
        assert_int_equal(fixture.revocation(serial)->reason,
                         step.allowed ? step.to : step.from);
        assert_int_equal(fixture.revocation(serial)->time, unit::kNow);
        assert_text(fixture.refusal(again), step.allowed ? "-"
                                                         : "conflict: already revoked: " +
                                                               std::string(name(step.from)) +
                                                               ", since 2027-01-15T08:00:00Z");
        fixture.remove();
    }
}

void test_release(void**) {
    RevokeFixture fixture;
    const std::string serial = fixture.certificate();
    assert_text(fixture.refusal(fixture.ask(fixture.to_release(serial))),
                "conflict: not revoked");
    const std::uint64_t held =
        fixture.ask(fixture.by_serial(serial, CrlReason::certificate_hold));
    assert_text(fixture.member(held, "status"), "hold");
    const std::uint64_t released = fixture.ask(fixture.to_release(serial));
    assert_text(fixture.member(released, "status"), "good");
    assert_text(fixture.member(released, "reason"), "");
    assert_false(fixture.revocation(serial).has_value());
    fixture.ask(fixture.by_serial(serial));
    assert_text(fixture.refusal(fixture.ask(fixture.to_release(serial))),
                "conflict: revoked for good: superseded, since 2027-01-15T08:00:00Z");
    assert_int_equal(fixture.changes, 3);
    fixture.remove();
}

void test_refusals_are_recorded(void**) {
    RevokeFixture fixture;
    const std::string serial = fixture.certificate();
    fixture.ask(fixture.by_serial("4a00"));
    fixture.ask(fixture.to_release(serial));
    const auto audit = fixture.audit();
    assert_int_equal(audit.size(), 3);
    assert_int_equal(audit[1].operation, wire::Operation::revoke);
    assert_int_equal(audit[1].decision, wire::Decision::deny);
    assert_int_equal(audit[1].reason, Errc::not_found);
    assert_text(audit[1].detail, "no such certificate: 4a00");
    assert_text(audit[1].peer, "operator");
    assert_int_equal(audit[2].operation, wire::Operation::release);
    assert_int_equal(audit[2].reason, Errc::conflict);
    assert_text(audit[2].subject, "CN=device-1");
    assert_text(audit[2].serial, "");
    fixture.remove();
}

void test_a_compromised_key_is_blocked(void**) {
    RevokeFixture fixture;
    const std::string serial = fixture.certificate();
    const auto key = [&] {
        return pki::ossl::sha256(pki::x509::parse_certificate(fixture.der)->tbs.spki.encoding);
    };
    fixture.ask(fixture.by_serial(serial));
    assert_false(*fixture.store->is_blocked(key()));
    fixture.ask(fixture.by_serial(serial, CrlReason::key_compromise));
    assert_true(*fixture.store->is_blocked(key()));
    fixture.certificate();
    assert_false(*fixture.store->is_blocked(key()));
    fixture.remove();
}

// What the second one would be made of is not true any more when it is committed.
void test_one_change_at_a_time(void**) {
    RevokeFixture fixture;
    const std::string serial = fixture.certificate();
    const std::string other = fixture.certificate();
    const std::uint64_t first =
        fixture.start(fixture.by_serial(serial, CrlReason::certificate_hold));
    const std::uint64_t second = fixture.start(fixture.by_serial(serial));
    const std::uint64_t third = fixture.start(fixture.by_serial(other));
    assert_int_equal(fixture.replies.count.size(), 2);  // those of issuing
    fixture.committer.run();
    assert_text(fixture.refusal(first), "-");
    assert_text(fixture.refusal(second),
                "conflict: another change of this certificate is on its way");
    assert_text(fixture.refusal(third), "-");
    assert_text(fixture.refusal(fixture.ask(fixture.by_serial(serial))), "-");
    fixture.remove();
}

void test_a_store_that_is_away(void**) {
    RevokeFixture fixture;
    const std::string serial = fixture.certificate();
    fixture.committer.failure = pki::Error{Errc::internal, "store: damaged", 0, {}};
    assert_text(fixture.refusal(fixture.ask(fixture.by_serial(serial))),
                "unavailable: temporarily unavailable");
    assert_text(fixture.refusal(fixture.ask(fixture.by_serial("4a00"))),
                "unavailable: temporarily unavailable");
    assert_int_equal(fixture.changes, 0);
    fixture.committer.failure.reset();
    assert_text(fixture.refusal(fixture.ask(fixture.by_serial(serial))), "-");
    assert_int_equal(fixture.changes, 1);
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_by_serial),
        cmocka_unit_test(test_what_is_recorded),
        cmocka_unit_test(test_by_certificate),
        cmocka_unit_test(test_a_serial_in_several_cas),
        cmocka_unit_test(test_requests_that_make_no_sense),
        cmocka_unit_test(test_already_revoked),
        cmocka_unit_test(test_release),
        cmocka_unit_test(test_refusals_are_recorded),
        cmocka_unit_test(test_a_compromised_key_is_blocked),
        cmocka_unit_test(test_one_change_at_a_time),
        cmocka_unit_test(test_a_store_that_is_away),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
