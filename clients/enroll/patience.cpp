#include "clients/enroll/patience.h"

#include <algorithm>

#include "clients/common/output.h"
#include "libpki/base/ascii.h"

namespace enroll {

using pki::Errc;
using pki::fail;

namespace {

// RFC 7030 4.2.3 demands a Retry-After of every 202; some servers forget it.
constexpr std::uint64_t kWithoutHeader = 30;
constexpr std::size_t kMostText = 300;

bool later(const HttpAnswer& answer) {
    if (answer.status == 202) return true;
    return (answer.status == 503 || answer.status == 429) && answer.retry_after != 0;
}

// The first line of what is text, as our servers answer; pages of HTML are for browsers.
std::string words_of(const HttpAnswer& answer) {
    const std::string status = "HTTP status " + std::to_string(answer.status);
    if (!pki::to_lower(answer.content_type).starts_with("text/plain")) return status;
    std::string_view text = pki::as_text(answer.body);
    text = text.substr(0, std::min(text.find_first_of("\r\n"), kMostText));
    return text.empty() ? status : status + ", " + terminal_safe(text);
}

}  // namespace

bool Patience::wait(std::uint64_t seconds) {
    if (seconds > left_) return false;
    left_ -= seconds;
    clock_.sleep(seconds);
    return true;
}

pki::Result<HttpAnswer> try_patiently(const Attempt& attempt, Patience& patience,
                                      Report& report) {
    for (;;) {
        PKI_TRY(HttpAnswer answer, attempt());
        if (!later(answer)) return answer;
        const std::uint64_t pause = answer.retry_after ? answer.retry_after : kWithoutHeader;
        const std::string why =
            answer.status == 202 ? "the request is pending" : "the server is busy";
        report.progress(why + "; it says to come back in " + std::to_string(pause) + " s");
        if (!patience.wait(pause)) return answer;
    }
}

pki::Result<HttpAnswer> send_patiently(Transport& transport, const HttpRequest& request,
                                       Patience& patience, Report& report) {
    return try_patiently([&] { return transport.send(request); }, patience, report);
}

pki::Error refusal(const HttpAnswer& answer, Report& report) {
    report.set("http_status", answer.status);
    if (answer.retry_after != 0)
        report.set("retry_after", static_cast<std::int64_t>(answer.retry_after));
    const std::string words = words_of(answer);
    if (answer.status == 202) {
        report.errors_mean(Exit::pending);
        const std::string when =
            answer.retry_after ? "ask again in " + std::to_string(answer.retry_after) + " s"
                               : "ask again later";
        return fail(Errc::unavailable, "the request is pending", when);
    }
    if (answer.status == 401)
        return fail(Errc::unauthenticated, "the server does not accept the credentials", words);
    if (answer.status == 429 || answer.status >= 500)
        return fail(Errc::unavailable, "the server cannot serve the request now", words);
    if (answer.status >= 400) return fail(Errc::denied, "the server refuses", words);
    report.errors_mean(Exit::bad_answer);
    return fail(Errc::malformed, "not an answer to the request", words);
}

}  // namespace enroll
