// A PKIMessage, right or wrong in whatever the options say.
#pragma once

#include "t/tools/options.h"

namespace forge {

// Options beside those of cmp_header.h, cmp_body.h and cmp_protect.h:
//   extra              extraCerts: PEM files with commas, in that order, with all that they
//                      have; default: cert; "none"
//   extra_hex          one that is none; extra_times: all of them so often
//   flip               protection, body: their last octet, when all is done
//   captured           a message whose header, body, protection and extraCerts are taken as
//                      they are, but for what strip=bits, flip and extra say
pki::Buffer build_message(const Options& options);

}  // namespace forge
