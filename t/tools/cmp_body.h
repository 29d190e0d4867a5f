// PKIBodies, right or wrong in whatever the options say.
#pragma once

#include "t/tools/options.h"

namespace forge {

// The tag of a body: by the RFC's name, or a number.
int body_tag(const std::string& type);
std::string body_name(int tag);

// Options:
//   type               the name of a body ("ir", "certConf"), or the number of a tag
//   body               a file, in the place of what follows; body_hex
//   ir, cr, kur        cmp_request.h
//   p10cr              csr: a file, DER
//   certConf           certificate (PEM), or cert_hash (hexadecimal); id; count; hash_alg
//                      (sha256 …, "unknown"); cert_digest: the hash; status (a number), text;
//                      empty=1
//   rr                 certificate (PEM); omit: issuer, serial; serial (hexadecimal);
//                      issuer (PEM); reason (a number); count; extension_hex
//   pollReq            id, count
//   genm               ask: cmp_write.h
//   nested             inner: files; times: each so often; depth: so many more around each
//   error              status, fail (a bit), text
//   pkiconf
pki::Buffer build_body(const Options& options);

}  // namespace forge
