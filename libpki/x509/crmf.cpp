#include "libpki/x509/crmf.h"

#include <limits>

#include "libpki/base/limits.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/crmf_parts.h"
#include "libpki/x509/nested.h"

namespace pki::x509 {

namespace {

// What CMC numbers its requests with (RFC 5272 3.2.2); CMP has 0.
constexpr std::uint64_t kMaxId = std::numeric_limits<std::uint32_t>::max();

// CertRequest ::= SEQUENCE { certReqId INTEGER, certTemplate, controls OPTIONAL }
Status read_request(CertRequest& request, der::Reader fields) {
    const auto id = fields.small_integer();
    if (!id || *id > kMaxId)
        return fail(Errc::malformed, Reason::bad_request, "CRMF: certReqId is no small number");
    request.id = static_cast<std::int64_t>(*id);
    PKI_TRY(const der::Element wanted, fields.element(der::kSequence));
    PKI_CHECK(nested(request.encoding, wanted.encoding,
                     read_cert_template(request, TemplateUse::request, wanted.encoding)));
    PKI_CHECK(read_controls(request, fields));
    return fields.finish();
}

// POPOSigningKey ::= SEQUENCE { poposkInput [0] POPOSigningKeyInput OPTIONAL,
// algorithmIdentifier, signature }
Status read_signature(CertRequest& request, der::Reader fields) {
    request.possession = Possession::signature;
    if (fields.next_is(der::constructed(0))) {
        PKI_TRY(const der::Element input, fields.element(der::constructed(0)));
        request.pop_input = input.encoding;
    }
    PKI_TRY(const der::Element algorithm, fields.element(der::kSequence));
    PKI_CHECK(
        nested(request.encoding, algorithm.encoding, parse_algorithm(algorithm.encoding)));
    request.pop_algorithm = algorithm.encoding;
    PKI_TRY(request.pop_signature, fields.bit_string_octets());
    return fields.finish();
}

// ProofOfPossession ::= CHOICE { raVerified [0] NULL, signature [1] POPOSigningKey,
// keyEncipherment [2] POPOPrivKey, keyAgreement [3] POPOPrivKey }
Status read_possession(CertRequest& request, der::Reader& fields) {
    if (fields.next_is(der::constructed(1))) {
        PKI_TRY(const der::Reader signature, fields.enter(der::constructed(1)));
        return read_signature(request, signature);
    }
    if (fields.next_is(der::context(0))) {
        request.possession = Possession::ra_verified;
        const std::size_t offset = fields.offset();
        PKI_TRY(const Bytes null, fields.content(der::context(0)));
        if (!null.empty()) return fail(Errc::malformed, "CRMF: raVerified", offset);
        return {};
    }
    if (fields.next_is(der::constructed(2)) || fields.next_is(der::constructed(3))) {
        request.possession = Possession::unsupported;
        PKI_CHECK(fields.any());
    }
    return {};
}

// regInfo SEQUENCE SIZE (1..MAX) OF AttributeTypeAndValue OPTIONAL: nothing that we read.
Status skip_reg_info(const CertRequest& request, der::Reader& fields) {
    if (fields.at_end()) return {};
    PKI_TRY(der::Reader list, fields.enter(der::kSequence));
    std::size_t count = request.controls.size();
    while (!list.at_end()) {
        if (count++ == limits::kCmpControls)
            return fail(Errc::malformed, "CRMF: too much regInfo", list.offset());
        PKI_TRY(der::Reader info, list.enter(der::kSequence));
        PKI_CHECK(info.oid());
        PKI_CHECK(info.any());
        PKI_CHECK(info.finish());
    }
    return {};
}

}  // namespace

// CertReqMsg ::= SEQUENCE { certReq CertRequest, popo OPTIONAL, regInfo OPTIONAL }
Result<CertRequest> parse_cert_request(Bytes cert_req_msg) {
    if (cert_req_msg.size() > limits::kCsr) return fail(Errc::malformed, "CRMF: too large");
    der::Reader input(cert_req_msg);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    CertRequest request;
    request.encoding = request.csr.encoding = cert_req_msg;
    PKI_TRY(const der::Reader inner, der::Reader(fields).enter(der::kSequence));
    PKI_TRY(const der::Element whole, fields.element(der::kSequence));
    request.cert_request = whole.encoding;
    PKI_CHECK(read_request(request, inner));
    PKI_CHECK(read_possession(request, fields));
    PKI_CHECK(skip_reg_info(request, fields));
    PKI_CHECK(fields.finish());
    return request;
}

// CertReqMessages ::= SEQUENCE SIZE (1..MAX) OF CertReqMsg
Result<std::vector<CertRequest>> parse_cert_requests(Bytes cert_req_messages,
                                                     std::size_t most) {
    der::Reader input(cert_req_messages);
    PKI_TRY(der::Reader list, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    std::vector<CertRequest> requests;
    while (!list.at_end()) {
        if (requests.size() == most)
            return fail(Errc::malformed, "CRMF: too many requests", list.offset());
        PKI_TRY(const der::Element message, list.element(der::kSequence));
        PKI_TRY(CertRequest request, nested(cert_req_messages, message.encoding,
                                            parse_cert_request(message.encoding)));
        requests.push_back(std::move(request));
    }
    if (requests.empty()) return fail(Errc::malformed, "CRMF: no request", list.offset());
    return requests;
}

}  // namespace pki::x509
