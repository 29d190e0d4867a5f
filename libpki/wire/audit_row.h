// One audit record, and the canonical bytes over which the chain of hashes runs:
//     hash(n) = SHA-256(hash(n-1) || canonical(row n)),  hash(0) = 32 zero bytes
// signerd writes them, signerctl recomputes them without believing signerd.
#pragma once

#include "libpki/wire/messages.h"

namespace pki::wire {

// `pending`: put before a person, who will allow or deny it.
enum class Decision : std::uint8_t { allow = 1, deny = 2, shed = 3, pending = 4 };
std::string_view name(Decision decision);

// Views; the strings and bytes are owned by whoever fills it in.
struct AuditRow {
    std::uint64_t sequence = 0;  // from 1, without gaps
    std::int64_t time = 0;       // microseconds since 1970 UTC
    std::string_view signerd;    // id of the daemon
    std::string_view tenant;
    std::string_view profile;
    Protocol protocol = Protocol::none;
    Operation operation = Operation::none;
    Decision decision = Decision::deny;
    std::uint8_t reason = 0;   // Errc, 0 with allow
    std::string_view detail;   // the cause in words
    std::string_view subject;  // of the CSR, RFC 4514
    std::string_view sans;     // comma-separated general_name_text()
    std::string_view serial;   // hex, with allow
    Bytes csr_sha256;
    std::string_view client_address;
    Credential credential = Credential::none;
    std::string_view credential_name;
    std::string_view transaction;
    std::string_view peer;  // which peer of signerd asked
    // What the client got where the peer decided by itself and reported it; 0: signerd decided.
    std::uint16_t http_status = 0;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.number(1, m.sequence);
        v.number(2, m.time);
        v.text(3, m.signerd, 64);
        v.text(4, m.tenant, 64);
        v.text(5, m.profile, limits::kProfileName);
        v.number(6, m.protocol, Protocol::none, Protocol::enroll);
        v.number(7, m.operation, Operation::none, Operation::token);
        v.number(8, m.decision, Decision::allow, Decision::pending);
        v.number(9, m.reason, std::uint8_t{0}, std::uint8_t{kErrcCount});
        v.text(10, m.detail, 1024);
        v.text(11, m.subject, 2048);
        v.text(12, m.sans, 8192);
        v.text(13, m.serial, 40);
        v.bytes(14, m.csr_sha256, 32);
        v.text(15, m.client_address, limits::kAddress);
        v.number(16, m.credential, Credential::none, Credential::token);
        v.text(17, m.credential_name, limits::kCredentialName);
        v.text(18, m.transaction, limits::kTransaction);
        v.text(19, m.peer, 64);
        // Since then rows have fields that older ones lack: absent means zero.
        v.number(20, m.http_status);
    }
};

// The fields without a frame header.
Result<Buffer> canonical(const AuditRow& row);
Result<AuditRow> parse_canonical(Bytes canonical);

}  // namespace pki::wire
