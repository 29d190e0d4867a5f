#include "libpki/scep/message.h"

#include <algorithm>

#include "libpki/base/ascii.h"
#include "libpki/base/base64.h"
#include "libpki/base/limits.h"
#include "libpki/cms/ber.h"
#include "libpki/ossl/digest.h"
#include "libpki/scep/attributes.h"
#include "libpki/x509/oids.h"

namespace pki::scep {

namespace {

namespace oid = x509::oid;

// RFC 8894 3.2.1.2: others are errors, and a CertRep asks for nothing.
Result<MessageType> read_type(const cms::SignerInfo& signer) {
    PKI_TRY(const der::Element value, attribute(signer, oid::kScepMessageType));
    PKI_TRY(const std::uint64_t type, number(value));
    for (const MessageType known :
         {MessageType::renewal_req, MessageType::pkcs_req, MessageType::cert_poll,
          MessageType::get_cert, MessageType::get_crl})
        if (static_cast<std::uint64_t>(known) == type) return known;
    return fail(Errc::malformed, "SCEP: messageType", std::to_string(type));
}

Status read_attributes(Request& request, const cms::SignerInfo& signer) {
    PKI_TRY(request.type, read_type(signer));
    PKI_TRY(const der::Element id, attribute(signer, oid::kScepTransactionId));
    PKI_TRY(const der::Element text, transaction(id));
    request.transaction_id = text.content;
    request.transaction_tag = text.tag;
    PKI_TRY(const der::Element sender_nonce, attribute(signer, oid::kScepSenderNonce));
    PKI_TRY(request.sender_nonce, nonce(sender_nonce));
    return {};
}

bool asks_for_certificate(MessageType type) {
    return type == MessageType::pkcs_req || type == MessageType::renewal_req;
}

// A ContentInfo begins with an OID, a CertificationRequest with another SEQUENCE.
bool is_bare(Bytes content) {
    der::Reader input(content);
    const auto fields = input.enter(der::kSequence);
    return fields && fields->next_is(der::kSequence);
}

// RFC 8894 3.2, 3.2.2: data that is an EnvelopedData of data. The envelope is signed as octets,
// so that it may be BER where the message around it has been made DER.
Status read_content(Request& request) {
    const cms::SignedData& message = request.signed_data;
    if (!equal(message.content_type, oid::kData))
        return fail(Errc::malformed, "SCEP: the signed content is not data");
    if (!message.content) return fail(Errc::malformed, "SCEP: no content");
    PKI_TRY(request.envelope_der, cms::der_from_ber(*message.content, limits::kScepMessage));
    request.lightweight = asks_for_certificate(request.type) && is_bare(request.envelope_der);
    if (request.lightweight) return {};
    PKI_TRY(request.envelope, cms::parse_enveloped_data(request.envelope_der));
    if (!equal(request.envelope->content_type, oid::kData))
        return fail(Errc::malformed, "SCEP: the sealed content is not data");
    return {};
}

bool printable_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c == ' ' || is_graphic(c); });
}

}  // namespace

std::string_view name(MessageType type) {
    switch (type) {
        case MessageType::cert_rep: return "CertRep";
        case MessageType::renewal_req: return "RenewalReq";
        case MessageType::pkcs_req: return "PKCSReq";
        case MessageType::cert_poll: return "CertPoll";
        case MessageType::get_cert: return "GetCert";
        case MessageType::get_crl: return "GetCRL";
    }
    return "unknown";
}

Result<Request> parse_request(Bytes der) {
    if (der.size() > limits::kScepMessage)
        return fail(Errc::malformed, "SCEP: message too large");
    Request request;
    PKI_TRY(request.signed_data, cms::parse_signed_data(der));
    if (!request.signed_data.signer) return fail(Errc::malformed, "SCEP: no signer");
    PKI_CHECK(read_attributes(request, *request.signed_data.signer));
    request.digest = request.signed_data.signer->digest;
    PKI_TRY(const Bytes certificate, cms::signer_certificate(request.signed_data));
    PKI_TRY(request.signer, parse_signer(certificate));
    if (auto content = read_content(request); !content)
        request.content_error = std::move(content).error();
    return request;
}

Status verify_request(const Request& request, const Rules& rules) {
    PKI_CHECK(
        cms::verify_signed_data(request.signed_data, request.signer.tbs.spki, rules.hashes));
    if (request.content_error) return *request.content_error;
    if (request.envelope) return cms::check_cipher(*request.envelope, rules.ciphers);
    if (!rules.lightweight) return fail(Errc::denied, "SCEP: a request without an envelope");
    return {};
}

std::string transaction_text(const Request& request) {
    const std::string_view text = as_text(request.transaction_id);
    if (text.size() <= limits::kTransaction && printable_ascii(text)) return std::string(text);
    return "sha256:" + transaction_key(request);
}

std::string transaction_key(const Request& request) {
    return hex_encode(ossl::sha256(request.transaction_id));
}

}  // namespace pki::scep
