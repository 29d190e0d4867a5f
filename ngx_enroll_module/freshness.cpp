#include "ngx_enroll_module/freshness.h"

#include <algorithm>
#include <cstdio>

#include "ngx_common/headers.h"

namespace ngx_enroll::enroll {

namespace {

void no_transformation(ngx_http_request_t* r) {
#if (NGX_HTTP_GZIP)
    r->gzip_tested = 1;
    r->gzip_ok = 0;
#endif
}

ngx_str_t http_time(ngx_http_request_t* r, time_t time) {
    constexpr std::size_t kSize = sizeof("Mon, 28 Sep 1970 06:00:00 GMT") - 1;
    auto* text = static_cast<u_char*>(ngx_pnalloc(r->pool, kSize));
    if (text == nullptr) throw std::bad_alloc();
    ngx_http_time(text, time);
    return {kSize, text};
}

}  // namespace

void add_freshness(ngx_http_request_t* r, const Freshness& freshness) {
    no_transformation(r);
    r->headers_out.last_modified_time = freshness.this_update;
    r->headers_out.expires = add_header(r, "Expires", http_time(r, freshness.next_update));
    char text[96];
    const int tag = std::snprintf(text, sizeof(text), "\"%.*s\"",
                                  static_cast<int>(freshness.tag.size()), freshness.tag.data());
    r->headers_out.etag =
        add_header(r, "ETag", copy_to_pool(r->pool, {text, static_cast<std::size_t>(tag)}));
    const time_t left = std::max<time_t>(freshness.next_update - ngx_time(), 0);
    const int control = std::snprintf(
        text, sizeof(text), "max-age=%lld, public, no-transform%s",
        static_cast<long long>(left), freshness.must_revalidate ? ", must-revalidate" : "");
    add_header(r, "Cache-Control",
               copy_to_pool(r->pool, {text, static_cast<std::size_t>(control)}));
}

void add_no_store(ngx_http_request_t* r) {
    no_transformation(r);
    add_header(r, "Cache-Control", lend("no-store"));
}

}  // namespace ngx_enroll::enroll
