// What nginx decided without asking signerd, on its way into the audit log.
//
// A worker numbers its batches from 1 and sends a batch, unchanged, until it is answered with a
// ReportReply: then its records are durable. signerd takes a number of a reporter once.
#pragma once

#include "libpki/wire/messages.h"

namespace pki::wire {

// One decision. Views, as in other messages.
struct ReportedDecision {
    std::int64_t time = 0;     // microseconds since 1970 UTC
    std::string_view profile;  // empty: not known
    Protocol protocol = Protocol::none;
    Operation operation = Operation::none;
    Errc reason = Errc::internal;   // always one: what was granted, signerd has granted
    std::uint16_t http_status = 0;  // what the client got
    std::string_view detail;        // the cause, a literal of the worker's code
    std::string_view client_address;
    Credential credential = Credential::none;
    std::string_view credential_name;
    std::string_view transaction;
    Bytes csr_sha256;  // empty: no CSR was read

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.number(1, m.time);
        v.text(2, m.profile, limits::kProfileName);
        v.number(3, m.protocol, Protocol::none, Protocol::enroll);
        v.number(4, m.operation, Operation::none, Operation::revoke);
        v.number(5, m.reason, Errc::malformed, static_cast<Errc>(kErrcCount));
        v.number(6, m.http_status);
        v.text(7, m.detail, limits::kReportDetail);
        v.text(8, m.client_address, limits::kAddress);
        v.number(9, m.credential, Credential::none, Credential::mac);
        v.text(10, m.credential_name, limits::kCredentialName);
        v.text(11, m.transaction, limits::kTransaction);
        v.bytes(12, m.csr_sha256, 32);
    }
};

// The fields without a frame header, for ReportRequest::decisions. Decoding refuses
// Credential::challenge, which signerd alone can find.
Result<Buffer> encode_decision(const ReportedDecision& decision);
Result<ReportedDecision> decode_decision(Bytes fields);

struct ReportRequest {
    static constexpr Kind kKind = Kind::report_request;

    Bytes reporter;              // kReporter random bytes, new with each process of a worker
    std::uint64_t sequence = 0;  // of the batch, from 1
    // Decisions that the worker had no room for since the batch before, and when the first and
    // the last of them were made.
    std::uint64_t lost = 0;
    std::int64_t lost_from = 0;
    std::int64_t lost_to = 0;
    std::vector<Bytes> decisions;  // each from encode_decision()

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.bytes(1, m.reporter, limits::kReporter);
        v.number(2, m.sequence);
        v.number(3, m.lost);
        v.number(4, m.lost_from);
        v.number(5, m.lost_to);
        v.list(6, m.decisions, limits::kDecision, limits::kReported);
    }
};

struct ReportReply {
    static constexpr Kind kKind = Kind::report_reply;

    bool repeated = false;  // recorded already, when it came first

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.flag(1, m.repeated);
    }
};

}  // namespace pki::wire
