#include "ngx_common/login_failures.h"

#include <memory>
#include <vector>

#include "t/unit/unit.h"

namespace ngx_enroll {

// What a worker leaves that was killed while it moved links.
struct LoginFailuresTest {
    static void interrupt(LoginFailures& table) {
        for (std::uint32_t i = 0; i < table.capacity_; i++) {
            table.buckets_[i] = i;
            table.entries_[i].chain = i;
            table.entries_[i].older = table.entries_[i].newer = i;
        }
        table.free_ = table.oldest_ = 0;
        table.changing_ = 1;
    }
};

}  // namespace ngx_enroll

namespace {

using ngx_enroll::AddressKey;
using ngx_enroll::LoginAttempt;
using ngx_enroll::LoginFailures;
using ngx_enroll::LoginLimit;
using ngx_enroll::LoginStats;

constexpr LoginLimit kLimit{3, 60};

AddressKey address(unsigned number) {
    AddressKey key{};
    key[10] = key[11] = 0xff;
    key[14] = static_cast<std::uint8_t>(number >> 8);
    key[15] = static_cast<std::uint8_t>(number);
    return key;
}

struct Table {
    std::vector<std::uint64_t> memory;
    LoginFailures* table;

    explicit Table(std::uint32_t capacity)
        : memory(LoginFailures::bytes(capacity) / sizeof(std::uint64_t) + 1),
          table(LoginFailures::make(memory.data(), capacity, 42)) {}

    LoginFailures* operator->() { return table; }

    void failed(unsigned number, ngx_enroll::Seconds now, int times = 1) {
        for (int i = 0; i < times; i++) table->failed(address(number), now, kLimit);
    }

    std::uint32_t wait(unsigned number, ngx_enroll::Seconds now) {
        return table->wait(address(number), now, kLimit);
    }

    LoginStats stats(ngx_enroll::Seconds now) {
        LoginStats stats;
        for (std::uint32_t i = 0; i < table->capacity(); i += 3)
            table->count(i, i + 3, now, stats);
        return stats;
    }
};

void an_address_waits_for_the_end_of_its_window(void**) {
    Table table(8);
    assert_true(table->empty());
    table.failed(1, 100);
    table.failed(1, 110);
    assert_int_equal(table.wait(1, 119), 0);
    table.failed(1, 120);
    assert_int_equal(table.wait(1, 120), 40);
    assert_int_equal(table.wait(1, 159), 1);
    assert_int_equal(table.wait(2, 120), 0);
    assert_int_equal(table.wait(1, 160), 0);
    table.failed(1, 161);
    assert_int_equal(table.wait(1, 161), 0);
}

// The window does not slide: failures while it is closed would keep it closed for ever.
void a_window_begins_with_the_first_failure(void**) {
    Table table(8);
    table.failed(1, 100, 2);
    table.failed(1, 159, 5);
    assert_int_equal(table.wait(1, 159), 1);
    assert_int_equal(table.wait(1, 160), 0);
}

void attempts_that_are_pending_count(void**) {
    Table table(8);
    LoginAttempt attempts[3];
    for (LoginAttempt& attempt : attempts)
        assert_int_equal(table->begin(address(1), 100, kLimit, attempt), 0);
    LoginAttempt fourth;
    assert_int_equal(table->begin(address(1), 100, kLimit, fourth), 1);
    table->end(attempts[0], address(1), 100, kLimit, true);
    assert_int_equal(table->begin(address(1), 100, kLimit, fourth), 0);
    table->end(fourth, address(1), 101, kLimit, false);
    table->end(attempts[1], address(1), 101, kLimit, false);
    table->end(attempts[2], address(1), 101, kLimit, false);
    assert_int_equal(table.wait(1, 101), 59);
}

void right_passwords_leave_no_trace_and_reset_nothing(void**) {
    Table table(8);
    LoginAttempt attempt;
    assert_int_equal(table->begin(address(1), 100, kLimit, attempt), 0);
    table->end(attempt, address(1), 100, kLimit, true);
    assert_true(table->empty());
    table.failed(1, 100, 2);
    assert_int_equal(table->begin(address(1), 100, kLimit, attempt), 0);
    table->end(attempt, address(1), 100, kLimit, true);
    table.failed(1, 100);
    assert_int_equal(table.wait(1, 100), 60);
}

// A worker that was killed never ends its attempts.
void pending_attempts_end_with_the_window(void**) {
    Table table(8);
    LoginAttempt attempt;
    for (int i = 0; i < 3; i++)
        assert_int_equal(table->begin(address(1), 100, kLimit, attempt), 0);
    assert_int_equal(table.wait(1, 159), 1);
    assert_int_equal(table.wait(1, 160), 0);
    table->end(attempt, address(1), 161, kLimit, true);
    table->end(attempt, address(1), 161, kLimit, false);
    assert_int_equal(table.stats(161).addresses, 1);
}

// And long before, if the window is long: right passwords must not lock anybody out.
void pending_attempts_are_forgotten_when_no_check_takes_so_long(void**) {
    constexpr LoginLimit kHour{3, 3600};
    Table table(8);
    LoginAttempt attempt;
    for (int i = 0; i < 3; i++)
        assert_int_equal(table->begin(address(1), 100, kHour, attempt), 0);
    assert_int_equal(table->wait(address(1), 159, kHour), 1);
    assert_int_equal(table->wait(address(1), 160, kHour), 0);
    assert_int_equal(table->begin(address(1), 160, kHour, attempt), 0);
    assert_int_equal(table->begin(address(1), 160, kHour, attempt), 0);
    assert_int_equal(table->begin(address(1), 160, kHour, attempt), 0);
    assert_int_equal(table->wait(address(1), 160, kHour), 1);
}

void an_attempt_outlives_its_entry(void**) {
    Table table(1);
    LoginAttempt attempt;
    assert_int_equal(table->begin(address(1), 100, kLimit, attempt), 0);
    table.failed(2, 100, 2);
    table->end(attempt, address(1), 100, kLimit, true);
    table.failed(2, 100);
    assert_int_equal(table.wait(2, 100), 60);
    table->end(attempt, address(1), 100, kLimit, false);
    assert_int_equal(table.wait(2, 100), 0);
    assert_int_equal(table.stats(100).addresses, 1);
}

void the_oldest_gives_way(void**) {
    Table table(4);
    for (unsigned i = 1; i <= 4; i++) table.failed(i, 100, 3);
    assert_int_equal(table.stats(100).locked_out, 4);
    table.failed(1, 101);
    table.failed(5, 102, 3);
    assert_int_equal(table.wait(2, 102), 0);
    for (const unsigned i : {1U, 3U, 4U, 5U}) assert_true(table.wait(i, 102) > 0);
    const LoginStats stats = table.stats(102);
    assert_int_equal(stats.capacity, 4);
    assert_int_equal(stats.addresses, 4);
    assert_int_equal(stats.evictions, 1);
}

void who_has_served_its_time_is_no_eviction(void**) {
    Table table(2);
    table.failed(1, 100, 3);
    table.failed(2, 150);
    table.failed(3, 170);
    assert_int_equal(table.stats(170).evictions, 0);
    table.failed(4, 171);
    assert_int_equal(table.stats(171).evictions, 1);
}

void a_clock_that_is_set_locks_nobody_out_for_ever(void**) {
    Table table(8);
    table.failed(1, 1'000'000, 3);
    assert_int_equal(table.wait(1, 500), 60);
    assert_int_equal(table.wait(1, 560), 0);
    table.failed(2, 500, 3);
    assert_int_equal(table.wait(2, 9'000'000'000), 0);
}

void the_longest_window_holds(void**) {
    Table table(8);
    table.failed(1, 100, 2);
    table->failed(address(1), 100, {3, 600});
    assert_int_equal(table.wait(1, 100), 600);
    assert_int_equal(table->wait(address(1), 100, {0, 0}), 0);
}

void many_addresses(void**) {
    Table table(500);
    for (unsigned round = 0; round < 3; round++)
        for (unsigned i = 0; i < 1000; i++) table.failed(i, 100 + round);
    const LoginStats stats = table.stats(103);
    assert_int_equal(stats.addresses, 500);
    assert_int_equal(stats.evictions, 2500);
}

void an_interrupted_change_is_repaired(void**) {
    Table table(8);
    for (unsigned i = 1; i <= 5; i++) table.failed(i, 100, 3);
    ngx_enroll::LoginFailuresTest::interrupt(*table.table);
    for (unsigned i = 1; i <= 5; i++) assert_int_equal(table.wait(i, 100), 60);
    for (unsigned i = 11; i <= 13; i++) table.failed(i, 100, 3);
    assert_int_equal(table.stats(100).locked_out, 8);
    assert_int_equal(table.stats(100).evictions, 0);
    table.failed(14, 100);
    assert_int_equal(table.stats(100).addresses, 8);
    assert_int_equal(table.stats(100).evictions, 1);
}

void capacity_and_bytes_agree(void**) {
    for (const std::size_t size : {0UL, 100UL, 4096UL, 262144UL}) {
        const std::uint32_t capacity = LoginFailures::capacity(size);
        assert_true(capacity == 0 || LoginFailures::bytes(capacity) <= size);
        assert_true(LoginFailures::bytes(capacity + 1) > size);
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_address_waits_for_the_end_of_its_window),
        cmocka_unit_test(a_window_begins_with_the_first_failure),
        cmocka_unit_test(attempts_that_are_pending_count),
        cmocka_unit_test(right_passwords_leave_no_trace_and_reset_nothing),
        cmocka_unit_test(pending_attempts_end_with_the_window),
        cmocka_unit_test(pending_attempts_are_forgotten_when_no_check_takes_so_long),
        cmocka_unit_test(an_attempt_outlives_its_entry),
        cmocka_unit_test(the_oldest_gives_way),
        cmocka_unit_test(who_has_served_its_time_is_no_eviction),
        cmocka_unit_test(a_clock_that_is_set_locks_nobody_out_for_ever),
        cmocka_unit_test(the_longest_window_holds),
        cmocka_unit_test(many_addresses),
        cmocka_unit_test(an_interrupted_change_is_repaired),
        cmocka_unit_test(capacity_and_bytes_agree),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
