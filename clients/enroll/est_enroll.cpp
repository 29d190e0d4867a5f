#include "clients/enroll/commands.h"
#include "clients/enroll/deliver.h"
#include "clients/enroll/est_options.h"
#include "clients/enroll/est_wishes.h"

namespace enroll {

using pki::Buffer;
using pki::Errc;
using pki::fail;
using pki::Result;
using pki::Status;
namespace ossl = pki::ossl;

namespace {

// The CA certificates first: when they cannot be had, nothing was issued in vain.
Status ask(EstTalk& talk, std::string_view operation, const RequestNames& names, EVP_PKEY* key,
           const Context& context, const Arguments& arguments) {
    EstServer server = server_of(talk, context, arguments);
    PKI_TRY(std::vector<Buffer> known, est_cacerts(server));
    const auto make = [&](const std::string& binding) -> Result<Buffer> {
        if (!binding.empty()) return make_request(names, binding, key);
        return obtain_request(arguments, names, {}, key, context.report);
    };
    PKI_TRY(const std::vector<Buffer> answer, est_post(server, operation, make));
    PKI_TRY(const EstCertificate taken,
            take_certificate(answer, std::move(known), key, talk, context));
    return deliver(taken.certificate, taken.chain,
                   {arguments.text("out"), arguments.text("chain-out")}, context.report);
}

Result<ossl::PkeyPtr> key_to_certify(const Arguments& arguments, const std::string& type,
                                     Report& report) {
    const char* name = arguments.has("new-key") ? "new-key" : "key";
    return obtain_key(arguments.text(name), type, arguments.has("key-type"), report);
}

// With --csrattrs the request has what the server asks for; without, what the options say.
Status run(const Context& context, const Arguments& arguments, std::string_view operation,
           EstTalk& talk, RequestNames names) {
    const std::string usual = arguments.text("key-type");
    pki::est::CsrDemands demands;
    if (arguments.has("csrattrs")) {
        const Asker asker{arguments.has("channel-binding"), operation == "simplereenroll"};
        EstServer server = server_of(talk, context, arguments);
        PKI_TRY(demands, ask_demands(server));
        PKI_CHECK(fulfil(demands, asker, names, context.report));
    }
    const std::string type = arguments.has("key-type") ? usual : key_type_for(demands, usual);
    PKI_TRY(const auto key, key_to_certify(arguments, type, context.report));
    PKI_CHECK(check_key_demand(demands, key.get()));
    return ask(talk, operation, names, key.get(), context, arguments);
}

Status run_enroll(const Context& context, const Arguments& arguments) {
    PKI_TRY(RequestNames names, names_from(arguments));
    PKI_TRY(EstTalk talk, begin_est(context, arguments));
    return run(context, arguments, "simpleenroll", talk, std::move(names));
}

// id-cmc-changeSubjectName, 1.3.6.1.5.5.7.7.36
constexpr std::uint8_t kChangeSubjectName[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x07, 0x24};

// RFC 6402 2.8: the names that the new certificate is to have. The request itself has those of
// the old one (RFC 7030 4.2.2).
Buffer change_of_names(const RequestNames& wanted) {
    pki::der::Writer w;
    w.sequence([&] {
        w.raw(wanted.subject);
        w.raw(wanted.san);
    });
    return pki::x509::csr_attribute(kChangeSubjectName, w.view());
}

Status run_reenroll(const Context& context, const Arguments& arguments) {
    PKI_TRY(EstTalk talk, begin_est(context, arguments));
    PKI_TRY(RequestNames names, names_from(talk.own->certificate));
    if (arguments.has("subject") || arguments.has("san")) {
        PKI_TRY(const RequestNames wanted, names_from(arguments));
        names.parts.attributes.push_back(change_of_names(wanted));
    }
    return run(context, arguments, "simplereenroll", talk, std::move(names));
}

Status check_names(const Arguments& arguments) {
    PKI_CHECK(check_est(arguments));
    if (arguments.has("new-key") && !arguments.has("cert"))
        return fail(Errc::malformed, "--new-key makes sense only with --cert");
    if (!arguments.has("subject") && !arguments.has("san") && !arguments.has("csr"))
        return fail(Errc::malformed, "an option is missing", "--subject or --san");
    PKI_CHECK(names_from(arguments));
    return {};
}

Status check_renewal(const Arguments& arguments) {
    PKI_CHECK(check_est(arguments));
    if (arguments.has("subject") || arguments.has("san")) PKI_CHECK(names_from(arguments));
    return {};
}

constexpr Option kEnrollOptions[] = {
    option::kEstUrl,   option::kCacert,     option::kUser,           option::kPasswordFile,
    option::kBearer,   option::kTokenFile,  option::kTlsCert,        option::kKey,
    option::kNewKey,   option::kEstKeyType, option::kSubject,        option::kSan,
    option::kCsr,      option::kCsrAttrs,   option::kChannelBinding, option::kOut,
    option::kChainOut, option::kWait,       option::kTimeout,
};

constexpr Option kReenrollOptions[] = {
    option::kEstUrl,
    option::kCacert,
    {.name = "cert", .value = "FILE", .help = "the certificate to renew", .required = true},
    option::kOldKey,
    option::kUser,
    option::kPasswordFile,
    option::kBearer,
    option::kTokenFile,
    option::kNewKey,
    option::kEstKeyType,
    {.name = "subject", .value = "NAME", .help = "ask for another name than that of --cert"},
    {.name = "san",
     .value = "TYPE:NAME",
     .help = "ask for other names than those of --cert; may be repeated",
     .repeatable = true},
    option::kCsr,
    option::kCsrAttrs,
    option::kChannelBinding,
    option::kOut,
    option::kChainOut,
    option::kWait,
    option::kTimeout,
};

}  // namespace

const Command kEstEnroll{
    .name = "est enroll",
    .operand = {},
    .summary = "get a certificate",
    .options = kEnrollOptions,
    .run = run_enroll,
    .check = check_names,
};

const Command kEstReenroll{
    .name = "est reenroll",
    .operand = {},
    .summary = "renew a certificate, for the same key or a new one",
    .options = kReenrollOptions,
    .run = run_reenroll,
    .check = check_renewal,
};

}  // namespace enroll
