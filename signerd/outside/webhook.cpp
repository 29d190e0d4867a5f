#include "libpki/base/base64.h"
#include "libpki/base/time.h"
#include "signerd/json_writer.h"
#include "signerd/outside/answers.h"
#include "signerd/outside/secret_file.h"
#include "signerd/outside/service.h"

namespace signerd {

namespace {

// Shorter ones can be guessed from one signed body.
constexpr std::size_t kMinSecret = 16;

const char* event_name(OutsideEvent event) {
    if (event == OutsideEvent::decide) return "decide";
    return event == OutsideEvent::issued ? "issued" : "failed";
}

JsonPtr sans_json(const OutsideQuestion& question) {
    JsonPtr sans(json_array());
    for (const pki::Bytes san : question.sans) {
        const std::string_view text = pki::as_text(san);
        json_array_append_new(sans.get(), json_stringn(text.data(), text.size()));
    }
    return sans;
}

void put_outcome(json_t* object, const OutsideQuestion& question) {
    if (question.event == OutsideEvent::decide)
        put(object, "challenge", pki::as_text(question.password));
    if (question.event == OutsideEvent::failed) put(object, "reason", question.reason);
    if (question.event != OutsideEvent::issued) return;
    put(object, "serial", question.serial);
    put(object, "not_after", std::string_view(pki::format_iso8601(question.not_after)));
    put(object, "certificate", std::string_view(pki::base64_encode(question.certificate)));
}

class Webhook : public Service {
   public:
    Webhook(const WebhookRules& rules, pki::Secret secret, const Clock& clock, Http& http)
        : url_(rules.url), secret_(std::move(secret)), clock_(clock), http_(http) {}

    void handle(const OutsideQuestion& question, HttpRequest::Time deadline,
                Done done) override;

   private:
    const std::string url_;
    const pki::Secret secret_;
    const Clock& clock_;
    Http& http_;
};

void Webhook::handle(const OutsideQuestion& question, HttpRequest::Time deadline, Done done) {
    HttpRequest request;
    request.url = url_;
    request.body = webhook_body(question);
    request.deadline = deadline;
    request.notice = question.event != OutsideEvent::decide;
    request.headers = {
        "Content-Type: application/json", "Accept: application/json",
        "X-Enroll-Signature: " +
            webhook_signature(secret_.view(), clock_.now() / kMicroseconds, request.body)};
    const bool asks = question.event == OutsideEvent::decide;
    http_.send(std::move(request), [asks, done = std::move(done)](const auto& answer) {
        if (!answer) return done(answer.error());
        const bool noted = !asks && answer->status / 100 == 2;
        done(noted ? pki::Status() : webhook_verdict(*answer));
    });
}

}  // namespace

std::string webhook_body(const OutsideQuestion& question) {
    const JsonPtr object(json_object());
    put(object.get(), "event", std::string_view(event_name(question.event)));
    put(object.get(), "id", question.id);
    put(object.get(), "timestamp", std::string_view(pki::format_iso8601(question.time)));
    put(object.get(), "profile", question.profile);
    put(object.get(), "transaction", question.transaction);
    put(object.get(), "client_address", question.client_address);
    put(object.get(), "subject", question.subject);
    put(object.get(), "sans", sans_json(question));
    put(object.get(), "csr", std::string_view(pki::base64_encode(question.csr)));
    put_outcome(object.get(), question);
    return json_text(object.get());
}

std::string webhook_signature(pki::Bytes secret, std::int64_t now, std::string_view body) {
    const std::string time = std::to_string(now);
    const std::string text = time + "." + std::string(body);
    return "t=" + time +
           ",v1=" + pki::hex_encode(pki::ossl::hmac_sha256(secret, pki::as_bytes(text)));
}

pki::Result<std::unique_ptr<Service>> make_webhook(const WebhookRules& rules,
                                                   const Clock& clock, Http& http) {
    PKI_TRY(pki::Secret secret, read_secret_file(rules.secret_path, kMinSecret));
    return std::unique_ptr<Service>(
        std::make_unique<Webhook>(rules, std::move(secret), clock, http));
}

}  // namespace signerd
