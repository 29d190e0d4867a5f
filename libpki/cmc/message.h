// Full PKI Requests (RFC 5272 3.2): a PKIData that somebody has signed, as EST carries it
// (RFC 7030 4.3.1).
#pragma once

#include "libpki/cmc/data.h"
#include "libpki/cms/signed_data.h"

namespace pki::cmc {

// application/pkcs7-mime, whose smime-type is CMC-request or not said. Case is ignored.
bool is_request_media_type(std::string_view header);

// The octets of a message out of a request body: base64 with any white space, or BER as it is.
// malformed: larger than limits::kCmcBody, limits::kFullCmc or empty.
Result<Buffer> decode_body(Bytes body);

// Views look into the buffers; it can be moved and not copied.
struct FullRequest {
    FullRequest() = default;
    FullRequest(const FullRequest&) = delete;
    FullRequest& operator=(const FullRequest&) = delete;
    FullRequest(FullRequest&&) = default;
    FullRequest& operator=(FullRequest&&) = default;

    Buffer message;  // DER in lengths
    cms::SignedData signed_data;
    Buffer content;  // the PKIData, the same
    PkiData data;
};

// From a ContentInfo in BER. malformed; unsupported when it is no SignedData of a PKIData.
// Without a signer it reads as well. Not checked: the signature, whose it is, and what is asked
// for (check.h).
Result<FullRequest> parse_full_request(Bytes ber);

// The signature by this key, with SHA-2 (RFC 5652 5.4): cms::verify_signed_data() with
// Reason::bad_message_check, or Reason::bad_alg.
Status verify_full_request(const FullRequest& request, const x509::Spki& signer);

}  // namespace pki::cmc
