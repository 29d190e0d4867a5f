// signerctl: makes CAs, and asks a running signerd. See docs/man/signerctl.1.
#include <cstdio>
#include <cstdlib>

#include "clients/common/output.h"
#include "clients/signerctl/commands.h"

namespace {

constexpr int kSuccess = 0;
constexpr int kFailure = 1;
constexpr int kWrongUsage = 2;

constexpr const char* kDefaultSocket = "/run/signerd/admin.sock";

constexpr const signerctl::Command* kCommands[] = {
    &signerctl::kCaInit,      &signerctl::kCaNext,          &signerctl::kCaImport,
    &signerctl::kRaIssue,     &signerctl::kChallengeCreate, &signerctl::kTokenCreate,
    &signerctl::kTokenList,   &signerctl::kTokenRevoke,     &signerctl::kCertList,
    &signerctl::kCertShow,    &signerctl::kRevoke,          &signerctl::kRelease,
    &signerctl::kCrlPublish,  &signerctl::kRequestList,     &signerctl::kRequestApprove,
    &signerctl::kRequestDeny, &signerctl::kAuditList,       &signerctl::kAuditVerify,
    &signerctl::kAuditExport, &signerctl::kStatus,
};

void complain(const pki::Error& error) {
    std::fprintf(stderr, "signerctl: %s\n", signerctl::terminal_safe(error.message()).c_str());
}

std::string socket_path(const signerctl::Arguments& arguments) {
    if (arguments.has("socket")) return arguments.text("socket");
    const char* path = std::getenv("SIGNERCTL_SOCKET");
    return path && *path ? path : kDefaultSocket;
}

pki::Status run(const signerctl::CommandLine& line) {
    if (line.arguments.has("help")) {
        signerctl::print(line.command ? signerctl::usage(*line.command)
                                      : signerctl::usage(kCommands));
    } else {
        PKI_CHECK(line.command->run({socket_path(line.arguments), line.arguments.has("json")},
                                    line.arguments));
    }
    return signerctl::finish_output();
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string_view> words(argv + 1, argv + std::max(argc, 1));
    const pki::Result<signerctl::CommandLine> line =
        signerctl::parse_command_line(kCommands, words);
    if (!line) {
        complain(line.error());
        std::fputs("'signerctl --help' tells the commands and options.\n", stderr);
        return kWrongUsage;
    }
    if (const pki::Status status = run(*line); !status) {
        complain(status.error());
        return kFailure;
    }
    return kSuccess;
}
