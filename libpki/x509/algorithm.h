// AlgorithmIdentifier of signatures (RFC 5280 4.1.1.2): which scheme it names.
#pragma once

#include "libpki/base/der_reader.h"
#include "libpki/base/der_writer.h"
#include "libpki/ossl/key.h"

namespace pki::x509 {

// From the complete SEQUENCE. SHA-1 is recognised (the policy decides), MD5 is not.
// RSA-PSS: hash and MGF1 hash equal, salt as long as the hash, trailer 1.
// RSA without PSS: parameters NULL or, as some devices send, absent.
Result<ossl::SignatureScheme> parse_signature_algorithm(Bytes encoding);

void write_signature_algorithm(der::Writer& writer, const ossl::SignatureScheme& scheme);

}  // namespace pki::x509
