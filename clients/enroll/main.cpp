// enroll: gets certificates for devices. See docs/man/enroll.1.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "clients/common/output.h"
#include "clients/enroll/commands.h"

namespace {

constexpr const enroll::Command* kCommands[] = {
    &enroll::kEstCacerts,  &enroll::kEstCsrAttrs,     &enroll::kEstEnroll,
    &enroll::kEstReenroll, &enroll::kEstServerKeyGen, &enroll::kEstTest,
    &enroll::kScepGetCaps, &enroll::kScepGetCaCert,   &enroll::kScepGetNextCa,
    &enroll::kScepEnroll,  &enroll::kScepRenew,       &enroll::kScepPoll,
    &enroll::kScepGetCert, &enroll::kScepGetCrl,      &enroll::kCmpIr,
    &enroll::kCmpCr,       &enroll::kCmpP10cr,        &enroll::kCmpKur,
    &enroll::kCmpRr,       &enroll::kCmpGenm,
};

class SystemClock final : public enroll::Clock {
   public:
    std::int64_t now() override {
        return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    }
    void sleep(std::uint64_t seconds) override {
        std::this_thread::sleep_for(std::chrono::seconds(seconds));
    }
};

int wrong_usage(enroll::Report& report, const pki::Error& error) {
    report.errors_mean(enroll::Exit::usage);
    const enroll::Exit exit = report.finish(error);
    std::fputs("'enroll --help' tells the commands and options.\n", stderr);
    return static_cast<int>(exit);
}

int print_help(const enroll::CommandLine& line) {
    clients::print(
        line.command
            ? clients::usage(enroll::kTool, line.command->grammar())
            : clients::usage(enroll::kTool, clients::grammars<enroll::Context>(kCommands)));
    return clients::finish_output() ? 0 : static_cast<int>(enroll::Exit::refused);
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string_view> words(argv + 1, argv + std::max(argc, 1));
    // Wrong usage is told as JSON, too.
    enroll::Report report(std::ranges::find(words, "--json") != words.end());
    const auto line = enroll::parse_command_line(kCommands, words);
    if (!line) return wrong_usage(report, line.error());
    if (line->arguments.has("help")) return print_help(*line);
    SystemClock clock;
    const enroll::Context context{report, clock, enroll::connect_by_curl};
    return static_cast<int>(report.finish(line->command->run(context, line->arguments)));
}
