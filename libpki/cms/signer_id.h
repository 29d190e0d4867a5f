// How CMS names the certificate of a signer or recipient (RFC 5652 5.3 and 6.2.1).
#pragma once

#include "libpki/base/der_reader.h"
#include "libpki/base/der_writer.h"

namespace pki::cms {

// Issuer and serial number, or else a subjectKeyIdentifier.
struct SignerId {
    Bytes issuer;          // Name
    Bytes serial;          // INTEGER content, as encoded
    Bytes key_identifier;  // empty when issuer and serial say it
};

// The next element: a SEQUENCE of issuer and serial, or [0] of a key identifier.
Result<SignerId> parse_signer_id(der::Reader& fields);

// Does the identifier name this certificate? Names compare as RFC 5280 7.1 says, since some
// devices write them anew; false for what cannot be read as a certificate. Serial numbers that
// X.509 would not have (0, negative) are as good as any, as long as both are the same.
bool names(const SignerId& id, Bytes certificate);

// IssuerAndSerialNumber of a certificate.
Result<SignerId> issuer_and_serial(Bytes certificate);
void write_issuer_and_serial(der::Writer& writer, const SignerId& id);

}  // namespace pki::cms
