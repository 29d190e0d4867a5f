#include "libpki/cmc/limits.h"
#include "libpki/cmc/oids.h"
#include "libpki/cmc/response.h"

namespace pki::cmc {

namespace {

Status take_status(PkiResponse& response, Bytes value) {
    PKI_TRY(StatusInfo status, parse_status_info(value));
    if (response.status.status == CmcStatus::success) response.status = std::move(status);
    return {};
}

Status take_value(PkiResponse& response, Bytes type, Bytes value) {
    if (equal(type, oid::kStatusInfoV2)) return take_status(response, value);
    if (equal(type, oid::kTransactionId)) response.transaction_id = value;
    if (equal(type, oid::kRecipientNonce)) response.recipient_nonce = value;
    if (equal(type, oid::kSenderNonce)) response.sender_nonce = value;
    if (equal(type, oid::kDataReturn)) response.data_return = value;
    return {};
}

Status take_control(PkiResponse& response, der::Reader& list) {
    PKI_TRY(der::Reader fields, list.enter(der::kSequence));
    const std::size_t offset = fields.offset();
    PKI_TRY(const std::uint64_t id, fields.small_integer());
    if (id > limits::kCmcBodyPart) return fail(Errc::malformed, "CMC: bodyPartID", offset);
    PKI_TRY(const Bytes type, fields.oid());
    PKI_TRY(der::Reader values, fields.enter(der::kSet));
    PKI_CHECK(fields.finish());
    if (values.at_end()) return {};
    PKI_TRY(const der::Element value, values.any());
    return take_value(response, type, value.encoding);
}

}  // namespace

Result<PkiResponse> parse_pki_response(Bytes der) {
    der::Reader input(der);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PKI_TRY(der::Reader controls, fields.enter(der::kSequence));
    PKI_CHECK(fields.element(der::kSequence));
    PKI_CHECK(fields.element(der::kSequence));
    PKI_CHECK(fields.finish());
    PkiResponse response;
    for (std::size_t count = 0; !controls.at_end(); count++) {
        if (count == limits::kCmcParts)
            return fail(Errc::malformed, "CMC: too many controls", controls.offset());
        PKI_CHECK(take_control(response, controls));
    }
    return response;
}

}  // namespace pki::cmc
