// nginx's headers, which know nothing of C++.
#pragma once

extern "C" {
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_crypt.h>
#include <ngx_http.h>
}

#if !(NGX_THREADS) || !(NGX_HTTP_SSL)
#error "nginx must be configured --with-threads and --with-http_ssl_module"
#endif
