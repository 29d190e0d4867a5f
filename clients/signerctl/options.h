// The command line, checked against a command's table of options.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "libpki/base/result.h"

namespace signerctl {

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
};

class Arguments {
   public:
    bool has(std::string_view option) const { return given_.contains(option); }
    // The value given, else the table's fallback.
    std::string text(std::string_view option) const;
    // Of an option with bounds.
    std::uint64_t number(std::string_view option) const;
    bool has_operand() const { return !operands_.empty(); }
    // Empty when it is optional and was not given.
    std::string operand() const { return operands_.empty() ? std::string() : operands_[0]; }
    const std::vector<std::string>& operands() const { return operands_; }

   private:
    friend class Parser;
    std::map<std::string_view, std::string> given_;
    std::map<std::string_view, std::string> fallbacks_;
    std::vector<std::string> operands_;
};

struct Context {
    std::string socket;
    bool json = false;
};

struct Command {
    std::string_view name;     // "ca init"
    std::string_view operand;  // "SERIAL", "[SERIAL]", "ID...", or empty when it takes none
    std::string_view summary;
    std::span<const Option> options;
    pki::Status (*run)(const Context& context, const Arguments& arguments);
    // What the table cannot say: an Error is wrong usage. nullptr: nothing.
    pki::Status (*check)(const Arguments& arguments) = nullptr;
};

struct CommandLine {
    const Command* command = nullptr;  // nullptr only with --help
    Arguments arguments;
};

// --socket, --json and --help, which may stand before and after the command.
extern const std::span<const Option> kGlobalOptions;

// The views of the answer look into the tables. An Error here is wrong usage.
pki::Result<CommandLine> parse_command_line(std::span<const Command* const> commands,
                                            std::span<const std::string_view> words);

std::string usage(std::span<const Command* const> commands);
std::string usage(const Command& command);

}  // namespace signerctl
