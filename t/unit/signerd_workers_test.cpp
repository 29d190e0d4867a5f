// Threads that share out a batch: every item once, whatever the numbers.
#include "signerd/keys/workers.h"

#include "t/unit/unit.h"

namespace {

void check_rounds(std::size_t threads, std::size_t rounds) {
    signerd::Workers workers(threads);
    assert_int_equal(workers.count(), std::max<std::size_t>(threads, 1));
    for (std::size_t round = 0; round < rounds; round++) {
        std::vector<std::atomic<int>> done(round % 37);
        workers.each(done.size(), [&](std::size_t item) { done[item]++; });
        for (const auto& count : done) assert_int_equal(count, 1);
    }
}

void test_each_item_once(void**) {
    for (const std::size_t threads : {0, 1, 2, 8}) check_rounds(threads, 2000);
}

void test_ends_while_idle(void**) {
    for (int i = 0; i < 200; i++) signerd::Workers workers(4);
}

// The caller works along: with one thread the order is that of the items.
void test_one_is_the_caller(void**) {
    signerd::Workers workers(1);
    std::vector<std::size_t> order;
    workers.each(5, [&](std::size_t item) { order.push_back(item); });
    assert_true(order == (std::vector<std::size_t>{0, 1, 2, 3, 4}));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_each_item_once),
        cmocka_unit_test(test_ends_while_idle),
        cmocka_unit_test(test_one_is_the_caller),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
