#include "libpki/scep/client.h"

#include "libpki/base/limits.h"
#include "libpki/cms/ber.h"
#include "libpki/scep/attributes.h"
#include "libpki/x509/oids.h"

namespace pki::scep {

namespace {

namespace oid = x509::oid;

Result<unsigned> read_number(const cms::SignerInfo& signer, Bytes type) {
    PKI_TRY(const der::Element value, attribute(signer, type));
    PKI_TRY(const std::uint64_t found, number(value));
    if (found > 0xff) return fail(Errc::malformed, "SCEP: unknown number");
    return static_cast<unsigned>(found);
}

Status check_type(const cms::SignerInfo& signer) {
    PKI_TRY(const unsigned type, read_number(signer, oid::kScepMessageType));
    if (type != static_cast<unsigned>(MessageType::cert_rep))
        return fail(Errc::malformed, "SCEP: the answer is no CertRep");
    return {};
}

// RFC 8894 3.2.1.5 and 3.2.1.1: an answer to this request, and to no other one.
Status check_answers(const cms::SignerInfo& signer, const ResponseRules& rules) {
    PKI_TRY(const der::Element id, attribute(signer, oid::kScepTransactionId));
    PKI_TRY(const der::Element transaction_id, transaction(id));
    PKI_TRY(const der::Element recipient, attribute(signer, oid::kScepRecipientNonce));
    PKI_TRY(const Bytes recipient_nonce, nonce(recipient));
    if (!equal(transaction_id.content, as_bytes(rules.transaction_id)))
        return fail(Errc::bad_signature, "SCEP: the answer is to another transaction");
    if (!equal(recipient_nonce, rules.sender_nonce))
        return fail(Errc::bad_signature, "SCEP: the answer is to another request");
    return {};
}

// RFC 8894 3.2.1.3: other values are errors.
Result<PkiStatus> read_status(const cms::SignerInfo& signer) {
    PKI_TRY(const unsigned status, read_number(signer, oid::kScepPkiStatus));
    for (const PkiStatus known : {PkiStatus::success, PkiStatus::failure, PkiStatus::pending})
        if (static_cast<unsigned>(known) == status) return known;
    return fail(Errc::malformed, "SCEP: pkiStatus");
}

Status read_failure(Response& response, const cms::SignerInfo& signer) {
    PKI_TRY(const unsigned info, read_number(signer, oid::kScepFailInfo));
    if (info > static_cast<unsigned>(FailInfo::bad_cert_id))
        return fail(Errc::malformed, "SCEP: failInfo");
    response.fail_info = static_cast<FailInfo>(info);
    const auto text = find_attribute(signer, oid::kScepFailInfoText);
    if (text) response.fail_text = as_text(text->content);
    return {};
}

// Some servers leave it out; nothing hangs on it (RFC 8894 3.3.2).
Status read_sender_nonce(Response& response, const cms::SignerInfo& signer) {
    const auto value = find_attribute(signer, oid::kScepSenderNonce);
    if (!value) return {};
    PKI_TRY(const Bytes sender_nonce, nonce(*value));
    response.sender_nonce = to_buffer(sender_nonce);
    return {};
}

std::vector<Buffer> owned(const std::vector<Bytes>& views) {
    std::vector<Buffer> out;
    for (const Bytes view : views) out.push_back(to_buffer(view));
    return out;
}

// RFC 8894 3.4.
Status read_certs_only(Response& response, Bytes content) {
    PKI_TRY(const Buffer der, cms::der_from_ber(content, limits::kScepMessage));
    PKI_TRY(const cms::SignedData lists, cms::parse_signed_data(der));
    if (lists.certificates.size() > limits::kChain || lists.crls.size() > limits::kChain)
        return fail(Errc::malformed, "SCEP: too many certificates");
    response.certificates = owned(lists.certificates);
    response.crls = owned(lists.crls);
    return {};
}

Status read_success(Response& response, const cms::SignedData& message,
                    std::span<const cms::RecipientKey> own, std::span<const Secret> passwords,
                    const ResponseRules& rules) {
    if (!message.content) return fail(Errc::malformed, "SCEP: success without content");
    PKI_TRY(const Buffer der, cms::der_from_ber(*message.content, limits::kScepMessage));
    PKI_TRY(const cms::EnvelopedData envelope, cms::parse_enveloped_data(der));
    PKI_CHECK(cms::check_cipher(envelope, rules.ciphers));
    auto opened = cms::open_enveloped_data(envelope, own, passwords);
    if (!opened)
        return fail(Errc::bad_signature, "SCEP: the answer does not open",
                    opened.error().message());
    return read_certs_only(response, opened->content.view());
}

Result<cms::SignedData> read_signed(Bytes der, const x509::Certificate& ra,
                                    const cms::HashRules& hashes) {
    PKI_TRY(cms::SignedData message, cms::parse_signed_data(der));
    if (!message.signer) return fail(Errc::bad_signature, "SCEP: the answer is not signed");
    PKI_CHECK(cms::verify_signed_data(message, ra.tbs.spki, hashes));
    return message;
}

}  // namespace

Result<Response> read_response(Bytes message, const x509::Certificate& ra,
                               std::span<const cms::RecipientKey> own,
                               std::span<const Secret> passwords, const ResponseRules& rules) {
    PKI_TRY(const Buffer der, cms::der_from_ber(message, limits::kScepMessage));
    PKI_TRY(const cms::SignedData signed_data, read_signed(der, ra, rules.hashes));
    const cms::SignerInfo& signer = *signed_data.signer;
    PKI_CHECK(check_type(signer));
    PKI_CHECK(check_answers(signer, rules));
    Response response;
    PKI_TRY(response.status, read_status(signer));
    PKI_CHECK(read_sender_nonce(response, signer));
    if (response.status == PkiStatus::failure) PKI_CHECK(read_failure(response, signer));
    if (response.status == PkiStatus::success)
        PKI_CHECK(read_success(response, signed_data, own, passwords, rules));
    return response;
}

Result<std::vector<Buffer>> read_next_ca(Bytes message, const x509::Certificate& ra,
                                         const cms::HashRules& hashes) {
    PKI_TRY(const Buffer der, cms::der_from_ber(message, limits::kScepMessage));
    PKI_TRY(const cms::SignedData signed_data, read_signed(der, ra, hashes));
    if (!signed_data.content) return fail(Errc::malformed, "SCEP: no content");
    Response response;
    PKI_CHECK(read_certs_only(response, *signed_data.content));
    return std::move(response.certificates);
}

}  // namespace pki::scep
