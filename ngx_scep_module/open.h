// The message, in a thread: its signature, its envelope, what is inside.
#pragma once

#include "ngx_scep_module/scep.h"

namespace ngx_enroll::scep {

// Who has seen the envelope of another can change it and sign it with a key of his own: CBC has
// no integrity. Whatever he were told of what comes out of it, be it that it is no CSR or that
// its key is another one, would decrypt the challenge in it, if he asks often enough. So there
// is one answer for all of that, until a signature proves that the content is as it was made.
inline constexpr const char* kSealedBadly = "the envelope cannot be opened";

// With `der` as it came. What can be read is answered with a CertRep, whatever is wrong with
// it (RFC 8894 3.3.2.2). NGX_DONE, or a status.
ngx_int_t open_message(ScepExchange& exchange);

}  // namespace ngx_enroll::scep
