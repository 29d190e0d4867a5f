// What became of a request, in a small fixed set: the label of its counter. The names are
// those of the error codes, and a few more.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace ngx_enroll {

enum class Outcome : unsigned char {
    issued,
    replayed,
    pending,  // a person decides
    ok,
    malformed,
    unsupported,
    bad_signature,
    weak_key,
    unauthenticated,
    denied,
    conflict,
    not_found,
    limited,
    unavailable,
    internal,
    aborted,  // the client went away, or took too long
    other,    // somebody else's answer: a redirect, a page
};

constexpr std::array<std::string_view, 17> kOutcomeNames{
    "issued",        "replayed",    "pending",         "ok",      "malformed", "unsupported",
    "bad_signature", "weak_key",    "unauthenticated", "denied",  "conflict",  "not_found",
    "limited",       "unavailable", "internal",        "aborted", "other"};
constexpr std::size_t kOutcomes = kOutcomeNames.size();

constexpr std::string_view name(Outcome outcome) {
    return kOutcomeNames[static_cast<std::size_t>(outcome)];
}

constexpr std::optional<Outcome> outcome_from_name(std::string_view name) {
    const auto found = std::ranges::find(kOutcomeNames, name);
    if (found == kOutcomeNames.end()) return std::nullopt;
    return static_cast<Outcome>(found - kOutcomeNames.begin());
}

// Of a decision that the module had no part in: limit_req, a body that is too large, and the
// like. 0 and 499 are nginx's for a client that left.
constexpr Outcome outcome_of_status(unsigned status) {
    switch (status) {
        case 400:
        case 411:
        case 413:
        case 414:
        case 494: return Outcome::malformed;
        case 401:
        case 495:
        case 496: return Outcome::unauthenticated;
        case 403: return Outcome::denied;
        case 404: return Outcome::not_found;
        case 405:
        case 415: return Outcome::unsupported;
        case 409: return Outcome::conflict;
        case 0:
        case 408:
        case 444:
        case 499: return Outcome::aborted;
        case 429: return Outcome::limited;
        case 425:
        case 502:
        case 503:
        case 504: return Outcome::unavailable;
        default: return status >= 500 ? Outcome::internal : Outcome::other;
    }
}

}  // namespace ngx_enroll
