#include "libpki/base/time.h"

#include "libpki/base/der_reader.h"
#include "t/unit/unit.h"

namespace {

using pki::as_bytes;
using pki::Errc;
using pki::der::kGeneralizedTime;
using pki::der::kUtcTime;

struct Vector {
    std::int64_t seconds;
    const char* certificate;
    const char* iso;
};

// Computed with date -u -d @N.
constexpr Vector kVectors[] = {
    {0, "700101000000Z", "1970-01-01T00:00:00Z"},
    {-1, "691231235959Z", "1969-12-31T23:59:59Z"},
    {951782400, "000229000000Z", "2000-02-29T00:00:00Z"},
    {1795194000, "261120170000Z", "2026-11-20T17:00:00Z"},
    {-631152000, "500101000000Z", "1950-01-01T00:00:00Z"},
    {-631152001, "19491231235959Z", "1949-12-31T23:59:59Z"},
    {2524607999, "491231235959Z", "2049-12-31T23:59:59Z"},
    {2524608000, "20500101000000Z", "2050-01-01T00:00:00Z"},
    {4107542399, "21000228235959Z", "2100-02-28T23:59:59Z"},
    {4107542400, "21000301000000Z", "2100-03-01T00:00:00Z"},
    {253402300799, "99991231235959Z", "9999-12-31T23:59:59Z"},
    {-62135596800, "00010101000000Z", "0001-01-01T00:00:00Z"},
};

pki::Result<std::int64_t> parse(std::string_view text) {
    return pki::parse_time(text.size() == 13 ? kUtcTime : kGeneralizedTime, as_bytes(text));
}

void known_dates(void**) {
    for (const Vector& v : kVectors) {
        assert_text(pki::format_time(v.seconds), v.certificate);
        assert_text(pki::format_iso8601(v.seconds), v.iso);
        const auto seconds = parse(v.certificate);
        assert_ok(seconds);
        assert_true(*seconds == v.seconds);
        const auto from_iso = pki::parse_iso8601(v.iso);
        assert_ok(from_iso);
        assert_true(*from_iso == v.seconds);
    }
}

void each_day_of_four_centuries_comes_back(void**) {
    for (std::int64_t day = -146097; day <= 146097; day++) {
        const std::int64_t seconds = day * 86400 + 86399;
        const auto back = parse(pki::format_time(seconds));
        if (!back || *back != seconds) fail_msg("day %lld", static_cast<long long>(day));
    }
}

// RFC 5280 4.1.2.5 tells which years a UTCTime holds; a GeneralizedTime for them is read too.
void generalized_time_before_2050_is_read(void**) {
    const auto seconds = parse("20261120170000Z");
    assert_ok(seconds);
    assert_true(*seconds == 1795194000);
}

void impossible_dates_are_refused(void**) {
    for (const char* bad :
         {"260229000000Z", "21000229000000Z", "260431000000Z", "261301000000Z", "260001000000Z",
          "260100000000Z", "260132000000Z", "260101240000Z", "260101006000Z", "260101000060Z"})
        assert_error(Errc::malformed, parse(bad));
    assert_ok(parse("240229000000Z"));
    assert_ok(parse("20000229000000Z"));
}

// RFC 5280 4.1.2.5.1 and 4.1.2.5.2: seconds, "Z", nothing else.
void other_forms_are_refused(void**) {
    for (const char* bad :
         {"2611201700Z", "261120170000", "261120170000+0000", "20261120170000.5Z",
          "2026112017Z", "26112017000 Z", "26112017000-Z", "", "Z", "261120170000z"}) {
        assert_error(Errc::malformed, pki::parse_time(kUtcTime, as_bytes(bad)));
        assert_error(Errc::malformed, pki::parse_time(kGeneralizedTime, as_bytes(bad)));
    }
    assert_error(Errc::malformed, pki::parse_time(kGeneralizedTime, as_bytes("261120170000Z")));
    assert_error(Errc::malformed, pki::parse_time(kUtcTime, as_bytes("20261120170000Z")));
    assert_error(Errc::malformed, pki::parse_time(0x0c, as_bytes("261120170000Z")));
}

// Of the many forms of ISO 8601 only the one that format_iso8601() writes.
void other_forms_of_iso8601_are_refused(void**) {
    for (const char* bad :
         {"", "Z", "now", "2026-11-20", "2026-11-20T17:00Z", "2026-11-20T17:00:00",
          "2026-11-20 17:00:00Z", "2026-11-20t17:00:00z", "2026-11-20T17:00:00.5Z",
          "2026-11-20T17:00:00+00:00", "20261120T170000Z", "2026-11-20T17:00:00ZZ",
          "+026-11-20T17:00:00Z", "2026-1a-20T17:00:00Z", "26-11-20T17:00:00Z"})
        assert_error(Errc::malformed, pki::parse_iso8601(bad));
    assert_error(Errc::malformed, pki::parse_iso8601({"2026-11-20T17:00:00Z\0", 21}));
    for (const char* bad :
         {"2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
          "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
          "2026-01-01T00:00:60Z"})
        assert_error(Errc::malformed, pki::parse_iso8601(bad));
    assert_ok(pki::parse_iso8601("2024-02-29T23:59:59Z"));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(known_dates),
        cmocka_unit_test(each_day_of_four_centuries_comes_back),
        cmocka_unit_test(generalized_time_before_2050_is_read),
        cmocka_unit_test(impossible_dates_are_refused),
        cmocka_unit_test(other_forms_are_refused),
        cmocka_unit_test(other_forms_of_iso8601_are_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
