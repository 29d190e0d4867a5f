// What nginx calls of this module beside its directives: at the beginning and the end of the
// configuration, and at those of a worker. Requests begin in handler.cpp.

#include "ngx_common/directive.h"
#include "ngx_common/error_page.h"
#include "ngx_common/variable.h"
#include "ngx_scep_module/conf.h"
#include "ngx_scep_module/decisions.h"

namespace ngx_enroll::scep {

namespace {

// --- variables ---

std::string_view operation_text(ngx_http_request_t* r) {
    const ScepExchange* exchange = find_exchange(r);
    if (exchange == nullptr || exchange->task == Task::unrouted) return {};
    return kTaskNames[static_cast<std::size_t>(exchange->task)];
}

// What no handler of ours has decided was decided by signerd's absence.
std::string_view status_text(ngx_http_request_t* r) {
    const ScepExchange* exchange = find_exchange(r);
    if (exchange == nullptr) return {};
    if (exchange->outcome.empty() && exchange->upstream_status != 0)
        return pki::name(pki::Errc::unavailable);
    return exchange->outcome;
}

std::string_view fail_info_text(ngx_http_request_t* r) {
    const ScepExchange* exchange = find_exchange(r);
    return exchange == nullptr ? std::string_view() : exchange->fail_info;
}

std::string_view transaction_text(ngx_http_request_t* r) {
    const ScepExchange* exchange = find_exchange(r);
    return exchange == nullptr ? std::string_view() : std::string_view(exchange->transaction);
}

std::string serial_text(ngx_http_request_t* r) {
    const ScepExchange* exchange = find_exchange(r);
    if (exchange == nullptr || exchange->issued.empty()) return {};
    const auto certificate = pki::x509::parse_certificate(exchange->issued);
    return certificate ? pki::x509::serial_text(certificate->tbs) : std::string();
}

constexpr Variable kVariables[] = {
    {"scep_operation", get_variable<operation_text>},
    {"scep_status", get_variable<status_text>},
    {"scep_fail_info", get_variable<fail_info_text>},
    {"scep_transaction", get_variable<transaction_text>},
    {"scep_serial", get_variable<serial_text>},
};

ngx_int_t preconfiguration(ngx_conf_t* cf) { return add_variables(cf, kVariables); }

// --- after the configuration ---

MainConf& main_conf_of(ngx_conf_t* cf) {
    return *static_cast<MainConf*>(ngx_http_conf_get_module_main_conf(cf, ngx_scep_module));
}

ErrorPagePolicy error_page_policy(ngx_http_request_t* r) {
    const LocConf& conf = conf_of(r);
    return {conf.pass != 0, conf.retry_after};
}

Exchange* error_page_exchange(ngx_http_request_t* r) { return &exchange_of(r); }

ngx_int_t finish_configuration(ngx_conf_t* cf) {
    MainConf& conf = main_conf_of(cf);
    if (check_signers(cf, conf.signers, "scep_pass") != NGX_OK) return NGX_ERROR;
    if (error_page_register(cf, {&ngx_scep_module, error_page_policy, error_page_exchange}) !=
            NGX_OK ||
        log_phase_register(cf, log_phase_client()) != NGX_OK)
        return NGX_ERROR;
    const bool used = conf.zone.locations.nelts != 0 || conf.status;
    return used ? add_zone(cf, conf.zone, ngx_scep_module) : NGX_OK;
}

ngx_int_t postconfiguration(ngx_conf_t* cf) {
    return guarded<ngx_int_t>(cf->log, NGX_ERROR, [&] { return finish_configuration(cf); });
}

// --- processes ---

MainConf* main_conf_of(ngx_cycle_t* cycle) {
    return static_cast<MainConf*>(ngx_http_cycle_get_module_main_conf(cycle, ngx_scep_module));
}

ngx_int_t init_process(ngx_cycle_t* cycle) {
    MainConf* conf = main_conf_of(cycle);
    if (conf == nullptr) return NGX_OK;
    return guarded<ngx_int_t>(cycle->log, NGX_ERROR, [&]() -> ngx_int_t {
        enter_zone(conf->zone);
        return NGX_OK;
    });
}

void exit_process(ngx_cycle_t* cycle) {
    MainConf* conf = main_conf_of(cycle);
    if (conf == nullptr) return;
    guarded(cycle->log, 0, [&] {
        conf->reporters->last_attempt();
        return 0;
    });
}

ngx_http_module_t module_context = {
    preconfiguration, postconfiguration, create_main_conf,
    nullptr,  // init main configuration
    nullptr,  // create server configuration
    nullptr,  // merge server configuration
    create_loc_conf,  merge_loc_conf,
};

}  // namespace

Reporters& reporters_of(ngx_http_request_t* r) {
    return *static_cast<MainConf*>(ngx_http_get_module_main_conf(r, ngx_scep_module))
                ->reporters;
}

ZoneConf& zone_of(ngx_http_request_t* r) {
    return static_cast<MainConf*>(ngx_http_get_module_main_conf(r, ngx_scep_module))->zone;
}

}  // namespace ngx_enroll::scep

ngx_module_t ngx_scep_module = {
    NGX_MODULE_V1,
    &ngx_enroll::scep::module_context,
    ngx_enroll::scep::commands,
    NGX_HTTP_MODULE,
    nullptr,  // init master
    nullptr,  // init module
    ngx_enroll::scep::init_process,
    nullptr,  // init thread
    nullptr,  // exit thread
    ngx_enroll::scep::exit_process,
    nullptr,  // exit master
    NGX_MODULE_V1_PADDING,
};
