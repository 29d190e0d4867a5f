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

// An empty SEQUENCE is no base64 either.
bool is_empty_sequence(pki::Bytes body) {
    return body.size() == 2 && body[0] == pki::der::kSequence && body[1] == 0;
}

Result<Buffer> der_of(const HttpAnswer& answer) {
    if (is_der(answer.body) || is_empty_sequence(answer.body)) return answer.body;
    return pki::base64_decode(answer.body);
}

std::vector<Buffer> owned(const std::vector<pki::Bytes>& views) {
    std::vector<Buffer> out;
    for (const pki::Bytes view : views) out.push_back(pki::to_buffer(view));
    return out;
}

HttpRequest get(const EstServer& server, std::string_view operation, bool anonymous) {
    HttpRequest request;
    request.url = server.url + "/" + std::string(operation);
    request.anonymous = anonymous;
    server.report.progress("GET " + request.url);
    return request;
}

// What binds to the connection that the next request goes over. Any answer will do.
Result<std::string> bind(EstServer& server) {
    PKI_TRY(const HttpAnswer answer, server.transport.send(get(server, "cacerts", true)));
    if (answer.binding.empty())
        return fail(Errc::unsupported, "the connection has nothing to bind a request to",
                    answer.tls);
    return answer.binding;
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
    PKI_TRY(const Buffer der, der_of(answer));
    PKI_TRY(const std::vector<pki::Bytes> certificates, pki::x509::parse_certs_only(der));
    return owned(certificates);
}

Result<Buffer> read_csrattrs_answer(const HttpAnswer& answer) {
    if (!pki::est::media_type_is(answer.content_type, "application/csrattrs"))
        return fail(Errc::malformed, "the answer is not application/csrattrs",
                    answer.content_type);
    return der_of(answer);
}

Result<std::vector<Buffer>> est_cacerts(EstServer& server) {
    PKI_TRY(const HttpAnswer answer,
            send_patiently(server.transport, get(server, "cacerts", true), server.patience,
                           server.report));
    if (answer.status != 200) return refusal(answer, server.report);
    return from_server(server.report, read_certs_answer(answer));
}

Result<Buffer> est_csrattrs(EstServer& server) {
    PKI_TRY(const HttpAnswer answer,
            send_patiently(server.transport, get(server, "csrattrs", false), server.patience,
                           server.report));
    // RFC 7030 4.5.2: 204 and 404 say the same.
    if (answer.status == 204 || answer.status == 404) return Buffer();
    if (answer.status != 200) return refusal(answer, server.report);
    return from_server(server.report, read_csrattrs_answer(answer));
}

Result<HttpAnswer> est_ask(EstServer& server, std::string_view operation, const MakeCsr& make) {
    HttpRequest request;
    request.post = true;
    request.url = server.url + "/" + std::string(operation);
    request.content_type = "application/pkcs10";
    request.encoding = "base64";
    std::string body;
    const auto write = [&]() -> pki::Status {
        PKI_TRY(const Buffer csr, make(request.binding));
        body = pki::base64_encode(csr);
        request.body = pki::as_bytes(body);
        return {};
    };
    const auto attempt = [&]() -> Result<HttpAnswer> {
        if (server.bind) {
            PKI_TRY(request.binding, bind(server));
            PKI_CHECK(write());
        }
        server.report.progress("POST " + request.url);
        return server.transport.send(request);
    };
    if (!server.bind) PKI_CHECK(write());
    PKI_TRY(HttpAnswer answer, try_patiently(attempt, server.patience, server.report));
    if (answer.status != 200) return refusal(answer, server.report);
    return answer;
}

Result<std::vector<Buffer>> est_post(EstServer& server, std::string_view operation,
                                     const MakeCsr& make) {
    PKI_TRY(const HttpAnswer answer, est_ask(server, operation, make));
    return from_server(server.report, read_certs_answer(answer));
}

}  // namespace enroll
