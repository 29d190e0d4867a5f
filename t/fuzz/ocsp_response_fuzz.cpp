// Responses: what parse_ocsp_response_data accepts is what build_ocsp_response_data writes, and
// OpenSSL reads it. An input that begins with an odd octet is a whole OCSPResponse.
#include <openssl/ocsp.h>

#include "libpki/base/limits.h"
#include "libpki/x509/ocsp.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/openssl_view.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::equal;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, ossl::Deleter<OCSP_RESPONSE_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, ossl::Deleter<OCSP_BASICRESP_free>>;

constexpr ossl::SignatureScheme kScheme{ossl::KeyType::ec, ossl::Hash::sha256, false};

void check_single(const x509::OcspSingle& ours, OCSP_SINGLERESP* theirs) {
    int reason = -1;
    ASN1_GENERALIZEDTIME *revoked = nullptr, *this_update = nullptr, *next_update = nullptr;
    const int status =
        OCSP_single_get0_status(theirs, &reason, &revoked, &this_update, &next_update);
    PROPERTY(status == static_cast<int>(ours.status));
    PROPERTY((next_update != nullptr) == (ours.next_update != 0));
    if (ours.status != x509::OcspStatus::revoked) return;
    PROPERTY(revoked != nullptr);
    const int expected = ours.reason == x509::CrlReason::unspecified
                             ? OCSP_REVOKED_STATUS_NOSTATUS
                             : static_cast<int>(ours.reason);
    PROPERTY(reason == expected);
}

// OpenSSL reads certificates to the bottom, so it gets none.
Buffer without_certificate(Bytes data) {
    const Buffer signature(8, 0x5a);
    const Buffer response = x509::assemble_ocsp_response(data, kScheme, signature, {});
    const auto read = x509::parse_ocsp_response(response);
    if (response.size() <= pki::limits::kOcspResponse) {
        PROPERTY(read && equal(read->response_data, data));
        PROPERTY(equal(read->signature, signature) && read->certificates.empty());
    }
    return response;
}

void check_openssl(Bytes encoding, const x509::OcspResponseData& ours) {
    const Buffer response = without_certificate(encoding);
    const unsigned char* in = response.data();
    const ResponsePtr theirs(
        d2i_OCSP_RESPONSE(nullptr, &in, static_cast<long>(response.size())));
    PROPERTY(theirs && in == response.data() + response.size());
    const BasicPtr basic(OCSP_response_get1_basic(theirs.get()));
    PROPERTY(basic && OCSP_resp_count(basic.get()) == static_cast<int>(ours.responses.size()));
    for (std::size_t i = 0; i < ours.responses.size(); i++)
        check_single(ours.responses[i], OCSP_resp_get0(basic.get(), static_cast<int>(i)));
}

void check_data(Bytes encoding) {
    const auto data = x509::parse_ocsp_response_data(encoding);
    if (!data) {
        PROPERTY(data.error().offset <= encoding.size());
        return;
    }
    x509::OcspResponseSpec spec;
    spec.responder_key_hash = data->responder_key_hash;
    spec.produced_at = data->produced_at;
    spec.responses = data->responses;
    spec.nonce = data->nonce;
    const Buffer built = x509::build_ocsp_response_data(spec);
    PROPERTY(equal(built, encoding));
    check_openssl(encoding, *data);
}

void check_response(Bytes encoding) {
    const auto response = x509::parse_ocsp_response(encoding);
    if (!response) {
        PROPERTY(response.error().offset <= encoding.size());
        return;
    }
    check_data(response->response_data);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Bytes input(data + 1, size - 1);
    if (data[0] % 2 != 0)
        check_response(input);
    else
        check_data(input);
    PROPERTY(ERR_peek_error() == 0);
    return 0;
}
