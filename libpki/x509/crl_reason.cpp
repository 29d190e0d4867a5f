#include "libpki/x509/crl_reason.h"

#include <algorithm>
#include <iterator>

#include "libpki/base/ascii.h"

namespace pki::x509 {

namespace {

struct Row {
    CrlReason reason;
    std::string_view name;
};

constexpr Row kReasons[] = {
    {CrlReason::unspecified, "unspecified"},
    {CrlReason::key_compromise, "keyCompromise"},
    {CrlReason::ca_compromise, "cACompromise"},
    {CrlReason::affiliation_changed, "affiliationChanged"},
    {CrlReason::superseded, "superseded"},
    {CrlReason::cessation_of_operation, "cessationOfOperation"},
    {CrlReason::certificate_hold, "certificateHold"},
    {CrlReason::remove_from_crl, "removeFromCRL"},
    {CrlReason::privilege_withdrawn, "privilegeWithdrawn"},
    {CrlReason::aa_compromise, "aACompromise"},
};

}  // namespace

std::string_view name(CrlReason reason) {
    const auto row = std::ranges::find(kReasons, reason, &Row::reason);
    return row == std::end(kReasons) ? std::string_view() : row->name;
}

std::optional<CrlReason> crl_reason_from_name(std::string_view name) {
    for (const Row& row : kReasons)
        if (equal_ignoring_case(row.name, name)) return row.reason;
    return std::nullopt;
}

std::optional<CrlReason> crl_reason_from_number(std::uint64_t number) {
    for (const Row& row : kReasons)
        if (static_cast<std::uint64_t>(row.reason) == number) return row.reason;
    return std::nullopt;
}

}  // namespace pki::x509
