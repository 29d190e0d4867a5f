// Why a certificate was revoked (RFC 5280 5.3.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pki::x509 {

enum class CrlReason : std::uint8_t {
    unspecified = 0,
    key_compromise = 1,
    ca_compromise = 2,
    affiliation_changed = 3,
    superseded = 4,
    cessation_of_operation = 5,
    certificate_hold = 6,
    remove_from_crl = 8,  // in delta CRLs only
    privilege_withdrawn = 9,
    aa_compromise = 10,
};

// "keyCompromise", as the RFC spells it; empty for a number that is none.
std::string_view name(CrlReason reason);
// The inverse, without case. nullopt for a name that is none.
std::optional<CrlReason> crl_reason_from_name(std::string_view name);
// nullopt for a number that is none.
std::optional<CrlReason> crl_reason_from_number(std::uint64_t number);

}  // namespace pki::x509
