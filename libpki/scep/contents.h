// What is in the envelope of a CertPoll, a GetCert and a GetCRL (RFC 8894 3.3.3, 3.3.4).
#pragma once

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"

namespace pki::scep {

// Names, complete; views into the input.
struct IssuerAndSubject {
    Bytes issuer;
    Bytes subject;
};
Result<IssuerAndSubject> parse_issuer_and_subject(Bytes der);
Buffer build_issuer_and_subject(Bytes issuer, Bytes subject);

struct IssuerAndSerial {
    Bytes issuer;
    Bytes serial;  // magnitude, at most limits::kSerial octets; empty: no certificate has it
};
Result<IssuerAndSerial> parse_issuer_and_serial(Bytes der);
Buffer build_issuer_and_serial(Bytes issuer, Bytes serial);

}  // namespace pki::scep
