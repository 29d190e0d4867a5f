// The directives of the zone and of the limits in it, which each module has under its own
// prefix: est_zone, est_max_inflight, est_max_inflight_total; and est_login_failures where
// there are passwords.
#pragma once

#include "ngx_common/zone.h"

namespace ngx_enroll {

// In a location's configuration. Plain data.
struct LimitsConf {
    ngx_uint_t max_inflight;
    ngx_uint_t login_failures;  // 0: no limit
    time_t login_window;        // seconds
    Location* location;         // of a location that the module serves
};

// In create_loc_conf and in merge_loc_conf.
void init_limits_conf(LimitsConf& conf);
void merge_limits_conf(LimitsConf& conf, const LimitsConf& parent);

inline LoginLimit login_limit(const LimitsConf& conf) {
    return {static_cast<std::uint32_t>(conf.login_failures),
            static_cast<std::uint32_t>(conf.login_window)};
}

// nginx's own pattern: they find their field by the command's offset.
char* set_login_failures(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
extern ngx_conf_post_t zone_size_bounds;
extern ngx_conf_num_bounds_t inflight_bounds;

}  // namespace ngx_enroll

// clang-format off
// The rows of a command table; `prefix` is a string literal, `zone` the member of main_conf
// that holds the ZoneConf, `limits` that of loc_conf with the LimitsConf.
#define NGX_ENROLL_LIMITS_COMMANDS(prefix, main_conf, zone, loc_conf, limits)                 \
    {ngx_string(prefix "_zone"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1,                         \
     ngx_conf_set_size_slot, NGX_HTTP_MAIN_CONF_OFFSET, offsetof(main_conf, zone.size),       \
     &ngx_enroll::zone_size_bounds},                                                          \
    {ngx_string(prefix "_max_inflight_total"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1,           \
     ngx_conf_set_num_slot, NGX_HTTP_MAIN_CONF_OFFSET,                                        \
     offsetof(main_conf, zone.max_inflight), &ngx_enroll::inflight_bounds},                   \
    {ngx_string(prefix "_max_inflight"),                                                      \
     NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1,             \
     ngx_conf_set_num_slot, NGX_HTTP_LOC_CONF_OFFSET, offsetof(loc_conf, limits.max_inflight), \
     &ngx_enroll::inflight_bounds}

#define NGX_ENROLL_LOGIN_COMMANDS(prefix, loc_conf, limits)                                   \
    {ngx_string(prefix "_login_failures"),                                                    \
     NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_TAKE12,            \
     ngx_enroll::set_login_failures, NGX_HTTP_LOC_CONF_OFFSET, offsetof(loc_conf, limits),    \
     nullptr}
// clang-format on
