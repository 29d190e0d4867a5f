#include "ngx_cmp_module/open.h"

#include <algorithm>

#include "libpki/cmp/check.h"
#include "ngx_cmp_module/answer.h"
#include "ngx_cmp_module/ask.h"
#include "ngx_cmp_module/route.h"
#include "ngx_cmp_module/verify.h"
#include "ngx_cmp_module/wanted.h"
#include "ngx_cmp_module/work.h"

namespace ngx_enroll::cmp {

namespace {

namespace wire = pki::wire;
using pki::Errc;
using pki::fail;
using pki::Reason;
using pki::cmp::BodyType;

constexpr std::size_t kNonce = 16;  // RFC 9483 3.1

// --- the header ---

// certProfile chooses among the profiles that the location has labels for (RFC 9483 3.1), where
// the path has not done so.
pki::Status choose_profile(const CmpExchange& exchange, const LocConf& conf, Request& request) {
    request.profile = exchange.path_profile;
    request.names_profile = exchange.labelled;
    const auto& named = request.message->header.cert_profiles;
    if (named.empty() || (named.size() == 1 && named[0].empty())) return {};
    if (named.size() > 1)
        return fail(Errc::malformed, Reason::bad_request, "there are several certProfiles");
    const auto profile = profile_of_label(conf, named[0]);
    if (!profile)
        return fail(Errc::not_found, Reason::bad_request, "there is no such certProfile");
    if (exchange.labelled && *profile != exchange.path_profile)
        return fail(Errc::denied, Reason::bad_request, "certProfile is not that of the path");
    request.profile = *profile;
    request.names_profile = true;
    return {};
}

pki::Status check_type(const CmpExchange& exchange, const Request& request) {
    const BodyType type = request.message->type;
    if (!task_of(type))
        return fail(Errc::unsupported, Reason::bad_request, "the message is no request");
    if (&request != &exchange.message)
        return type == BodyType::nested ? fail(Errc::unsupported, Reason::bad_request,
                                               "a nested message nests another one")
                                        : pki::Status();
    return check_operation({exchange.path_profile, exchange.labelled, exchange.operation},
                           type);
}

pki::Status check(const CmpExchange& exchange, const LocConf& conf, Request& request) {
    const pki::cmp::HeaderRules rules{ngx_time(), conf.clock_skew, conf.require_time != 0};
    PKI_CHECK(pki::cmp::check_header(*request.message, rules));
    PKI_CHECK(check_type(exchange, request));
    return choose_profile(exchange, conf, request);
}

// --- the protection, and what a request for a certificate wants ---

// Tells where in a chain of checks a stranger failed no more than that he did.
pki::Error uniform(const pki::Error& error) {
    return error.reason == Reason::bad_message_check ||
                   error.reason == Reason::signer_not_trusted
               ? fail(error.code, error.reason, kBadProtection)
               : error;
}

ngx_int_t refuse_protection(CmpExchange& exchange, const pki::Error& error) {
    return answer_failure(exchange, uniform(error), error.text);
}

// The key that is to be certified, which may be slower than the signer's.
class Proving final : public Step {
   public:
    explicit Proving(CmpExchange& exchange) : Step(exchange), request_(*exchange.current) {}

   private:
    pki::Status compute() override { return verify_wanted(request_); }

    ngx_int_t go_on(const pki::Status& status) override {
        return status ? proceed(exchange_) : answer_failure(exchange_, status.error());
    }

    Request& request_;
};

ngx_int_t prove(CmpExchange& exchange) {
    auto* step = new_in_pool<Proving>(exchange.request->pool, exchange);
    return take_step(exchange, *step, slow_to_prove(*exchange.current));
}

class Verifying final : public Step {
   public:
    explicit Verifying(CmpExchange& exchange)
        : Step(exchange),
          conf_(conf_of(exchange.request)),
          request_(*exchange.current),
          now_(ngx_time()) {}

   private:
    pki::Status compute() override {
        PKI_CHECK(verify_protection(request_, conf_, now_));
        if (asks_for_certificate(request_.message->type))
            PKI_CHECK(read_wanted(request_, conf_));
        return {};
    }

    ngx_int_t go_on(const pki::Status& status) override {
        note_credential();
        if (!request_.verified) return refuse_protection(exchange_, status.error());
        return status ? prove(exchange_) : answer_failure(exchange_, status.error());
    }

    void note_credential() {
        if (!request_.verified) return;
        exchange_.credential =
            request_.signer ? wire::Credential::certificate : wire::Credential::mac;
        exchange_.credential_name = request_.name;
        if (!request_.wanted.empty()) exchange_.csr_sha256 = pki::ossl::sha256(request_.wanted);
    }

    const LocConf& conf_;
    Request& request_;
    std::int64_t now_;
};

// For the records: who the message says it is from, proven or not.
std::string name_of(const Request& request) {
    if (request.signer) return pki::x509::name_text(request.signer->tbs.subject);
    return request.secret != nullptr ? request.secret->text : std::string();
}

ngx_int_t open_request(CmpExchange& exchange) {
    const LocConf& conf = conf_of(exchange.request);
    Request& request = *exchange.current;
    if (const auto status = check(exchange, conf, request); !status)
        return answer_failure(exchange, status.error());
    exchange.profile = request.profile;
    if (const auto status = read_protection(request, conf); !status)
        return refuse_protection(exchange, status.error());
    request.name = name_of(request);
    exchange.presented_name = request.name;
    auto* step = new_in_pool<Verifying>(exchange.request->pool, exchange);
    return take_step(exchange, *step, slow_to_verify(request, conf));
}

// A poll does not say what it polls for, and ip, cp and kup are different answers (RFC 9810
// 5.3.22). The client does: it repeats our nonce, of which two bits tell.
constexpr BodyType kPolledFor[] = {BodyType::ir, BodyType::cr, BodyType::kur, BodyType::p10cr};

BodyType opened_with(const pki::cmp::Message& message) {
    const auto& nonce = message.header.recip_nonce;
    const bool polls = message.type == BodyType::poll_req && nonce && !nonce->empty();
    return polls ? kPolledFor[nonce->back() & 3] : message.type;
}

void mark(pki::Buffer& nonce, BodyType type) {
    const auto* const found = std::ranges::find(kPolledFor, type);
    if (found == std::end(kPolledFor)) return;
    nonce.back() = static_cast<std::uint8_t>((nonce.back() & ~3) | (found - kPolledFor));
}

void note_message(CmpExchange& exchange) {
    exchange.task = task_of(exchange.message.message->type).value_or(Task::other);
    exchange.transaction = exchange.message.transaction;
}

}  // namespace

std::optional<Task> task_of(BodyType type) {
    switch (type) {
        case BodyType::ir: return Task::ir;
        case BodyType::cr: return Task::cr;
        case BodyType::kur: return Task::kur;
        case BodyType::p10cr: return Task::p10cr;
        case BodyType::cert_conf: return Task::cert_conf;
        case BodyType::rr: return Task::rr;
        case BodyType::poll_req: return Task::poll_req;
        case BodyType::genm: return Task::genm;
        case BodyType::nested: return Task::nested;
        case BodyType::error: return Task::other;
        default: return std::nullopt;
    }
}

pki::Status read_message(Request& request) {
    PKI_TRY(pki::cmp::Message message, pki::cmp::parse_message(request.der));
    request.message = std::move(message);
    request.transaction = pki::cmp::transaction_text(request.message->header);
    request.opened_with = opened_with(*request.message);
    request.nonce.resize(kNonce);
    PKI_CHECK(pki::ossl::random_bytes(request.nonce));
    mark(request.nonce, request.opened_with);
    return {};
}

ngx_int_t open_message(CmpExchange& exchange) {
    exchange.message.der = exchange.der;
    if (const auto status = read_message(exchange.message); !status) {
        ngx_log_error(NGX_LOG_INFO, exchange.request->connection->log, 0,
                      "cmp: request refused: %s at byte %uz", status.error().text,
                      status.error().offset);
        return refuse_with(exchange, NGX_HTTP_BAD_REQUEST, Errc::malformed,
                           status.error().text);
    }
    note_message(exchange);
    return open_request(exchange);
}

ngx_int_t open_nested(CmpExchange& exchange) {
    // That of the one before says nothing about this one.
    exchange.credential = wire::Credential::none;
    exchange.credential_name.clear();
    exchange.presented_name.clear();
    exchange.csr_sha256.reset();
    exchange.cause = nullptr;
    return open_request(exchange);
}

}  // namespace ngx_enroll::cmp
