// The interface by which Microsoft Intune lets a certification authority of somebody else
// check the challengePasswords that it gave to devices, and wants to hear what became of them.
#include "libpki/base/base64.h"
#include "libpki/base/time.h"
#include "signerd/json_writer.h"
#include "signerd/outside/answers.h"
#include "signerd/outside/secret_file.h"
#include "signerd/outside/service.h"
#include "signerd/outside/token_source.h"
#include "signerd/outside/url.h"
#include "signerd/version.h"

namespace signerd {

namespace {

constexpr char kService[] = "ScepRequestValidationFEService";
constexpr char kApiVersion[] = "2018-02-20";
// Where the service is may change.
constexpr std::int64_t kEndpointLife = 3600;
constexpr std::size_t kMaxDescription = 255;
// An HRESULT with the bits for "failure" and "not of Microsoft"; the code of the Error follows.
constexpr std::uint64_t kFailure = 0xa0000000;

std::string upper_hex(pki::Bytes bytes) {
    std::string text = pki::hex_encode(bytes);
    for (char& c : text)
        if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
    return text;
}

// "2026-11-20T17:00:00.000Z".
std::string web_time(std::int64_t seconds) {
    std::string text = pki::format_iso8601(seconds);
    return text.insert(text.size() - 1, ".000");
}

void put_issued(json_t* object, const OutsideQuestion& question) {
    put(object, "certificateThumbprint",
        std::string_view(upper_hex(pki::ossl::sha1(question.certificate))));
    put(object, "certificateSerialNumber", question.serial);
    put(object, "certificateExpirationDateUtc", std::string_view(web_time(question.not_after)));
    put(object, "issuingCertificateAuthority", question.issuer);
}

void put_failed(json_t* object, const OutsideQuestion& question) {
    put(object, "hResult", kFailure | question.code);
    put(object, "errorDescription", question.reason.substr(0, kMaxDescription));
}

// Its name for what a device does, the same in all calls. Not every SCEP client sends one.
std::string transaction_of(const OutsideQuestion& question) {
    if (!question.transaction.empty()) return std::string(question.transaction);
    return pki::hex_encode(pki::ossl::sha256(question.csr));
}

struct Call {
    std::string action;
    std::string id;
    std::string body;
    HttpRequest::Time deadline;
    bool notice = false;
    Service::Done done;
};
using CallPtr = std::shared_ptr<Call>;

class Intune : public Service {
   public:
    Intune(const IntuneRules& rules, pki::Secret secret, const Clock& clock, Http& http);

    void handle(const OutsideQuestion& question, HttpRequest::Time deadline,
                Done done) override;

   private:
    void find_endpoint(const CallPtr& call);
    void discover(const CallPtr& call, const std::string& authorization);
    void discovered(const CallPtr& call, const pki::Result<HttpAnswer>& answer);
    void authorize(const CallPtr& call);
    void act(const CallPtr& call, const std::string& authorization);
    void acted(const CallPtr& call, const pki::Result<HttpAnswer>& answer);
    std::int64_t now() const { return clock_.now() / kMicroseconds; }

    const IntuneRules rules_;
    const Clock& clock_;
    Http& http_;
    const TokenSource::Credentials credentials_;
    TokenSource discovery_tokens_;
    TokenSource tokens_;
    std::string endpoint_;  // that was discovered last
    std::int64_t endpoint_until_ = 0;
};

// Microsoft Graph, or its like in a sovereign cloud: the scope is named by the host.
std::string discovery_scope(const IntuneRules& rules) {
    const auto host = host_of_url(rules.discovery);
    return host ? "https://" + *host + "/.default" : "";
}

Intune::Intune(const IntuneRules& rules, pki::Secret secret, const Clock& clock, Http& http)
    : rules_(rules),
      clock_(clock),
      http_(http),
      credentials_{rules.authority + "/" + rules.tenant_id + "/oauth2/v2.0/token",
                   rules.client_id, std::move(secret)},
      discovery_tokens_(credentials_, clock, http, discovery_scope(rules)),
      tokens_(credentials_, clock, http, rules.scope),
      endpoint_(rules.endpoint) {}

void Intune::handle(const OutsideQuestion& question, HttpRequest::Time deadline, Done done) {
    const auto call = std::make_shared<Call>();
    call->action = intune_action(question.event);
    call->id = question.id;
    call->body = intune_body(question);
    call->deadline = deadline;
    call->notice = question.event != OutsideEvent::decide;
    call->done = std::move(done);
    find_endpoint(call);
}

void Intune::find_endpoint(const CallPtr& call) {
    if (!rules_.endpoint.empty() || (!endpoint_.empty() && now() < endpoint_until_))
        return authorize(call);
    discovery_tokens_.get(call->deadline, [this, call](const auto& authorization) {
        if (!authorization) return call->done(authorization.error());
        discover(call, *authorization);
    });
}

void Intune::discover(const CallPtr& call, const std::string& authorization) {
    HttpRequest request;
    request.url = rules_.discovery;
    request.headers = {authorization, "Accept: application/json",
                       "client-request-id: " + call->id};
    request.post = false;
    request.deadline = call->deadline;
    http_.send(std::move(request),
               [this, call](const auto& answer) { discovered(call, answer); });
}

void Intune::discovered(const CallPtr& call, const pki::Result<HttpAnswer>& answer) {
    auto endpoint =
        answer ? read_endpoint(*answer, kService) : pki::Result<std::string>(answer.error());
    if (!endpoint) {
        discovery_tokens_.forget();
        return call->done(endpoint.error());
    }
    endpoint_ = *std::move(endpoint);
    endpoint_until_ = now() + kEndpointLife;
    authorize(call);
}

void Intune::authorize(const CallPtr& call) {
    tokens_.get(call->deadline, [this, call](const auto& authorization) {
        if (!authorization) return call->done(authorization.error());
        act(call, *authorization);
    });
}

void Intune::act(const CallPtr& call, const std::string& authorization) {
    HttpRequest request;
    request.url = endpoint_ + "/ScepActions/" + call->action;
    request.headers = {authorization, "Content-Type: application/json",
                       "Accept: application/json", std::string("api-version: ") + kApiVersion,
                       "client-request-id: " + call->id};
    request.body = std::move(call->body);
    request.deadline = call->deadline;
    request.notice = call->notice;
    http_.send(std::move(request), [this, call](const auto& answer) { acted(call, answer); });
}

// What is kept may be what is wrong: the next call begins anew.
void Intune::acted(const CallPtr& call, const pki::Result<HttpAnswer>& answer) {
    const pki::Status verdict = answer ? intune_verdict(*answer) : pki::Status(answer.error());
    if (!verdict && verdict.error().code != pki::Errc::unauthenticated) {
        tokens_.forget();
        endpoint_until_ = 0;
    }
    call->done(verdict);
}

}  // namespace

const char* intune_action(OutsideEvent event) {
    if (event == OutsideEvent::decide) return "validateRequest";
    return event == OutsideEvent::issued ? "successNotification" : "failureNotification";
}

std::string intune_body(const OutsideQuestion& question) {
    JsonPtr content(json_object());
    put(content.get(), "transactionId", std::string_view(transaction_of(question)));
    put(content.get(), "certificateRequest",
        std::string_view(pki::base64_encode(question.csr)));
    if (question.event == OutsideEvent::issued) put_issued(content.get(), question);
    if (question.event == OutsideEvent::failed) put_failed(content.get(), question);
    put(content.get(), "callerInfo", std::string_view(std::string("signerd/") + kVersion));
    const JsonPtr object(json_object());
    const bool asks = question.event == OutsideEvent::decide;
    put(object.get(), asks ? "request" : "notification", std::move(content));
    return json_text(object.get());
}

pki::Result<std::unique_ptr<Service>> make_intune(const IntuneRules& rules, const Clock& clock,
                                                  Http& http) {
    PKI_TRY(pki::Secret secret, read_secret_file(rules.secret_path, 1));
    return std::unique_ptr<Service>(
        std::make_unique<Intune>(rules, std::move(secret), clock, http));
}

}  // namespace signerd
