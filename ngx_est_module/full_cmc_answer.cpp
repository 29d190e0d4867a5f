#include "ngx_est_module/full_cmc_answer.h"

#include "libpki/base/base64.h"
#include "libpki/cmc/response.h"
#include "libpki/est/status.h"
#include "libpki/wire/pending.h"
#include "ngx_common/guard.h"
#include "ngx_common/headers.h"
#include "ngx_est_module/bearer.h"
#include "ngx_est_module/signing.h"
#include "ngx_est_module/step.h"

namespace ngx_enroll::est {

namespace {

namespace cmc = pki::cmc;
namespace wire = pki::wire;
using cmc::CmcStatus;
using cmc::Objection;
using pki::Errc;

struct Answer {
    ngx_uint_t status = NGX_HTTP_OK;
    cmc::StatusInfo info;
    std::vector<pki::Bytes> certificates;  // views into exchange.answer
    time_t retry_after = 0;
};

ngx_int_t send(EstExchange& exchange, const Answer& answer, pki::Bytes message) {
    ngx_http_request_t* r = exchange.request;
    add_header(r, "Content-Transfer-Encoding", lend("base64"));  // as certificates_reply() does
    Reply reply;
    reply.status = answer.status;
    ngx_str_set(&reply.content_type, "application/pkcs7-mime; smime-type=CMC-response");
    reply.body = copy_to_pool(r->pool, pki::base64_encode(message));
    reply.retry_after = answer.retry_after;
    exchange.complete = true;
    exchange.place.leave();
    return send_reply(r, reply);
}

class Signing final : public Step {
   public:
    Signing(EstExchange& exchange, Answer answer)
        : Step(exchange),
          answer_(std::move(answer)),
          pair_(*conf_of(exchange.request).signing),
          echo_(cmc::echo_of(exchange.full_cmc->request.data)) {}

   private:
    void work() override { message_ = build(); }
    void failed(const pki::Error& error) noexcept override { message_ = error; }

    ngx_int_t go_on() override {
        if (message_) return send(exchange_, answer_, *message_);
        ngx_log_error(NGX_LOG_ERR, exchange_.request->connection->log, 0,
                      "est: the answer cannot be made: %s", message_.error().text);
        exchange_.outcome = pki::name(Errc::internal);
        exchange_.issued = {};
        return refuse(exchange_, NGX_HTTP_INTERNAL_SERVER_ERROR, "internal error");
    }

    pki::Result<pki::Buffer> build() const {
        std::uint8_t nonce[16];
        PKI_CHECK(pki::ossl::random_bytes(nonce));
        const pki::Buffer response = cmc::build_pki_response(answer_.info, echo_, nonce);
        const std::vector<pki::Bytes> chain(pair_.chain.begin(), pair_.chain.end());
        return cmc::build_full_response(response, {pair_.key.get(), pair_.certificate, chain},
                                        answer_.certificates);
    }

    Answer answer_;
    const SigningPair& pair_;
    cmc::Echo echo_;
    pki::Result<pki::Buffer> message_ = pki::Buffer();
};

ngx_int_t sign(EstExchange& exchange, Answer answer) {
    const bool slow = conf_of(exchange.request).signing->slow;
    auto* step = new_in_pool<Signing>(exchange.request->pool, exchange, std::move(answer));
    return take_step(exchange, *step, slow);
}

// A 401 needs a challenge (RFC 9110 11.6.1), and ours is answered by now; a token's is not.
ngx_uint_t http_status(Errc code) {
    if (code == Errc::unauthenticated) return NGX_HTTP_FORBIDDEN;
    return static_cast<ngx_uint_t>(pki::est::http_status(code));
}

Answer refusal(const Objection& objection, std::string_view text, time_t retry_after) {
    Answer answer;
    answer.status = http_status(objection.error.code);
    answer.info = {objection.status, objection.parts, std::string(text), {}, {}};
    // RFC 5272 6.1.1: with failed alone.
    if (objection.status == CmcStatus::failed) answer.info.fail_info = objection.fail_info;
    answer.retry_after = retry_after;
    return answer;
}

// The request was taken: there is one.
cmc::BodyPart part_of(const EstExchange& exchange) {
    return exchange.full_cmc->request.data.requests.front().id;
}

time_t retry_after_of(const EstExchange& exchange, std::uint32_t seconds) {
    return seconds != 0 ? static_cast<time_t>(seconds) : conf_of(exchange.request).retry_after;
}

// --- what signerd says ---

pki::Result<ngx_int_t> on_error(EstExchange& exchange, const wire::Frame& frame) {
    PKI_TRY(const wire::ErrorReply error, wire::decode<wire::ErrorReply>(frame));
    exchange.outcome = pki::name(error.code);
    const Objection objection =
        objection_of(pki::fail(error.code, error.reason, ""), part_of(exchange));
    const time_t later =
        pki::retryable(error.code) ? retry_after_of(exchange, error.retry_after) : 0;
    Answer answer = refusal(objection, error.text, later);
    if (is_of_token(exchange, error)) {
        bearer_refused(exchange);
        answer.status = NGX_HTTP_UNAUTHORIZED;
    }
    return sign(exchange, std::move(answer));
}

// The client comes again with the same request, as RFC 7030 4.2.3 has it: pendInfo has to be
// there (RFC 5272 6.1.2), but its token is of no use here.
pki::Result<ngx_int_t> on_pending(EstExchange& exchange, const wire::Frame& frame) {
    PKI_TRY(const wire::PendingReply pending, wire::decode<wire::PendingReply>(frame));
    exchange.outcome = "pending";
    const std::string number = std::to_string(pending.request);
    Answer answer;
    answer.status = NGX_HTTP_ACCEPTED;
    answer.retry_after = retry_after_of(exchange, pending.retry_after);
    answer.info.status = CmcStatus::pending;
    answer.info.parts = {part_of(exchange)};
    answer.info.text = "request " + number + " waits for approval: send it again";
    answer.info.pending = {pki::to_buffer(pki::as_bytes(number)),
                           ngx_time() + answer.retry_after};
    return sign(exchange, std::move(answer));
}

pki::Result<ngx_int_t> on_issued(EstExchange& exchange, const wire::Frame& frame) {
    PKI_TRY(const wire::IssueReply issued, wire::decode<wire::IssueReply>(frame));
    if (issued.certificate.empty()) return pki::fail(Errc::malformed, "no certificate");
    exchange.outcome = issued.replayed ? "replayed" : "issued";
    exchange.issued = issued.certificate;
    Answer answer;
    answer.info.parts = {part_of(exchange)};
    answer.certificates = {issued.certificate};
    answer.certificates.insert(answer.certificates.end(), issued.chain.begin(),
                               issued.chain.end());
    return sign(exchange, std::move(answer));
}

pki::Result<ngx_int_t> answer(EstExchange& exchange) {
    PKI_TRY(const wire::Frame frame, wire::parse_frame(exchange.answer));
    switch (frame.header.kind) {
        case wire::Kind::error_reply: return on_error(exchange, frame);
        case wire::Kind::pending_reply: return on_pending(exchange, frame);
        default: return on_issued(exchange, frame);
    }
}

}  // namespace

Objection objection_of(const pki::Error& error, cmc::BodyPart part) {
    return {error, CmcStatus::failed, cmc::fail_info(error), {part}};
}

ngx_int_t refuse_full_cmc(EstExchange& exchange, const Objection& objection) {
    const pki::Error& error = objection.error;
    const ngx_uint_t level = error.code == Errc::internal ? NGX_LOG_ERR : NGX_LOG_INFO;
    ngx_log_error(level, exchange.request->connection->log, 0, "est: request refused: %s",
                  error.text);
    exchange.outcome = pki::name(error.code);
    exchange.cause = error.text;
    const std::string_view text = pki::client_visible(error.code) ? error.text : "refused";
    return sign(exchange, refusal(objection, text, 0));
}

void take_full_cmc_answer(SignerExchange& base) {
    auto& exchange = static_cast<EstExchange&>(base);
    ngx_log_t* log = exchange.request->connection->log;
    end_with(exchange, guarded<ngx_int_t>(log, NGX_HTTP_INTERNAL_SERVER_ERROR, [&] {
                 const auto made = answer(exchange);
                 if (made) return *made;
                 ngx_log_error(NGX_LOG_ERR, log, 0, "signerd sent a bad answer: %s",
                               made.error().text);
                 exchange.outcome = pki::name(Errc::unavailable);
                 return refuse(exchange, NGX_HTTP_SERVICE_UNAVAILABLE, "try again later");
             }));
}

}  // namespace ngx_enroll::est
