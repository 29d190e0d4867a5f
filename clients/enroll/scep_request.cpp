#include "clients/enroll/scep_request.h"

#include "clients/enroll/deliver.h"
#include "clients/enroll/verify.h"
#include "libpki/scep/contents.h"

namespace enroll {

using pki::Buffer;
using pki::Result;
using pki::Status;
namespace scep = pki::scep;

namespace {

Status take(ScepRequest& request, const scep::Response& response, const Context& context) {
    Report& report = context.report;
    const ScepCa& ca = request.session.ca;
    PKI_TRY(const Buffer certificate,
            from_server(report, find_issued(response.certificates, request.certified)));
    report.checked("the certificate is for our key");
    std::vector<Buffer> known = ca.all;
    known.insert(known.end(), response.certificates.begin(), response.certificates.end());
    PKI_TRY(
        const std::vector<Buffer> chain,
        from_server(report, find_chain(certificate, known, ca.anchors, context.clock.now())));
    report.checked("its chain leads to the trusted CA");
    PKI_CHECK(
        deliver(certificate, chain, {request.state.out, request.state.chain_out}, report));
    forget_state(request.state_path);
    return {};
}

// RFC 8894 3.3.3: the same transaction, with the names of CA and client.
Result<scep::Response> poll_once(ScepRequest& request) {
    PKI_TRY(const pki::x509::Certificate ca,
            pki::x509::parse_certificate(request.session.ca.issuer));
    const Buffer content =
        scep::build_issuer_and_subject(ca.tbs.subject.encoding, request.state.subject);
    return scep_exchange(request.session, request.signer,
                         {scep::MessageType::cert_poll, request.state.transaction_id, content});
}

Status keep(const ScepRequest& request, Report& report) {
    if (request.state_path.empty()) return {};
    PKI_CHECK(save_state(request.state_path, request.state));
    report.wrote(request.state_path);
    return {};
}

// Until it is decided, or for as long as --wait says.
Status follow(ScepRequest& request, scep::Response response, const Context& context,
              const Arguments& arguments) {
    const std::uint64_t interval = arguments.number("interval");
    while (response.status == scep::PkiStatus::pending &&
           request.session.server.patience.wait(interval)) {
        PKI_TRY(response, poll_once(request));
        context.report.progress("polled: " + std::string(scep::name(response.status)));
    }
    if (response.status == scep::PkiStatus::success) return take(request, response, context);
    if (response.status == scep::PkiStatus::failure) forget_state(request.state_path);
    return scep_refusal(response, context.report);
}

}  // namespace

Status request_certificate(ScepRequest& request, scep::MessageType type, pki::Bytes csr,
                           const Context& context, const Arguments& arguments) {
    context.report.set("transaction_id", request.state.transaction_id);
    PKI_TRY(scep::Response response, scep_exchange(request.session, request.signer,
                                                   {type, request.state.transaction_id, csr}));
    if (response.status == scep::PkiStatus::pending) PKI_CHECK(keep(request, context.report));
    return follow(request, std::move(response), context, arguments);
}

Status poll_certificate(ScepRequest& request, const Context& context,
                        const Arguments& arguments) {
    context.report.set("transaction_id", request.state.transaction_id);
    PKI_TRY(scep::Response response, poll_once(request));
    return follow(request, std::move(response), context, arguments);
}

}  // namespace enroll
