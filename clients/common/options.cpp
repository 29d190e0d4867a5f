#include "clients/common/options.h"

#include <charconv>

namespace clients {

using pki::Errc;
using pki::fail;

namespace {

const Option* find_option(std::span<const Option> options, std::string_view name) {
    for (const Option& option : options)
        if (option.name == name) return &option;
    return nullptr;
}

std::optional<std::uint64_t> to_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string dashed(std::string_view name) { return "--" + std::string(name); }

}  // namespace

std::string Arguments::text(std::string_view option) const {
    if (const auto found = given_.find(option); found != given_.end())
        return found->second.front();
    const auto fallback = fallbacks_.find(option);
    return fallback == fallbacks_.end() ? std::string() : fallback->second;
}

std::uint64_t Arguments::number(std::string_view option) const {
    return to_number(text(option)).value_or(0);
}

std::vector<std::string> Arguments::list(std::string_view option) const {
    const auto found = given_.find(option);
    return found == given_.end() ? std::vector<std::string>() : found->second;
}

class Parser {
   public:
    Parser(const Tool& tool, std::span<const Grammar> commands,
           std::span<const std::string_view> words)
        : tool_(tool), commands_(commands), words_(words) {}

    pki::Result<ParsedLine> run() {
        while (at_option()) PKI_CHECK(take_option());
        if (words_.empty() && line_.arguments.has("help")) return std::move(line_);
        PKI_CHECK(take_command());
        while (!words_.empty()) {
            if (at_option())
                PKI_CHECK(take_option());
            else
                line_.arguments.operands_.emplace_back(next());
        }
        if (!line_.arguments.has("help")) PKI_CHECK(check_command());
        return std::move(line_);
    }

   private:
    const Grammar& command() const { return commands_[*line_.command]; }

    bool at_option() const { return !words_.empty() && words_.front().starts_with("-"); }

    std::string_view next() {
        const std::string_view word = words_.front();
        words_ = words_.subspan(1);
        return word;
    }

    pki::Status take_command() {
        if (words_.empty()) return fail(Errc::malformed, "no command given");
        const std::string one(words_[0]);
        const std::string two = words_.size() > 1 ? one + " " + std::string(words_[1]) : one;
        for (std::size_t i = 0; i < commands_.size(); i++) {
            const Grammar& command = commands_[i];
            if (command.name != one && command.name != two) continue;
            line_.command = i;
            words_ = words_.subspan(command.name == one ? 1 : 2);
            for (const Option& option : command.options)
                line_.arguments.fallbacks_.emplace(option.name, option.fallback);
            return {};
        }
        return fail(Errc::malformed, "unknown command", two);
    }

    pki::Status take_option() {
        const std::string word(next());
        const std::size_t equals = word.find('=');
        const std::string name = word.substr(0, equals);
        const Option* option = name.starts_with("--") ? find(name.substr(2)) : nullptr;
        if (!option) return fail(Errc::malformed, "unknown option", name);
        std::string value;
        if (option->value.empty()) {
            if (equals != std::string::npos)
                return fail(Errc::malformed, "the option takes no value", name);
        } else if (equals != std::string::npos) {
            value = word.substr(equals + 1);
        } else if (words_.empty()) {
            return fail(Errc::malformed, "the option needs a value", name);
        } else {
            value = next();
        }
        return keep(*option, std::move(value));
    }

    const Option* find(std::string_view name) const {
        if (const Option* option = find_option(tool_.options, name)) return option;
        return line_.command ? find_option(command().options, name) : nullptr;
    }

    pki::Status keep(const Option& option, std::string value) {
        if (option.most != 0) {
            const std::optional<std::uint64_t> number = to_number(value);
            if (!number || *number < option.least || *number > option.most)
                return fail(Errc::malformed, "not a number in the option's range",
                            dashed(option.name) + " takes " + std::to_string(option.least) +
                                " to " + std::to_string(option.most));
        }
        std::vector<std::string>& values = line_.arguments.given_[option.name];
        if (!values.empty() && !option.repeatable)
            return fail(Errc::malformed, "the option is given twice", dashed(option.name));
        values.push_back(std::move(value));
        return {};
    }

    pki::Status check_command() const {
        const Arguments& given = line_.arguments;
        for (const Option& option : command().options) {
            if (option.required && !given.has(option.name))
                return fail(Errc::malformed, "an option is missing", dashed(option.name));
            for (const std::string_view other : {option.excludes, option.excludes_too})
                if (given.has(option.name) && given.has(other))
                    return fail(Errc::malformed, "the options exclude each other",
                                dashed(option.name) + ", " + dashed(other));
        }
        PKI_CHECK(check_operands());
        return command().check ? command().check(given) : pki::Status();
    }

    pki::Status check_operands() const {
        const std::string operand(command().operand);
        const std::size_t wanted = operand.empty() ? 0 : 1;
        const bool several = operand.ends_with("...");
        const std::vector<std::string>& given = line_.arguments.operands_;
        if (given.size() < wanted && !operand.starts_with('['))
            return fail(Errc::malformed, "an argument is missing", operand);
        if (given.size() > wanted && !several)
            return fail(Errc::malformed, "an argument too many", given[wanted]);
        return {};
    }

    const Tool& tool_;
    std::span<const Grammar> commands_;
    std::span<const std::string_view> words_;
    ParsedLine line_;
};

pki::Result<ParsedLine> parse_words(const Tool& tool, std::span<const Grammar> commands,
                                    std::span<const std::string_view> words) {
    return Parser(tool, commands, words).run();
}

}  // namespace clients
