#include "ngx_est_module/keygen.h"

#include "libpki/est/key_parts.h"
#include "ngx_common/guard.h"
#include "ngx_common/headers.h"
#include "ngx_est_module/key_delivery.h"
#include "ngx_est_module/reply.h"
#include "ngx_est_module/step.h"

namespace ngx_enroll::est {

namespace {

namespace wire = pki::wire;
using pki::Errc;

std::vector<pki::Bytes> certificates_of(const LocConf& conf, const wire::IssueReply& issued) {
    std::vector<pki::Bytes> certificates{issued.certificate};
    if (conf.chain)
        certificates.insert(certificates.end(), issued.chain.begin(), issued.chain.end());
    return certificates;
}

// The body is wiped with the request's pool.
ngx_int_t send_parts(EstExchange& exchange, const wire::IssueReply& issued,
                     pki::Bytes private_key, bool sealed) {
    ngx_http_request_t* r = exchange.request;
    auto* body = new_in_pool<pki::Secret>(
        r->pool,
        pki::est::key_parts_body(private_key, sealed, certificates_of(conf_of(r), issued)));
    add_header(r, "Cache-Control", lend("no-store"));
    Reply reply;
    reply.content_type = lend(pki::est::kKeyPartsType);
    reply.body = {body->size(), body->data().data()};
    exchange.outcome = "issued";
    return send_reply(r, reply);
}

// `issued` looks into exchange.answer, which is wiped with the exchange.
class SealingKey final : public Step {
   public:
    SealingKey(EstExchange& exchange, wire::IssueReply issued)
        : Step(exchange),
          issued_(std::move(issued)),
          delivery_(*exchange.key_delivery),
          signing_(*conf_of(exchange.request).signing),
          chain_(signing_.chain.begin(), signing_.chain.end()) {}

   private:
    void work() override {
        sealed_ = pki::cms::seal_key_message(issued_.private_key,
                                             {signing_.key.get(), signing_.certificate, chain_},
                                             *delivery_.recipient, delivery_.ciphers);
    }
    void failed(const pki::Error& error) noexcept override { sealed_ = error; }

    ngx_int_t go_on() override {
        if (sealed_) return send_parts(exchange_, issued_, *sealed_, true);
        ngx_log_error(NGX_LOG_ERR, exchange_.request->connection->log, 0,
                      "est: a made key cannot be encrypted: %s", sealed_.error().text);
        exchange_.outcome = pki::name(Errc::internal);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    wire::IssueReply issued_;
    const KeyDelivery& delivery_;
    const SigningPair& signing_;
    std::vector<pki::Bytes> chain_;
    pki::Result<pki::Buffer> sealed_ = pki::fail(Errc::internal, "not done");
};

pki::Result<ngx_int_t> answer_with_key(EstExchange& exchange, const wire::Frame& frame) {
    PKI_TRY(wire::IssueReply issued, wire::decode<wire::IssueReply>(frame));
    if (issued.certificate.empty() || issued.private_key.empty())
        return pki::fail(Errc::malformed, "no certificate or no key");
    exchange.issued = issued.certificate;
    if (!exchange.key_delivery->recipient)
        return send_parts(exchange, issued, issued.private_key, false);
    auto* step = new_in_pool<SealingKey>(exchange.request->pool, exchange, std::move(issued));
    return take_step(exchange, *step, true);
}

ngx_int_t take(EstExchange& exchange) {
    const auto frame = wire::parse_frame(exchange.answer);
    if (frame && frame->header.kind != wire::Kind::issue_reply) {
        const auto reply = enroll_reply(exchange, *frame);
        if (reply) return send_reply(exchange.request, *reply);
    }
    const auto rc =
        frame ? answer_with_key(exchange, *frame) : pki::Result<ngx_int_t>(frame.error());
    if (rc) return *rc;
    ngx_log_error(NGX_LOG_ERR, exchange.request->connection->log, 0,
                  "signerd sent a bad answer: %s", rc.error().text);
    return NGX_HTTP_BAD_GATEWAY;
}

}  // namespace

pki::Status prepare_key_delivery(EstExchange& exchange, pki::Buffer der) {
    ngx_http_request_t* r = exchange.request;
    const LocConf& conf = conf_of(r);
    // RFC 7030 4.4: the cipher suite has to hide what goes through it.
    SSL* const ssl = r->connection->ssl->connection;
    if (SSL_CIPHER_get_bits(SSL_get_current_cipher(ssl), nullptr) == 0)
        return pki::fail(Errc::denied, "no key is sent over a connection without encryption");
    exchange.key_delivery = new_in_pool<KeyDelivery>(r->pool);
    exchange.key_delivery->der = std::move(der);
    return choose_recipient(
        *exchange.key_delivery, exchange.client_certificate,
        {static_cast<KeygenEncrypt>(conf.keygen_encrypt), conf.keygen_secrets});
}

void take_key_answer(SignerExchange& base) {
    auto& exchange = static_cast<EstExchange&>(base);
    end_with(exchange, guarded<ngx_int_t>(exchange.request->connection->log,
                                          NGX_HTTP_INTERNAL_SERVER_ERROR,
                                          [&] { return take(exchange); }));
}

}  // namespace ngx_enroll::est
