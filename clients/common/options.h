// The command line of a tool, checked against its commands' tables of options.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libpki/base/result.h"

namespace clients {

struct Option {
    std::string_view name;        // without the dashes
    std::string_view value = {};  // what it takes, for the help ("FILE"); empty: a flag
    std::string_view help = {};
    std::string_view fallback = {};  // its value when it is not given
    bool required = false;
    std::uint64_t least = 0;  // bounds of a number, when most is not 0
    std::uint64_t most = 0;
    std::string_view excludes = {};  // another option, with which it makes no sense
    std::string_view excludes_too = {};
    bool repeatable = false;
};

class Arguments {
   public:
    bool has(std::string_view option) const { return given_.contains(option); }
    // The value given, else the table's fallback.
    std::string text(std::string_view option) const;
    // Of an option with bounds.
    std::uint64_t number(std::string_view option) const;
    // Of a repeatable option, in order.
    std::vector<std::string> list(std::string_view option) const;
    bool has_operand() const { return !operands_.empty(); }
    // Empty when it is optional and was not given.
    std::string operand() const { return operands_.empty() ? std::string() : operands_[0]; }
    const std::vector<std::string>& operands() const { return operands_; }

   private:
    friend class Parser;
    std::map<std::string_view, std::vector<std::string>> given_;
    std::map<std::string_view, std::string> fallbacks_;
    std::vector<std::string> operands_;
};

// What the parser and the help know of a command.
struct Grammar {
    std::string_view name;
    std::string_view operand;
    std::string_view summary;
    std::span<const Option> options;
    pki::Status (*check)(const Arguments& arguments);
};

// Context: what the tool gives to each of its commands.
template <class Context>
struct Command {
    std::string_view name;     // "ca init"
    std::string_view operand;  // "SERIAL", "[SERIAL]", "ID...", or empty when it takes none
    std::string_view summary;
    std::span<const Option> options;
    pki::Status (*run)(const Context& context, const Arguments& arguments);
    // What the table cannot say: an Error is wrong usage. nullptr: nothing.
    pki::Status (*check)(const Arguments& arguments) = nullptr;

    Grammar grammar() const { return {name, operand, summary, options, check}; }
};

struct Tool {
    std::string_view name;
    std::span<const Option> options;  // they stand before and after any command; --help is one
    std::string_view exit_status;     // the last lines of the help
};

struct ParsedLine {
    std::optional<std::size_t> command;  // its index; none only with --help
    Arguments arguments;
};

// The views of the answer look into the tables. An Error here is wrong usage.
pki::Result<ParsedLine> parse_words(const Tool& tool, std::span<const Grammar> commands,
                                    std::span<const std::string_view> words);

std::string usage(const Tool& tool, std::span<const Grammar> commands);
std::string usage(const Tool& tool, const Grammar& command);

template <class Context>
std::vector<Grammar> grammars(std::span<const Command<Context>* const> commands) {
    std::vector<Grammar> list;
    for (const Command<Context>* command : commands) list.push_back(command->grammar());
    return list;
}

template <class Context>
struct CommandLine {
    const Command<Context>* command = nullptr;  // nullptr only with --help
    Arguments arguments;
};

template <class Context>
pki::Result<CommandLine<Context>> parse_command_line(
    const Tool& tool, std::span<const Command<Context>* const> commands,
    std::span<const std::string_view> words) {
    PKI_TRY(ParsedLine line, parse_words(tool, grammars<Context>(commands), words));
    return CommandLine<Context>{line.command ? commands[*line.command] : nullptr,
                                std::move(line.arguments)};
}

}  // namespace clients
