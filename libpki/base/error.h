// What can go wrong, everywhere: one small set of codes that the wire, the
// audit record and the tables of status codes share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "libpki/base/reason.h"

namespace pki {

// The numbers go over the wire and into the audit store: never reuse one.
enum class Errc : std::uint8_t {
    malformed = 1,        // the bytes are not what the standard says
    unsupported = 2,      // well formed, but an algorithm or form we do not have
    bad_signature = 3,    // a signature or possession proof does not verify
    weak_key = 4,         // key type, size or parameters below policy
    unauthenticated = 5,  // no credential, or a wrong one
    denied = 6,           // known, but a rule refuses
    conflict = 7,         // the idempotency key belongs to another request
    not_found = 8,        // no such profile, certificate, transaction
    limited = 9,          // a rate or count limit
    unavailable = 10,     // overload, draining, signer or store away: try again
    internal = 11,        // our own fault
};

constexpr int kErrcCount = 11;

// May the same request succeed later without a change?
constexpr bool retryable(Errc code) {
    return code == Errc::limited || code == Errc::unavailable;
}

// May the text be shown to the peer? Causes that would help an attacker are
// for the audit record only.
constexpr bool client_visible(Errc code) {
    return code != Errc::unauthenticated && code != Errc::internal && code != Errc::unavailable;
}

constexpr const char* name(Errc code) {
    switch (code) {
        case Errc::malformed: return "malformed";
        case Errc::unsupported: return "unsupported";
        case Errc::bad_signature: return "bad_signature";
        case Errc::weak_key: return "weak_key";
        case Errc::unauthenticated: return "unauthenticated";
        case Errc::denied: return "denied";
        case Errc::conflict: return "conflict";
        case Errc::not_found: return "not_found";
        case Errc::limited: return "limited";
        case Errc::unavailable: return "unavailable";
        case Errc::internal: return "internal";
    }
    return "unknown";
}

struct Error {
    Errc code = Errc::internal;
    const char* text = "";   // a literal: what is wrong, without values from the peer
    std::size_t offset = 0;  // bytes from the start of the outermost input, for parsers
    std::string detail;      // the value or rule concerned; may hold bytes of the peer
    Reason reason = Reason::none;

    // "text: detail", for logs and for peers where client_visible() allows.
    std::string message() const { return detail.empty() ? text : text + (": " + detail); }
};

}  // namespace pki
