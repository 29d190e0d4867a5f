#include "signerd/outside/token_source.h"

#include <openssl/crypto.h>

#include "libpki/base/ascii.h"
#include "libpki/base/bytes.h"

namespace signerd {

namespace {

// The other side's clock may be ahead, and a question takes its time.
constexpr std::int64_t kMargin = 300;
// However long they last: a right that was taken away is gone within an hour.
constexpr std::int64_t kLongest = 3600;

// application/x-www-form-urlencoded.
void put_encoded(std::string& form, std::string_view value) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    for (const char c : value) {
        if (pki::is_letter(c) || pki::is_digit(c) || pki::one_of(c, "-._~")) {
            form += c;
            continue;
        }
        const auto octet = static_cast<unsigned char>(c);
        form += '%';
        form += kDigits[octet >> 4];
        form += kDigits[octet & 15];
    }
}

}  // namespace

void TokenSource::get(HttpRequest::Time deadline, Done done) {
    if (!authorization_.empty() && clock_.now() / kMicroseconds < until_)
        return done(authorization_);
    waiting_.push_back(std::move(done));
    if (waiting_.size() > 1) return;
    HttpRequest request;
    request.url = credentials_.url;
    request.headers = {"Content-Type: application/x-www-form-urlencoded",
                       "Accept: application/json"};
    request.body = form();
    request.deadline = deadline;
    http_.send(std::move(request), [this](const auto& answer) { fetched(answer); });
}

// The buffer is of its final size from the start, so that growing leaves no secret behind.
std::string TokenSource::form() const {
    const std::string_view secret = pki::as_text(credentials_.client_secret.view());
    std::string form;
    form.reserve(3 * (credentials_.client_id.size() + scope_.size() + secret.size()) + 128);
    form += "grant_type=client_credentials&client_id=";
    put_encoded(form, credentials_.client_id);
    form += "&scope=";
    put_encoded(form, scope_);
    form += "&client_secret=";
    put_encoded(form, secret);
    return form;
}

void TokenSource::fetched(const pki::Result<HttpAnswer>& answer) {
    const auto token = answer ? read_token(*answer) : pki::Result<AccessToken>(answer.error());
    authorization_.clear();
    if (token) {
        authorization_ = "Authorization: Bearer " + token->text;
        until_ = clock_.now() / kMicroseconds + std::min(token->lifetime, kLongest) - kMargin;
    }
    const auto result = token ? pki::Result<std::string>(authorization_)
                              : pki::Result<std::string>(token.error());
    for (const Done& done : std::exchange(waiting_, {})) done(result);
}

}  // namespace signerd
