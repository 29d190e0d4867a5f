#include "ngx_common/status_page.h"

#include "ngx_common/bulkhead.h"
#include "ngx_common/headers.h"
#include "ngx_common/login_guard.h"
#include "ngx_common/send.h"
#include "ngx_common/status_text.h"

namespace ngx_enroll {

ngx_conf_enum_t status_formats[] = {
    {ngx_string("json"), kStatusJson},
    {ngx_string("prometheus"), kStatusPrometheus},
    {ngx_null_string, 0},
};

namespace {

Status status_of(ZoneConf& zone) {
    sweep_dead_workers(zone);  // what they held is in flight no longer
    Status status;
    status.protocol = zone.protocol;
    status.operations = zone.operations;
    for (const Location* location : locations_of(zone))
        status.locations.push_back({view(location->name), &location->entry->counters,
                                    inflight_of(zone, *location), location->max_inflight});
    status.inflight = inflight_of(zone);
    status.max_inflight = static_cast<std::uint32_t>(zone.max_inflight);
    if (zone.logins == Logins::counted) status.logins = login_stats(zone);
    return status;
}

std::string_view content_type(StatusFormat format) {
    return format == kStatusPrometheus ? "text/plain; version=0.0.4; charset=utf-8"
                                       : "application/json";
}

}  // namespace

char* take_status_format(ngx_conf_t* cf, ngx_command_t* cmd, void* conf) {
    if (cf->args->nelts > 1) return ngx_conf_set_enum_slot(cf, cmd, conf);
    auto& format = *reinterpret_cast<ngx_uint_t*>(static_cast<char*>(conf) + cmd->offset);
    if (format != NGX_CONF_UNSET_UINT) return const_cast<char*>("is duplicate");
    format = kStatusJson;
    return NGX_CONF_OK;
}

ngx_int_t send_status(ngx_http_request_t* r, ZoneConf& zone, StatusFormat format) {
    if (!(r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD))) {
        add_header(r, "Allow", lend("GET, HEAD"));  // RFC 9110 15.5.6
        return NGX_HTTP_NOT_ALLOWED;
    }
    if (const ngx_int_t rc = ngx_http_discard_request_body(r); rc != NGX_OK) return rc;
    const Status status = status_of(zone);
    auto* text = new_in_pool<std::string>(
        r->pool, format == kStatusPrometheus ? prometheus_status(status) : json_status(status));
    r->disable_not_modified = 1;  // there is no date to compare with (RFC 9110 13.1.4)
    add_header(r, "Cache-Control", lend("no-store"));
    return send_reply(r, {NGX_HTTP_OK, lend(content_type(format)), lend(*text)});
}

}  // namespace ngx_enroll
