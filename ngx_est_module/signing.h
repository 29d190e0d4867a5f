// What a location signs itself, in the server's name: est_certificate, est_certificate_key.
#pragma once

#include "ngx_common/signing_pair.h"

namespace ngx_enroll::est {

// nullptr: the cause is logged with the place of the location. Refused, beside what
// signing_pair.h refuses: keys that are neither RSA nor EC, which clients cannot verify.
const SigningPair* load_signing(ngx_conf_t* cf, ngx_str_t& certificate, ngx_str_t& key);

}  // namespace ngx_enroll::est
