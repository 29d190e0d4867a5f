#include "ngx_cmp_module/ask.h"

#include "libpki/base/utf8.h"
#include "libpki/cmp/certificate.h"
#include "libpki/cmp/revocation.h"
#include "libpki/wire/pending.h"
#include "libpki/wire/transaction.h"
#include "ngx_cmp_module/general.h"
#include "ngx_cmp_module/nested.h"
#include "ngx_cmp_module/reply.h"
#include "ngx_cmp_module/route.h"
#include "ngx_common/report_log.h"

namespace ngx_enroll::cmp {

namespace {

namespace wire = pki::wire;
using pki::Errc;
using pki::fail;
using pki::Reason;
using pki::cmp::BodyType;

// Encoded, and the bytes that they look into.
struct Ties {
    pki::Buffer turn;
    pki::Buffer originator;
};

pki::Result<pki::Buffer> turn_of(const Request& request) {
    const pki::cmp::Header& header = request.message->header;
    const auto sha256 = pki::ossl::sha256(request.der);
    wire::Turn turn;
    turn.transaction_id = *header.transaction_id;
    turn.message_sha256 = sha256;
    turn.recip_nonce = header.recip_nonce.value_or(pki::Bytes());
    turn.sender_nonce = request.nonce;
    return wire::encode_turn(turn);
}

pki::Result<pki::Buffer> originator_of(const Request& request) {
    wire::Originator originator;
    originator.credential =
        request.signer ? wire::Credential::certificate : wire::Credential::mac;
    std::string name = request.name;
    pki::cut_text(name, pki::limits::kCredentialName);
    originator.name = name;
    if (request.signer) originator.signer_certificate = request.signer->encoding;
    originator.ra = request.ra;
    return wire::encode_originator(originator);
}

pki::Result<Ties> ties_of(const Request& request) {
    PKI_TRY(pki::Buffer turn, turn_of(request));
    PKI_TRY(pki::Buffer originator, originator_of(request));
    return Ties{std::move(turn), std::move(originator)};
}

// What every question within a transaction has.
template <class Message>
Message question(const CmpExchange& exchange, const Ties& ties) {
    Message message;
    message.profile = exchange.current->profile;
    message.turn = ties.turn;
    message.originator = ties.originator;
    message.client_address = client_address(exchange.request->connection);
    message.transaction = exchange.current->transaction;
    return message;
}

// A client that has named its profile before need not do so again (RFC 9810 5.1.1.4).
std::vector<pki::Bytes> others_of(const CmpExchange& exchange) {
    const Request& request = *exchange.current;
    if (request.names_profile) return {};
    return other_profiles(conf_of(exchange.request), request.profile);
}

bool wants_chain(const CmpExchange& exchange) {
    const LocConf& conf = conf_of(exchange.request);
    return conf.chain != 0 || conf.ca_pubs != 0;
}

ngx_int_t ask_for_certificate(CmpExchange& exchange, const Ties& ties) {
    const Request& request = *exchange.current;
    const BodyType type = request.message->type;
    auto wanted = question<wire::IssueRequest>(exchange, ties);
    wanted.protocol = wire::Protocol::cmp;
    wanted.operation = type == BodyType::kur ? wire::Operation::renew : wire::Operation::enroll;
    wanted.form = type == BodyType::p10cr ? wire::RequestForm::pkcs10 : wire::RequestForm::crmf;
    wanted.csr = request.wanted;
    wanted.possession_verified = request.possession_verified;
    wanted.want_chain = wants_chain(exchange);
    wanted.implicit_confirm = request.message->header.implicit_confirm;
    return ask(exchange, wanted, on_issued);
}

// RFC 9483 4.1.1: one CertStatus, for the one certificate; hashAlg came with version 3.
pki::Status check_cert_conf(const std::vector<pki::cmp::CertStatus>& statuses,
                            std::uint64_t pvno) {
    if (statuses.size() > 1)
        return fail(Errc::malformed, Reason::bad_request, "there are several CertStatus");
    if (statuses.empty() || !statuses[0].hash) return {};
    if (pvno == 2) return fail(Errc::malformed, Reason::bad_cert_id, "hashAlg needs pvno 3");
    if (*statuses[0].hash == pki::ossl::Hash::none)
        return fail(Errc::unsupported, Reason::bad_alg, "the hash of hashAlg is not known");
    return {};
}

void fill(wire::ConfirmRequest& message, const pki::cmp::CertStatus& status) {
    using pki::cmp::PkiStatus;
    message.cert_req_id = status.id;
    message.cert_hash = status.cert_hash;
    message.hash = status.hash ? static_cast<std::uint8_t>(*status.hash) : 0;
    message.accepted = !status.status || status.status->status == PkiStatus::accepted ||
                       status.status->status == PkiStatus::granted_with_mods;
}

// The words of a client who rejects his certificate, fit for the records.
std::string words_of(const pki::cmp::PkiStatusInfo& status) {
    std::string words = pki::printable(status.text, pki::limits::kReportDetail);
    pki::cut_text(words, pki::limits::kReportDetail);
    return words;
}

ngx_int_t confirm(CmpExchange& exchange, const Ties& ties) {
    const pki::cmp::Message& sent = *exchange.current->message;
    const auto statuses = pki::cmp::parse_cert_conf(sent.body);
    if (!statuses) return answer_failure(exchange, statuses.error());
    if (const auto status = check_cert_conf(*statuses, sent.header.pvno); !status)
        return answer_failure(exchange, status.error());
    auto message = question<wire::ConfirmRequest>(exchange, ties);
    message.other_profiles = others_of(exchange);
    message.empty = statuses->empty();
    std::string words;
    if (!message.empty) {
        fill(message, statuses->front());
        if (statuses->front().status) words = words_of(*statuses->front().status);
        if (!message.accepted) message.reason = words;
    }
    return ask(exchange, message, on_confirmed);
}

ngx_int_t poll(CmpExchange& exchange, const Ties& ties) {
    const auto id = pki::cmp::parse_poll_req(exchange.current->message->body);
    if (!id) return answer_failure(exchange, id.error());
    exchange.current->wanted_id = *id;
    auto message = question<wire::PollRequest>(exchange, ties);
    message.protocol = wire::Protocol::cmp;
    message.want_chain = wants_chain(exchange);
    message.cert_req_id = *id;
    message.other_profiles = others_of(exchange);
    return ask(exchange, message, on_issued);
}

// RevDetails has an INTEGER; on the wire of ours stands its magnitude.
pki::Bytes magnitude(pki::Bytes serial) {
    return serial.size() > 1 && serial[0] == 0 ? serial.subspan(1) : serial;
}

// When its transaction is forgotten, only its time tells that it is an old one: sent again, it
// would release a certificate that is on hold by now, or the other way round.
bool can_be_undone(pki::x509::CrlReason reason) {
    return reason == pki::x509::CrlReason::certificate_hold ||
           reason == pki::x509::CrlReason::remove_from_crl;
}

ngx_int_t revoke(CmpExchange& exchange, const Ties& ties) {
    const auto details = pki::cmp::parse_rev_req(exchange.current->message->body);
    if (!details) return answer_failure(exchange, details.error());
    if (can_be_undone(details->reason) && !exchange.current->message->header.message_time)
        return answer_failure(exchange, pki::fail(pki::Errc::malformed, pki::Reason::bad_time,
                                                  "a hold or a release needs messageTime"));
    auto message = question<wire::CmpRevokeRequest>(exchange, ties);
    message.issuer = details->issuer;
    message.serial = magnitude(details->serial);
    message.release = details->reason == pki::x509::CrlReason::remove_from_crl;
    message.reason = message.release ? 0 : static_cast<std::uint8_t>(details->reason);
    return ask(exchange, message, on_revoked);
}

// RFC 9483 3.6.1: the client hears that we know, and what it has in this transaction it does
// not want.
ngx_int_t end_transaction(CmpExchange& exchange, const Ties& ties) {
    const auto error = pki::cmp::parse_error(exchange.current->message->body);
    if (!error) return answer_failure(exchange, error.error());
    const auto info = error->status.fail_info;
    const std::string_view text = info ? pki::cmp::name(*info) : "no failInfo";
    ngx_str_t reason = lend(text);
    ngx_log_error(NGX_LOG_WARN, exchange.request->connection->log, 0,
                  "cmp: the client gives up transaction %s: %V",
                  exchange.current->transaction.c_str(), &reason);
    auto message = question<wire::ConfirmRequest>(exchange, ties);
    message.other_profiles = others_of(exchange);
    message.empty = message.gave_up = true;
    const std::string words = words_of(error->status);
    message.reason = words.empty() ? text : words;
    return ask(exchange, message, on_given_up, true);
}

using Asker = ngx_int_t (*)(CmpExchange&, const Ties&);

Asker asker_of(BodyType type) {
    switch (type) {
        case BodyType::cert_conf: return confirm;
        case BodyType::poll_req: return poll;
        case BodyType::rr: return revoke;
        case BodyType::error: return end_transaction;
        default: return ask_for_certificate;
    }
}

}  // namespace

ngx_int_t proceed(CmpExchange& exchange) {
    const BodyType type = exchange.current->message->type;
    if (type == BodyType::genm) return start_general(exchange);
    if (type == BodyType::nested) return start_nested(exchange);
    const auto ties = ties_of(*exchange.current);
    if (!ties) return answer_failure(exchange, ties.error());
    return asker_of(type)(exchange, *ties);
}

}  // namespace ngx_enroll::cmp
