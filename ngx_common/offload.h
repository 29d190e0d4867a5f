// Work that would hold up the event loop, in a thread of nginx's pool. A worker has as many at
// work as it has processors, at least two; the others wait, first come, first served.
#pragma once

#include "libpki/base/error.h"
#include "ngx_common/nginx.h"

namespace ngx_enroll {

// Lives in the request's pool, which is kept until the thread is done.
class OffloadedWork {
   public:
    virtual ~OffloadedWork() = default;

    // In the thread: work(), of which no exception may leave the thread.
    void run() noexcept;
    // Back in the event loop; may finalize the request.
    virtual void done(ngx_http_request_t* r) noexcept = 0;

    bool finished = false;  // for offload.cpp

   protected:
    // No request, no pool, no log of nginx in here. What it throws becomes failed().
    virtual void work() = 0;
    // In the thread: work() did not come to its end, for want of memory.
    virtual void failed(const pki::Error& error) noexcept = 0;
};

// At configuration: the thread pool that the default name or the configuration gives.
ngx_thread_pool_t* offload_pool(ngx_conf_t* cf);

// After the request's body was read. NGX_DONE: done() will be called, or the request ends
// before it; else a status.
ngx_int_t offload(ngx_http_request_t* r, ngx_thread_pool_t* pool, OffloadedWork& work);

}  // namespace ngx_enroll
