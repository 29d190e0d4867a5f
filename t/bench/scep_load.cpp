// SCEP enrolments over N plain connections that are kept. One JSON object on standard output.
//
//     scep_load --make FILE --requests R --ra PEM [--challenge TEXT]
//     scep_load --messages FILE --port P --connections N --seconds S [--rate PER_SECOND]
//               [--ra PEM] [--path PATH]
//
// A closed loop, or with --rate an open one: load.h. --make writes PKCSReq messages with
// RSA-2048 keys for several runs, and the keys to FILE.keys. An answer counts by its pkiStatus,
// of which the load looks for the octets; with --ra a few are read as a client reads them
// afterwards. Without --ra every 200 counts.

#include <cstdlib>

#include "libpki/base/base64.h"
#include "t/bench/load.h"
#include "t/bench/messages.h"

namespace bench {

namespace {

constexpr std::size_t kSamples = 16;

// The attribute pkiStatus up to its one character (RFC 8894 3.2.1.3).
constexpr std::string_view kStatus(
    "\x06\x0a\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x03\x31\x03\x13\x01", 16);

Outcome pki_outcome(std::string_view answer) {
    const Outcome http = http_outcome(answer);
    if (http != Outcome::ok) return http;
    const std::size_t at = answer.find(kStatus);
    if (at == answer.npos || at + kStatus.size() == answer.size()) return Outcome::refused;
    switch (answer[at + kStatus.size()]) {
        case '0': return Outcome::ok;
        case '3': return Outcome::pending;
        default: return Outcome::refused;
    }
}

std::string_view body_of(std::string_view text) {
    const std::size_t head = text.find("\r\n\r\n");
    return head == text.npos ? std::string_view() : text.substr(head + 4);
}

struct Sample {
    std::size_t request;
    std::string answer;
};

void check_samples(const std::vector<Sample>& samples, const std::vector<std::string>& requests,
                   Arguments& given) {
    const auto keys = read_keys(given["--messages"] + ".keys");
    const auto ra = read_certificate(given["--ra"]);
    if (!keys) die(keys.error().message());
    if (!ra) die(ra.error().message());
    for (const Sample& sample : samples) {
        const auto checked = check_answer(pki::as_bytes(body_of(requests[sample.request])),
                                          pki::as_bytes(body_of(sample.answer)), *ra,
                                          (*keys)[sample.request % keys->size()].get());
        if (!checked) die("an answer: " + checked.error().message());
    }
}

std::vector<std::string> read_messages(Arguments& given) {
    auto lines = read_lines(given["--messages"]);
    if (!lines) die(lines.error().message());
    const RequestSpec request{given["--path"], "application/x-pki-message", {}, false};
    for (std::string& line : *lines) {
        const auto message = pki::base64_decode(pki::as_bytes(line));
        if (!message) die(message.error().message());
        line = http_request(request, pki::as_text(*message));
    }
    return *std::move(lines);
}

int make(Arguments& given) {
    const MessageSpec spec{given["--ra"], given["--challenge"], std::time(nullptr)};
    const std::string file = given["--make"];
    const auto keys = make_keys("rsa:2048");
    if (!keys) die(keys.error().message());
    const auto messages =
        make_messages(spec, *keys, std::strtoul(given["--requests"].c_str(), nullptr, 10));
    if (!messages) die(messages.error().message());
    if (!write_keys(*keys, file + ".keys") || !write_lines(*messages, file))
        die("cannot write " + file);
    return 0;
}

int run(int argc, char** argv) {
    Arguments given = read_arguments(argc, argv, {{"--path", "/scep?operation=PKIOperation"}});
    if (!given["--make"].empty()) return make(given);
    LoadSpec spec = load_spec(given);
    spec.tls = false;
    const std::vector<std::string> requests = read_messages(given);
    const bool whole = !given["--ra"].empty();
    std::vector<Sample> samples;
    Report report = run_load(spec, requests, [&](std::size_t number, std::string_view answer) {
        if (!whole) return http_outcome(answer);
        const Outcome outcome = pki_outcome(answer);
        if (outcome == Outcome::ok && samples.size() < kSamples)
            samples.push_back({number, std::string(answer)});
        return outcome;
    });
    if (!samples.empty()) check_samples(samples, requests, given);
    print_report(std::move(report));
    return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::run(argc, argv); }
