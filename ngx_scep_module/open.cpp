#include "ngx_scep_module/open.h"

#include "libpki/cms/ber.h"
#include "libpki/scep/contents.h"
#include "libpki/x509/csr.h"
#include "libpki/x509/string_type.h"
#include "ngx_common/guard.h"
#include "ngx_common/offload.h"
#include "ngx_scep_module/answer.h"
#include "ngx_scep_module/ask.h"

namespace ngx_enroll::scep {

namespace {

namespace x509 = pki::x509;
using pki::Errc;
using pki::fail;
using pki::scep::MessageType;

// What old devices have; the key of their certificate is the profile's to judge.
constexpr std::size_t kMinSignerBits = 1024;

// One answer for all that can be wrong with an envelope, up to what it holds: an answer that
// told garbage from a bad padding would decrypt for whoever asks often enough.
pki::Error sealed_badly() { return fail(Errc::bad_signature, "the envelope cannot be opened"); }

pki::Error content_error(const ScepExchange& exchange, const pki::Error& error) {
    return exchange.message->envelope ? sealed_badly() : error;
}

// Where the message proves the key, a signature over the CSR by a digest that nobody believes
// any more adds nothing (RFC 8894 2.3 has the same key sign both).
pki::Status check_possession(const x509::Csr& csr, bool proven) {
    const auto possession = x509::verify_possession(csr);
    if (!possession && proven && possession.error().code == Errc::unsupported) return {};
    return possession;
}

class Opening final : public OffloadedWork {
   public:
    explicit Opening(ScepExchange& exchange)
        : exchange_(exchange), conf_(conf_of(exchange.request)), rules_(rules_of(conf_)) {}

    void run() noexcept override {
        try {
            result_ = read();
        } catch (const std::exception&) {
            result_ = fail(Errc::internal, "out of memory");
        }
    }

    void done(ngx_http_request_t* r) noexcept override {
        const auto rc =
            guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR, [&] {
                note_message();
                if (result_) return ask_signerd(exchange_);
                if (!exchange_.message || result_.error().code == Errc::internal)
                    return refuse_with(exchange_, result_.error());
                return answer_failure(exchange_, result_.error());
            });
        if (rc == NGX_DONE) return;
        exchange_.place.leave();
        ngx_http_finalize_request(r, rc);
    }

   private:
    // In the thread.
    pki::Status read() {
        PKI_TRY(exchange_.der,
                pki::cms::der_from_ber(exchange_.der, pki::limits::kScepMessage));
        PKI_TRY(pki::scep::Request request, pki::scep::parse_request(exchange_.der));
        exchange_.message = std::move(request);
        PKI_CHECK(pki::scep::verify_request(*exchange_.message, rules_));
        PKI_CHECK(open());
        return check_content();
    }

    pki::Status open() {
        const pki::scep::Request& message = *exchange_.message;
        if (message.lightweight) {
            exchange_.content.emplace(message.signed_data.content.value_or(pki::Bytes()));
            return {};
        }
        std::vector<pki::cms::RecipientKey> keys;
        std::vector<std::size_t> pairs;
        for (std::size_t i = 0; i < conf_.ra->pairs.size(); i++) {
            const RaPair& pair = conf_.ra->pairs[i];
            if (!pair.deciphers) continue;
            keys.push_back({pair.certificate, pair.key.get()});
            pairs.push_back(i);
        }
        std::span<const pki::Secret> passwords;
        if (conf_.passwords != nullptr) passwords = conf_.passwords->secrets;
        auto opened = pki::cms::open_enveloped_data(*message.envelope, keys, passwords);
        if (!opened) return sealed_badly();
        note_key(*opened, pairs);
        exchange_.content = std::move(opened->content);
        return {};
    }

    // The answer comes from the RA that the client knows, if that one may sign.
    void note_key(const pki::cms::Opened& opened, const std::vector<std::size_t>& pairs) {
        if (opened.by_password)
            exchange_.password.emplace(conf_.passwords->secrets[opened.which].view());
        else if (conf_.ra->pairs[pairs[opened.which]].signs)
            exchange_.pair = pairs[opened.which];
    }

    pki::Status check_content() {
        const MessageType type = exchange_.message->type;
        if (type == MessageType::pkcs_req || type == MessageType::renewal_req)
            return check_csr();
        const pki::Bytes content = exchange_.content->view();
        const bool readable = type == MessageType::cert_poll
                                  ? pki::scep::parse_issuer_and_subject(content).has_value()
                                  : pki::scep::parse_issuer_and_serial(content).has_value();
        return readable ? check_sealing() : sealed_badly();
    }

    // RFC 8894 3.1: the answer is sealed for the signer's key, or with a password. Better to
    // know it before there is a certificate.
    pki::Status check_sealing() {
        const x509::Spki& key = exchange_.message->signer.tbs.spki;
        if (key.key.type == pki::ossl::KeyType::rsa)
            return key.rsa_bits() < kMinSignerBits
                       ? fail(Errc::weak_key, "the key of the signer is too short")
                       : pki::Status();
        if (exchange_.password) return {};
        return fail(Errc::unsupported, "nothing to seal the answer with: no RSA key");
    }

    void take_password(const x509::Csr& csr) {
        if (exchange_.password || !csr.challenge_password) return;
        auto text = x509::whole_text(csr.challenge_tag, *csr.challenge_password);
        if (!text || text->empty()) return;
        exchange_.password.emplace(pki::as_bytes(*text));
        OPENSSL_cleanse(text->data(), text->size());
    }

    pki::Status check_csr() {
        const auto csr = x509::parse_csr(exchange_.content->view());
        if (!csr) return content_error(exchange_, csr.error());
        exchange_.csr_sha256 = pki::ossl::sha256(csr->encoding);
        take_password(*csr);
        PKI_CHECK(check_sealing());
        const x509::Certificate& signer = exchange_.message->signer;
        const bool same_key = pki::equal(csr->spki.encoding, signer.tbs.spki.encoding);
        exchange_.renewal = exchange_.message->type == MessageType::renewal_req ||
                            !pki::scep::self_issued(signer);
        // RFC 8894 2.3: a certificate that a client made for itself has the key of its CSR.
        if (!exchange_.renewal && !same_key)
            return fail(Errc::denied, "the key of the CSR is not that of the signer");
        return conf_.verify_csr ? check_possession(*csr, same_key) : pki::Status();
    }

    // Back in the event loop.
    void note_message() {
        if (!exchange_.message) return;
        exchange_.task = task_of(exchange_.message->type);
        exchange_.transaction = pki::scep::transaction_text(*exchange_.message);
    }

    static Task task_of(MessageType type) {
        switch (type) {
            case MessageType::pkcs_req: return Task::pkcs_req;
            case MessageType::renewal_req: return Task::renewal_req;
            case MessageType::cert_poll: return Task::cert_poll;
            case MessageType::get_cert: return Task::get_cert;
            case MessageType::get_crl: return Task::get_crl;
            case MessageType::cert_rep: break;
        }
        return Task::pki_operation;
    }

    ScepExchange& exchange_;
    const LocConf& conf_;
    pki::scep::Rules rules_;
    pki::Status result_;
};

}  // namespace

ngx_int_t open_message(ScepExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    const LocConf& conf = conf_of(r);
    exchange.pair = conf.ra->signer(ngx_time());
    const ngx_int_t rc = offload(r, conf.threads, *new_in_pool<Opening>(r->pool, exchange));
    if (rc != NGX_DONE) exchange.outcome = pki::name(Errc::unavailable);
    return rc;
}

}  // namespace ngx_enroll::scep
