// What signerd makes for registration: challenges for clients, certificates for the
// registration authorities (RAs) in nginx.
#pragma once

#include "libpki/wire/messages.h"

namespace pki::wire {

// A token of a challenge of type "hmac". The answer is JSON: {"challenge": TEXT, "expires":
// TIME}.
struct ChallengeCreateRequest {
    static constexpr Kind kKind = Kind::challenge_create_request;

    std::string_view challenge;  // its name in signerd.json; empty: the only one of that type
    std::string_view profile;    // that it is good for
    std::string_view subject;    // the common name that it is good for; empty: any
    std::uint32_t lifetime = 0;  // seconds; 0: as the challenge says
    std::uint8_t version = 2;    // 1: the form without key id, profile and subject

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.challenge, limits::kProfileName);
        v.text(2, m.profile, limits::kProfileName);
        v.text(3, m.subject, limits::kCredentialName);
        v.number(4, m.lifetime);
        v.number(5, m.version, std::uint8_t{1}, std::uint8_t{2});
    }
};

// The certificate of an RA. Answered with an IssueReply and its chain.
struct RaIssueRequest {
    static constexpr Kind kKind = Kind::ra_issue_request;

    std::string_view ca;         // empty: the only one
    Bytes csr;                   // DER
    std::uint32_t validity = 0;  // seconds; 0: two years
    // For the protection of CMP messages: with the purposes cmcRA and, when it signs keys that
    // are made for clients, cmKGA (RFC 9483 1.5, 4.1.6).
    bool cmp = false;
    bool key_generation = false;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.ca, limits::kProfileName);
        v.bytes(2, m.csr, limits::kCsr);
        v.number(3, m.validity);
        v.flag(4, m.cmp);
        v.flag(5, m.key_generation);
    }
};

}  // namespace pki::wire
