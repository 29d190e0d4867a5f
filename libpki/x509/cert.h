// Certificates (RFC 5280 4.1), read in place.
#pragma once

#include <optional>
#include <string>

#include "libpki/x509/extension.h"
#include "libpki/x509/name.h"
#include "libpki/x509/san.h"
#include "libpki/x509/spki.h"

namespace pki::x509 {

// The fields of a TBSCertificate.
struct Tbs {
    Bytes encoding;
    Bytes serial;               // INTEGER content, as encoded
    Bytes signature_algorithm;  // AlgorithmIdentifier
    Name issuer;
    std::int64_t not_before = 0;
    std::int64_t not_after = 0;
    Name subject;
    Spki spki;
    Extensions extensions;
};

struct Certificate {
    Bytes encoding;
    Tbs tbs;
    Bytes signature_algorithm;
    Bytes signature;
};

// Version 3 (or 1, as old roots are, then without extensions); serial positive, at most 20
// octets; unique identifiers are unsupported. Views into `encoding`. Not checked: signatures,
// chains, what the extensions hold.
Result<Tbs> parse_tbs(Bytes encoding);
Result<Certificate> parse_certificate(Bytes der);

// The subjectAltName, none when the certificate has none, and the error of parse_san when it
// has one that we cannot read: "no names" would be the wrong answer to a comparison.
Result<std::optional<San>> certificate_san(const Certificate& certificate);

// For records: lower-case hex of the serial without a sign octet.
std::string serial_text(const Tbs& tbs);

// Does the issuer's key verify this certificate? unsupported for SHA-1. Names and validity
// are not looked at.
Status verify_signature(const Certificate& certificate, const Spki& issuer);

// The DER of every CERTIFICATE block of a PEM text, in order; other blocks are skipped.
// malformed when a block is not base64, or when there is none.
Result<std::vector<Buffer>> certificates_from_pem(std::string_view pem);
std::string certificate_to_pem(Bytes der);
// Any armour: "CERTIFICATE REQUEST", "PRIVATE KEY"; 64 characters a line.
std::string to_pem(std::string_view label, Bytes der);

}  // namespace pki::x509
