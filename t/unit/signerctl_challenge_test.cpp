#include "clients/signerctl/challenge.h"

#include "t/unit/unit.h"

namespace {

using signerctl::parse_lifetime;

void lifetimes_have_a_unit(void**) {
    const struct {
        const char* text;
        std::uint32_t seconds;
    } cases[] = {{"1s", 1},       {"90s", 90},          {"5m", 300},          {"1h", 3600},
                 {"7d", 604'800}, {"365d", 31'536'000}, {"8760h", 31'536'000}};
    for (const auto& c : cases) {
        assert_ok(parse_lifetime(c.text));
        assert_int_equal(*parse_lifetime(c.text), c.seconds);
    }
}

void others_are_refused(void**) {
    for (const char* text : {"", "s", "1", "0s", "1 h", "1w", "-1h", "01h", "1.5h", "366d",
                             "8761h", "99999999999999999999d"})
        assert_error(pki::Errc::malformed, parse_lifetime(text));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(lifetimes_have_a_unit),
        cmocka_unit_test(others_are_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
