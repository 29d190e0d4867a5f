#include "libpki/cmc/message.h"

#include "libpki/base/ascii.h"
#include "libpki/base/base64.h"
#include "libpki/cmc/limits.h"
#include "libpki/cmc/oids.h"
#include "libpki/cms/ber.h"

namespace pki::cmc {

namespace {

constexpr std::string_view kSpace = " \t";

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kSpace);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// Up to the next semicolon, which is taken off as well.
std::string_view take_part(std::string_view& rest) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    const std::string_view part = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
}

std::string_view unquoted(std::string_view value) {
    const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
    return quoted ? value.substr(1, value.size() - 2) : value;
}

// A SEQUENCE tag with a length of several octets, or an indefinite one, is no base64.
bool is_ber(Bytes body) { return body.size() >= 2 && body[0] == 0x30 && body[1] >= 0x80; }

Error bad_signature(Error error) {
    error.reason =
        error.code == Errc::unsupported ? Reason::bad_alg : Reason::bad_message_check;
    return error;
}

}  // namespace

bool is_request_media_type(std::string_view header) {
    if (!equal_ignoring_case(take_part(header), "application/pkcs7-mime")) return false;
    while (!header.empty()) {
        const std::string_view parameter = take_part(header);
        const std::size_t sign = std::min(parameter.find('='), parameter.size());
        if (!equal_ignoring_case(parameter.substr(0, sign), "smime-type")) continue;
        const std::string_view value = parameter.substr(std::min(sign + 1, parameter.size()));
        if (!equal_ignoring_case(unquoted(value), "CMC-request")) return false;
    }
    return true;
}

Result<Buffer> decode_body(Bytes body) {
    if (body.size() > limits::kCmcBody) return fail(Errc::malformed, "body: too large");
    PKI_TRY(Buffer message, is_ber(body) ? to_buffer(body) : base64_decode(body));
    if (message.empty()) return fail(Errc::malformed, "body: empty");
    if (message.size() > limits::kFullCmc)
        return fail(Errc::malformed, "body: the message is too large");
    return message;
}

// The digest is that of the content as it came, which the SignedData keeps.
Result<FullRequest> parse_full_request(Bytes ber) {
    FullRequest request;
    PKI_TRY(request.message, cms::der_from_ber(ber, limits::kFullCmc));
    PKI_TRY(request.signed_data, cms::parse_signed_data(request.message));
    if (!equal(request.signed_data.content_type, oid::kPkiData))
        return fail(Errc::unsupported, "CMC: the content is no PKIData");
    if (!request.signed_data.content) return fail(Errc::malformed, "CMC: there is no content");
    PKI_TRY(request.content, cms::der_from_ber(*request.signed_data.content, limits::kFullCmc));
    PKI_TRY(request.data, parse_pki_data(request.content));
    return request;
}

Status verify_full_request(const FullRequest& request, const x509::Spki& signer) {
    auto status = cms::verify_signed_data(request.signed_data, signer, {});
    if (!status) return bad_signature(std::move(status).error());
    return {};
}

}  // namespace pki::cmc
