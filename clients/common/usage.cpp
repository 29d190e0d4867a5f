#include "clients/common/options.h"

namespace clients {

namespace {

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(text.size() + 1, width), ' ');
    return text;
}

std::string dashed(const Option& option) {
    std::string text = "--" + std::string(option.name);
    if (!option.value.empty()) text += " " + std::string(option.value);
    return text;
}

std::string describe(const Option& option) {
    std::string line = padded("  " + dashed(option), 24) + std::string(option.help);
    if (!option.fallback.empty()) line += " (default: " + std::string(option.fallback) + ")";
    if (option.required) line += " (required)";
    return line + "\n";
}

std::string program(const Tool& tool) { return "usage: " + std::string(tool.name); }

}  // namespace

std::string usage(const Tool& tool, std::span<const Grammar> commands) {
    std::string text = program(tool);
    for (const Option& option : tool.options)
        if (option.name != "help") text += " [" + dashed(option) + "]";
    text += " COMMAND [OPTION ...]\n\n";
    for (const Grammar& command : commands)
        text +=
            padded("  " + std::string(command.name), 24) + std::string(command.summary) + "\n";
    text += "\n";
    for (const Option& option : tool.options) text += describe(option);
    return text + "\n'" + std::string(tool.name) +
           " COMMAND --help' tells the options of a command.\n\n" +
           std::string(tool.exit_status);
}

std::string usage(const Tool& tool, const Grammar& command) {
    std::string text = program(tool) + " " + std::string(command.name) + " [OPTION ...]";
    if (!command.operand.empty()) text += " " + std::string(command.operand);
    text += "\n\n" + std::string(command.summary) + "\n\n";
    for (const Option& option : command.options) text += describe(option);
    for (const Option& option : tool.options) text += describe(option);
    return text + "\n" + std::string(tool.exit_status);
}

}  // namespace clients
