// OCSP (RFC 6960): requests read, responses written, and read back by who signs them.
#pragma once

#include <optional>
#include <vector>

#include "libpki/ossl/key.h"
#include "libpki/x509/crl_reason.h"

namespace pki::x509 {

// CertID; views.
struct OcspCertId {
    Bytes encoding;
    ossl::Hash hash = ossl::Hash::none;  // sha1, sha256, sha384, sha512
    Bytes issuer_name_hash;
    Bytes issuer_key_hash;
    // Magnitude, at most limits::kSerial octets; empty where no certificate can have it.
    Bytes serial;
};
// unsupported for another hash; malformed when a hash is not as long as the algorithm says.
Result<OcspCertId> parse_ocsp_cert_id(Bytes encoding);

// The two hashes of a CertID, of this issuer (Name, and the bits of its key).
struct OcspIssuer {
    Buffer name_hash;
    Buffer key_hash;
};
OcspIssuer ocsp_issuer(ossl::Hash hash, Bytes name, Bytes key_bits);

struct OcspRequest {
    std::vector<OcspCertId> requests;  // 1 to limits::kOcspSingle
    // extnValue of the Nonce, to be given back octet by octet. RFC 9654 has an OCTET STRING in
    // it; clients from before RFC 8954 put the bare octets there.
    std::optional<Bytes> nonce;
    bool nonce_critical = false;  // who cannot answer it must refuse (RFC 5280 4.2)
};
// OCSPRequest, at most limits::kOcspRequest. A signature of the requestor is read and not
// looked at (4.1.2). malformed: also a version other than 1, a critical extension that is not
// known, a nonce of 0 or more than 128 octets (RFC 9654 2.1), no certificate or too many.
Result<OcspRequest> parse_ocsp_request(Bytes der);
// For clients and tests.
Buffer build_ocsp_request(const std::vector<Bytes>& cert_ids, Bytes nonce);
Buffer build_ocsp_cert_id(ossl::Hash hash, Bytes issuer_name, Bytes issuer_key_bits,
                          Bytes serial);

enum class OcspStatus : std::uint8_t { good, revoked, unknown };

struct OcspSingle {
    Bytes cert_id;  // as the request has it
    OcspStatus status = OcspStatus::unknown;
    std::int64_t revoked = 0;                   // when, with revoked
    CrlReason reason = CrlReason::unspecified;  // left out where unspecified
    std::int64_t this_update = 0;
    std::int64_t next_update = 0;  // 0: left out (4.2.2.1: newer information is always there)
};

struct OcspResponseSpec {
    Bytes responder_key_hash;  // SHA-1 of the responder's key bits: byKey
    std::int64_t produced_at = 0;
    std::vector<OcspSingle> responses;
    Bytes nonce;  // extnValue; empty: none
};

// ResponseData, which is signed.
Buffer build_ocsp_response_data(const OcspResponseSpec& spec);
// OCSPResponse, successful, around it: BasicOCSPResponse with the responder's certificate.
Buffer assemble_ocsp_response(Bytes response_data, const ossl::SignatureScheme& scheme,
                              Bytes signature, Bytes responder_certificate);

// OCSPResponseStatus without a response (RFC 6960 4.2.1): not signed.
enum class OcspError : std::uint8_t {
    malformed_request = 1,
    internal_error = 2,
    try_later = 3,
    sig_required = 5,
    unauthorized = 6,
};
Buffer build_ocsp_error(OcspError error);

// ResponseData as strictly as we write it: version 1, byKey, at least one response, the nonce
// and no other extension. Views.
struct OcspResponseData {
    Bytes responder_key_hash;
    std::int64_t produced_at = 0;
    std::vector<OcspSingle> responses;
    Bytes nonce;
};
Result<OcspResponseData> parse_ocsp_response_data(Bytes encoding);

// A successful OCSPResponse; for clients and tests. Not checked: the signature.
struct OcspResponse {
    Bytes response_data;
    OcspResponseData data;
    Bytes signature_algorithm;
    Bytes signature;
    std::vector<Bytes> certificates;
};
Result<OcspResponse> parse_ocsp_response(Bytes der);

}  // namespace pki::x509
