#include "ngx_cmp_module/reply.h"

#include "libpki/cmp/certificate.h"
#include "libpki/cmp/revocation.h"
#include "libpki/cms/key_package.h"
#include "libpki/wire/pending.h"
#include "libpki/wire/transaction.h"
#include "ngx_cmp_module/answer.h"
#include "ngx_cmp_module/work.h"

namespace ngx_enroll::cmp {

namespace {

namespace wire = pki::wire;
using pki::Errc;
using pki::fail;
using pki::cmp::BodyType;
using pki::cmp::CertResponse;
using pki::cmp::PkiStatus;

bool polled(const CmpExchange& exchange) {
    return exchange.current->message->type == BodyType::poll_req;
}

BodyType answer_type(const CmpExchange& exchange) {
    switch (exchange.current->opened_with) {
        case BodyType::ir: return BodyType::ip;
        case BodyType::kur: return BodyType::kup;
        default: return BodyType::cp;
    }
}

// --- a certificate ---

bool is_root(pki::Bytes der) {
    const auto certificate = pki::x509::parse_certificate(der);
    return certificate &&
           pki::x509::same_name(certificate->tbs.subject, certificate->tbs.issuer);
}

// RFC 9810 5.3.4, RFC 9483 4.1.1: the root, to those who ask for their first certificate.
std::vector<pki::Bytes> ca_pubs(const LocConf& conf, BodyType type,
                                const std::vector<pki::Bytes>& chain) {
    const bool wanted = conf.ca_pubs != 0 && type == BodyType::ip && !chain.empty();
    return wanted && is_root(chain.back()) ? std::vector{chain.back()}
                                           : std::vector<pki::Bytes>();
}

// A poll does not ask for it again; that there is nothing to confirm says that it was granted.
bool wants_implicit(const CmpExchange& exchange) {
    return polled(exchange) || exchange.current->message->header.implicit_confirm;
}

Answer answer_of(CmpExchange& exchange, const wire::IssueReply& issued,
                 pki::Bytes private_key) {
    const LocConf& conf = conf_of(exchange.request);
    CertResponse response;
    response.id = exchange.current->wanted_id;
    response.status.status =
        issued.modified ? PkiStatus::granted_with_mods : PkiStatus::accepted;
    response.certificate = issued.certificate;
    response.private_key = private_key;
    Answer answer;
    answer.type = answer_type(exchange);
    answer.body = pki::cmp::build_cert_rep(response, ca_pubs(conf, answer.type, issued.chain));
    answer.sender_nonce = pki::to_buffer(issued.sender_nonce);
    answer.implicit_confirm = issued.confirm_until == 0 && wants_implicit(exchange);
    answer.confirm_wait_time = issued.confirm_until;
    answer.pvno_3 = !private_key.empty();
    // RFC 9483 3.3: but no root, which proves nothing there.
    if (conf.chain)
        for (const pki::Bytes one : issued.chain)
            if (!is_root(one)) answer.extra_certs.push_back(pki::to_buffer(one));
    return answer;
}

// --- a key that was made for the client ---

pki::cms::KeyRecipient recipient_of(const Request& request) {
    pki::cms::KeyRecipient recipient;
    if (request.signer)
        recipient.certificate = request.signer->encoding;
    else
        recipient.password = request.secret->secret.view();
    return recipient;
}

// `issued` looks into exchange.answer, which is wiped with the exchange.
class SealingKey final : public Step {
   public:
    SealingKey(CmpExchange& exchange, wire::IssueReply issued)
        : Step(exchange),
          issued_(std::move(issued)),
          recipient_(recipient_of(*exchange.current)),
          sender_(*conf_of(exchange.request).sender),
          chain_(sender_.chain.begin(), sender_.chain.end()) {}

   private:
    pki::Status compute() override {
        PKI_TRY(sealed_, pki::cms::seal_private_key(
                             issued_.private_key,
                             {sender_.key.get(), sender_.certificate, chain_}, recipient_));
        return {};
    }

    ngx_int_t go_on(const pki::Status& status) override {
        if (!status) return give_up(exchange_, status.error().text);
        return answer_with(exchange_, answer_of(exchange_, issued_, sealed_));
    }

    wire::IssueReply issued_;
    pki::cms::KeyRecipient recipient_;
    const Sender& sender_;
    std::vector<pki::Bytes> chain_;
    pki::Buffer sealed_;
};

// --- a person decides ---

pki::Result<ngx_int_t> on_pending(CmpExchange& exchange, const wire::Frame& frame) {
    PKI_TRY(const wire::PendingReply pending, wire::decode<wire::PendingReply>(frame));
    exchange.outcome = "pending";
    const std::int64_t id = exchange.current->wanted_id;
    Answer answer;
    answer.sender_nonce = pki::to_buffer(pending.sender_nonce);
    if (polled(exchange)) {
        answer.type = BodyType::poll_rep;
        answer.body = pki::cmp::build_poll_rep({id, pending.retry_after});
    } else {
        answer.type = answer_type(exchange);
        answer.body = pki::cmp::build_cert_rep({id, {PkiStatus::waiting}, {}, {}}, {});
    }
    return answer_with(exchange, std::move(answer));
}

pki::Result<pki::Buffer> nonce_of(const wire::Frame& frame) {
    PKI_TRY(const auto reply, wire::decode<wire::TransactionReply>(frame));
    return pki::to_buffer(reply.sender_nonce);
}

}  // namespace

pki::Result<ngx_int_t> on_issued(CmpExchange& exchange, const wire::Frame& frame) {
    if (frame.header.kind == wire::Kind::pending_reply) return on_pending(exchange, frame);
    PKI_TRY(wire::IssueReply issued, wire::decode<wire::IssueReply>(frame));
    if (issued.certificate.empty()) return fail(Errc::malformed, "no certificate");
    exchange.outcome = issued.replayed ? "replayed" : "issued";
    exchange.issued = pki::to_buffer(issued.certificate);
    if (issued.private_key.empty())
        return answer_with(exchange, answer_of(exchange, issued, {}));
    auto* step = new_in_pool<SealingKey>(exchange.request->pool, exchange, std::move(issued));
    return take_step(exchange, *step, true);
}

pki::Result<ngx_int_t> on_confirmed(CmpExchange& exchange, const wire::Frame& frame) {
    PKI_TRY(pki::Buffer nonce, nonce_of(frame));
    exchange.outcome = "ok";
    return answer_with(exchange,
                       {BodyType::pkiconf, pki::cmp::build_pki_conf(), std::move(nonce)});
}

pki::Result<ngx_int_t> on_given_up(CmpExchange& exchange, const wire::Frame& frame) {
    if (frame.header.kind != wire::Kind::error_reply) return on_confirmed(exchange, frame);
    PKI_TRY(const wire::ErrorReply error, wire::decode<wire::ErrorReply>(frame));
    if (pki::retryable(error.code) || error.code == Errc::internal)
        return answer_refusal(exchange, error);
    exchange.outcome = "ok";
    return answer_with(exchange, {BodyType::pkiconf, pki::cmp::build_pki_conf()});
}

pki::Result<ngx_int_t> on_revoked(CmpExchange& exchange, const wire::Frame& frame) {
    PKI_TRY(pki::Buffer nonce, nonce_of(frame));
    const auto asked = pki::cmp::parse_rev_req(exchange.current->message->body);
    if (!asked) return fail(Errc::internal, "the request cannot be read again");
    exchange.outcome = "ok";
    const pki::cmp::RevocationReply reply{{PkiStatus::accepted},
                                          pki::x509::CertId{asked->issuer, asked->serial}};
    return answer_with(exchange,
                       {BodyType::rp, pki::cmp::build_rev_rep(reply), std::move(nonce)});
}

}  // namespace ngx_enroll::cmp
