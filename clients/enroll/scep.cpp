#include "clients/enroll/scep.h"

#include "libpki/base/ascii.h"
#include "libpki/base/base64.h"
#include "libpki/base/limits.h"
#include "libpki/cms/ber.h"
#include "libpki/cms/signed_data.h"
#include "libpki/est/body.h"
#include "libpki/x509/cert.h"

namespace enroll {

using pki::Buffer;
using pki::Errc;
using pki::fail;
using pki::Result;
using pki::scep::Operation;

namespace {

// RFC 3986 2.3: everything but the unreserved characters; of base64 that is "+", "/" and "=".
std::string percent_encode(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (pki::is_letter(c) || pki::is_digit(c) || pki::one_of(c, "-._~")) {
            out += c;
            continue;
        }
        const auto octet = static_cast<std::uint8_t>(c);
        out += '%';
        out += kDigits[octet >> 4];
        out += kDigits[octet & 15];
    }
    return out;
}

Result<HttpAnswer> exchange(ScepServer& server, const HttpRequest& request) {
    PKI_TRY(HttpAnswer answer,
            send_patiently(server.transport, request, server.patience, server.report));
    if (answer.status != 200) return refusal(answer, server.report);
    return answer;
}

Result<HttpAnswer> query(ScepServer& server, Operation operation) {
    HttpRequest request;
    request.url = scep_query(server.url, operation, server.ca_name);
    server.report.progress(std::string(pki::scep::name(operation)));
    return exchange(server, request);
}

bool is_type(const HttpAnswer& answer, std::string_view type) {
    return pki::est::media_type_is(answer.content_type, type);
}

Result<std::vector<Buffer>> read_several(pki::Bytes body) {
    PKI_TRY(const Buffer der, pki::cms::der_from_ber(body, pki::limits::kScepMessage));
    PKI_TRY(const pki::cms::SignedData lists, pki::cms::parse_signed_data(der));
    std::vector<Buffer> out;
    for (const pki::Bytes one : lists.certificates) out.push_back(pki::to_buffer(one));
    if (out.empty()) return fail(Errc::malformed, "the answer has no certificate");
    return out;
}

// RFC 8894 4.2.1.
Result<std::vector<Buffer>> read_certificates_answer(const HttpAnswer& answer) {
    if (is_type(answer, "application/x-x509-ca-cert")) {
        PKI_CHECK(pki::x509::parse_certificate(answer.body));
        return std::vector<Buffer>{answer.body};
    }
    if (is_type(answer, "application/x-x509-ca-ra-cert")) return read_several(answer.body);
    return fail(Errc::malformed, "the answer to GetCACert is of another type",
                answer.content_type);
}

Result<Buffer> of_type(ScepServer& server, HttpAnswer answer, std::string_view type) {
    if (is_type(answer, type)) return std::move(answer.body);
    server.report.errors_mean(Exit::bad_answer);
    return fail(Errc::malformed, "the answer is of another type", answer.content_type);
}

}  // namespace

std::string scep_query(const std::string& url, Operation operation, std::string_view message) {
    std::string out = url + "?operation=" + std::string(pki::scep::name(operation));
    if (!message.empty()) out += "&message=" + percent_encode(message);
    return out;
}

Result<Capabilities> scep_capabilities(ScepServer& server) {
    HttpRequest request;
    request.url = scep_query(server.url, Operation::get_ca_caps, server.ca_name);
    server.report.progress("GetCACaps");
    PKI_TRY(const HttpAnswer answer,
            send_patiently(server.transport, request, server.patience, server.report));
    // RFC 8894 3.5.2: there are CAs older than this message.
    if (answer.status >= 400 && answer.status < 500) return Capabilities();
    if (answer.status != 200) return refusal(answer, server.report);
    return Capabilities::parse(pki::as_text(answer.body));
}

Result<std::vector<Buffer>> scep_ca_certificates(ScepServer& server) {
    PKI_TRY(const HttpAnswer answer, query(server, Operation::get_ca_cert));
    return from_server(server.report, read_certificates_answer(answer));
}

Result<Buffer> scep_next_ca(ScepServer& server) {
    PKI_TRY(HttpAnswer answer, query(server, Operation::get_next_ca_cert));
    return of_type(server, std::move(answer), "application/x-x509-next-ca-cert");
}

Result<Buffer> scep_send(ScepServer& server, pki::Bytes message, bool post) {
    HttpRequest request;
    request.post = post;
    if (post) {
        request.url = scep_query(server.url, Operation::pki_operation, {});
        request.content_type = "application/x-pki-message";
        request.body = message;
    } else {
        request.url =
            scep_query(server.url, Operation::pki_operation, pki::base64_encode(message));
    }
    server.report.progress(post ? "PKIOperation by POST" : "PKIOperation by GET");
    PKI_TRY(HttpAnswer answer, exchange(server, request));
    return of_type(server, std::move(answer), "application/x-pki-message");
}

}  // namespace enroll
