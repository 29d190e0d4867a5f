#include "clients/signerctl/revoke.h"

#include "libpki/base/ascii.h"
#include "libpki/base/der_reader.h"
#include "libpki/base/time.h"

namespace signerctl {

using pki::Errc;
using pki::fail;
using pki::wire::Protocol;
using pki::x509::CrlReason;

namespace {

constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:ddZ";
constexpr std::size_t kDate = 10;

// Its digits, or none when it has another form.
std::string digits_of(std::string_view text) {
    if (text.size() != kForm.size()) return {};
    std::string digits;
    for (std::size_t i = 0; i < text.size(); i++) {
        if (kForm[i] != 'd' && text[i] != kForm[i]) return {};
        if (kForm[i] != 'd') continue;
        if (!pki::is_digit(text[i])) return {};
        digits += text[i];
    }
    return digits;
}

}  // namespace

pki::Result<std::int64_t> parse_utc(std::string_view text, DayEnd end) {
    std::string whole(text);
    if (text.size() == kDate) whole += end == DayEnd::first ? "T00:00:00Z" : "T23:59:59Z";
    const std::string digits = digits_of(whole) + "Z";
    const auto seconds = pki::parse_time(pki::der::kGeneralizedTime, pki::as_bytes(digits));
    if (!seconds)
        return fail(Errc::malformed, "not a time such as 2026-11-20 or 2026-11-20T17:00:00Z",
                    std::string(text));
    return *seconds;
}

pki::Result<CrlReason> parse_reason(std::string_view name) {
    const auto reason = pki::x509::crl_reason_from_name(name);
    if (!reason || *reason == CrlReason::remove_from_crl)
        return fail(Errc::malformed, "not a reason to revoke", std::string(name));
    return *reason;
}

pki::Result<Protocol> parse_protocol(std::string_view name) {
    for (const Protocol protocol :
         {Protocol::est, Protocol::scep, Protocol::cmp, Protocol::enroll})
        if (pki::wire::name(protocol) == name) return protocol;
    return fail(Errc::malformed, "not a protocol", std::string(name));
}

}  // namespace signerctl
