#include "ngx_scep_module/open.h"

#include <algorithm>
#include <utility>

#include "libpki/cms/ber.h"
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

    void done(ngx_http_request_t* r) noexcept override {
        const auto rc =
            guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR, [&] {
                note_message();
                if (result_) return ask_signerd(exchange_);
                if (!exchange_.message || result_.error().code == Errc::internal)
                    return refuse_with(exchange_, result_.error());
                return answer_failure(exchange_, result_.error(), cause_);
            });
        if (rc == NGX_DONE) return;
        exchange_.place.leave();
        ngx_http_finalize_request(r, rc);
    }

   private:
    void work() override { result_ = read(); }
    void failed(const pki::Error& error) noexcept override { result_ = error; }

    // In the thread.
    pki::Status read() {
        PKI_TRY(pki::Buffer der,
                pki::cms::der_from_ber(exchange_.der, pki::limits::kScepMessage));
        // Without an envelope both hold the challenge: this one is wiped now, the other with
        // the exchange.
        std::swap(exchange_.der, der);
        OPENSSL_cleanse(der.data(), der.size());
        PKI_TRY(pki::scep::Request request, pki::scep::parse_request(exchange_.der));
        exchange_.message = std::move(request);
        PKI_CHECK(pki::scep::verify_request(*exchange_.message, rules_));
        exchange_.renewal = exchange_.message->type == MessageType::renewal_req ||
                            !pki::scep::self_issued(exchange_.message->signer);
        PKI_CHECK(check_signer());
        const pki::Status opened = open();
        return asks_for_certificate() ? check_csr(opened) : pki::Status();
    }

    bool asks_for_certificate() const {
        const MessageType type = exchange_.message->type;
        return type == MessageType::pkcs_req || type == MessageType::renewal_req;
    }

    bool rsa_signer() const {
        return exchange_.message->signer.tbs.spki.key.type == pki::ossl::KeyType::rsa;
    }

    // Before the envelope is opened, so that it tells nothing of what is inside.
    pki::Status check_signer() {
        const x509::Spki& key = exchange_.message->signer.tbs.spki;
        if (rsa_signer() && key.rsa_bits() < kMinSignerBits)
            return fail(Errc::weak_key, "the key of the signer is too short");
        // No CSR, so no challengePassword.
        if (!rsa_signer() && !asks_for_certificate() && !sealed_with_password())
            return no_key_to_seal();
        return {};
    }

    bool sealed_with_password() const {
        const auto& envelope = exchange_.message->envelope;
        return envelope && std::ranges::any_of(envelope->recipients, [](const auto& one) {
                   return one.kind == pki::cms::Recipient::Kind::password;
               });
    }

    static pki::Error no_key_to_seal() {
        return fail(Errc::unsupported, "nothing to seal the answer with: no RSA key");
    }

    // The cause is for the records alone.
    pki::Error sealed_badly(const char* cause) {
        cause_ = cause;
        return fail(Errc::bad_signature, kSealedBadly);
    }

    pki::Error content_error(const pki::Error& error) {
        return exchange_.message->envelope ? sealed_badly(error.text) : error;
    }

    pki::Status open() {
        const pki::scep::Request& message = *exchange_.message;
        if (message.lightweight) {
            exchange_.content.emplace(message.signed_data.content.value_or(pki::Bytes()));
            return {};
        }
        note_pair();
        std::vector<pki::cms::RecipientKey> keys;
        for (const RaPair& pair : conf_.ra->pairs)
            if (pair.deciphers) keys.push_back({pair.certificate, pair.key.get()});
        std::span<const pki::Secret> passwords;
        if (conf_.passwords != nullptr) passwords = conf_.passwords->secrets;
        auto opened = pki::cms::open_enveloped_data(*message.envelope, keys, passwords);
        if (!opened) return sealed_badly(opened.error().text);
        if (opened->by_password)
            exchange_.password.emplace(conf_.passwords->secrets[opened->which].view());
        exchange_.content = std::move(opened->content);
        return {};
    }

    // The answer comes from the RA that the client knows, if that one may sign; also when the
    // envelope turns out to be a bad one.
    void note_pair() {
        for (const auto& recipient : exchange_.message->envelope->recipients) {
            if (recipient.kind != pki::cms::Recipient::Kind::rsa) continue;
            const auto& pairs = conf_.ra->pairs;
            const auto named = std::ranges::find_if(pairs, [&](const RaPair& pair) {
                return pair.deciphers && pki::cms::names(recipient.id, pair.certificate);
            });
            if (named == pairs.end()) continue;
            if (named->signs) exchange_.pair = static_cast<std::size_t>(named - pairs.begin());
            return;
        }
    }

    void take_password(const x509::Csr& csr) {
        if (exchange_.password || !csr.challenge_password) return;
        auto text = x509::whole_text(csr.challenge_tag, *csr.challenge_password);
        if (!text || text->empty()) return;
        exchange_.password.emplace(pki::as_bytes(*text));
        OPENSSL_cleanse(text->data(), text->size());
    }

    pki::Status check_csr(const pki::Status& opened) {
        PKI_CHECK(opened);
        const auto csr = x509::parse_csr(exchange_.content->view());
        if (!csr) return content_error(csr.error());
        PKI_CHECK(check_keys(*csr));
        exchange_.csr_sha256 = pki::ossl::sha256(csr->encoding);
        // RFC 8894 3.1: the answer is sealed for the signer's key, or with a password. Better
        // to know it before there is a certificate.
        take_password(*csr);
        return rsa_signer() || exchange_.password ? pki::Status() : no_key_to_seal();
    }

    // Behind it the content is what somebody made who has the key of the CSR.
    pki::Status check_keys(const x509::Csr& csr) {
        const x509::Certificate& signer = exchange_.message->signer;
        const bool same_key = pki::equal(csr.spki.encoding, signer.tbs.spki.encoding);
        // RFC 8894 2.3: a certificate that a client made for itself has the key of its CSR.
        if (!exchange_.renewal && !same_key)
            return content_error(
                fail(Errc::denied, "the key of the CSR is not that of the signer"));
        if (same_key) return conf_.verify_csr ? check_possession(csr, true) : pki::Status();
        const pki::Status possession = check_possession(csr, false);
        return possession ? possession : content_error(possession.error());
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
    const char* cause_ = nullptr;
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
