// Writing TBSCertificates, and certificates around them.
#pragma once

#include <string>
#include <vector>

#include "libpki/ossl/key.h"
#include "libpki/x509/cert.h"

namespace pki::x509 {

struct TbsSpec {
    Bytes serial;  // magnitude, 1 to 20 octets, not zero
    ossl::SignatureScheme scheme;
    Bytes issuer;   // Name
    Bytes subject;  // Name
    std::int64_t not_before = 0;
    std::int64_t not_after = 0;
    Bytes spki;
    Bytes subject_key_identifier;
    Bytes authority_key_identifier;  // empty: left out (self-signed roots)
    bool ca = false;
    std::optional<std::uint64_t> path_length;  // only with ca
    std::uint16_t key_usage = 0;               // 0: left out
    std::vector<Bytes> extended_key_usage;     // OID contents; empty: left out
    Bytes san;                                 // SEQUENCE OF GeneralName; empty: left out
    bool must_staple = false;                  // RFC 7633: 30 03 02 01 05
    bool ocsp_no_check = false;                // RFC 6960 4.2.2.2.1: 05 00
    std::vector<std::string> crl_urls;
    std::vector<std::string> ocsp_urls;
    std::vector<std::string> ca_issuers_urls;
};

// basicConstraints and keyUsage are critical; subjectAltName is when the subject is empty
// (RFC 5280 4.2.1.6).
Buffer build_tbs(const TbsSpec& spec);

// The certificate from a TBS and its signature.
Buffer assemble_certificate(Bytes tbs, const ossl::SignatureScheme& scheme, Bytes signature);

}  // namespace pki::x509
