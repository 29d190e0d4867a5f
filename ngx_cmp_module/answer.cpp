#include "ngx_cmp_module/answer.h"

#include <algorithm>

#include "libpki/cmp/certificate.h"
#include "libpki/cmp/revocation.h"
#include "ngx_cmp_module/nested.h"
#include "ngx_cmp_module/open.h"
#include "ngx_cmp_module/wanted.h"
#include "ngx_cmp_module/work.h"
#include "ngx_common/guard.h"
#include "ngx_common/headers.h"
#include "ngx_common/send.h"

namespace ngx_enroll::cmp {

namespace {

namespace wire = pki::wire;
using pki::Errc;
using pki::cmp::BodyType;
using pki::cmp::PkiStatus;
using pki::cmp::PkiStatusInfo;

constexpr std::string_view kMediaType = "application/pkixcmp";

// --- header and protection ---

std::vector<pki::Bytes> views(const std::vector<pki::Buffer>& buffers) {
    return {buffers.begin(), buffers.end()};
}

// A MAC with the key that the request has proven, else our signature.
pki::cmp::Protector protector_of(const Request& request, const LocConf& conf) {
    pki::cmp::Protector protector;
    if (request.mac_key) {
        protector.mac = &request.protection.mac;
        protector.mac_key = request.mac_key->view();
        protector.reference = *request.message->header.sender_kid;
        return protector;
    }
    const Sender& sender = *conf.sender;
    protector.key = sender.key.get();
    protector.certificate = sender.certificate;
    protector.chain = views(sender.chain);
    protector.pss = conf.pss != 0;
    return protector;
}

// Our own chain is often that of the certificate as well.
std::vector<pki::Bytes> others_than(const pki::cmp::Protector& protector,
                                    const std::vector<pki::Buffer>& certificates) {
    std::vector<pki::Bytes> others;
    for (const pki::Buffer& one : certificates)
        if (std::ranges::none_of(protector.chain,
                                 [&](pki::Bytes ours) { return pki::equal(ours, one); }))
            others.push_back(one);
    return others;
}

// RFC 9810 7: that of the request, or the nearest one that we have; 3 where the answer needs it.
std::uint64_t pvno_of(const Request& request, const Answer& answer) {
    return request.message->header.pvno >= 3 || answer.pvno_3 ? 3 : 2;
}

pki::cmp::HeaderSpec header_of(const Request& request, const Answer& answer, std::int64_t now) {
    const pki::cmp::Header& asked = request.message->header;
    pki::cmp::HeaderSpec header;
    header.pvno = pvno_of(request, answer);
    header.recipient = asked.sender;
    header.message_time = now;
    header.transaction_id = asked.transaction_id;
    header.sender_nonce =
        answer.sender_nonce.empty() ? pki::Bytes(request.nonce) : answer.sender_nonce;
    header.recip_nonce = asked.sender_nonce;
    header.implicit_confirm = answer.implicit_confirm;
    header.confirm_wait_time = answer.confirm_wait_time;
    return header;
}

pki::Result<pki::Buffer> build(const Request& request, const Answer& answer,
                               const LocConf& conf, std::int64_t now) {
    pki::cmp::HeaderSpec header = header_of(request, answer, now);
    PKI_TRY(const auto ours, pki::x509::parse_certificate(conf.sender->certificate));
    header.sender = ours.tbs.subject.encoding;
    const pki::cmp::Protector protector = protector_of(request, conf);
    return pki::cmp::build_message(header, answer.type, answer.body, protector,
                                   others_than(protector, answer.extra_certs));
}

class Protecting final : public Step {
   public:
    Protecting(CmpExchange& exchange, Answer answer)
        : Step(exchange),
          request_(*exchange.current),
          answer_(std::move(answer)),
          conf_(conf_of(exchange.request)),
          now_(ngx_time()) {}

   private:
    pki::Status compute() override {
        PKI_TRY(message_, build(request_, answer_, conf_, now_));
        return {};
    }

    ngx_int_t go_on(const pki::Status& status) override {
        if (!status) return give_up(exchange_, status.error().text);
        return &request_ == &exchange_.message
                   ? send_message(exchange_, message_)
                   : take_nested_answer(exchange_, std::move(message_));
    }

    const Request& request_;
    Answer answer_;
    const LocConf& conf_;
    std::int64_t now_;
    pki::Buffer message_;
};

// --- errors ---

PkiStatusInfo rejection(CmpExchange& exchange, const pki::Error& error, std::string_view text) {
    const pki::cmp::FailInfo info = pki::cmp::fail_info(error);
    exchange.fail_info = pki::cmp::name(info);
    return {PkiStatus::rejection, std::string(text), info};
}

BodyType answer_type(BodyType type) {
    switch (type) {
        case BodyType::ir: return BodyType::ip;
        case BodyType::kur: return BodyType::kup;
        case BodyType::rr: return BodyType::rp;
        case BodyType::cr:
        case BodyType::p10cr: return BodyType::cp;
        default: return BodyType::error;
    }
}

// RFC 9810 5.1.1: that a transactionID is in use is said by an error message alone.
bool has_own_answer(const Request& request, const PkiStatusInfo& status) {
    return request.verified && status.fail_info != pki::cmp::FailInfo::transaction_id_in_use;
}

Answer rejecting(const Request& request, PkiStatusInfo status) {
    const BodyType type = request.message->type;
    const bool own = has_own_answer(request, status);
    if (own && asks_for_certificate(type)) {
        const std::int64_t id = type == BodyType::p10cr ? -1 : request.wanted_id;
        return {answer_type(type),
                pki::cmp::build_cert_rep({id, std::move(status), {}, {}}, {})};
    }
    if (own && type == BodyType::rr)
        return {BodyType::rp, pki::cmp::build_rev_rep({std::move(status), {}})};
    return {BodyType::error, pki::cmp::build_error({std::move(status), {}, {}})};
}

ngx_int_t reject(CmpExchange& exchange, const pki::Error& error, std::string_view text) {
    exchange.outcome = pki::name(error.code);
    return answer_with(exchange,
                       rejecting(*exchange.current, rejection(exchange, error, text)));
}

pki::Result<ngx_int_t> make(CmpExchange& exchange) {
    PKI_TRY(const wire::Frame frame, wire::parse_frame(exchange.answer));
    if (frame.header.kind != wire::Kind::error_reply || exchange.takes_errors)
        return exchange.make_answer(exchange, frame);
    PKI_TRY(const wire::ErrorReply error, wire::decode<wire::ErrorReply>(frame));
    return answer_refusal(exchange, error);
}

}  // namespace

ngx_int_t send_message(CmpExchange& exchange, pki::Bytes message) {
    ngx_http_request_t* r = exchange.request;
    add_header(r, "Cache-Control", lend("no-store"));
    r->disable_not_modified = 1;
    Reply reply;
    reply.content_type = lend(kMediaType);
    reply.body = copy_to_pool(r->pool, pki::as_text(message));
    reply.retry_after = exchange.retry_after;
    exchange.place.leave();
    return send_reply(r, reply);
}

ngx_int_t answer_with(CmpExchange& exchange, Answer answer) {
    const Request& request = *exchange.current;
    const bool slow = !request.mac_key && conf_of(exchange.request).sender->slow;
    auto* step = new_in_pool<Protecting>(exchange.request->pool, exchange, std::move(answer));
    return take_step(exchange, *step, slow);
}

ngx_int_t answer_failure(CmpExchange& exchange, const pki::Error& error, const char* cause) {
    exchange.cause = cause != nullptr ? cause : error.text;
    const ngx_uint_t level = error.code == Errc::internal ? NGX_LOG_ERR : NGX_LOG_INFO;
    ngx_log_error(level, exchange.request->connection->log, 0, "cmp: request refused: %s",
                  exchange.cause);
    exchange.outcome = pki::name(error.code);
    record_nested_refusal(exchange);
    return reject(exchange, error, pki::client_visible(error.code) ? error.text : "");
}

ngx_int_t answer_refusal(CmpExchange& exchange, const wire::ErrorReply& error) {
    if (pki::retryable(error.code))
        exchange.retry_after = error.retry_after != 0 ? static_cast<time_t>(error.retry_after)
                                                      : conf_of(exchange.request).retry_after;
    return reject(exchange, pki::fail(error.code, error.reason, ""), error.text);
}

void take_answer(SignerExchange& base) {
    auto& exchange = static_cast<CmpExchange&>(base);
    ngx_log_t* log = exchange.request->connection->log;
    end_with(exchange, guarded<ngx_int_t>(log, NGX_HTTP_INTERNAL_SERVER_ERROR, [&] {
                 const auto made = make(exchange);
                 if (made) return *made;
                 ngx_log_error(NGX_LOG_ERR, log, 0, "signerd sent a bad answer: %s",
                               made.error().text);
                 exchange.answered = false;
                 return answer_failure(exchange, pki::fail(Errc::unavailable, "bad answer"));
             }));
}

const ProtocolError* lost_signer(ngx_http_request_t* r, ngx_uint_t status) {
    CmpExchange* exchange = find_exchange(r);
    const bool lost = status == NGX_HTTP_BAD_GATEWAY || status == NGX_HTTP_GATEWAY_TIME_OUT;
    if (!lost || exchange == nullptr || !unanswered(*exchange)) return nullptr;
    const pki::Error error = pki::fail(Errc::unavailable, "");
    // Of one that nests others it is the answer to all of them.
    const Request& request =
        exchange->nested.size() == 1 ? exchange->nested.front() : exchange->message;
    const auto message =
        build(request, rejecting(request, rejection(*exchange, error, "try again later")),
              conf_of(r), ngx_time());
    if (!message) return nullptr;
    add_retry_after(r, conf_of(r).retry_after);
    auto* made = new_in_pool<ProtocolError>(r->pool);
    *made = {lend(kMediaType), copy_to_pool(r->pool, pki::as_text(*message))};
    return made;
}

ngx_int_t give_up(CmpExchange& exchange, const char* why) {
    ngx_log_error(NGX_LOG_ERR, exchange.request->connection->log, 0,
                  "cmp: the answer cannot be made: %s", why);
    exchange.answered = false;
    exchange.issued.clear();
    exchange.fail_info = {};
    return refuse_with(exchange, NGX_HTTP_INTERNAL_SERVER_ERROR, Errc::internal,
                       "internal error");
}

}  // namespace ngx_enroll::cmp
