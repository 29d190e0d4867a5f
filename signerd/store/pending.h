// Requests that wait for a person, and what became of them.
#pragma once

#include <string>

#include "libpki/ossl/digest.h"
#include "libpki/wire/messages.h"

namespace signerd {

enum class PendingState : std::uint8_t { waiting = 0, issued = 1, denied = 2 };

// What is needed to issue later, without the client.
struct PendingRequest {
    std::uint64_t id = 0;  // set by the store, grows with each request
    // RequestKey::key of idempotency.h. Of the requests with one key the last counts.
    pki::ossl::Sha256 key{};
    std::string tenant;
    std::string profile;
    pki::wire::Protocol protocol = pki::wire::Protocol::none;
    pki::wire::Operation operation = pki::wire::Operation::none;
    pki::Buffer csr;  // x509::without_challenge_password(): it cannot be verified
    pki::ossl::Sha256 csr_sha256{};  // of the bytes that the client sent
    pki::ossl::Sha256 spki_sha256{};
    std::string subject;  // RFC 4514
    std::string sans;
    std::string client_address;
    pki::wire::Credential credential = pki::wire::Credential::none;  // as in its audit record
    std::string credential_name;
    pki::Buffer client_certificate;  // DER, as the next; empty: none
    pki::Buffer signer_certificate;
    std::string transaction;
    pki::wire::RequestForm form = pki::wire::RequestForm::pkcs10;  // of csr
    pki::Buffer originator;    // of CMP, as in the IssueRequest
    std::int64_t created = 0;  // seconds since 1970
    // Until then somebody may decide, and after that the client may fetch what was decided.
    std::int64_t expires = 0;

    // What became of it: not written with the request.
    PendingState state = PendingState::waiting;
    std::int64_t decided = 0;
    std::string decided_by;  // which peer of signerd
    std::string reason;      // of a denial, in the words of who decided
    std::string ca, serial;  // of the certificate, when issued

    bool expired(std::int64_t now) const { return expires <= now; }
};

// A decision about one that waits.
struct PendingChange {
    std::uint64_t id = 0;
    PendingState state = PendingState::waiting;  // what it becomes, which is another
    std::int64_t decided = 0;
    std::int64_t expires = 0;
    std::string decided_by;
    std::string reason;
};

struct PendingFilter {
    std::string profile = {};  // empty: any
    bool all = false;          // else those only that wait at the time `now`
    std::int64_t now = 0;
    std::uint64_t after = 0;
    std::uint32_t limit = 100;
};

}  // namespace signerd
