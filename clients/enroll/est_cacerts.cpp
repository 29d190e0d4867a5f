#include "clients/enroll/commands.h"
#include "clients/enroll/credentials.h"
#include "clients/enroll/deliver.h"
#include "clients/enroll/est.h"
#include "clients/enroll/verify.h"

namespace enroll {

using pki::Buffer;
using pki::Errc;
using pki::fail;

namespace {

// Nobody vouches for what came but the fingerprint: what does not lead to a certificate that it
// names is dropped (RFC 7030 4.1.1).
pki::Result<std::vector<Buffer>> pinned(const std::vector<Buffer>& all,
                                        const std::string& fingerprint,
                                        const Context& context) {
    PKI_TRY(const std::string digest, normal_fingerprint(fingerprint));
    std::vector<Buffer> kept = with_fingerprint(all, {digest});
    if (kept.empty()) {
        context.report.errors_mean(Exit::bad_answer);
        return fail(Errc::denied, "no certificate of the answer has the fingerprint", digest);
    }
    const std::vector<Buffer> anchors = kept;
    for (const Buffer& der : all)
        if (der != anchors.front() && find_chain(der, all, anchors, context.clock.now()))
            kept.push_back(der);
    context.report.checked("fingerprint");
    if (kept.size() != all.size())
        context.report.progress(std::to_string(all.size() - kept.size()) +
                                " certificates left out: they do not lead to that one");
    return kept;
}

pki::Status run(const Context& context, const Arguments& arguments) {
    PKI_TRY(const std::string url, est_url(arguments.text("url")));
    PKI_TRY(HttpOptions options, base_options(arguments));
    options.verify_server = !arguments.has("fingerprint");
    PKI_TRY(const auto transport, context.connect(std::move(options)));
    Patience patience(context.clock, arguments.number("wait"));
    EstServer server{*transport, url, patience, context.report};
    PKI_TRY(std::vector<Buffer> certificates, est_cacerts(server));
    if (arguments.has("fingerprint")) {
        PKI_TRY(certificates, pinned(certificates, arguments.text("fingerprint"), context));
    } else {
        context.report.checked("server certificate (TLS)");
    }
    return write_out(certificates, arguments, context.report);
}

pki::Status check(const Arguments& arguments) {
    PKI_CHECK(est_url(arguments.text("url")));
    if (arguments.has("fingerprint"))
        PKI_CHECK(normal_fingerprint(arguments.text("fingerprint")));
    return {};
}

constexpr Option kOptions[] = {
    {.name = "url",
     .value = "URL",
     .help = "https://host/.well-known/est, perhaps with a label",
     .required = true},
    option::kCacert,
    {.name = "fingerprint",
     .value = "SHA256",
     .help = "of a CA certificate: trust what comes if it has this one",
     .excludes = "cacert"},
    {.name = "out", .value = "FILE", .help = "where they go, instead of standard output"},
    option::kWait,
    option::kTimeout,
};

}  // namespace

const Command kEstCacerts{
    .name = "est cacerts",
    .operand = {},
    .summary = "get the CA certificates",
    .options = kOptions,
    .run = run,
    .check = check,
};

}  // namespace enroll
