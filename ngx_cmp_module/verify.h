// Whose message it is: a signature by somebody who is trusted here, or a MAC by a secret that
// is shared with us (RFC 9810 5.1.3).
#pragma once

#include "ngx_cmp_module/cmp.h"

namespace ngx_enroll::cmp {

// Before anything is computed: what kind of protection it is, whether the location takes it for
// such a message, and who it says it is from. Reads request.message, fills in protection,
// signer and secret.
pki::Status read_protection(Request& request, const LocConf& conf);

// How long verify_protection() takes.
bool slow_to_verify(const Request& request, const LocConf& conf);

// Fills in verified and what goes with it. `now` in seconds since 1970. For any thread.
pki::Status verify_protection(Request& request, const LocConf& conf, std::int64_t now);

}  // namespace ngx_enroll::cmp
