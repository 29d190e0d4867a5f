#include "clients/signerctl/options.h"

namespace signerctl {

namespace {

constexpr std::string_view kExitStatus =
    "\nExit status: 0 success, 1 failure, 2 wrong usage. See signerctl(1).\n";

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(text.size() + 1, width), ' ');
    return text;
}

std::string describe(const Option& option) {
    std::string left = "  --" + std::string(option.name);
    if (!option.value.empty()) left += " " + std::string(option.value);
    std::string line = padded(std::move(left), 24) + std::string(option.help);
    if (!option.fallback.empty()) line += " (default: " + std::string(option.fallback) + ")";
    if (option.required) line += " (required)";
    return line + "\n";
}

}  // namespace

std::string usage(std::span<const Command* const> commands) {
    std::string text = "usage: signerctl [--socket PATH] [--json] COMMAND [OPTION ...]\n\n";
    for (const Command* command : commands)
        text += padded("  " + std::string(command->name), 24) + std::string(command->summary) +
                "\n";
    text += "\n";
    for (const Option& option : kGlobalOptions) text += describe(option);
    return text + "\n'signerctl COMMAND --help' tells the options of a command.\n" +
           std::string(kExitStatus);
}

std::string usage(const Command& command) {
    std::string text = "usage: signerctl " + std::string(command.name) + " [OPTION ...]";
    if (!command.operand.empty()) text += " " + std::string(command.operand);
    text += "\n\n" + std::string(command.summary) + "\n\n";
    for (const Option& option : command.options) text += describe(option);
    for (const Option& option : kGlobalOptions) text += describe(option);
    return text + std::string(kExitStatus);
}

}  // namespace signerctl
