#include "clients/enroll/est_options.h"

#include "clients/common/certificates.h"
#include "clients/enroll/verify.h"

namespace enroll {

using pki::Buffer;
using pki::Errc;
using pki::fail;
using pki::Result;
using pki::Status;

Status check_est(const Arguments& arguments) {
    PKI_CHECK(est_url(arguments.text("url")));
    if (arguments.has("password-file") && !arguments.has("user"))
        return fail(Errc::malformed, "--password-file makes sense only with --user");
    return {};
}

Result<EstTalk> begin_est(const Context& context, const Arguments& arguments) {
    PKI_TRY(std::string url, est_url(arguments.text("url")));
    PKI_TRY(HttpOptions options, base_options(arguments));
    std::vector<Buffer> anchors = options.anchors;
    PKI_CHECK(add_password(options, arguments));
    PKI_CHECK(add_token(options, arguments));
    std::optional<OwnCertificate> own;
    if (arguments.has("cert")) {
        PKI_TRY(const auto key, read_key(arguments.text("key")));
        PKI_TRY(own, read_own(arguments.text("cert"), key.get()));
        PKI_CHECK(add_certificate(options, *own, arguments));
    }
    PKI_TRY(auto transport, context.connect(std::move(options)));
    return EstTalk{std::move(transport), std::move(anchors), std::move(own),
                   Patience(context.clock, arguments.number("wait")), std::move(url)};
}

EstServer server_of(EstTalk& talk, const Context& context, const Arguments& arguments) {
    return {*talk.transport, talk.url, talk.patience, context.report,
            arguments.has("channel-binding")};
}

Result<EstCertificate> take_certificate(const std::vector<Buffer>& answer,
                                        std::vector<Buffer> known, EVP_PKEY* key,
                                        const EstTalk& talk, const Context& context) {
    Report& report = context.report;
    EstCertificate taken;
    PKI_TRY(taken.certificate, from_server(report, find_issued(answer, key)));
    report.checked("the certificate is for our key");
    known.insert(known.end(), answer.begin(), answer.end());
    // Without --cacert the roots that came over a connection that the system trusts.
    const bool anchored = !talk.anchors.empty();
    const std::vector<Buffer> roots = anchored ? talk.anchors : self_issued(known);
    PKI_TRY(taken.chain, from_server(report, find_chain(taken.certificate, known, roots,
                                                        context.clock.now())));
    report.checked(anchored ? "its chain leads to --cacert"
                            : "its chain leads to a root that the server names");
    return taken;
}

}  // namespace enroll
