// A SCEP request, right or wrong in whatever the options say.
#pragma once

#include "t/tools/options.h"

namespace forge {

// Options beside those of build_envelope():
//   key, cert          who signs, and the certificate that the SignerInfo names
//   sid                another certificate for the SignerInfo to name
//   certs              a PEM file with all that the message has; default: cert
//   type               messageType, any text; default 19
//   transaction, transaction_hex, transaction_tag
//   nonce              senderNonce, hexadecimal
//   digest             of the signature
//   algorithm          "full": shaXWithRSA; default: rsaEncryption
//   omit, double       attributes: type, transaction, nonce, content_type, message_digest
//   order              "reverse": attributes are sent so; signed=sent: and signed so
//   message_digest     hexadecimal, in place of the right one
//   captured           a message whose attributes and signature are taken as they are
//   flip               "signature": one bit of it
//   envelope           a file with what is signed, in place of an envelope of ours
//   lightweight        the content is signed, without an envelope
//   ber                "1": indefinite lengths and strings in pieces wherever BER has them
pki::Buffer build_request(const Options& options);

// Indefinite lengths; long OCTET STRINGs in pieces.
pki::Buffer indefinite(pki::Bytes der);

}  // namespace forge
