// CMP enrolments over N plain connections that are kept. One JSON object on standard output.
//
//     cmp_load --make FILE --requests R --type ir|p10cr SENDER [--implicit yes]
//     cmp_load --messages FILE --port P --connections N --seconds S [--rate PER_SECOND]
//              [--server PEM SENDER [--confirm yes]] [--path PATH]
//
// SENDER: --key PEM --cert PEM, or --secret TEXT --reference TEXT. A closed loop, or with
// --rate an open one: load.h. --make writes requests with P-256 keys for several runs. Each
// answer is read, and with --confirm the certConf sent that it needs: an enrolment counts when
// pkiconf has come. The protection of a few answers is verified afterwards. Without --server
// every 200 counts.

#include <cstdlib>

#include "libpki/base/base64.h"
#include "libpki/x509/cert.h"
#include "t/bench/cmp_messages.h"
#include "t/bench/load.h"
#include "t/bench/messages.h"

namespace bench {

namespace {

constexpr std::size_t kSamples = 16;

template <class T>
T must(pki::Result<T> result) {
    if (!result) die(result.error().message());
    return *std::move(result);
}

Sender sender_of(Arguments& given) {
    if (!given["--secret"].empty())
        return must(Sender::with_secret(given["--secret"], given["--reference"]));
    return must(Sender::with_key(given["--key"], given["--cert"]));
}

std::string_view body_of(std::string_view text) {
    const std::size_t head = text.find("\r\n\r\n");
    return head == text.npos ? std::string_view() : text.substr(head + 4);
}

struct Sample {
    std::size_t request;
    std::string answer;
};

std::vector<std::string> read_messages(Arguments& given) {
    std::vector<std::string> lines = must(read_lines(given["--messages"]));
    const RequestSpec request{given["--path"], "application/pkixcmp", {}, false};
    for (std::string& line : lines)
        line =
            http_request(request, pki::as_text(must(pki::base64_decode(pki::as_bytes(line)))));
    return lines;
}

int make(Arguments& given) {
    const Keys keys = must(make_keys("ec:P-256"));
    const auto messages =
        must(make_cmp_messages(given["--type"], !given["--implicit"].empty(), sender_of(given),
                               keys, std::strtoul(given["--requests"].c_str(), nullptr, 10)));
    if (!write_lines(messages, given["--make"])) die("cannot write " + given["--make"]);
    return 0;
}

// A load whose answers are read.
class Enrolments {
   public:
    explicit Enrolments(Arguments& given)
        : sender_(sender_of(given)),
          server_(must(read_certificate(given["--server"]))),
          confirm_(!given["--confirm"].empty()),
          http_{given["--path"], "application/pkixcmp", {}, false} {}

    Report run(const LoadSpec& spec, const std::vector<std::string>& requests) {
        Report report = run_load(
            spec, requests,
            [&](std::size_t number, std::string_view answer) { return judge(number, answer); },
            [&](std::size_t number, std::string_view answer) { return next(number, answer); });
        for (const Sample& sample : samples_) check(sample, requests);
        return report;
    }

   private:
    Outcome judge(std::size_t number, std::string_view answer) {
        const Outcome http = http_outcome(answer);
        if (http != Outcome::ok) return http;
        const auto read = read_cmp_answer(pki::as_bytes(body_of(answer)));
        if (!read || read->confirmed != confirm_) return Outcome::refused;
        keep(number, answer);
        return Outcome::ok;
    }

    std::string next(std::size_t number, std::string_view answer) {
        if (!confirm_ || http_outcome(answer) != Outcome::ok) return {};
        const auto confirmation = make_confirmation(pki::as_bytes(body_of(answer)), sender_);
        if (!confirmation) return {};
        keep(number, answer);
        return http_request(http_, pki::as_text(*confirmation));
    }

    void keep(std::size_t number, std::string_view answer) {
        if (samples_.size() < kSamples) samples_.push_back({number, std::string(answer)});
    }

    void check(const Sample& sample, const std::vector<std::string>& requests) const {
        const auto checked =
            check_cmp_answer(pki::as_bytes(body_of(requests[sample.request])),
                             pki::as_bytes(body_of(sample.answer)), server_, sender_);
        if (!checked) die("an answer: " + checked.error().message());
    }

    const Sender sender_;
    const pki::Buffer server_;
    const bool confirm_;
    const RequestSpec http_;
    std::vector<Sample> samples_;
};

int run(int argc, char** argv) {
    Arguments given = read_arguments(argc, argv, {{"--path", "/cmp"}});
    if (!given["--make"].empty()) return make(given);
    LoadSpec spec = load_spec(given);
    spec.tls = false;
    const std::vector<std::string> requests = read_messages(given);
    if (given["--server"].empty())
        print_report(run_load(spec, requests, [](std::size_t, std::string_view answer) {
            return http_outcome(answer);
        }));
    else
        print_report(Enrolments(given).run(spec, requests));
    return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::run(argc, argv); }
