// The protection of a message, right or wrong in whatever the options say.
#pragma once

#include <functional>
#include <optional>

#include "t/tools/options.h"

namespace forge {

struct Protection {
    pki::Buffer algorithm;           // AlgorithmIdentifier; empty: none
    pki::Buffer sender;              // the Name that belongs to it
    std::optional<pki::Buffer> kid;  // and the senderKID
    // Of SEQUENCE { header, body }; none: the message has no bits.
    std::function<pki::Buffer(pki::Bytes)> protect;
};

// Options:
//   protect            signature, pbm, pbmac1 or none; default: as key or secret are there
//   key, cert          of a signature; hash, pss
//   secret, reference  (reference_hex) of a MAC; iterations, owf, mac (hashes), salt,
//                      key_length (PBMAC1); derive=no: with a key that the secret does not give
//   claim              the algorithm that stands in the header: unknown, rsa, ecdsa,
//                      ecdsa_sha1, ed25519, pbm, pbmac1, or hexadecimal of the whole behind
//                      "hex:"
//   strip              algorithm, bits
Protection plan_protection(const Options& options);

}  // namespace forge
