// What goes into signerd's audit log of requests that signerd has not decided: est_audit.
#pragma once

#include "ngx_common/report_log.h"
#include "ngx_est_module/est.h"

namespace ngx_enroll::est {

// A location with est_pass, for requests that end before nginx has chosen one.
struct OwnLocation {
    void** srv_conf;  // tells which server it belongs to
    const ngx_http_core_loc_conf_t* core;
    const LocConf* conf;
};

// A part of the module's main configuration.
struct AuditConf {
    ngx_array_t locations;  // of OwnLocation
    Reporters* reporters;
};

// In create_main_conf: NGX_OK or NGX_ERROR.
ngx_int_t init_audit_conf(ngx_conf_t* cf, AuditConf& conf);
// In est_pass: NGX_OK or NGX_ERROR.
ngx_int_t add_own_location(ngx_conf_t* cf, AuditConf& audit, const LocConf& conf);

AuditConf& audit_conf_of(ngx_http_request_t* r);

// error_page takes the context from a request; this finds the exchange nevertheless.
void remember_exchange(EstExchange& exchange);

// The handler of the log phase.
ngx_int_t report_decision(ngx_http_request_t* r);

}  // namespace ngx_enroll::est
