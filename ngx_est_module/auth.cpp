#include "ngx_est_module/auth.h"

#include "libpki/base/secret.h"
#include "libpki/base/utf8.h"
#include "libpki/x509/cert.h"
#include "ngx_common/client_certificate.h"
#include "ngx_common/credential_cache.h"
#include "ngx_common/guard.h"
#include "ngx_common/headers.h"
#include "ngx_common/login_guard.h"
#include "ngx_est_module/bearer.h"

namespace ngx_enroll::est {

namespace {

using pki::wire::Credential;

// Causes of a 401, for the audit log: the client is told none of them.
constexpr const char* kNoPassword = "no user name and password";
constexpr const char* kNoToken = "no token";
constexpr const char* kNeither = "no user name and password, and no token";
constexpr const char* kMalformedToken = "the token is malformed";
constexpr const char* kNoCertificate = "no client certificate";

constexpr ngx_uint_t kAuthHeader = kAuthBasic | kAuthBearer;  // in Authorization

AuthResult refused(EstExchange& exchange, ngx_int_t status, const char* line) {
    exchange.outcome = pki::name(status == NGX_HTTP_UNAUTHORIZED ? pki::Errc::unauthenticated
                                                                 : pki::Errc::denied);
    return {Verdict::refused, refuse(exchange, status, line)};
}

// RFC 7030 3.3.2, 4.2.2: who renews shows the certificate that is renewed.
bool needs_certificate(const EstExchange& exchange, const LocConf& conf) {
    return exchange.operation == pki::est::Operation::simplereenroll ||
           (conf.auth & kAuthMtls && conf.satisfy == kSatisfyAll);
}

void add_challenge(ngx_http_request_t* r, const LocConf& conf, const std::string& scheme) {
    const std::string challenge = scheme + " realm=\"" + std::string(view(conf.realm)) + "\"";
    r->headers_out.www_authenticate =
        add_header(r, "WWW-Authenticate", copy_to_pool(r->pool, challenge));
}

// RFC 9110 11.6.1: a 401 names at least one challenge. There is no registered scheme for
// a TLS certificate; clients pass over one that they do not know.
AuthResult unauthorized(EstExchange& exchange, const LocConf& conf, const char* cause) {
    ngx_http_request_t* r = exchange.request;
    // A certificate that was refused tells more than that nothing else was there.
    if (exchange.cause == nullptr) exchange.cause = cause;
    const bool certificate = exchange.credential != Credential::certificate &&
                             (needs_certificate(exchange, conf) || !(conf.auth & kAuthHeader));
    if (certificate) add_challenge(r, conf, "TLS-Client-Certificate");
    if (!certificate && conf.auth & kAuthBasic) add_challenge(r, conf, "Basic");
    if (!certificate && conf.auth & kAuthBearer) add_bearer_challenge(r, conf, nullptr);
    // Bouncy Castle's client gives up when the 401 that it answers has a body.
    exchange.error_without_body = !certificate;
    return refused(exchange, NGX_HTTP_UNAUTHORIZED,
                   certificate ? "a client certificate of this service is required"
                               : "authentication is required");
}

// The same whether the password or token is right or wrong: nobody has looked at it.
AuthResult locked_out(EstExchange& exchange, std::uint32_t seconds,
                      const char* line = "too many wrong passwords, try again later") {
    exchange.outcome = pki::name(pki::Errc::limited);
    exchange.retry_after = seconds;
    return {Verdict::refused, refuse(exchange, NGX_HTTP_TOO_MANY_REQUESTS, line)};
}

// est_renew_expired: for a renewal and nothing else; for how long is signerd's to say.
Expired expiry(const EstExchange& exchange, const LocConf& conf) {
    const bool accepted =
        conf.renew_expired && exchange.operation == pki::est::Operation::simplereenroll;
    return accepted ? Expired::accepted : Expired::refused;
}

bool accept_certificate(EstExchange& exchange, const LocConf& conf) {
    if (!has_client_certificate(exchange.request)) return false;
    auto certificate =
        verified_client_certificate(exchange.request, conf.anchors, expiry(exchange, conf));
    if (!certificate) {
        ngx_log_error(NGX_LOG_INFO, exchange.request->connection->log, 0,
                      "est: client certificate refused: %s", certificate.error().text);
        exchange.cause = certificate.error().text;
        exchange.presented_name = presented_subject(exchange.request);
        return false;
    }
    // OpenSSL reads forms that we do not: such a certificate has no name here.
    const auto parsed = pki::x509::parse_certificate(*certificate);
    exchange.credential_name =
        parsed ? pki::x509::name_text(parsed->tbs.subject) : std::string("(unnamed)");
    pki::cut_text(exchange.credential_name, pki::limits::kCredentialName);
    exchange.client_certificate = std::move(*certificate);
    exchange.credential = Credential::certificate;
    return true;
}

struct BasicCredentials {
    std::string user;
    std::string password;
    std::string hash;  // to compare with
    bool known = false;

    BasicCredentials() = default;
    BasicCredentials(BasicCredentials&&) = default;
    // The whole capacity: a short password that was moved from is still in its place.
    ~BasicCredentials() { OPENSSL_cleanse(password.data(), password.capacity()); }
};

const char* cause_of(const BasicCredentials& credentials) {
    return credentials.known ? "the password is wrong" : "no such user";
}

bool acceptable_user_name(std::string_view user) {
    return !user.empty() && user.size() <= pki::limits::kCredentialName &&
           std::ranges::all_of(user, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

// Of the request's Authorization header, if it has one that is well formed.
std::optional<BasicCredentials> basic_credentials(ngx_http_request_t* r, const LocConf& conf) {
    if (ngx_http_auth_basic_user(r) != NGX_OK) return std::nullopt;
    const std::string_view user = view(r->headers_in.user);
    // The hash functions would read no further than a NUL.
    const bool whole = view(r->headers_in.passwd).find('\0') == std::string_view::npos;
    if (!acceptable_user_name(user) || !whole) return std::nullopt;
    const PasswordFile::Entry entry = conf.passwords->find(user);
    BasicCredentials credentials;
    credentials.user = user;
    credentials.password = view(r->headers_in.passwd);
    credentials.hash = *entry.hash;
    credentials.known = entry.known;
    return credentials;
}

CredentialKey key_of(const BasicCredentials& credentials, const LocConf& conf) {
    return credential_key(conf.passwords->path(), credentials.user, credentials.password,
                          credentials.hash);
}

void accept_user(EstExchange& exchange, const std::string& user) {
    // With est_satisfy all, the certificate is the identity.
    if (exchange.credential != Credential::none) return;
    exchange.credential = Credential::basic;
    exchange.credential_name = user;
}

AuthResult check_basic(EstExchange& exchange, const LocConf& conf) {
    const auto credentials = basic_credentials(exchange.request, conf);
    if (!credentials)
        return unauthorized(exchange, conf, conf.auth & kAuthBearer ? kNeither : kNoPassword);
    exchange.presented_name = credentials->user;
    exchange.cause = nullptr;  // of a certificate: the password counts now
    ngx_http_request_t* r = exchange.request;
    if (const auto seconds = login_wait(zone_of(r), conf.limits, r); seconds != 0)
        return locked_out(exchange, seconds);
    const CredentialKey key = key_of(*credentials, conf);
    if (!(credentials->known && credential_remembered(key))) {
        if (is_slow_hash(credentials->hash)) return {Verdict::slow_hash, NGX_OK};
        const bool matches = password_matches(credentials->password, credentials->hash);
        if (!matches || !credentials->known) {
            login_failed(zone_of(r), conf.limits, r);
            return unauthorized(exchange, conf, cause_of(*credentials));
        }
    }
    accept_user(exchange, credentials->user);
    return {Verdict::allowed, NGX_OK};
}

// Whether it is good is signerd's to say, once there is a CSR.
AuthResult take_token(EstExchange& exchange, const LocConf& conf, const Bearer& bearer) {
    ngx_http_request_t* r = exchange.request;
    exchange.cause = nullptr;  // of a certificate: the token counts now
    if (bearer.state == BearerState::malformed)
        return unauthorized(exchange, conf, kMalformedToken);
    if (const auto seconds = login_wait(zone_of(r), conf.limits, r); seconds != 0)
        return locked_out(exchange, seconds, "too many wrong tokens, try again later");
    exchange.token_sha256 = pki::ossl::sha256(pki::as_bytes(bearer.token));
    return {Verdict::allowed, NGX_OK};
}

AuthResult check_header(EstExchange& exchange, const LocConf& conf) {
    if (conf.auth & kAuthBearer) {
        const Bearer bearer = bearer_of(exchange.request);
        if (bearer.state != BearerState::absent) return take_token(exchange, conf, bearer);
        if (!(conf.auth & kAuthBasic)) return unauthorized(exchange, conf, kNoToken);
    }
    return check_basic(exchange, conf);
}

class HashWork final : public OffloadedWork {
   public:
    HashWork(EstExchange& exchange, const LocConf& conf, BasicCredentials credentials,
             void (*go_on)(EstExchange&))
        : exchange_(exchange),
          conf_(conf),
          credentials_(std::move(credentials)),
          go_on_(go_on) {}

    // A client that did not wait for the answer has tried all the same.
    ~HashWork() override { login_.end(right()); }

    // Seconds to wait, or 0.
    std::uint32_t begin() {
        return login_.begin(zone_of(exchange_.request), conf_.limits, exchange_.request);
    }

    // The password is not checked after all.
    void cancel() { login_.end(true); }

    void done(ngx_http_request_t* r) noexcept override {
        const auto status = guarded<ngx_int_t>(
            r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR, [&]() -> ngx_int_t {
                login_.end(right());
                if (!right())
                    return unauthorized(exchange_, conf_, cause_of(credentials_)).status;
                remember_credential(key_of(credentials_, conf_));
                accept_user(exchange_, credentials_.user);
                return NGX_OK;
            });
        if (status == NGX_OK) return go_on_(exchange_);
        exchange_.place.leave();
        ngx_http_finalize_request(r, status);
    }

   private:
    void work() override {
        matches_ = password_matches(credentials_.password, credentials_.hash);
    }
    void failed(const pki::Error&) noexcept override {}  // and nothing matches

    bool right() const { return matches_ && credentials_.known; }

    EstExchange& exchange_;
    const LocConf& conf_;
    BasicCredentials credentials_;
    void (*go_on_)(EstExchange&);
    PendingLogin login_;
    bool matches_ = false;
};

}  // namespace

AuthResult authenticate(EstExchange& exchange, const LocConf& conf) {
    if (conf.auth & kAuthNone && exchange.operation != pki::est::Operation::simplereenroll)
        return {Verdict::allowed, NGX_OK};
    if (!(conf.auth & (kAuthHeader | kAuthMtls)))
        return refused(exchange, NGX_HTTP_FORBIDDEN, "this operation is not allowed here");
    if (needs_certificate(exchange, conf) && !(conf.auth & kAuthMtls))
        return refused(exchange, NGX_HTTP_FORBIDDEN, "renewal is not allowed here");

    const bool certified = conf.auth & kAuthMtls && accept_certificate(exchange, conf);
    if (!certified && needs_certificate(exchange, conf))
        return unauthorized(exchange, conf, kNoCertificate);
    const bool header_needed =
        conf.auth & kAuthHeader && (!certified || conf.satisfy == kSatisfyAll);
    if (header_needed) return check_header(exchange, conf);
    return certified ? AuthResult{Verdict::allowed, NGX_OK}
                     : unauthorized(exchange, conf, kNoCertificate);
}

ngx_int_t check_slow_hash(EstExchange& exchange, const LocConf& conf,
                          void (*go_on)(EstExchange& exchange)) {
    ngx_http_request_t* r = exchange.request;
    auto credentials = basic_credentials(r, conf);
    if (!credentials) return unauthorized(exchange, conf, kNoPassword).status;
    auto* work = new_in_pool<HashWork>(r->pool, exchange, conf, std::move(*credentials), go_on);
    if (const auto seconds = work->begin(); seconds != 0)
        return locked_out(exchange, seconds).status;
    const ngx_int_t rc = offload(r, conf.threads, *work);
    if (rc == NGX_DONE) return rc;
    work->cancel();
    exchange.outcome = pki::name(pki::Errc::unavailable);
    return rc;
}

}  // namespace ngx_enroll::est
