#include "ngx_scep_module/ask.h"

#include "libpki/base/der_reader.h"
#include "libpki/scep/contents.h"
#include "libpki/wire/lookup.h"
#include "libpki/wire/pending.h"
#include "ngx_common/report_log.h"
#include "ngx_scep_module/answer.h"

namespace ngx_enroll::scep {

namespace {

namespace wire = pki::wire;
using pki::scep::MessageType;

// RFC 8894 2.3: a renewal is signed with the certificate that it renews.
pki::Bytes renewed_certificate(const ScepExchange& exchange) {
    return exchange.renewal ? exchange.message->signer.encoding : pki::Bytes();
}

ngx_int_t ask_for_certificate(ScepExchange& exchange, const LocConf& conf) {
    const std::string key = pki::scep::transaction_key(*exchange.message);
    wire::IssueRequest request;
    request.profile = exchange.profile;
    request.protocol = wire::Protocol::scep;
    request.operation = exchange.renewal ? wire::Operation::renew : wire::Operation::enroll;
    request.csr = exchange.content->view();
    request.possession_verified = conf.verify_csr ? 1 : 0;
    request.credential = exchange.credential;
    request.credential_name = exchange.credential_name;
    request.client_certificate = exchange.client_certificate;
    request.client_address = client_address(exchange.request->connection);
    request.idempotency_key = key;
    request.idempotency_window = static_cast<std::uint32_t>(conf.idempotency_window);
    request.transaction = exchange.transaction;
    request.want_chain = conf.chain ? 1 : 0;
    request.signer_certificate = renewed_certificate(exchange);
    return ask(exchange, request);
}

// The transaction and its key say it all: what is in the envelope (RFC 8894 3.3.3) is not
// looked at, and need not be there.
ngx_int_t ask_again(ScepExchange& exchange, const LocConf& conf) {
    const std::string key = pki::scep::transaction_key(*exchange.message);
    const auto& signer = exchange.message->signer;
    const auto spki = pki::ossl::sha256(signer.tbs.spki.encoding);
    wire::PollRequest request;
    request.profile = exchange.profile;
    request.protocol = wire::Protocol::scep;
    request.idempotency_key = key;
    request.spki_sha256 = spki;
    request.client_certificate = exchange.client_certificate;
    request.client_address = client_address(exchange.request->connection);
    request.transaction = exchange.transaction;
    request.want_chain = conf.chain ? 1 : 0;
    request.signer_certificate = renewed_certificate(exchange);
    request.idempotency_window = static_cast<std::uint32_t>(conf.idempotency_window);
    return ask(exchange, request);
}

// What cannot be opened or read is looked up as well, as something that nobody has: how long it
// takes to hear that there is none must not tell either what came out of the envelope.
pki::scep::IssuerAndSerial wanted_of(const ScepExchange& exchange) {
    static constexpr std::uint8_t kNobody[] = {pki::der::kSequence, 0};
    if (exchange.content)
        if (const auto wanted = pki::scep::parse_issuer_and_serial(exchange.content->view());
            wanted && wanted->issuer.size() <= pki::limits::kName)
            return *wanted;
    ngx_log_error(NGX_LOG_INFO, exchange.request->connection->log, 0,
                  "scep: the message does not say what to look up");
    return {kNobody, {}};
}

ngx_int_t look_up_certificate(ScepExchange& exchange) {
    const auto wanted = wanted_of(exchange);
    wire::CertificateRequest request;
    request.profile = exchange.profile;
    request.issuer = wanted.issuer;
    request.serial = wanted.serial;
    return ask(exchange, request);
}

ngx_int_t look_up_crl(ScepExchange& exchange) {
    wire::IssuerCrlRequest request;
    request.profile = exchange.profile;
    request.issuer = wanted_of(exchange).issuer;
    return ask(exchange, request);
}

}  // namespace

ngx_int_t ask_signerd(ScepExchange& exchange) {
    const LocConf& conf = conf_of(exchange.request);
    exchange.take_answer = take_answer;
    switch (exchange.message->type) {
        case MessageType::pkcs_req:
        case MessageType::renewal_req: return ask_for_certificate(exchange, conf);
        case MessageType::cert_poll: return ask_again(exchange, conf);
        case MessageType::get_cert: return look_up_certificate(exchange);
        case MessageType::get_crl: return look_up_crl(exchange);
        case MessageType::cert_rep: break;
    }
    return refuse_with(exchange, pki::Errc::malformed, "no request");
}

}  // namespace ngx_enroll::scep
