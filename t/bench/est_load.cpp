// EST enrolments over N connections. One JSON object on standard output.
//
//     est_load --make FILE --requests R [--key ec:P-256|rsa:2048|mixed]
//     est_load --port P --connections N --seconds S [--rate PER_SECOND]
//              (--csrs FILE | --requests R [--key KEY])
//              [--handshake once|resumed|full] [--cert FILE --cert-key FILE]
//              [--user USER:PASSWORD] [--path PATH]
//
// A closed loop, or with --rate an open one: load.h. --make writes CSRs for several runs.

#include <cstdlib>

#include "t/bench/load.h"
#include "t/bench/requests.h"

namespace bench {

namespace {

std::vector<std::string> csrs(Arguments& given) {
    const std::size_t count = std::strtoul(given["--requests"].c_str(), nullptr, 10);
    if (given["--csrs"].empty() && count == 0) die("--requests or --csrs is needed");
    auto bodies = given["--csrs"].empty() ? make_csrs(given["--key"], count)
                                          : read_lines(given["--csrs"]);
    if (!bodies) die(bodies.error().message());
    return *std::move(bodies);
}

int run(int argc, char** argv) {
    Arguments given = read_arguments(argc, argv,
                                     {{"--key", "ec:P-256"},
                                      {"--handshake", "once"},
                                      {"--path", "/.well-known/est/simpleenroll"}});
    if (const std::string make = given["--make"]; !make.empty()) {
        if (const auto made = write_lines(csrs(given), make); !made) die(made.error().text);
        return 0;
    }
    const LoadSpec spec = load_spec(given);
    const RequestSpec request{given["--path"], "application/pkcs10", given["--user"],
                              spec.handshake != Handshake::once};
    std::vector<std::string> requests = csrs(given);
    for (std::string& body : requests) body = http_request(request, body);
    print_report(run_load(spec, requests, [](std::size_t, std::string_view answer) {
        return http_outcome(answer);
    }));
    return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::run(argc, argv); }
