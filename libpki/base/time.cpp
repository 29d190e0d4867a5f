#include "libpki/base/time.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "libpki/base/ascii.h"
#include "libpki/base/der_reader.h"

namespace pki {

namespace {

struct Civil {
    std::int64_t year;
    int month, day, hour, minute, second;
};

constexpr std::int64_t kDay = 86400;

// Days since 1970-01-01 of a date in the proleptic Gregorian calendar, counted from
// March so that the leap day is the last of its year.
std::int64_t days_from_civil(std::int64_t year, int month, int day) {
    year -= month <= 2;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const std::int64_t year_of_era = year - era * 400;
    const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
           day_of_year - 719468;
}

Civil civil_from_unix(std::int64_t unix_seconds) {
    std::int64_t days = unix_seconds / kDay;
    std::int64_t seconds = unix_seconds % kDay;
    if (seconds < 0) {
        seconds += kDay;
        days--;
    }
    days += 719468;
    const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const std::int64_t day_of_era = days - era * 146097;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const std::int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
    const int month =
        static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    return {year_of_era + era * 400 + (month <= 2),
            month,
            static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1),
            static_cast<int>(seconds / 3600),
            static_cast<int>(seconds / 60 % 60),
            static_cast<int>(seconds % 60)};
}

int days_in_month(std::int64_t year, int month) {
    constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

// Of octets that are digits.
int digits(Bytes content, std::size_t from, std::size_t count) {
    int value = 0;
    for (const std::uint8_t c : content.subspan(from, count)) value = value * 10 + (c - '0');
    return value;
}

Result<std::int64_t> unix_from_civil(const Civil& c) {
    if (c.month < 1 || c.month > 12 || c.day < 1 || c.day > days_in_month(c.year, c.month) ||
        c.hour > 23 || c.minute > 59 || c.second > 59)
        return fail(Errc::malformed, "time: no such date");
    return days_from_civil(c.year, c.month, c.day) * kDay + c.hour * 3600 + c.minute * 60 +
           c.second;
}

}  // namespace

std::string format_time(std::int64_t unix_seconds) {
    const Civil c = civil_from_unix(unix_seconds);
    if (c.year < 1950 || c.year >= 2050) return format_generalized_time(unix_seconds);
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%02d%02d%02d%02d%02d%02dZ",
                  static_cast<int>(c.year % 100), c.month, c.day, c.hour, c.minute, c.second);
    return text.data();
}

std::string format_generalized_time(std::int64_t unix_seconds) {
    const Civil c = civil_from_unix(unix_seconds);
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%04lld%02d%02d%02d%02d%02dZ",
                  static_cast<long long>(c.year), c.month, c.day, c.hour, c.minute, c.second);
    return text.data();
}

std::string format_iso8601(std::int64_t unix_seconds) {
    const Civil c = civil_from_unix(unix_seconds);
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%04lld-%02d-%02dT%02d:%02d:%02dZ",
                  static_cast<long long>(c.year), c.month, c.day, c.hour, c.minute, c.second);
    return text.data();
}

Result<std::int64_t> parse_time(std::uint8_t tag, Bytes content) {
    const std::size_t year_digits = tag == der::kUtcTime ? 2 : 4;
    if (tag != der::kUtcTime && tag != der::kGeneralizedTime)
        return fail(Errc::malformed, "time: neither UTCTime nor GeneralizedTime");
    if (content.size() != year_digits + 11 || content.back() != 'Z')
        return fail(Errc::malformed, "time: not in the form of RFC 5280");
    for (const std::uint8_t c : content.first(content.size() - 1))
        if (c < '0' || c > '9') return fail(Errc::malformed, "time: not a digit");

    Civil c{digits(content, 0, year_digits),     digits(content, year_digits, 2),
            digits(content, year_digits + 2, 2), digits(content, year_digits + 4, 2),
            digits(content, year_digits + 6, 2), digits(content, year_digits + 8, 2)};
    if (tag == der::kUtcTime) c.year += c.year < 50 ? 2000 : 1900;
    return unix_from_civil(c);
}

Result<std::int64_t> parse_iso8601(std::string_view text) {
    constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:ddZ";
    const auto fits = [](char c, char form) { return form == 'd' ? is_digit(c) : c == form; };
    if (!std::ranges::equal(text, kForm, fits))
        return fail(Errc::malformed, "time: not in the form 2026-11-20T17:00:00Z");
    const Bytes octets = as_bytes(text);
    return unix_from_civil({digits(octets, 0, 4), digits(octets, 5, 2), digits(octets, 8, 2),
                            digits(octets, 11, 2), digits(octets, 14, 2),
                            digits(octets, 17, 2)});
}

}  // namespace pki
