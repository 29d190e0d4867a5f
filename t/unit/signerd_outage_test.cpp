// What of a lasting failure reaches the log.
#include "signerd/outage.h"

#include <unistd.h>

#include <array>

#include "t/unit/unit.h"

namespace {

using namespace std::chrono_literals;
using signerd::Outage;

constexpr Outage::Time kStart{1000h};
const pki::Status kGood;
const pki::Status kFull = pki::Error{pki::Errc::unavailable, "store: full", 0, ""};
const pki::Status kGone = pki::Error{pki::Errc::unavailable, "store: gone", 0, ""};

// The lines that `work` logs, which goes to standard error.
template <class F>
std::size_t lines(F work) {
    std::array<int, 2> ends{};
    assert_int_equal(pipe(ends.data()), 0);
    const int before = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    work();
    dup2(before, STDERR_FILENO);
    close(before);
    close(ends[1]);
    std::array<char, 65536> text{};
    const ssize_t size = read(ends[0], text.data(), text.size());
    close(ends[0]);
    return static_cast<std::size_t>(std::count(text.begin(), text.begin() + size, '\n'));
}

void test_begin_and_end(void**) {
    Outage outage("store");
    assert_int_equal(lines([&] { outage.note(kGood, kStart); }), 0);
    const auto fail_often = [&] {
        for (int i = 0; i < 1000; i++) outage.note(kFull, kStart + i * 1ms);
    };
    assert_int_equal(lines(fail_often), 1);
    assert_int_equal(lines([&] { outage.note(kGood, kStart + 2s); }), 1);
    assert_int_equal(lines([&] { outage.note(kGood, kStart + 3s); }), 0);
    assert_int_equal(lines([&] { outage.note(kFull, kStart + 4s); }), 1);
}

void test_reminders(void**) {
    Outage outage("store");
    const auto fail_for_an_hour = [&] {
        for (int i = 0; i < 3600; i++) outage.note(kFull, kStart + i * 1s);
    };
    assert_int_equal(lines(fail_for_an_hour), 60);
}

void test_another_cause(void**) {
    Outage outage("store");
    assert_int_equal(lines([&] {
                         outage.note(kFull, kStart);
                         outage.note(kGone, kStart);
                     }),
                     2);
}

void test_causes_that_take_turns(void**) {
    Outage outage("store");
    const auto alternate = [&] {
        for (int i = 0; i < 1000; i++) outage.note(i % 2 != 0 ? kFull : kGone, kStart);
    };
    assert_int_equal(lines(alternate), 10);
}

void test_coming_and_going(void**) {
    Outage outage("store");
    const auto flap = [&] {
        for (int i = 0; i < 1000; i++) outage.note(i % 2 != 0 ? kFull : kGood, kStart);
    };
    assert_int_equal(lines(flap), 20);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_begin_and_end),    cmocka_unit_test(test_reminders),
        cmocka_unit_test(test_another_cause),    cmocka_unit_test(test_causes_that_take_turns),
        cmocka_unit_test(test_coming_and_going),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
