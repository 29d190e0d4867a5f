#include "clients/common/json.h"
#include "clients/common/output.h"
#include "clients/signerctl/commands.h"
#include "clients/signerctl/connection.h"
#include "clients/signerctl/status.h"
#include "libpki/wire/revocation.h"

namespace signerctl {

namespace {

pki::Status run_publish(const Context& context, const Arguments& arguments) {
    const std::string ca = arguments.operand();
    PKI_TRY(Connection connection, Connection::open(context.socket));
    PKI_TRY(const auto reply,
            connection.call<pki::wire::JsonReply>(pki::wire::CrlPublishRequest{.ca = ca}));
    PKI_TRY(const JsonPtr answer, parse_json_object(reply.json));
    print(context.json ? json_indented(answer.get()) + "\n"
                       : crl_table(json_object_get(answer.get(), "crls")));
    return {};
}

}  // namespace

const Command kCrlPublish{
    .name = "crl publish",
    .operand = "[CA]",
    .summary = "make new CRLs now, of one CA or of all",
    .options = {},
    .run = run_publish,
};

}  // namespace signerctl
