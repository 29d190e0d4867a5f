// What services outside send, and what comes over the socket between the front and its outside
// child: bounded, and nothing but the one clear yes is a yes.
//
// The first octet says what follows it, by its remainder of 6: an answer of a webhook, of
// Intune, of a token endpoint, a list of services, a URL, a frame.

#include <openssl/err.h>

#include "libpki/base/ascii.h"
#include "signerd/keys/protocol.h"
#include "signerd/outside/answers.h"
#include "signerd/outside/protocol.h"
#include "signerd/outside/url.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/quiet_log.h"

namespace {

using pki::Errc;
using signerd::HttpAnswer;

bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

void check_verdict(const pki::Status& status, const std::string& body, std::string_view yes) {
    if (status) PROPERTY(holds(body, yes));
    if (!status) {
        const Errc code = status.error().code;
        PROPERTY(code == Errc::unauthenticated || code == Errc::unavailable);
        PROPERTY(status.error().detail.size() <= signerd::kOutsideReason);
    }
    const pki::Buffer frame = signerd::answer_frame(status, 1);
    const auto parsed = signerd::parse_key_frame(frame);
    PROPERTY(parsed && signerd::status_in(*parsed).has_value() == status.has_value());
}

void check_token(const HttpAnswer& answer) {
    const auto token = signerd::read_token(answer);
    if (!token) return;
    PROPERTY(!token->text.empty() && std::ranges::all_of(token->text, pki::is_graphic));
}

void check_endpoint(const HttpAnswer& answer) {
    const auto endpoint = signerd::read_endpoint(answer, "Service");
    if (endpoint) PROPERTY(!endpoint->empty() && !endpoint->ends_with('/'));
}

void check_url(const std::string& url) {
    const std::string listed[] = {"a.example", "b.example:8443"};
    const auto host = signerd::host_of_url(url);
    const auto allowed = signerd::check_listed(url, listed);
    PROPERTY(!allowed || (host && (*host == listed[0] || *host == listed[1])));
    if (host) PROPERTY(signerd::check_host(*host) && url.starts_with("https://"));
}

void check_frame(pki::Bytes bytes) {
    const auto frame = signerd::parse_key_frame(bytes);
    if (!frame) return;
    (void)signerd::status_in(*frame);
    const auto question = pki::wire::decode<signerd::OutsideQuestion>(*frame);
    if (!question) return;
    const auto again = pki::wire::encode(*question, frame->header.id);
    PROPERTY(again && pki::equal(*again, bytes));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const pki::Bytes input(data + 1, size - 1);
    const HttpAnswer answer{200, std::string(pki::as_text(input))};
    switch (data[0] % 6) {
        case 0: check_verdict(signerd::webhook_verdict(answer), answer.body, "true"); break;
        case 1: check_verdict(signerd::intune_verdict(answer), answer.body, "{"); break;
        case 2: check_token(answer); break;
        case 3: check_endpoint(answer); break;
        case 4: check_url(answer.body); break;
        default: check_frame(input); break;
    }
    PROPERTY(ERR_peek_error() == 0);
    return 0;
}
