#include "ngx_common/inflight.h"

#include <thread>
#include <vector>

#include "t/unit/unit.h"

namespace {

using ngx_enroll::enter;
using ngx_enroll::inflight;
using ngx_enroll::InflightSlots;
using ngx_enroll::leave;

void the_limit_holds_over_all_slots(void**) {
    InflightSlots slots{};
    assert_true(enter(slots, 0, 3, 3));
    assert_true(enter(slots, 2, 3, 3));
    assert_true(enter(slots, 2, 3, 3));
    assert_false(enter(slots, 1, 3, 3));
    assert_int_equal(inflight(slots, 3), 3);
    leave(slots, 2);
    assert_true(enter(slots, 1, 3, 3));
    assert_int_equal(inflight(slots, 3), 3);
}

void zero_is_no_limit(void**) {
    InflightSlots slots{};
    for (int i = 0; i < 1000; i++) assert_true(enter(slots, 0, 1, 0));
    assert_int_equal(inflight(slots, 1), 1000);
}

void a_cleared_slot_stays_at_zero(void**) {
    InflightSlots slots{};
    assert_true(enter(slots, 5, 8, 0));
    slots.count[5] = 0;
    leave(slots, 5);
    assert_int_equal(inflight(slots, 8), 0);
}

// Whoever is in holds one of `limit` places: with more than that many inside at any time,
// the count of places taken would pass it.
void threads_never_exceed_the_limit(void**) {
    constexpr std::uint32_t kLimit = 3;
    InflightSlots slots{};
    std::atomic<std::uint32_t> inside = 0, most = 0, entered = 0;
    std::vector<std::thread> threads;
    for (std::size_t slot = 0; slot < 8; slot++)
        threads.emplace_back([&, slot] {
            for (int i = 0; i < 20000; i++) {
                if (!enter(slots, slot, 8, kLimit)) continue;
                const std::uint32_t now = ++inside;
                for (std::uint32_t seen = most;
                     now > seen && !most.compare_exchange_weak(seen, now);) {
                }
                entered++;
                inside--;
                leave(slots, slot);
            }
        });
    for (std::thread& thread : threads) thread.join();
    assert_true(entered > 0);
    assert_true(most <= kLimit);
    assert_int_equal(inflight(slots, 8), 0);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_limit_holds_over_all_slots),
        cmocka_unit_test(zero_is_no_limit),
        cmocka_unit_test(a_cleared_slot_stays_at_zero),
        cmocka_unit_test(threads_never_exceed_the_limit),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
