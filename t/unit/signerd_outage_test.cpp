// What of a lasting failure, and of a flood, reaches the log.
#include "signerd/outage.h"

#include "signerd/log.h"

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
    assert_false(outage.note(kGood, kStart));
    assert_true(outage.note(kFull, kStart));
    for (int i = 0; i < 1000; i++) assert_false(outage.note(kFull, kStart + i * 1ms));
    assert_true(outage.note(kGood, kStart + 2s));
    assert_false(outage.note(kGood, kStart + 3s));
    assert_true(outage.note(kFull, kStart + 4s));
}

void test_reminders(void**) {
    Outage outage("store");
    int reports = 0;
    for (int i = 0; i < 3600; i++) reports += outage.note(kFull, kStart + i * 1s);
    assert_int_equal(reports, 60);
}

void test_another_cause(void**) {
    Outage outage("store");
    assert_true(outage.note(kFull, kStart));
    assert_true(outage.note(kGone, kStart));
}

void test_causes_that_take_turns(void**) {
    Outage outage("store");
    int reports = 0;
    for (int i = 0; i < 1000; i++) reports += outage.note(i % 2 != 0 ? kFull : kGone, kStart);
    assert_int_equal(reports, 10);
}

void test_coming_and_going(void**) {
    Outage outage("store");
    int reports = 0;
    for (int i = 0; i < 1000; i++) reports += outage.note(i % 2 != 0 ? kFull : kGood, kStart);
    assert_int_equal(reports, 20);
}

// Whoever provokes lines does not fill the disk, nor keep others from being written.
void test_flood(void**) {
    const auto flood = [] {
        for (int i = 0; i < 1000; i++) signerd::log(signerd::Level::warning, "flood %d", i);
    };
    const std::size_t written = lines(flood);
    assert_in_range(written, signerd::kLinesPerSecond, 3 * signerd::kLinesPerSecond);
    assert_int_equal(lines([] { signerd::log(signerd::Level::warning, "another"); }), 1);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_begin_and_end),    cmocka_unit_test(test_reminders),
        cmocka_unit_test(test_another_cause),    cmocka_unit_test(test_causes_that_take_turns),
        cmocka_unit_test(test_coming_and_going), cmocka_unit_test(test_flood),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
