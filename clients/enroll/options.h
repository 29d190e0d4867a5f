// enroll's commands, its command line, and the options that several commands have.
#pragma once

#include <array>

#include "clients/common/options.h"
#include "clients/enroll/http.h"
#include "clients/enroll/patience.h"
#include "clients/enroll/report.h"

namespace enroll {

struct Context {
    Report& report;
    Clock& clock;
    Connect connect;
};

using Command = clients::Command<Context>;
using CommandLine = clients::CommandLine<Context>;

// --json and --help.
extern const Tool kTool;

inline pki::Result<CommandLine> parse_command_line(std::span<const Command* const> commands,
                                                   std::span<const std::string_view> words) {
    return clients::parse_command_line<Context>(kTool, commands, words);
}

constexpr std::uint64_t kMostSeconds = 30 * 86400;

namespace option {

constexpr Option kCacert{.name = "cacert",
                         .value = "FILE",
                         .help = "CA certificates that are trusted, and no others"};
constexpr Option kTimeout{.name = "timeout",
                          .value = "SECONDS",
                          .help = "for one exchange",
                          .fallback = "60",
                          .least = 1,
                          .most = 3600};
constexpr Option kWait{.name = "wait",
                       .value = "SECONDS",
                       .help = "how long to wait for a server that says \"later\"",
                       .fallback = "0",
                       .least = 0,
                       .most = kMostSeconds};
constexpr Option kKey{.name = "key",
                      .value = "FILE",
                      .help = "private key; made when there is no such file",
                      .required = true};
constexpr Option kOldKey{
    .name = "key", .value = "FILE", .help = "private key of --cert, PEM", .required = true};
constexpr Option kNewKey{
    .name = "new-key",
    .value = "FILE",
    .help = "another key to be certified; made when there is no such file"};
constexpr Option kCsr{.name = "csr",
                      .value = "FILE",
                      .help = "keep the request here, and send it again when it is there"};
constexpr Option kSubject{.name = "subject",
                          .value = "NAME",
                          .help = "\"O=Example,CN=device-1\", first attribute first"};
constexpr Option kSan{.name = "san",
                      .value = "TYPE:NAME",
                      .help = "dns:, ip:, email: or uri: name; may be repeated",
                      .repeatable = true};
constexpr Option kOut{
    .name = "out", .value = "FILE", .help = "the certificate; replaced when it is there"};
constexpr Option kChainOut{.name = "chain-out",
                           .value = "FILE",
                           .help = "the CA certificates above it, the issuer's first"};

}  // namespace option

}  // namespace enroll
