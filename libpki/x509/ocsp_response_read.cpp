#include "libpki/base/limits.h"
#include "libpki/base/time.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/extension.h"
#include "libpki/x509/nested.h"
#include "libpki/x509/ocsp.h"
#include "libpki/x509/oids.h"

namespace pki::x509 {

namespace {

constexpr std::size_t kKeyHash = 20;  // RFC 6960 4.2.1: SHA-1 of the key bits

Error malformed(const char* text, const der::Reader& at) {
    return fail(Errc::malformed, text, at.offset());
}

Result<std::uint8_t> enumerated(der::Reader& fields) {
    PKI_TRY(const Bytes content, fields.content(der::kEnumerated));
    if (content.size() != 1 || content[0] >= 0x80)
        return malformed("OCSP response: bad ENUMERATED", fields);
    return content[0];
}

Result<std::int64_t> generalized_time(der::Reader& fields) {
    const std::size_t offset = fields.offset();
    PKI_TRY(const Bytes content, fields.content(der::kGeneralizedTime));
    auto seconds = parse_time(der::kGeneralizedTime, content);
    if (!seconds) seconds.error().offset = offset;
    return seconds;
}

// removeFromCRL is no state of a certificate, and unspecified is left out.
Result<CrlReason> parse_reason(der::Reader& fields) {
    PKI_TRY(const std::uint8_t number, enumerated(fields));
    const auto reason = crl_reason_from_number(number);
    if (!reason || *reason == CrlReason::unspecified || *reason == CrlReason::remove_from_crl)
        return malformed("OCSP response: reason", fields);
    return *reason;
}

Status parse_revoked(OcspSingle& single, der::Reader& fields) {
    PKI_TRY(der::Reader info, fields.enter(der::constructed(1)));
    single.status = OcspStatus::revoked;
    PKI_TRY(single.revoked, generalized_time(info));
    if (info.at_end()) return {};
    PKI_TRY(der::Reader explicit_reason, info.enter(der::constructed(0)));
    PKI_TRY(single.reason, parse_reason(explicit_reason));
    PKI_CHECK(explicit_reason.finish());
    return info.finish();
}

Status parse_status(OcspSingle& single, der::Reader& fields) {
    if (fields.next_is(der::constructed(1))) return parse_revoked(single, fields);
    const bool good = fields.next_is(der::context(0));
    PKI_TRY(const Bytes null, fields.content(der::context(good ? 0 : 2)));
    if (!null.empty()) return malformed("OCSP response: status", fields);
    single.status = good ? OcspStatus::good : OcspStatus::unknown;
    return {};
}

Result<OcspSingle> parse_single(Bytes whole, der::Reader& list) {
    PKI_TRY(der::Reader fields, list.enter(der::kSequence));
    PKI_TRY(const der::Element id, fields.element(der::kSequence));
    PKI_CHECK(nested(whole, id.encoding, parse_ocsp_cert_id(id.encoding)));
    OcspSingle single;
    single.cert_id = id.encoding;
    PKI_CHECK(parse_status(single, fields));
    PKI_TRY(single.this_update, generalized_time(fields));
    if (fields.at_end()) return single;
    PKI_TRY(der::Reader next_update, fields.enter(der::constructed(0)));
    PKI_TRY(single.next_update, generalized_time(next_update));
    PKI_CHECK(next_update.finish());
    PKI_CHECK(fields.finish());
    // 0 stands for none.
    if (single.next_update == 0) return malformed("OCSP response: nextUpdate", fields);
    return single;
}

Status parse_responses(OcspResponseData& data, Bytes whole, der::Reader& fields) {
    PKI_TRY(der::Reader list, fields.enter(der::kSequence));
    while (!list.at_end()) {
        if (data.responses.size() == limits::kOcspSingle)
            return malformed("OCSP response: too many certificates", list);
        PKI_TRY(const OcspSingle single, parse_single(whole, list));
        data.responses.push_back(single);
    }
    if (data.responses.empty()) return malformed("OCSP response: no certificate", fields);
    return {};
}

Status parse_nonce(OcspResponseData& data, Bytes whole, der::Reader& fields) {
    if (fields.at_end()) return {};
    PKI_TRY(der::Reader inner, fields.enter(der::constructed(1)));
    PKI_TRY(const der::Element list, inner.element(der::kSequence));
    PKI_CHECK(inner.finish());
    PKI_TRY(const Extensions extensions,
            nested(whole, list.encoding, parse_extensions(list.encoding)));
    const Extension* const nonce = extensions.find(oid::kOcspNonce);
    if (nonce == nullptr || nonce->critical || extensions.list.size() != 1)
        return malformed("OCSP response: extensions", fields);
    if (nonce->value.empty() || nonce->value.size() > limits::kOcspNonceValue)
        return malformed("OCSP response: length of the nonce", fields);
    data.nonce = nonce->value;
    return {};
}

// The content of `response`, from the outer layers.
Result<Bytes> basic_response(Bytes der) {
    der::Reader input(der);
    PKI_TRY(der::Reader message, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PKI_TRY(const std::uint8_t status, enumerated(message));
    if (status != 0) return fail(Errc::unavailable, "OCSP response: not successful");
    PKI_TRY(der::Reader explicit_bytes, message.enter(der::constructed(0)));
    PKI_CHECK(message.finish());
    PKI_TRY(der::Reader fields, explicit_bytes.enter(der::kSequence));
    PKI_CHECK(explicit_bytes.finish());
    PKI_TRY(const Bytes type, fields.oid());
    if (!equal(type, oid::kOcspBasic))
        return fail(Errc::unsupported, "OCSP response: type", oid_to_text(type));
    PKI_TRY(const Bytes response, fields.content(der::kOctetString));
    PKI_CHECK(fields.finish());
    return response;
}

Status parse_certificates(OcspResponse& response, der::Reader& fields) {
    if (fields.at_end()) return {};
    PKI_TRY(der::Reader inner, fields.enter(der::constructed(0)));
    PKI_TRY(der::Reader list, inner.enter(der::kSequence));
    PKI_CHECK(inner.finish());
    while (!list.at_end()) {
        if (response.certificates.size() == limits::kChain)
            return malformed("OCSP response: too many certificates", list);
        PKI_TRY(const der::Element certificate, list.element(der::kSequence));
        response.certificates.push_back(certificate.encoding);
    }
    return {};
}

Result<OcspResponse> parse_basic(Bytes encoding) {
    der::Reader input(encoding);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    OcspResponse response;
    PKI_TRY(const der::Element data, fields.element(der::kSequence));
    response.response_data = data.encoding;
    PKI_TRY(response.data,
            nested(encoding, data.encoding, parse_ocsp_response_data(data.encoding)));
    PKI_TRY(const der::Element algorithm, fields.element(der::kSequence));
    response.signature_algorithm = algorithm.encoding;
    PKI_CHECK(nested(encoding, algorithm.encoding, parse_algorithm(algorithm.encoding)));
    PKI_TRY(response.signature, fields.bit_string_octets());
    PKI_CHECK(parse_certificates(response, fields));
    PKI_CHECK(fields.finish());
    return response;
}

}  // namespace

Result<OcspResponseData> parse_ocsp_response_data(Bytes encoding) {
    if (encoding.size() > limits::kOcspResponse)
        return fail(Errc::malformed, "OCSP response: too large");
    der::Reader input(encoding);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    OcspResponseData data;
    PKI_TRY(der::Reader by_key, fields.enter(der::constructed(2)));
    PKI_TRY(data.responder_key_hash, by_key.content(der::kOctetString));
    PKI_CHECK(by_key.finish());
    if (data.responder_key_hash.size() != kKeyHash)
        return malformed("OCSP response: length of the key hash", fields);
    PKI_TRY(data.produced_at, generalized_time(fields));
    PKI_CHECK(parse_responses(data, encoding, fields));
    PKI_CHECK(parse_nonce(data, encoding, fields));
    PKI_CHECK(fields.finish());
    return data;
}

Result<OcspResponse> parse_ocsp_response(Bytes der) {
    if (der.size() > limits::kOcspResponse)
        return fail(Errc::malformed, "OCSP response: too large");
    PKI_TRY(const Bytes response, basic_response(der));
    return nested(der, response, parse_basic(response));
}

}  // namespace pki::x509
