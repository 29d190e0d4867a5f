// Full PKI Requests, in BER as they come, and the PKIData within them: what is read is within
// its bounds, has each of its parts once, and gets an answer that a client can read.
#include <openssl/err.h>

#include <set>

#include "libpki/cmc/limits.h"
#include "libpki/cmc/message.h"
#include "libpki/cmc/response.h"
#include "libpki/cmc/wanted.h"
#include "libpki/x509/cert.h"
#include "t/fuzz/fuzz.h"

namespace {

using pki::Buffer;
using pki::Bytes;
namespace cmc = pki::cmc;
namespace limits = pki::limits;

void check_parts(const cmc::PkiData& data) {
    std::set<cmc::BodyPart> ids;
    for (const cmc::Control& control : data.controls) PROPERTY(ids.insert(control.id).second);
    for (const cmc::TaggedRequest& request : data.requests)
        PROPERTY(ids.insert(request.id).second);
    PROPERTY(!ids.contains(0) && ids.size() + data.others <= limits::kCmcParts);
}

void check_wanted(const cmc::TaggedRequest& request) {
    if (request.form == cmc::RequestForm::other) return;
    const auto wanted = cmc::read_wanted(request);
    if (!wanted) return;
    PROPERTY(wanted->csr.has_value() != wanted->crmf.has_value());
    (void)cmc::verify_possession(*wanted);
}

cmc::StatusInfo status_of(const std::optional<cmc::Objection>& objection) {
    cmc::StatusInfo status;
    status.parts = {1};
    if (!objection) return status;
    PROPERTY(!objection->parts.empty());
    status = {objection->status, objection->parts, objection->error.text, {}, {}};
    if (status.status == cmc::CmcStatus::failed) status.fail_info = objection->fail_info;
    return status;
}

void check_answer(const cmc::PkiData& data, const cmc::StatusInfo& status) {
    const cmc::Echo echo = cmc::echo_of(data);
    PROPERTY(echo.data_return.size() <= limits::kCmcDataReturn + 8);
    const Buffer nonce(16, 0x4e);
    const Buffer response = cmc::build_pki_response(status, echo, nonce);
    const auto read = cmc::parse_pki_response(response);
    PROPERTY(read.has_value());
    PROPERTY(read->status.status == status.status && read->status.parts == status.parts);
    PROPERTY(pki::equal(read->transaction_id, echo.transaction_id));
    PROPERTY(pki::equal(read->recipient_nonce, echo.sender_nonce));
    PROPERTY(pki::equal(read->data_return, echo.data_return));
    PROPERTY(read->sender_nonce.empty() == echo.sender_nonce.empty());
}

void check_data(const cmc::PkiData& data) {
    check_parts(data);
    const auto objection = cmc::objection_to(data);
    if (!objection) {
        PROPERTY(data.requests.size() == 1);
        check_wanted(data.requests.front());
    }
    check_answer(data, status_of(objection));
}

void check_response(Bytes input) {
    const auto read = cmc::parse_pki_response(input);
    if (!read) return;
    if (read->status.parts.empty()) return;  // nothing was said
    const Buffer again = cmc::build_status_info(read->status);
    const auto same = cmc::parse_status_info(again);
    PROPERTY(same && same->status == read->status.status && same->text == read->status.text);
    PROPERTY(same->fail_info == read->status.fail_info);
    PROPERTY(same->pending.has_value() == read->status.pending.has_value());
}

void check_signature(const cmc::FullRequest& request) {
    const auto signer = pki::cms::signer_certificate(request.signed_data);
    if (!signer) return;
    const auto parsed = pki::x509::parse_certificate(*signer);
    if (parsed) (void)cmc::verify_full_request(request, parsed->tbs.spki);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes input(data, size);
    if (const auto parsed = cmc::parse_pki_data(input)) check_data(*parsed);
    check_response(input);
    if (const auto message = cmc::decode_body(input)) {
        if (const auto request = cmc::parse_full_request(*message)) {
            check_data(request->data);
            check_signature(*request);
        }
    }
    (void)cmc::is_request_media_type(pki::as_text(input));
    PROPERTY(ERR_peek_error() == 0);
    return 0;
}
