// Tokens that clients show in the place of a password, or once in their life.
#include "libpki/wire/token.h"

#include "clients/common/json.h"
#include "clients/common/output.h"
#include "clients/signerctl/challenge.h"
#include "clients/signerctl/commands.h"
#include "clients/signerctl/connection.h"
#include "libpki/base/ascii.h"

namespace signerctl {

using pki::Errc;
using pki::fail;
namespace wire = pki::wire;

namespace {

// A variable of a script that was not set must not widen what the token is good for.
pki::Status check_create(const Arguments& given) {
    for (const std::string_view name : {"name", "identity"})
        if (given.has(name) && given.text(name).empty())
            return fail(Errc::malformed, "the option's value is empty",
                        "--" + std::string(name));
    for (const std::string& profile : given.list("profile"))
        if (profile.empty())
            return fail(Errc::malformed, "the option's value is empty", "--profile");
    if (!given.has("once") && !given.has("ttl"))
        return fail(Errc::malformed, "without --once an option is missing", "--ttl");
    if (given.has("ttl")) PKI_CHECK(parse_lifetime(given.text("ttl")));
    return {};
}

pki::Status run_create(const Context& context, const Arguments& given) {
    const std::string name = given.text("name");
    const std::string identity = given.text("identity");
    const std::vector<std::string> profiles = given.list("profile");
    wire::TokenCreateRequest request;
    for (const std::string& profile : profiles)
        request.profiles.push_back(pki::as_bytes(profile));
    request.name = name;
    request.identity = identity;
    request.once = given.has("once");
    if (given.has("ttl")) {
        PKI_TRY(request.lifetime, parse_lifetime(given.text("ttl")));
    }
    PKI_TRY(Connection connection, Connection::open(context.socket));
    PKI_TRY(const auto reply, connection.call<wire::JsonReply>(request));
    PKI_TRY(const JsonPtr answer, parse_json_object(reply.json));
    const std::string token = member_text(answer.get(), "token");
    if (token.empty()) return fail(Errc::malformed, "signerd does not tell the token");
    print(context.json ? json_indented(answer.get()) + "\n" : terminal_safe(token) + "\n");
    return {};
}

std::string listed(const json_t* names) {
    std::string text;
    std::size_t index;
    json_t* name;
    json_array_foreach(names, index, name) {
        if (index != 0) text += ',';
        text += json_is_string(name) ? json_string_value(name) : "?";
    }
    return text;
}

// As they come, as a table or as the JSON of one answer.
class TokenPrinter {
   public:
    explicit TokenPrinter(bool json)
        : table_({"ID", "STATE", "USE", "CREATED", "EXPIRES", "PROFILES", "IDENTITY", "NAME"}) {
        if (json) array_.emplace("{\"tokens\":", "}");
    }

    void add(const json_t* token) {
        if (array_) return array_->add(token);
        const auto text = [&](const char* name) { return member_text(token, name); };
        const bool once = json_is_true(json_object_get(token, "once"));
        table_.add({text("id"), text("state"), once ? "once" : "often", text("created"),
                    text("expires"), listed(json_object_get(token, "profiles")),
                    text("identity"), text("name")});
    }
    // Of one answer.
    void flush() {
        if (!array_) print(table_.take());
    }
    void finish() {
        if (array_) array_->finish();
    }

   private:
    Table table_;
    std::optional<JsonArrayPrinter> array_;
};

pki::Status run_list(const Context& context, const Arguments& given) {
    wire::TokenListRequest request;
    request.all = given.has("all");
    PKI_TRY(Connection connection, Connection::open(context.socket));
    TokenPrinter printer(context.json);
    for (bool more = true; more;) {
        PKI_TRY(const auto reply, connection.call<wire::JsonReply>(request));
        PKI_TRY(const JsonPtr answer, parse_json_object(reply.json));
        std::size_t index;
        json_t* token;
        json_array_foreach(json_object_get(answer.get(), "tokens"), index, token)
            printer.add(token);
        printer.flush();
        const json_t* after = json_object_get(answer.get(), "after");
        more = after != nullptr;
        const auto last = static_cast<std::uint64_t>(json_integer_value(after));
        if (more && last <= request.after)
            return fail(Errc::malformed, "signerd repeats a page of tokens");
        request.after = last;
    }
    printer.finish();
    return {};
}

pki::Result<std::uint64_t> parse_id(const std::string& text) {
    const auto id = pki::parse_decimal(text);
    if (!id || *id == 0) return fail(Errc::malformed, "not the number of a token", text);
    return *id;
}

pki::Status check_ids(const Arguments& given) {
    for (const std::string& text : given.operands()) PKI_CHECK(parse_id(text));
    return {};
}

pki::Status revoke_one(Connection& connection, const std::string& text, TokenPrinter& printer) {
    wire::TokenRevokeRequest request;
    PKI_TRY(request.id, parse_id(text));
    PKI_TRY(const auto reply, connection.call<wire::JsonReply>(request));
    PKI_TRY(const JsonPtr answer, parse_json_object(reply.json));
    printer.add(answer.get());
    printer.flush();
    return {};
}

// One that cannot be revoked does not keep the others from it.
pki::Status run_revoke(const Context& context, const Arguments& given) {
    PKI_TRY(Connection connection, Connection::open(context.socket));
    TokenPrinter printer(context.json);
    std::string problems;
    for (const std::string& id : given.operands()) {
        const auto done = revoke_one(connection, id, printer);
        if (!done)
            problems +=
                (problems.empty() ? "token " : "; token ") + id + ": " + done.error().message();
    }
    printer.finish();
    if (problems.empty()) return {};
    return fail(Errc::conflict, "not every token was revoked", problems);
}

constexpr Option kCreateOptions[] = {
    {.name = "profile",
     .value = "NAME",
     .help = "that it is good for; may be repeated",
     .required = true,
     .repeatable = true},
    {.name = "once", .help = "used up by the first certificate"},
    {.name = "identity", .value = "NAME", .help = "the one name that certificates may have"},
    {.name = "ttl", .value = "TIME", .help = "how long it is good: 1h, 7d; with --once: 1h"},
    {.name = "name", .value = "TEXT", .help = "what the audit log calls it"},
};

constexpr Option kListOptions[] = {
    {.name = "all", .help = "those that are used, revoked or have expired too"},
};

}  // namespace

const Command kTokenCreate{
    .name = "token create",
    .operand = {},
    .summary = "make a token for a client",
    .options = kCreateOptions,
    .run = run_create,
    .check = check_create,
};

const Command kTokenList{
    .name = "token list",
    .operand = {},
    .summary = "list the tokens that are good, oldest first",
    .options = kListOptions,
    .run = run_list,
};

const Command kTokenRevoke{
    .name = "token revoke",
    .operand = "ID...",
    .summary = "make these tokens good for nothing",
    .options = {},
    .run = run_revoke,
    .check = check_ids,
};

}  // namespace signerctl
