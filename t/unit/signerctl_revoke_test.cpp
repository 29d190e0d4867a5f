// What the commands that revoke make of their arguments.
#include "clients/signerctl/revoke.h"

#include "t/unit/unit.h"

namespace {

using pki::Errc;
using signerctl::DayEnd;
using signerctl::parse_utc;

void times_are_utc(void**) {
    assert_int_equal(*parse_utc("2026-11-20T17:00:01Z", DayEnd::last), 1'795'194'001);
    assert_int_equal(*parse_utc("2026-11-20", DayEnd::first), 1'795'132'800);
    assert_int_equal(*parse_utc("2026-11-20", DayEnd::last), 1'795'132'800 + 86'399);
    assert_int_equal(*parse_utc("1970-01-01", DayEnd::first), 0);
}

void what_is_no_time_is_refused(void**) {
    for (const char* bad :
         {"", "2026", "2026-11", "2026-13-01", "2026-02-30", "20261120", "2026-11-20T17:00:00",
          "2026-11-20 17:00:00Z", "2026-11-20T17:00:00+", "2026-11-20T24:00:00Z", "2026-11-2x",
          "yesterday!", "2026-11-20T17:00:00.5Z"})
        assert_error(Errc::malformed, parse_utc(bad, DayEnd::first));
}

void reasons_have_the_names_of_the_rfc(void**) {
    assert_int_equal(*signerctl::parse_reason("keyCompromise"), 1);
    assert_int_equal(*signerctl::parse_reason("CERTIFICATEHOLD"), 6);
    for (const char* bad : {"", "removeFromCRL", "key", "1"})
        assert_error(Errc::malformed, signerctl::parse_reason(bad));
}

void protocols_have_names(void**) {
    assert_int_equal(*signerctl::parse_protocol("est"), pki::wire::Protocol::est);
    assert_int_equal(*signerctl::parse_protocol("enroll"), pki::wire::Protocol::enroll);
    for (const char* bad : {"", "none", "EST", "acme"})
        assert_error(Errc::malformed, signerctl::parse_protocol(bad));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(times_are_utc),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(reasons_have_the_names_of_the_rfc),
        cmocka_unit_test(protocols_have_names),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
