// What the modules of the protocols have in common of what nginx calls beside their directives:
// at the end of the configuration, and at the beginning and the end of a worker.
#pragma once

#include "ngx_common/directive.h"
#include "ngx_common/error_page.h"
#include "ngx_common/log_phase.h"
#include "ngx_common/report.h"

namespace ngx_enroll {

// The main configuration of a module, or what it begins with. Plain data; in what the pointers
// lead to, C++ begins.
struct ModuleConf {
    ngx_array_t signers;   // of ngx_http_upstream_srv_conf_t*: what each X_pass names
    Reporters* reporters;  // none of them has anything to do in a module that reports nothing
    ZoneConf zone;
    ngx_flag_t status;  // X_status stands somewhere
};

// What a module is called.
struct ModuleNames {
    std::string_view protocol;
    std::span<const std::string_view> operations;
    Logins logins;
};

// For create_main_conf; `conf` is zeroed memory. NGX_OK or NGX_ERROR.
ngx_int_t init_module_conf(ngx_conf_t* cf, ModuleConf& conf, const ModuleNames& names);
// The same, where there is nothing else; nullptr when there is no memory.
ModuleConf* create_module_conf(ngx_conf_t* cf, const ModuleNames& names);

// What a module tells of itself when its configuration is complete.
struct ModuleClient {
    const char* pass;  // the directive that names a signer
    ErrorPageClient error_page;
    LogPhaseClient log_phase;
};

// For postconfiguration. NGX_OK or NGX_ERROR.
ngx_int_t finish_module(ngx_conf_t* cf, ModuleConf& conf, const ModuleClient& client);

// For init_process and exit_process. `conf` is nullptr where there is no http block.
ngx_int_t enter_worker(ngx_cycle_t* cycle, ModuleConf* conf);
void leave_worker(ngx_cycle_t* cycle, ModuleConf* conf);

template <ngx_module_t& Module>
ModuleConf& module_conf_of(ngx_conf_t* cf) {
    return *static_cast<ModuleConf*>(ngx_http_conf_get_module_main_conf(cf, Module));
}

template <ngx_module_t& Module>
ModuleConf& module_conf_of(ngx_http_request_t* r) {
    return *static_cast<ModuleConf*>(ngx_http_get_module_main_conf(r, Module));
}

template <ngx_module_t& Module>
ModuleConf* module_conf_of(ngx_cycle_t* cycle) {
    return static_cast<ModuleConf*>(ngx_http_cycle_get_module_main_conf(cycle, Module));
}

template <ngx_module_t& Module>
ngx_int_t init_process(ngx_cycle_t* cycle) {
    return enter_worker(cycle, module_conf_of<Module>(cycle));
}

template <ngx_module_t& Module>
void exit_process(ngx_cycle_t* cycle) {
    leave_worker(cycle, module_conf_of<Module>(cycle));
}

// limit_except and if make locations of their own inside ours: X_pass counts in them. True when
// this is one; what else the module needs of `parent` is its own to take.
template <class LocConf>
bool inherit_pass(ngx_conf_t* cf, LocConf& conf, const LocConf& parent,
                  ngx_http_handler_pt handler) {
    ngx_http_core_loc_conf_t& core = core_of(cf);
    if (!core.noname || conf.pass || !parent.pass || core.handler != nullptr) return false;
    conf.pass = 1;
    conf.upstream.upstream = parent.upstream.upstream;
    conf.labels = parent.labels;
    conf.threads = parent.threads;
    conf.limits.location = parent.limits.location;
    core.handler = handler;
    return true;
}

}  // namespace ngx_enroll
