#include "clients/signerctl/options.h"
#include "t/unit/unit.h"

namespace {

using pki::Errc;
using signerctl::Command;
using signerctl::CommandLine;
using signerctl::Option;

pki::Status nothing(const signerctl::Context&, const signerctl::Arguments&) { return {}; }

constexpr Option kMakeOptions[] = {
    {.name = "dir", .value = "DIR", .required = true},
    {.name = "days", .value = "N", .fallback = "10", .least = 1, .most = 20},
    {.name = "fast"},
    {.name = "slow", .excludes = "fast"},
};
const Command kMake{"ca make", {}, "make it", kMakeOptions, nothing};
constexpr Option kNameOptions[] = {{.name = "san", .value = "NAME", .repeatable = true}};
const Command kName{"name", {}, "name it", kNameOptions, nothing};
const Command kShow{"show", "SERIAL", "show it", {}, nothing};

pki::Status not_seven(const signerctl::Arguments& arguments) {
    if (arguments.operand() != "7") return {};
    return (pki::fail)(Errc::malformed, "seven", "7");
}
const Command kDrop{"drop", "[SERIAL]", "drop it", {}, nothing, not_seven};
constexpr const Command* kCommands[] = {&kMake, &kShow, &kDrop, &kName};

pki::Result<CommandLine> parse(std::initializer_list<std::string_view> words) {
    return signerctl::parse_command_line(kCommands, {words.begin(), words.size()});
}

std::string problem(std::initializer_list<std::string_view> words) {
    const auto line = parse(words);
    return line ? "none" : line.error().message();
}

void command_of_two_words_with_options(void**) {
    const auto line = parse({"ca", "make", "--dir", "x", "--days=7", "--fast"});
    assert_ok(line);
    assert_ptr_equal(line->command, &kMake);
    assert_text(line->arguments.text("dir"), "x");
    assert_int_equal(line->arguments.number("days"), 7);
    assert_true(line->arguments.has("fast"));
    assert_false(line->arguments.has("slow"));
}

void fallback_stands_in(void**) {
    const auto line = parse({"ca", "make", "--dir="});
    assert_ok(line);
    assert_int_equal(line->arguments.number("days"), 10);
    assert_false(line->arguments.has("days"));
    assert_text(line->arguments.text("dir"), "");
}

void global_options_stand_before_and_after(void**) {
    const auto line = parse({"--socket", "/s", "show", "0a", "--json"});
    assert_ok(line);
    assert_ptr_equal(line->command, &kShow);
    assert_text(line->arguments.text("socket"), "/s");
    assert_true(line->arguments.has("json"));
    assert_text(line->arguments.operand(), "0a");
}

void help_needs_nothing_else(void**) {
    const auto all = parse({"--help"});
    assert_ok(all);
    assert_null(all->command);
    const auto one = parse({"ca", "make", "--help"});
    assert_ok(one);
    assert_ptr_equal(one->command, &kMake);
}

void usage_tells_commands_options_and_fallbacks(void**) {
    const std::string all = signerctl::usage(kCommands);
    assert_true(all.find("ca make") != std::string::npos);
    assert_true(all.find("--socket PATH") != std::string::npos);
    const std::string one = signerctl::usage(kMake);
    assert_true(one.find("--days N") != std::string::npos);
    assert_true(one.find("(default: 10)") != std::string::npos);
    assert_true(signerctl::usage(kShow).find("SERIAL") != std::string::npos);
}

void unknown_words_are_refused(void**) {
    assert_text(problem({}), "no command given");
    assert_text(problem({"ca"}), "unknown command: ca");
    assert_text(problem({"ca", "brake"}), "unknown command: ca brake");
    assert_text(problem({"--bad", "show", "1"}), "unknown option: --bad");
    assert_text(problem({"show", "1", "--dir", "x"}), "unknown option: --dir");
    assert_text(problem({"show", "1", "-j"}), "unknown option: -j");
    assert_text(problem({"--dir", "x", "ca", "make"}), "unknown option: --dir");
}

void wrong_values_are_refused(void**) {
    assert_text(problem({"ca", "make", "--dir"}), "the option needs a value: --dir");
    assert_text(problem({"ca", "make", "--fast=1"}), "the option takes no value: --fast");
    for (const char* days : {"--days=0", "--days=21", "--days=x", "--days=", "--days=-1",
                             "--days=1x", "--days=99999999999999999999"})
        assert_text(problem({"ca", "make", days}),
                    "not a number in the option's range: --days takes 1 to 20");
    assert_text(problem({"ca", "make", "--fast", "--fast"}),
                "the option is given twice: --fast");
}

void missing_and_surplus_words_are_refused(void**) {
    assert_text(problem({"ca", "make"}), "an option is missing: --dir");
    assert_text(problem({"ca", "make", "--dir=x", "y"}), "an argument too many: y");
    assert_text(problem({"show"}), "an argument is missing: SERIAL");
    assert_text(problem({"show", "1", "2"}), "an argument too many: 2");
    assert_text(problem({"ca", "make", "--dir=x", "--fast", "--slow"}),
                "the options exclude each other: --slow, --fast");
}

void an_operand_may_be_optional(void**) {
    const auto with = parse({"drop", "0a"});
    assert_ok(with);
    assert_true(with->arguments.has_operand());
    assert_text(with->arguments.operand(), "0a");
    const auto without = parse({"drop"});
    assert_ok(without);
    assert_false(without->arguments.has_operand());
    assert_text(without->arguments.operand(), "");
    assert_true(parse({"drop", ""})->arguments.has_operand());
    assert_text(problem({"drop", "1", "2"}), "an argument too many: 2");
    assert_true(signerctl::usage(kDrop).find("drop [OPTION ...] [SERIAL]\n") !=
                std::string::npos);
}

void an_option_may_be_repeated(void**) {
    const auto line = parse({"name", "--san=a", "--san", "b", "--san=a"});
    assert_ok(line);
    assert_true(line->arguments.list("san") == std::vector<std::string>({"a", "b", "a"}));
    assert_text(line->arguments.text("san"), "a");
    assert_true(parse({"name"})->arguments.list("san").empty());
}

void a_command_may_refuse(void**) {
    assert_text(problem({"drop", "7"}), "seven: 7");
    assert_text(problem({"drop", "7", "--help"}), "none");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(command_of_two_words_with_options),
        cmocka_unit_test(fallback_stands_in),
        cmocka_unit_test(global_options_stand_before_and_after),
        cmocka_unit_test(help_needs_nothing_else),
        cmocka_unit_test(usage_tells_commands_options_and_fallbacks),
        cmocka_unit_test(unknown_words_are_refused),
        cmocka_unit_test(wrong_values_are_refused),
        cmocka_unit_test(missing_and_surplus_words_are_refused),
        cmocka_unit_test(an_operand_may_be_optional),
        cmocka_unit_test(an_option_may_be_repeated),
        cmocka_unit_test(a_command_may_refuse),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
