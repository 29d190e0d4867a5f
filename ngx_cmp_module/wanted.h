// What a request for a certificate asks for, as far as a worker looks at it.
#pragma once

#include "ngx_cmp_module/cmp.h"

namespace ngx_enroll::cmp {

// ir, cr, kur, p10cr.
bool asks_for_certificate(pki::cmp::BodyType type);

// From the body of such a message, after its protection was verified: fills in what begins with
// "want", and `unproven`. Whether a proof is needed, and whether an RA may go without, is
// signerd's matter. For any thread.
pki::Status read_wanted(Request& request, const LocConf& conf);

// How long verify_wanted() takes, which has nothing to do with the key of the signer.
bool slow_to_prove(const Request& request);

// Possession, of what is unproven (RFC 4211 4, RFC 2986 4): bad_pop. For any thread.
pki::Status verify_wanted(Request& request);

}  // namespace ngx_enroll::cmp
