#include "clients/common/certificates.h"
#include "clients/enroll/commands.h"
#include "clients/enroll/credentials.h"
#include "clients/enroll/deliver.h"
#include "clients/enroll/est.h"
#include "clients/enroll/verify.h"

namespace enroll {

using pki::Buffer;
using pki::Errc;
using pki::fail;
namespace ossl = pki::ossl;

namespace {

// The CA certificates first: when they cannot be had, nothing was issued in vain.
pki::Status ask(EstServer& server, std::string_view operation, pki::Bytes csr, EVP_PKEY* key,
                const Context& context, const Arguments& arguments,
                const std::vector<Buffer>& anchors) {
    Report& report = context.report;
    PKI_TRY(std::vector<Buffer> known, est_cacerts(server));
    PKI_TRY(const std::vector<Buffer> answer, est_post(server, operation, csr));
    PKI_TRY(const Buffer certificate, from_server(report, find_issued(answer, key)));
    report.checked("the certificate is for our key");
    known.insert(known.end(), answer.begin(), answer.end());
    // Without --cacert the roots that came over a connection that the system trusts.
    const std::vector<Buffer> roots = anchors.empty() ? self_issued(known) : anchors;
    PKI_TRY(const std::vector<Buffer> chain,
            from_server(report, find_chain(certificate, known, roots, context.clock.now())));
    report.checked(anchors.empty() ? "its chain leads to a root that the server names"
                                   : "its chain leads to --cacert");
    return deliver(certificate, chain, {arguments.text("out"), arguments.text("chain-out")},
                   report);
}

pki::Result<ossl::PkeyPtr> key_to_certify(const Arguments& arguments, Report& report) {
    const char* name = arguments.has("new-key") ? "new-key" : "key";
    return obtain_key(arguments.text(name), arguments.text("key-type"),
                      arguments.has("key-type"), report);
}

pki::Status run(const Context& context, const Arguments& arguments,
                std::string_view operation) {
    Report& report = context.report;
    PKI_TRY(const std::string url, est_url(arguments.text("url")));
    PKI_TRY(HttpOptions options, base_options(arguments));
    const std::vector<Buffer> anchors = options.anchors;
    PKI_CHECK(add_password(options, arguments));
    PKI_TRY(RequestNames names, names_from(arguments));
    if (arguments.has("cert")) {
        PKI_TRY(const auto key, read_key(arguments.text("key")));
        PKI_TRY(const OwnCertificate own, read_own(arguments.text("cert"), key.get()));
        PKI_CHECK(add_certificate(options, own, arguments));
        if (operation == "simplereenroll") {
            PKI_TRY(names, names_from(own.certificate));
        }
    }
    PKI_TRY(const auto key, key_to_certify(arguments, report));
    PKI_TRY(const Buffer csr, obtain_request(arguments, names, {}, key.get(), report));
    PKI_TRY(const auto transport, context.connect(std::move(options)));
    Patience patience(context.clock, arguments.number("wait"));
    EstServer server{*transport, url, patience, report};
    return ask(server, operation, csr, key.get(), context, arguments, anchors);
}

pki::Status run_enroll(const Context& context, const Arguments& arguments) {
    return run(context, arguments, "simpleenroll");
}

pki::Status run_reenroll(const Context& context, const Arguments& arguments) {
    return run(context, arguments, "simplereenroll");
}

pki::Status check_names(const Arguments& arguments) {
    PKI_CHECK(est_url(arguments.text("url")));
    if (!arguments.has("subject") && !arguments.has("san") && !arguments.has("csr"))
        return fail(Errc::malformed, "an option is missing", "--subject or --san");
    if (arguments.has("new-key") && !arguments.has("cert"))
        return fail(Errc::malformed, "--new-key makes sense only with --cert");
    if (arguments.has("password-file") && !arguments.has("user"))
        return fail(Errc::malformed, "--password-file makes sense only with --user");
    PKI_CHECK(names_from(arguments));
    return {};
}

pki::Status check_renewal(const Arguments& arguments) {
    PKI_CHECK(est_url(arguments.text("url")));
    return {};
}

constexpr Option kUrl{.name = "url",
                      .value = "URL",
                      .help = "https://host/.well-known/est, perhaps with a label",
                      .required = true};
constexpr Option kKeyType{.name = "key-type",
                          .value = "SPEC",
                          .help = "of a new key: ec:P-256, ec:P-384, rsa:2048, ed25519",
                          .fallback = "ec:P-256"};

constexpr Option kEnrollOptions[] = {
    kUrl,
    option::kCacert,
    option::kUser,
    option::kPasswordFile,
    {.name = "cert", .value = "FILE", .help = "certificate for TLS, with --key"},
    option::kKey,
    option::kNewKey,
    kKeyType,
    option::kSubject,
    option::kSan,
    option::kCsr,
    option::kOut,
    option::kChainOut,
    option::kWait,
    option::kTimeout,
};

constexpr Option kReenrollOptions[] = {
    kUrl,
    option::kCacert,
    {.name = "cert", .value = "FILE", .help = "the certificate to renew", .required = true},
    option::kOldKey,
    option::kNewKey,
    kKeyType,
    option::kCsr,
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
