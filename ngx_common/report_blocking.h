// The last word of a worker that is told to end at once: no event loop runs any more.
#pragma once

#include <chrono>

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"
#include "ngx_common/nginx.h"

namespace ngx_enroll {

// Connects, sends the frame and waits for the frame that answers, all before the deadline.
pki::Result<pki::Buffer> exchange_blocking(const ngx_addr_t& signer, pki::Bytes frame,
                                           std::chrono::steady_clock::time_point deadline);

}  // namespace ngx_enroll
