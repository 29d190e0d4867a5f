#include "ngx_common/headers.h"

#include <cstdio>

#include "ngx_common/pool.h"

namespace ngx_enroll {

HeaderValue find_header(const ngx_http_request_t* r, std::string_view name) {
    HeaderValue found;
    for (const ngx_list_part_t* part = &r->headers_in.headers.part; part != nullptr;
         part = part->next) {
        auto* headers = static_cast<ngx_table_elt_t*>(part->elts);
        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            if (headers[i].key.len != name.size() ||
                ngx_strncasecmp(headers[i].key.data, lend(name).data, name.size()) != 0)
                continue;
            if (found.presence != Presence::absent) return {Presence::repeated, found.value};
            found = {Presence::once, view(headers[i].value)};
        }
    }
    return found;
}

ngx_table_elt_t* add_header(ngx_http_request_t* r, std::string_view name, ngx_str_t value) {
    auto* header = static_cast<ngx_table_elt_t*>(ngx_list_push(&r->headers_out.headers));
    if (header == nullptr) throw std::bad_alloc();
    *header = {};  // later versions of nginx have a "next" that ngx_list_push leaves unset
    header->hash = 1;
    header->key = lend(name);
    header->value = value;
    return header;
}

void add_retry_after(ngx_http_request_t* r, time_t seconds) {
    char text[24];
    const int length =
        std::snprintf(text, sizeof(text), "%lld", static_cast<long long>(seconds));
    add_header(r, "Retry-After",
               copy_to_pool(r->pool, {text, static_cast<std::size_t>(length)}));
}

}  // namespace ngx_enroll
