#include "ngx_est_module/full_cmc.h"

#include "libpki/base/utf8.h"
#include "libpki/cmc/check.h"
#include "libpki/cmc/limits.h"
#include "libpki/est/status.h"
#include "ngx_common/body.h"
#include "ngx_common/report_log.h"
#include "ngx_est_module/channel_binding.h"
#include "ngx_est_module/full_cmc_answer.h"
#include "ngx_est_module/request.h"
#include "ngx_est_module/step.h"

namespace ngx_enroll::est {

namespace {

namespace cmc = pki::cmc;
namespace wire = pki::wire;
using cmc::Objection;
using pki::Errc;
using pki::fail;
using pki::Reason;

ngx_int_t refuse_line(EstExchange& exchange, ngx_int_t status, const pki::Error& error) {
    ngx_log_error(NGX_LOG_INFO, exchange.request->connection->log, 0,
                  "est: request refused: %s at byte %uz", error.text, error.offset);
    exchange.outcome = pki::name(error.code);
    return refuse(exchange, status,
                  pki::client_visible(error.code) ? error.text : "internal error");
}

// RFC 7030 4.3.1: what is no Full PKI Request is rejected. Nothing is known then that an answer
// of CMC could refer to.
ngx_int_t refuse_unread(EstExchange& exchange, pki::Error error) {
    const bool too_large = error.code == Errc::limited;
    if (too_large) error.code = Errc::malformed;
    return refuse_line(
        exchange,
        too_large ? NGX_HTTP_REQUEST_ENTITY_TOO_LARGE : pki::est::http_status(error.code),
        error);
}

// --- who has signed ---

// The message brings his certificate, or TLS has done so already.
pki::Buffer find_signer(const cmc::FullRequest& request, const EstExchange& exchange) {
    const auto brought = pki::cms::signer_certificate(request.signed_data);
    if (brought) return pki::to_buffer(*brought);
    const auto& signer = request.signed_data.signer;
    if (signer && pki::cms::names(signer->id, exchange.client_certificate))
        return exchange.client_certificate;
    return {};
}

// Of two certificates in one request it would have to be asked which of them is revoked, and
// whose the names are.
pki::Status check_tls_client(const FullCmc& cmc, const EstExchange& exchange) {
    if (exchange.credential != wire::Credential::certificate ||
        pki::equal(exchange.client_certificate, cmc.signer))
        return {};
    return fail(Errc::denied, Reason::signer_not_trusted,
                "another certificate has signed than that of the TLS connection");
}

// The signature first: a stranger has no chain built for less than that.
pki::Status check_signature(const FullCmc& cmc, const LocConf& conf, std::int64_t now) {
    const auto signer = pki::x509::parse_certificate(cmc.signer);
    if (!signer)
        return fail(Errc::denied, Reason::signer_not_trusted,
                    "the certificate of the signer is missing or cannot be read");
    PKI_CHECK(cmc::verify_full_request(cmc.request, signer->tbs.spki));
    return check_signer(*conf.cmc_signers, cmc.signer, cmc.request.signed_data.certificates,
                        {.now = now, .client = true});
}

// --- what is wanted ---

pki::Status read_request(FullCmc& cmc, const LocConf& conf) {
    PKI_TRY(cmc.wanted, cmc::read_wanted(cmc.request.data.requests.front()));
    return conf.verify_csr ? cmc::verify_possession(cmc.wanted) : pki::Status();
}

ngx_int_t ask_for_certificate(EstExchange& exchange) {
    const LocConf& conf = conf_of(exchange.request);
    const std::string transaction = new_transaction();
    wire::IssueRequest request = request_of(exchange, conf, transaction);
    request.csr = exchange.full_cmc->wanted.encoding;
    request.form =
        exchange.full_cmc->wanted.crmf ? wire::RequestForm::crmf : wire::RequestForm::pkcs10;
    request.want_chain = 1;  // RFC 5272 4.2
    exchange.id = next_request_id();
    auto frame = wire::encode(request, exchange.id);
    if (!frame) return refuse_full_cmc(exchange, objection_of(frame.error(), 0));
    exchange.frame = std::move(*frame);
    exchange.take_answer = take_full_cmc_answer;
    return ask_signer(exchange, conf_of(exchange.request).upstream, ngx_est_module);
}

std::string subject_of(pki::Bytes certificate) {
    const auto parsed = pki::x509::parse_certificate(certificate);
    std::string name = parsed ? pki::x509::name_text(parsed->tbs.subject) : std::string();
    if (name.empty()) name = "(unnamed)";
    pki::cut_text(name, pki::limits::kCredentialName);
    return name;
}

// From here on he is the client whose certificate it is.
void become_client(EstExchange& exchange) {
    const FullCmc& cmc = *exchange.full_cmc;
    exchange.credential = wire::Credential::certificate;
    exchange.credential_name = subject_of(cmc.signer);
    exchange.client_certificate = cmc.signer;
}

// A CRMF has no challengePassword.
const pki::x509::Csr& csr_of(const FullCmc& cmc) {
    return cmc.wanted.csr ? *cmc.wanted.csr : cmc.wanted.crmf->csr;
}

// What ails the connection is no matter of CMC.
ngx_int_t refuse_unbound(EstExchange& exchange, const pki::Error& error) {
    if (error.code == Errc::unsupported) return refuse_binding(exchange, error);
    const cmc::BodyPart part = exchange.full_cmc->request.data.requests.front().id;
    Objection objection = objection_of(error, part);
    objection.fail_info = cmc::FailInfo::pop_failed;  // RFC 7030 3.5
    return refuse_full_cmc(exchange, objection);
}

class Checking final : public Step {
   public:
    explicit Checking(EstExchange& exchange)
        : Step(exchange),
          conf_(conf_of(exchange.request)),
          cmc_(*exchange.full_cmc),
          now_(ngx_time()) {}

   private:
    void work() override { objection_ = check(); }
    void failed(const pki::Error& error) noexcept override { out_of_memory_ = error.text; }

    ngx_int_t go_on() override {
        if (out_of_memory_ != nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
        if (cmc_.trusted) become_client(exchange_);
        if (!cmc_.wanted.encoding.empty())
            exchange_.csr_sha256 = pki::ossl::sha256(cmc_.wanted.encoding);
        if (objection_) return refuse_full_cmc(exchange_, *objection_);
        if (const auto bound = bound_to_connection(exchange_, csr_of(cmc_)); !bound)
            return refuse_unbound(exchange_, bound.error());
        return ask_for_certificate(exchange_);
    }

    std::optional<Objection> check() {
        if (const auto signature = check_signature(cmc_, conf_, now_); !signature)
            return objection_of(signature.error(), 0);
        if (const auto same = check_tls_client(cmc_, exchange_); !same)
            return objection_of(same.error(), 0);
        cmc_.trusted = true;
        if (auto objection = cmc::objection_to(cmc_.request.data)) return objection;
        if (const auto status = read_request(cmc_, conf_); !status)
            return objection_of(status.error(), cmc_.request.data.requests.front().id);
        return std::nullopt;
    }

    const LocConf& conf_;
    FullCmc& cmc_;
    std::int64_t now_;
    std::optional<Objection> objection_;
    const char* out_of_memory_ = nullptr;
};

pki::Status open_request(EstExchange& exchange) {
    PKI_TRY(const pki::Bytes body, joined_body(exchange.request, pki::limits::kCmcBody));
    PKI_TRY(const pki::Buffer message, cmc::decode_body(body));
    auto& cmc = *new_in_pool<FullCmc>(exchange.request->pool);
    PKI_TRY(cmc.request, cmc::parse_full_request(message));
    cmc.signer = find_signer(cmc.request, exchange);
    exchange.full_cmc = &cmc;
    if (!cmc.signer.empty()) exchange.presented_name = subject_of(cmc.signer);
    return {};
}

}  // namespace

ngx_int_t full_cmc(EstExchange& exchange) {
    if (const auto status = open_request(exchange); !status)
        return refuse_unread(exchange, status.error());
    auto* step = new_in_pool<Checking>(exchange.request->pool, exchange);
    return take_step(exchange, *step, true);
}

}  // namespace ngx_enroll::est
