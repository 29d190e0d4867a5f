// The page with the counters of a module: est_status and its like.
#pragma once

#include "ngx_common/zone.h"

namespace ngx_enroll {

enum StatusFormat : ngx_uint_t { kStatusJson, kStatusPrometheus };

extern ngx_conf_enum_t status_formats[];

// In the set function of X_status: the format that its argument names, JSON without one, into
// the ngx_uint_t at the command's offset. NGX_CONF_OK, or what a set function returns instead.
char* take_status_format(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);

// In the content handler: the whole answer to a GET or HEAD, or a status.
ngx_int_t send_status(ngx_http_request_t* r, ZoneConf& zone, StatusFormat format);

}  // namespace ngx_enroll
