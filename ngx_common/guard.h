// The boundary: an exception must never pass through a C frame of nginx, where it would
// end the worker and with it the requests of others. Every function that nginx calls runs
// its body in here.
#pragma once

#include <exception>
#include <utility>

#include "ngx_common/nginx.h"

namespace ngx_enroll {

template <class Fallback, class Body>
Fallback guarded(ngx_log_t* log, Fallback fallback, Body&& body) noexcept {
    try {
        return std::forward<Body>(body)();
    } catch (const std::exception& e) {
        ngx_log_error(NGX_LOG_ERR, log, 0, "enroll: %s", e.what());
    } catch (...) {
        ngx_log_error(NGX_LOG_ERR, log, 0, "enroll: unknown exception");
    }
    return fallback;
}

}  // namespace ngx_enroll
