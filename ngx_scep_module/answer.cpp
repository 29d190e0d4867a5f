#include "ngx_scep_module/answer.h"

#include "libpki/scep/cert_rep.h"
#include "libpki/wire/pending.h"
#include "libpki/wire/revocation.h"
#include "ngx_common/guard.h"
#include "ngx_common/headers.h"
#include "ngx_common/offload.h"
#include "ngx_common/send.h"
#include "ngx_scep_module/open.h"
#include "ngx_scep_module/status.h"

namespace ngx_enroll::scep {

namespace {

namespace wire = pki::wire;
using pki::scep::CertRep;
using pki::scep::PkiStatus;

ngx_int_t send(ngx_http_request_t* r, pki::Bytes message) {
    add_header(r, "Cache-Control", lend("no-store"));
    r->disable_not_modified = 1;
    Reply reply;
    ngx_str_set(&reply.content_type, "application/x-pki-message");
    reply.body = lend(pki::as_text(message));
    return send_reply(r, reply);
}

class Sealing final : public OffloadedWork {
   public:
    Sealing(ScepExchange& exchange, CertRep reply)
        : exchange_(exchange), reply_(std::move(reply)) {
        const LocConf& conf = conf_of(exchange.request);
        const RaPair& pair = conf.ra->pairs[exchange.pair];
        signing_ = {pair.key.get(), pair.certificate, true, rules_of(conf).hashes};
        if (exchange.password) reply_.password = exchange.password->view();
    }

    void done(ngx_http_request_t* r) noexcept override {
        exchange_.place.leave();
        const auto rc =
            guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR, [&] {
                return result_ ? send(r, *result_) : give_up(exchange_, result_.error().text);
            });
        ngx_http_finalize_request(r, rc);
    }

   private:
    void work() override {
        result_ = pki::scep::build_cert_rep(*exchange_.message, reply_, signing_);
    }
    void failed(const pki::Error& error) noexcept override { result_ = error; }

    ScepExchange& exchange_;
    CertRep reply_;
    pki::scep::Signing signing_;
    pki::Result<pki::Buffer> result_ = pki::Buffer();
};

ngx_int_t seal(ScepExchange& exchange, CertRep reply) {
    ngx_http_request_t* r = exchange.request;
    auto* work = new_in_pool<Sealing>(r->pool, exchange, std::move(reply));
    const ngx_int_t rc = offload(r, conf_of(r).threads, *work);
    if (rc != NGX_DONE) exchange.outcome = pki::name(pki::Errc::unavailable);
    return rc;
}

ngx_int_t fail_with(ScepExchange& exchange, pki::Errc code, std::string_view text) {
    exchange.outcome = pki::name(code);
    CertRep reply;
    reply.status = PkiStatus::failure;
    reply.fail_info = pki::scep::fail_info(code);
    reply.fail_text = text;
    exchange.fail_info = pki::scep::name(reply.fail_info);
    return seal(exchange, std::move(reply));
}

pki::Result<ngx_int_t> on_error(ScepExchange& exchange, const wire::Frame& frame) {
    PKI_TRY(const wire::ErrorReply error, wire::decode<wire::ErrorReply>(frame));
    // The client may come again with the same message: a FAILURE would be the end of it.
    if (pki::retryable(error.code) || error.code == pki::Errc::internal)
        return send_reply(exchange.request, error_reply(exchange, error));
    return fail_with(exchange, error.code, error.text);
}

// Of a poll, whose envelope need not be opened.
bool can_seal(const ScepExchange& exchange) {
    return exchange.password ||
           exchange.message->signer.tbs.spki.key.type == pki::ossl::KeyType::rsa;
}

pki::Result<ngx_int_t> on_issued(ScepExchange& exchange, const wire::Frame& frame) {
    PKI_TRY(const wire::IssueReply issued, wire::decode<wire::IssueReply>(frame));
    if (issued.certificate.empty()) return pki::fail(pki::Errc::malformed, "no certificate");
    if (!can_seal(exchange)) return fail_with(exchange, pki::Errc::bad_signature, kSealedBadly);
    const bool looked_up = exchange.task == Task::get_cert;
    exchange.outcome = looked_up ? "ok" : issued.replayed ? "replayed" : "issued";
    exchange.issued = pki::to_buffer(issued.certificate);
    CertRep reply;
    reply.status = PkiStatus::success;
    reply.certificates = {issued.certificate};
    if (conf_of(exchange.request).chain)
        reply.certificates.insert(reply.certificates.end(), issued.chain.begin(),
                                  issued.chain.end());
    return seal(exchange, std::move(reply));
}

pki::Result<ngx_int_t> on_pending(ScepExchange& exchange, const wire::Frame& frame) {
    PKI_CHECK(wire::decode<wire::PendingReply>(frame));
    exchange.outcome = "pending";
    CertRep reply;
    reply.status = PkiStatus::pending;
    return seal(exchange, std::move(reply));
}

pki::Result<ngx_int_t> on_crl(ScepExchange& exchange, const wire::Frame& frame) {
    PKI_TRY(const wire::CrlReply crl, wire::decode<wire::CrlReply>(frame));
    if (crl.data.empty() || crl.data.size() != crl.size)
        return pki::fail(pki::Errc::malformed, "half a CRL");
    exchange.outcome = "ok";
    CertRep reply;
    reply.status = PkiStatus::success;
    reply.crls = {crl.data};
    return seal(exchange, std::move(reply));
}

// Views of the reply look into exchange.answer, which stays.
pki::Result<ngx_int_t> answer(ScepExchange& exchange, const wire::Frame& frame) {
    switch (frame.header.kind) {
        case wire::Kind::error_reply: return on_error(exchange, frame);
        case wire::Kind::pending_reply: return on_pending(exchange, frame);
        case wire::Kind::crl_reply: return on_crl(exchange, frame);
        default: return on_issued(exchange, frame);
    }
}

}  // namespace

ngx_int_t answer_failure(ScepExchange& exchange, const pki::Error& error, const char* cause) {
    exchange.cause = cause != nullptr ? cause : error.text;
    ngx_log_error(NGX_LOG_INFO, exchange.request->connection->log, 0,
                  "scep: request refused: %s", exchange.cause);
    return fail_with(exchange, error.code,
                     pki::client_visible(error.code) ? error.text : "refused");
}

void take_answer(SignerExchange& base) {
    take_answer(static_cast<ScepExchange&>(base), answer);
}

void take_answer(ScepExchange& exchange, AnswerMaker make) {
    ngx_http_request_t* r = exchange.request;
    const auto rc =
        guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR, [&]() {
            const auto frame = wire::parse_frame(exchange.answer);
            const auto status =
                frame ? make(exchange, *frame) : pki::Result<ngx_int_t>(frame.error());
            if (status) return *status;
            ngx_log_error(NGX_LOG_ERR, r->connection->log, 0, "signerd sent a bad answer: %s",
                          status.error().text);
            return refuse_with(exchange, pki::Errc::unavailable, "try again later");
        });
    if (rc == NGX_DONE) return;
    // error_page.h makes the response then, and the records tell that nobody got the answer.
    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) exchange.answered = false;
    exchange.place.leave();
    ngx_http_finalize_request(r, rc);
}

Reply error_reply(ScepExchange& exchange, const wire::ErrorReply& error) {
    ngx_http_request_t* r = exchange.request;
    exchange.outcome = pki::name(error.code);
    Reply reply;
    reply.status = static_cast<ngx_uint_t>(http_status(error.code));
    ngx_str_set(&reply.content_type, "text/plain");
    reply.body = copy_to_pool(r->pool, std::string(error.text) + "\n");
    if (pki::retryable(error.code))
        reply.retry_after = error.retry_after != 0 ? static_cast<time_t>(error.retry_after)
                                                   : conf_of(r).retry_after;
    return reply;
}

ngx_int_t give_up(ScepExchange& exchange, const char* why) {
    ngx_log_error(NGX_LOG_ERR, exchange.request->connection->log, 0,
                  "scep: the answer cannot be made: %s", why);
    exchange.answered = false;
    exchange.issued.clear();
    exchange.fail_info = {};
    return refuse_with(exchange, pki::Errc::internal, "internal error");
}

}  // namespace ngx_enroll::scep
