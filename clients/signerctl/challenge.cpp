#include "clients/signerctl/challenge.h"

#include "clients/common/json.h"
#include "clients/common/output.h"
#include "clients/signerctl/commands.h"
#include "clients/signerctl/connection.h"
#include "libpki/wire/registration.h"

namespace signerctl {

using pki::Errc;
using pki::fail;
namespace wire = pki::wire;

namespace {

// A variable of a script that was not set must not widen what the token is good for.
pki::Status check_create(const Arguments& given) {
    for (const std::string_view name : {"challenge", "profile", "subject"})
        if (given.has(name) && given.text(name).empty())
            return fail(Errc::malformed, "the option's value is empty",
                        "--" + std::string(name));
    if (given.has("subject") && given.number("version") == 1)
        return fail(Errc::malformed, "a token of version 1 is bound to no subject");
    if (given.has("lifetime")) PKI_CHECK(parse_lifetime(given.text("lifetime")));
    return {};
}

pki::Status run_create(const Context& context, const Arguments& given) {
    const std::string challenge = given.text("challenge");
    const std::string profile = given.text("profile");
    const std::string subject = given.text("subject");
    wire::ChallengeCreateRequest request;
    request.challenge = challenge;
    request.profile = profile;
    request.subject = subject;
    request.version = static_cast<std::uint8_t>(given.number("version"));
    if (given.has("lifetime")) {
        PKI_TRY(request.lifetime, parse_lifetime(given.text("lifetime")));
    }
    PKI_TRY(Connection connection, Connection::open(context.socket));
    PKI_TRY(const auto reply, connection.call<wire::JsonReply>(request));
    PKI_TRY(const JsonPtr answer, parse_json_object(reply.json));
    const std::string token = member_text(answer.get(), "challenge");
    if (token.empty()) return fail(Errc::malformed, "signerd does not tell the challenge");
    print(context.json ? json_indented(answer.get()) + "\n" : terminal_safe(token) + "\n");
    return {};
}

constexpr Option kCreateOptions[] = {
    {.name = "profile", .value = "NAME", .help = "that it is good for", .required = true},
    {.name = "challenge", .value = "NAME", .help = "which one, of several of the profile"},
    {.name = "subject", .value = "CN", .help = "the common name that it is good for"},
    {.name = "lifetime", .value = "TIME", .help = "how long it is good: 1h, 7d"},
    {.name = "version",
     .value = "N",
     .help = "of the token; 1 is bound to no profile",
     .fallback = "2",
     .least = 1,
     .most = 2},
};

}  // namespace

const Command kChallengeCreate{
    .name = "challenge create",
    .operand = {},
    .summary = "make a challenge for a client of SCEP",
    .options = kCreateOptions,
    .run = run_create,
    .check = check_create,
};

}  // namespace signerctl
