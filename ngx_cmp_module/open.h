// A message that has come in: its header, and whose it is.
#pragma once

#include "ngx_cmp_module/cmp.h"

namespace ngx_enroll::cmp {

// With `der` as it came: what is no PKIMessage is refused with a line, all else answered with
// one. NGX_DONE, or a status.
ngx_int_t open_message(CmpExchange& exchange);

// What $cmp_operation and the counters call it; nullopt: no request.
std::optional<Task> task_of(pki::cmp::BodyType type);

// From request.der: message, transaction and nonce. malformed when it is no PKIMessage.
pki::Status read_message(Request& request);

// Goes on with a message that another one nests: `current`, which was read.
ngx_int_t open_nested(CmpExchange& exchange);

// Whatever is wrong with the protection, the client hears no more than this.
inline constexpr const char* kBadProtection = "the protection of the message is not accepted";

}  // namespace ngx_enroll::cmp
