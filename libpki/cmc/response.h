// Full PKI Responses (RFC 5272 4.2).
#pragma once

#include "libpki/cmc/check.h"
#include "libpki/cms/signed_data.h"

namespace pki::cmc {

// PKIResponse with these controls: the status; what the request has to be repeated; and, where
// it had a nonce, ours (6.6), which should be random.
Buffer build_pki_response(const StatusInfo& status, const Echo& echo, Bytes nonce);

// Who signs.
struct Signer {
    EVP_PKEY* key = nullptr;
    Bytes certificate;
    std::vector<Bytes> chain;  // of his, which goes with it
};

// The PKIResponse in a SignedData with `certificates` (4.2: those that were issued, and above
// them), the signer's and his chain, none of them twice. As cms::build_signed_data().
Result<Buffer> build_full_response(Bytes pki_response, const Signer& signer,
                                   const std::vector<Bytes>& certificates);

// What a client reads. Views into what was parsed.
struct PkiResponse {
    StatusInfo status;  // success where nothing is said (6.1.2)
    Bytes transaction_id;
    Bytes recipient_nonce;
    Bytes sender_nonce;
    Bytes data_return;
};

// From the content of a SignedData, in DER. Of several statuses the first that is no success
// counts. Controls beside those above are passed over. Not checked: whether it answers a
// request.
Result<PkiResponse> parse_pki_response(Bytes der);

}  // namespace pki::cmc
