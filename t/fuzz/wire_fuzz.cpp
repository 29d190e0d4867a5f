// The encoding of a message is canonical: whatever decodes encodes to the bytes that it was.
// The size of a frame is known from its first four bytes, and nothing behind the input is read.
#include "libpki/wire/audit_row.h"
#include "libpki/wire/lookup.h"
#include "libpki/wire/pending.h"
#include "libpki/wire/registration.h"
#include "libpki/wire/report.h"
#include "libpki/wire/revocation.h"
#include "libpki/wire/token.h"
#include "libpki/wire/transaction.h"
#include "t/fuzz/fuzz.h"

namespace {

using pki::Buffer;
using pki::Bytes;
namespace wire = pki::wire;

template <class M>
void check_message(const wire::Frame& frame, Bytes whole) {
    const auto message = wire::decode<M>(frame);
    if (!message) return;
    const auto encoded = wire::encode(*message, frame.header.id);
    PROPERTY(encoded && pki::equal(*encoded, whole));
}

template <class... M>
void check_messages(const wire::Frame& frame, Bytes whole) {
    (check_message<M>(frame, whole), ...);
}

// A copy of the first bytes, with nothing behind it that could be read unnoticed.
void check_prefix(Bytes input, std::size_t length) {
    const Buffer prefix = pki::to_buffer(input.first(std::min(length, input.size())));
    const auto size = wire::frame_size(prefix);
    PROPERTY(prefix.size() >= wire::kLengthSize || (size && *size == 0));
    if (size && *size != 0)
        PROPERTY(*size >= wire::kHeaderSize &&
                 *size <= wire::kLengthSize + pki::limits::kFrame);
    const auto frame = wire::parse_frame(prefix);
    PROPERTY(!frame || (size && *size == prefix.size()));
}

void check_audit_row(Bytes input) {
    const auto row = wire::parse_canonical(input);
    if (!row) return;
    const auto canonical = wire::canonical(*row);
    PROPERTY(canonical && pki::equal(*canonical, input));
}

void check_decision(Bytes input) {
    const auto decision = wire::decode_decision(input);
    if (!decision) return;
    const auto encoded = wire::encode_decision(*decision);
    PROPERTY(encoded && pki::equal(*encoded, input));
}

// What a worker may put into a list, signerd takes apart.
void check_report(const wire::Frame& frame) {
    const auto report = wire::decode<wire::ReportRequest>(frame);
    if (!report) return;
    PROPERTY(report->decisions.size() <= pki::limits::kReported);
    for (const Bytes decision : report->decisions) check_decision(decision);
}

// They travel inside other messages.
void check_turn(Bytes input) {
    const auto turn = wire::decode_turn(input);
    if (!turn) return;
    const auto encoded = wire::encode_turn(*turn);
    PROPERTY(encoded && pki::equal(*encoded, input) && encoded->size() <= pki::limits::kTurn);
}

void check_originator(Bytes input) {
    const auto originator = wire::decode_originator(input);
    if (!originator) return;
    const auto encoded = wire::encode_originator(*originator);
    PROPERTY(encoded && pki::equal(*encoded, input) &&
             encoded->size() <= pki::limits::kOriginator);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes input(data, size);
    for (const std::size_t length : {std::size_t{0}, std::size_t{3}, std::size_t{4},
                                     wire::kHeaderSize - 1, wire::kHeaderSize, size})
        check_prefix(input, length);
    check_audit_row(input);
    check_decision(input);
    check_turn(input);
    check_originator(input);
    const auto frame = wire::parse_frame(input);
    if (!frame) return 0;
    check_messages<wire::IssueRequest, wire::IssueReply, wire::ErrorReply, wire::CaCertsRequest,
                   wire::CaCertsReply, wire::StatusRequest, wire::CertListRequest,
                   wire::CertShowRequest, wire::JsonReply, wire::AuditPageRequest,
                   wire::AuditPageReply, wire::ReportRequest, wire::ReportReply>(*frame, input);
    check_messages<wire::RevokeRequest, wire::RevokeManyRequest, wire::CrlRequest,
                   wire::CrlReply, wire::WatchRequest, wire::WatchReply, wire::OcspRequest,
                   wire::OcspReply, wire::CrlPublishRequest>(*frame, input);
    check_messages<wire::CertificateRequest, wire::IssuerCrlRequest, wire::NextCaRequest,
                   wire::RaIssueRequest>(*frame, input);
    check_messages<wire::PendingReply, wire::PollRequest, wire::ConfirmRequest,
                   wire::TransactionReply, wire::CmpRevokeRequest, wire::TemplateRequest,
                   wire::TemplateReply, wire::RootUpdateRequest, wire::RootUpdateReply>(*frame,
                                                                                        input);
    check_messages<wire::TokenCreateRequest, wire::TokenListRequest, wire::TokenRevokeRequest>(
        *frame, input);
    check_report(*frame);
    return 0;
}
