// The directives that each module has for its signer, under its own prefix, as proxy_ and
// fastcgi_ do: est_pass, est_connect_timeout, …
#pragma once

#include "ngx_common/nginx.h"

namespace ngx_enroll {

// In create_loc_conf; `conf` is zeroed memory.
void init_signer_conf(ngx_http_upstream_conf_t& conf);

// In merge_loc_conf. NGX_CONF_OK or NGX_CONF_ERROR.
char* merge_signer_conf(ngx_conf_t* cf, ngx_http_upstream_conf_t& conf,
                        ngx_http_upstream_conf_t& parent);

// "unix:/path" or the name of an upstream{} block, from a directive's first argument.
char* set_signer_pass(ngx_conf_t* cf, ngx_http_upstream_conf_t& conf);

// In postconfiguration: every server must be a Unix socket, since signerd's frames carry no
// protection of their own. NGX_OK, or NGX_ERROR with the file and line logged.
ngx_int_t check_signer_peers(ngx_conf_t* cf, const ngx_http_upstream_srv_conf_t& upstream,
                             const char* directive);

extern ngx_conf_bitmask_t next_signer_masks[];

}  // namespace ngx_enroll

// clang-format off
#define NGX_ENROLL_SIGNER_LOCATIONS NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF

#define NGX_ENROLL_SIGNER_MSEC(name, conf_type, member)                               \
    {                                                                                 \
        ngx_string(name), NGX_ENROLL_SIGNER_LOCATIONS | NGX_CONF_TAKE1,               \
            ngx_conf_set_msec_slot, NGX_HTTP_LOC_CONF_OFFSET, offsetof(conf_type, member), nullptr \
    }

// The rows of a command table; `prefix` is a string literal, `upstream` the member of
// conf_type that holds the ngx_http_upstream_conf_t.
#define NGX_ENROLL_SIGNER_COMMANDS(prefix, conf_type, upstream)                              \
    NGX_ENROLL_SIGNER_MSEC(prefix "_connect_timeout", conf_type, upstream.connect_timeout),  \
    NGX_ENROLL_SIGNER_MSEC(prefix "_send_timeout", conf_type, upstream.send_timeout),        \
    NGX_ENROLL_SIGNER_MSEC(prefix "_read_timeout", conf_type, upstream.read_timeout),        \
    NGX_ENROLL_SIGNER_MSEC(prefix "_next_upstream_timeout", conf_type,                       \
                           upstream.next_upstream_timeout),                                  \
    {ngx_string(prefix "_next_upstream_tries"),                                              \
     NGX_ENROLL_SIGNER_LOCATIONS | NGX_CONF_TAKE1, ngx_conf_set_num_slot,                    \
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(conf_type, upstream.next_upstream_tries), nullptr},  \
    {ngx_string(prefix "_next_upstream"), NGX_ENROLL_SIGNER_LOCATIONS | NGX_CONF_1MORE,      \
     ngx_conf_set_bitmask_slot, NGX_HTTP_LOC_CONF_OFFSET,                                    \
     offsetof(conf_type, upstream.next_upstream), ngx_enroll::next_signer_masks}
// clang-format on
