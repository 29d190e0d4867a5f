// AlgorithmIdentifier (RFC 5280 4.1.1.2), and which scheme that of a signature names.
#pragma once

#include "libpki/base/der_reader.h"
#include "libpki/base/der_writer.h"
#include "libpki/ossl/key.h"

namespace pki::x509 {

struct Algorithm {
    Bytes id;          // OID content
    Bytes parameters;  // one element, or empty when absent
};

// From the complete SEQUENCE. Not checked: whether the parameters belong to the algorithm.
Result<Algorithm> parse_algorithm(Bytes encoding);

// Absent, or NULL: implementations disagree about which, so readers accept both.
bool no_parameters(const Algorithm& algorithm);

// From the complete SEQUENCE. SHA-1 is recognised (the policy decides), MD5 is not.
// RSA-PSS: hash and MGF1 hash equal, salt as long as the hash, trailer 1.
// RSA without PSS: parameters NULL or, as some devices send, absent.
Result<ossl::SignatureScheme> parse_signature_algorithm(Bytes encoding);

// A scheme that parse_signature_algorithm() can give, without PSS with SHA-1.
void write_signature_algorithm(der::Writer& writer, const ossl::SignatureScheme& scheme);

}  // namespace pki::x509
