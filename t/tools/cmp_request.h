// CertReqMessages, right or wrong in whatever the options say.
#pragma once

#include "t/tools/options.h"

namespace forge {

// Options:
//   new_key            the key that is to be certified, default: key; "none": no publicKey;
//                      "empty": an algorithm without a key
//   subject            "CN=a, O=b"; default CN=forged; "none": absent; "null": the empty name
//   subject_of         a PEM file, whose subject it is
//   id                 certReqId, default 0; count: so many, each with the next one
//   pop                signature (default), none, raverified, wrong, encipherment, agreement
//   pop_key            who signs it, in the place of new_key; pop_hash
//   pop_input          POPOSigningKeyInput: repeat, or other (another key's)
//   old                a PEM file, for oldCertId; old_issuer, old_serial: of other ones
//   san                "dns:a.example"; ca=1; eku (OIDs); usage (bits of keyUsage);
//                      extension (OID:HEX)
//   template_issuer    a PEM file, whose subject it is; template_serial (hexadecimal);
//   not_before, not_after   seconds from now
//   reg_token, authenticator   controls; rsa_bits: rsaKeyLen
pki::Buffer build_cert_requests(const Options& options);

}  // namespace forge
