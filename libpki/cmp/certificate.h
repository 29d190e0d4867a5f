// Answers to certificate requests and their confirmation (RFC 9810 5.3.2 to 5.3.6, 5.3.18).
#pragma once

#include <optional>
#include <vector>

#include "libpki/cmp/status.h"
#include "libpki/ossl/hash.h"
#include "libpki/ossl/key.h"

namespace pki::cmp {

struct CertResponse {
    std::int64_t id = 0;  // certReqId; -1 answers p10cr
    PkiStatusInfo status;
    Bytes certificate = {};  // DER; empty: none
    Bytes private_key = {};  // EnvelopedData of a key that was made for the client, as the
                             // content of a ContentInfo has it (RFC 9810 5.2.2); empty: none
};

// CertRepMessage of one response: the body of ip, cp and kup. caPubs are for ip alone.
Buffer build_cert_rep(const CertResponse& response, const std::vector<Bytes>& ca_pubs);

// Views into the body, but for private_key: it is tagged implicitly and looks into a copy with
// the tag of a SEQUENCE. It can be moved and not copied.
struct CertRep {
    CertRep() = default;
    CertRep(const CertRep&) = delete;
    CertRep& operator=(const CertRep&) = delete;
    CertRep(CertRep&&) = default;
    CertRep& operator=(CertRep&&) = default;

    std::vector<Bytes> ca_pubs;           // at most limits::kChain
    std::vector<CertResponse> responses;  // one to four
    std::vector<Buffer> private_keys;
};
// Certificates are SEQUENCEs; no more is checked. unsupported: a certificate that is encrypted,
// a key in the old EncryptedValue.
Result<CertRep> parse_cert_rep(Bytes body);

// CertStatus.
struct CertStatus {
    Bytes cert_hash;
    std::int64_t id = 0;
    std::optional<PkiStatusInfo> status;  // absent: accepted
    // hashAlg. Hash::none: one that we do not have; SHA-1 and MD5 are such, since the hash is
    // what tells one certificate from another. Not to be written.
    std::optional<ossl::Hash> hash;
};
// The body of certConf. An empty one rejects all (RFC 9810 5.3.18). At most four.
Result<std::vector<CertStatus>> parse_cert_conf(Bytes body);
Buffer build_cert_conf(const std::vector<CertStatus>& statuses);

// The hash that certHash has to be made with: that of the certificate's signature, for Ed25519
// SHA-512 (RFC 9481 3.3). unsupported: Ed448, whose SHAKE256 no certConf without hashAlg can
// name.
Result<ossl::Hash> confirmation_hash(const ossl::SignatureScheme& scheme);

// PKIConfirmContent: NULL.
Buffer build_pki_conf();

// PollReqContent and PollRepContent of one entry.
// certReqId. malformed with Reason::bad_request for several.
Result<std::int64_t> parse_poll_req(Bytes body);
Buffer build_poll_req(std::int64_t id);
struct PollRep {
    std::int64_t id = 0;
    std::int64_t check_after = 0;  // seconds
    std::string reason = {};
};
Buffer build_poll_rep(const PollRep& reply);
Result<PollRep> parse_poll_rep(Bytes body);

}  // namespace pki::cmp
