// signerctl's commands, and its command line.
#pragma once

#include "clients/common/options.h"
#include "clients/signerctl/common.h"

namespace signerctl {

struct Context {
    std::string socket;
    bool json = false;
};

using Command = clients::Command<Context>;
using CommandLine = clients::CommandLine<Context>;

// --socket, --json and --help.
extern const Tool kTool;

inline pki::Result<CommandLine> parse_command_line(std::span<const Command* const> commands,
                                                   std::span<const std::string_view> words) {
    return clients::parse_command_line<Context>(kTool, commands, words);
}

inline std::string usage(std::span<const Command* const> commands) {
    return clients::usage(kTool, grammars<Context>(commands));
}

inline std::string usage(const Command& command) {
    return clients::usage(kTool, command.grammar());
}

}  // namespace signerctl
