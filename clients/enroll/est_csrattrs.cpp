#include "clients/common/certificates.h"
#include "clients/common/files.h"
#include "clients/enroll/commands.h"
#include "clients/enroll/est_options.h"
#include "clients/enroll/est_wishes.h"

namespace enroll {

namespace {

pki::Status run(const Context& context, const Arguments& arguments) {
    Report& report = context.report;
    PKI_TRY(EstTalk talk, begin_est(context, arguments));
    EstServer server = server_of(talk, context, arguments);
    PKI_TRY(const pki::Buffer der, est_csrattrs(server));
    pki::est::CsrDemands demands;
    if (!der.empty()) {
        PKI_TRY(demands, from_server(report, pki::est::parse_csr_attributes(der)));
    }
    tell(demands, report);
    if (!arguments.has("out")) return {};
    PKI_CHECK(write_files({{arguments.text("out"), der, kPublicMode}}, Existing::replace));
    report.wrote(arguments.text("out"));
    return {};
}

constexpr Option kOptions[] = {
    option::kEstUrl,
    option::kCacert,
    option::kUser,
    option::kPasswordFile,
    option::kBearer,
    option::kTokenFile,
    option::kTlsCert,
    option::kTlsKey,
    {.name = "out", .value = "FILE", .help = "where the answer goes as well, DER"},
    option::kWait,
    option::kTimeout,
};

}  // namespace

const Command kEstCsrAttrs{
    .name = "est csrattrs",
    .operand = {},
    .summary = "what requests for certificates have to have",
    .options = kOptions,
    .run = run,
    .check = check_est,
};

}  // namespace enroll
