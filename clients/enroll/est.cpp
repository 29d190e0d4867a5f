#include "clients/enroll/est.h"

#include "clients/enroll/credentials.h"
#include "libpki/base/base64.h"
#include "libpki/est/body.h"
#include "libpki/x509/certs_only.h"

namespace enroll {

using pki::Buffer;
using pki::Errc;
using pki::fail;
using pki::Result;

namespace {

constexpr std::string_view kPath = "/.well-known/est";

// As in est/body.cpp: "0" with a byte above ASCII behind it is no base64.
bool is_der(pki::Bytes body) {
    return body.size() >= 2 && body[0] == pki::der::kSequence && body[1] >= 0x80;
}

std::vector<Buffer> owned(const std::vector<pki::Bytes>& views) {
    std::vector<Buffer> out;
    for (const pki::Bytes view : views) out.push_back(pki::to_buffer(view));
    return out;
}

Result<std::vector<Buffer>> exchange(EstServer& server, const HttpRequest& request) {
    PKI_TRY(const HttpAnswer answer,
            send_patiently(server.transport, request, server.patience, server.report));
    if (answer.status != 200) return refusal(answer, server.report);
    return from_server(server.report, read_certs_answer(answer));
}

}  // namespace

Result<std::string> est_url(const std::string& url) {
    PKI_TRY(std::string normal, normal_url(url, false));
    const bool host_alone = normal.find('/', normal.find("://") + 3) == std::string::npos;
    return host_alone ? normal + std::string(kPath) : normal;
}

Result<std::vector<Buffer>> read_certs_answer(const HttpAnswer& answer) {
    if (!pki::est::media_type_is(answer.content_type, "application/pkcs7-mime"))
        return fail(Errc::malformed, "the answer is not application/pkcs7-mime",
                    answer.content_type);
    Buffer der = answer.body;
    if (!is_der(der)) {
        PKI_TRY(der, pki::base64_decode(answer.body));
    }
    PKI_TRY(const std::vector<pki::Bytes> certificates, pki::x509::parse_certs_only(der));
    return owned(certificates);
}

Result<std::vector<Buffer>> est_cacerts(EstServer& server) {
    HttpRequest request;
    request.url = server.url + "/cacerts";
    request.anonymous = true;
    server.report.progress("GET " + request.url);
    return exchange(server, request);
}

Result<std::vector<Buffer>> est_post(EstServer& server, std::string_view operation,
                                     pki::Bytes csr) {
    const std::string body = pki::base64_encode(csr);
    HttpRequest request;
    request.post = true;
    request.url = server.url + "/" + std::string(operation);
    request.content_type = "application/pkcs10";
    request.encoding = "base64";
    request.body = pki::as_bytes(body);
    server.report.progress("POST " + request.url);
    return exchange(server, request);
}

}  // namespace enroll
