#include "libpki/base/result.h"

#include <memory>
#include <set>

#include "t/unit/unit.h"

namespace {

using pki::Errc;
using pki::Error;
using pki::Result;
using pki::Status;

Error refusal() { return pki::Error{Errc::denied, "rule", 7, "value"}; }

Result<int> half(int n) {
    if (n % 2 != 0) return refusal();
    return n / 2;
}

Result<int> quarter(int n) {
    PKI_TRY(const int first, half(n));
    PKI_TRY(const int second, half(first));
    return second;
}

Status check_even(int n) {
    PKI_CHECK(half(n));
    return {};
}

void try_gives_the_value_or_returns_the_error(void**) {
    assert_ok(quarter(8));
    assert_int_equal(*quarter(8), 2);
    const auto odd = quarter(6);
    assert_error(Errc::denied, odd);
    assert_text(odd.error().text, "rule");
    assert_int_equal(odd.error().offset, 7);
}

void check_returns_the_error(void**) {
    assert_ok(check_even(2));
    assert_error(Errc::denied, check_even(1));
}

void values_move_out(void**) {
    Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
    const std::unique_ptr<int> taken = *std::move(result);
    assert_int_equal(*taken, 5);
    Result<std::string> text = std::string("abc");
    assert_int_equal(text->size(), 3);
}

void messages(void**) {
    assert_text(refusal().message(), "rule: value");
    assert_text(Error{}.message(), "");
    assert_text((Error{Errc::malformed, "bad", 0, {}}.message()), "bad");
}

// Numbers are on the wire and in the audit store.
void codes_have_names_of_their_own(void**) {
    std::set<std::string> names;
    for (int code = 1; code <= pki::kErrcCount; code++)
        names.insert(pki::name(static_cast<Errc>(code)));
    assert_int_equal(names.size(), pki::kErrcCount);
    assert_false(names.contains("unknown"));
    assert_text(pki::name(static_cast<Errc>(pki::kErrcCount + 1)), "unknown");
}

void only_the_passing_is_retryable(void**) {
    assert_true(retryable(Errc::limited));
    assert_true(retryable(Errc::unavailable));
    assert_false(retryable(Errc::denied));
    assert_false(retryable(Errc::internal));
}

void causes_that_help_an_attacker_are_hidden(void**) {
    assert_false(client_visible(Errc::unauthenticated));
    assert_false(client_visible(Errc::internal));
    assert_false(client_visible(Errc::unavailable));
    assert_true(client_visible(Errc::denied));
    assert_true(client_visible(Errc::malformed));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(try_gives_the_value_or_returns_the_error),
        cmocka_unit_test(check_returns_the_error),
        cmocka_unit_test(values_move_out),
        cmocka_unit_test(messages),
        cmocka_unit_test(codes_have_names_of_their_own),
        cmocka_unit_test(only_the_passing_is_retryable),
        cmocka_unit_test(causes_that_help_an_attacker_are_hidden),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
