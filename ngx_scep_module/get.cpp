#include "ngx_scep_module/get.h"

#include <algorithm>

#include "libpki/scep/ca.h"
#include "libpki/wire/lookup.h"
#include "libpki/x509/certs_only.h"
#include "ngx_common/guard.h"
#include "ngx_common/headers.h"
#include "ngx_common/offload.h"
#include "ngx_scep_module/answer.h"
#include "ngx_scep_module/ask.h"

namespace ngx_enroll::scep {

namespace {

namespace wire = pki::wire;

// Whatever is below the root vouches for it, so that its name is enough.
bool self_issued(pki::Bytes der) {
    const auto certificate = pki::x509::parse_certificate(der);
    return certificate &&
           pki::x509::same_name(certificate->tbs.subject, certificate->tbs.issuer);
}

// The RA first (RFC 8894 4.2.1.2): the one that signs, and the one to seal for when that is
// another. Older pairs still open what is sealed for them, and nobody is told of them.
std::vector<pki::Bytes> ca_and_ra(const LocConf& conf, const std::vector<pki::Bytes>& cas) {
    const RaPairs& ra = *conf.ra;
    const std::size_t signer = ra.signer(ngx_time());
    const std::size_t decipherer = ra.decipherer(ngx_time());
    std::vector<pki::Bytes> all{ra.pairs[decipherer].certificate};
    if (signer != decipherer) all.push_back(ra.pairs[signer].certificate);
    for (const pki::Bytes ca : cas)
        if (conf.root || cas.size() == 1 || !self_issued(ca)) all.push_back(ca);
    return all;
}

pki::Result<Reply> ca_cert_reply(SignerExchange& base, const wire::Frame& frame) {
    auto& exchange = static_cast<ScepExchange&>(base);
    if (frame.header.kind == wire::Kind::error_reply) {
        PKI_TRY(const wire::ErrorReply error, wire::decode<wire::ErrorReply>(frame));
        return error_reply(exchange, error);
    }
    PKI_TRY(const wire::CaCertsReply answer, wire::decode<wire::CaCertsReply>(frame));
    if (answer.certificates.empty()) return pki::fail(pki::Errc::malformed, "no certificate");
    ngx_http_request_t* r = exchange.request;
    const auto all = ca_and_ra(conf_of(r), answer.certificates);
    exchange.outcome = "ok";
    Reply reply;
    ngx_str_set(&reply.content_type, "application/x-x509-ca-ra-cert");
    reply.body = copy_to_pool(r->pool, pki::as_text(pki::x509::build_certs_only(all)));
    return reply;
}

// --- the CA that comes next ---

class SigningNextCa final : public OffloadedWork {
   public:
    SigningNextCa(ScepExchange& exchange, std::vector<pki::Bytes> certificates)
        : exchange_(exchange), certificates_(std::move(certificates)) {
        const RaPairs& ra = *conf_of(exchange.request).ra;
        const RaPair& pair = ra.pairs[ra.signer(ngx_time())];
        signing_ = {pair.key.get(), pair.certificate};
    }

    void done(ngx_http_request_t* r) noexcept override {
        exchange_.place.leave();
        const auto rc =
            guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR, [&] {
                if (!result_) return give_up(exchange_, result_.error().text);
                exchange_.outcome = "ok";
                Reply reply;
                ngx_str_set(&reply.content_type, "application/x-x509-next-ca-cert");
                reply.body = lend(pki::as_text(*result_));
                return send_reply(r, reply);
            });
        ngx_http_finalize_request(r, rc);
    }

   private:
    void work() override { result_ = pki::scep::build_next_ca(signing_, certificates_); }
    void failed(const pki::Error& error) noexcept override { result_ = error; }

    ScepExchange& exchange_;
    std::vector<pki::Bytes> certificates_;
    pki::scep::Signing signing_;
    pki::Result<pki::Buffer> result_ = pki::Buffer();
};

pki::Result<ngx_int_t> sign_next_ca(ScepExchange& exchange, const wire::Frame& frame) {
    ngx_http_request_t* r = exchange.request;
    if (frame.header.kind == wire::Kind::error_reply) {
        PKI_TRY(const wire::ErrorReply error, wire::decode<wire::ErrorReply>(frame));
        return send_reply(r, error_reply(exchange, error));
    }
    PKI_TRY(wire::CaCertsReply answer, wire::decode<wire::CaCertsReply>(frame));
    if (answer.certificates.empty()) return pki::fail(pki::Errc::malformed, "no certificate");
    auto* work = new_in_pool<SigningNextCa>(r->pool, exchange, std::move(answer.certificates));
    return offload(r, conf_of(r).threads, *work);
}

void take_next_ca(SignerExchange& base) {
    take_answer(static_cast<ScepExchange&>(base), sign_next_ca);
}

}  // namespace

ngx_int_t send_capabilities(ScepExchange& exchange) {
    exchange.outcome = "ok";
    Reply reply;
    ngx_str_set(&reply.content_type, "text/plain");
    reply.body = conf_of(exchange.request).capabilities;
    return send_reply(exchange.request, reply);
}

ngx_int_t ask_for_ca_certs(ScepExchange& exchange) {
    wire::CaCertsRequest request;
    request.profile = exchange.profile;
    exchange.build_reply = ca_cert_reply;
    return ask(exchange, request);
}

ngx_int_t ask_for_next_ca(ScepExchange& exchange) {
    if (!conf_of(exchange.request).next_ca)
        return refuse_with(exchange, pki::Errc::not_found, "there is no next CA");
    wire::NextCaRequest request;
    request.profile = exchange.profile;
    exchange.take_answer = take_next_ca;
    return ask(exchange, request);
}

}  // namespace ngx_enroll::scep
