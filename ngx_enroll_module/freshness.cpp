#include "ngx_enroll_module/freshness.h"

#include <algorithm>

#include "ngx_common/headers.h"

namespace ngx_enroll::enroll {

namespace {

void no_transformation(ngx_http_request_t* r) {
#if (NGX_HTTP_GZIP)
    r->gzip_tested = 1;
    r->gzip_ok = 0;
#endif
}

constexpr std::size_t kTimeSize = sizeof("Mon, 28 Sep 1970 06:00:00 GMT") - 1;

// What is printed into a buffer of the pool that has room for it.
class Text {
   public:
    Text(ngx_http_request_t* r, std::size_t room)
        : data_(static_cast<u_char*>(ngx_pnalloc(r->pool, room))) {
        if (data_ == nullptr) throw std::bad_alloc();
    }
    u_char* data() const { return data_; }
    ngx_str_t up_to(const u_char* end) const {
        return {static_cast<std::size_t>(end - data_), data_};
    }

   private:
    u_char* data_;
};

ngx_str_t quoted(ngx_http_request_t* r, std::string_view tag) {
    const Text text(r, tag.size() + 2);
    u_char* end = text.data();
    *end++ = '"';
    end = ngx_cpymem(end, tag.data(), tag.size());
    *end++ = '"';
    return text.up_to(end);
}

ngx_str_t cache_control(ngx_http_request_t* r, time_t seconds, bool must_revalidate) {
    constexpr std::string_view kRest = ", public, no-transform, must-revalidate";
    constexpr std::size_t kShort = std::string_view(", public, no-transform").size();
    const Text text(r, sizeof("max-age=") + NGX_TIME_T_LEN + kRest.size());
    u_char* const number = ngx_sprintf(text.data(), "max-age=%T", seconds);
    return text.up_to(
        ngx_cpymem(number, kRest.data(), must_revalidate ? kRest.size() : kShort));
}

}  // namespace

void add_freshness(ngx_http_request_t* r, const Freshness& freshness) {
    no_transformation(r);
    r->headers_out.last_modified_time = freshness.this_update;
    const Text expires(r, kTimeSize);
    r->headers_out.expires = add_header(
        r, "Expires", expires.up_to(ngx_http_time(expires.data(), freshness.next_update)));
    r->headers_out.etag = add_header(r, "ETag", quoted(r, freshness.tag));
    const time_t now = ngx_time();
    const time_t left = freshness.next_update > now ? freshness.next_update - now : 0;
    add_header(r, "Cache-Control", cache_control(r, left, freshness.must_revalidate));
}

void add_no_store(ngx_http_request_t* r) {
    no_transformation(r);
    add_header(r, "Cache-Control", lend("no-store"));
}

}  // namespace ngx_enroll::enroll
