// Certificates that nobody confirms in time.
#include "t/unit/cmp_confirm_fixture.h"

namespace {

namespace wire = pki::wire;
using pki::Errc;
using signerd::TransactionState;
using unit::ConfirmFixture;
using unit::kHour;
using unit::Sent;

void test_it_is_revoked(void**) {
    ConfirmFixture fixture;
    fixture.enrolled();
    fixture.clock.seconds += 300;
    fixture.sweep.use(fixture.generation);
    fixture.finish();
    assert_int_equal(fixture.state(), TransactionState::unconfirmed);  // in time until then
    fixture.clock.seconds += 1;
    fixture.pass();
    assert_int_equal(fixture.state(), TransactionState::lapsed);
    assert_true(fixture.revocation()->reason == pki::x509::CrlReason::cessation_of_operation);
    assert_int_equal(fixture.revoked, 1);
    const auto row = fixture.audit().back();
    assert_int_equal(row.operation, wire::Operation::revoke);
    assert_int_equal(row.protocol, wire::Protocol::cmp);
    assert_int_equal(row.decision, wire::Decision::allow);
    assert_text(row.detail, "not confirmed in time");
    assert_text(row.subject, "CN=device-1");
    fixture.pass(3);
    assert_int_equal(fixture.log().size(), 2);  // once
    fixture.remove();
}

void test_it_is_kept(void**) {
    ConfirmFixture fixture;
    fixture.cmp().keep_unconfirmed = true;
    const pki::Buffer certificate = fixture.enrolled();
    fixture.clock.seconds += 301;
    fixture.sweep.use(fixture.generation);
    fixture.finish();
    assert_int_equal(fixture.state(), TransactionState::lapsed);
    assert_false(fixture.revocation().has_value());
    assert_int_equal(fixture.audit().back().operation, wire::Operation::confirm);
    assert_int_equal(fixture.audit().back().decision, wire::Decision::deny);
    assert_int_equal(fixture.revoked, 0);
    fixture.remove();
}

void test_what_is_confirmed_stays(void**) {
    ConfirmFixture fixture;
    fixture.confirm(ConfirmFixture::conf(fixture.enrolled()));
    fixture.clock.seconds += 301;
    fixture.sweep.use(fixture.generation);
    fixture.finish();
    assert_int_equal(fixture.state(), TransactionState::confirmed);
    assert_false(fixture.revocation().has_value());
    fixture.remove();
}

void test_what_is_revoked_already(void**) {
    ConfirmFixture fixture;
    fixture.enrolled();
    const auto record = fixture.store->list_certificates({})->at(0);
    assert_ok(unit::commit(*fixture.store, {unit::change_of({unit::revocation_of(record)})}));
    fixture.clock.seconds += 301;
    fixture.sweep.use(fixture.generation);
    fixture.finish();
    assert_int_equal(fixture.state(), TransactionState::lapsed);
    assert_true(fixture.revocation()->reason == pki::x509::CrlReason::superseded);
    fixture.remove();
}

// A few at a time; then those that are over go.
void test_many(void**) {
    ConfirmFixture fixture;
    const int many = 2 * static_cast<int>(signerd::ConfirmSweep::kBatch) + 6;
    const auto nth = [](int i) { return Sent{.transaction = "t-" + std::to_string(i)}; };
    for (int i = 0; i < many; i++) fixture.enrolled(nth(i));
    fixture.clock.seconds += 301;
    fixture.sweep.use(fixture.generation);
    fixture.finish();
    assert_int_equal(fixture.revoked, signerd::ConfirmSweep::kBatch);
    fixture.pass(2);
    assert_int_equal(fixture.revoked, many);
    for (int i = 0; i < many; i++)
        assert_int_equal(fixture.state(nth(i)), TransactionState::lapsed);
    fixture.clock.seconds += kHour;
    fixture.pass(5);
    assert_false(*fixture.store->has_old_transactions(fixture.clock.seconds));
    assert_int_equal(fixture.later.size(), 1);  // it goes on
    fixture.remove();
}

void test_a_store_that_is_away(void**) {
    ConfirmFixture fixture;
    fixture.enrolled();
    fixture.clock.seconds += 301;
    fixture.committer.failure = pki::Error{Errc::unavailable, "no disk", 0, {}};
    fixture.sweep.use(fixture.generation);
    fixture.finish();
    assert_int_equal(fixture.state(), TransactionState::unconfirmed);
    fixture.committer.failure.reset();
    fixture.pass();
    assert_int_equal(fixture.state(), TransactionState::lapsed);
    fixture.remove();
}

void test_somebody_works_on_it(void**) {
    ConfirmFixture fixture;
    fixture.enrolled();
    fixture.clock.seconds += 301;
    const auto key =
        signerd::transaction_key("demo", "device", pki::as_bytes(Sent().transaction));
    assert_true(fixture.issuer.transactions().enter(key, [] {}));
    fixture.sweep.use(fixture.generation);
    fixture.finish();
    assert_int_equal(fixture.state(), TransactionState::unconfirmed);
    fixture.issuer.transactions().leave(key);
    fixture.pass();
    assert_int_equal(fixture.state(), TransactionState::lapsed);
    fixture.remove();
}

void test_a_profile_that_is_gone(void**) {
    ConfirmFixture fixture;
    fixture.enrolled();
    fixture.config->profiles.erase("device");
    fixture.reload();
    fixture.clock.seconds += 301;
    fixture.sweep.use(fixture.generation);
    fixture.finish();
    assert_true(fixture.revocation().has_value());
    fixture.sweep.drain();
    fixture.pass();
    assert_int_equal(fixture.later.size(), 0);
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_revoked),
        cmocka_unit_test(test_it_is_kept),
        cmocka_unit_test(test_what_is_confirmed_stays),
        cmocka_unit_test(test_what_is_revoked_already),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_a_store_that_is_away),
        cmocka_unit_test(test_somebody_works_on_it),
        cmocka_unit_test(test_a_profile_that_is_gone),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
