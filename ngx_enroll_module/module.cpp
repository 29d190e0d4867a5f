// What nginx calls of this module beside its directives: at the end of the configuration, at
// the beginning and the end of a worker, and for each request.

#include "ngx_enroll_module/conf.h"
#include "ngx_enroll_module/crl.h"
#include "ngx_enroll_module/device.h"
#include "ngx_enroll_module/ocsp.h"
#include "ngx_enroll_module/report.h"
#include "ngx_enroll_module/variables.h"

namespace ngx_enroll::enroll {

namespace {

// --- what the common code asks ---

ErrorPagePolicy error_page_policy(ngx_http_request_t* r) {
    const LocConf& conf = conf_of(r);
    return {conf.serves != kNothing, kRetryAfter, serves_devices(conf)};
}

Exchange* error_page_exchange(ngx_http_request_t* r) { return &exchange_of(r); }

ZoneConf& zone_of(ngx_http_request_t* r) { return main_conf_of(r).module.zone; }

const Location* location_of(ngx_http_request_t* r) { return conf_of(r).limits.location; }

std::size_t operation_of(const Location& location, std::string_view, const Exchange*) {
    const auto& conf =
        *static_cast<LocConf*>(location.core->loc_conf[ngx_enroll_module.ctx_index]);
    return conf.serves - 1;
}

std::optional<Outcome> decided_outcome(const Exchange& exchange) {
    return outcome_of(static_cast<const EnrollExchange&>(exchange));
}

// --- configuration ---

ngx_int_t postconfiguration(ngx_conf_t* cf) {
    if (check_configuration(cf) != NGX_OK) return NGX_ERROR;
    MainConf& conf = main_conf_of(cf);
    if (conf.cache.size != 0 && add_ocsp_zone(cf, conf.cache, ngx_enroll_module) != NGX_OK)
        return NGX_ERROR;
    return finish_module(
        cf, conf.module,
        {"enroll_pass",
         {&ngx_enroll_module, error_page_policy, error_page_exchange, ocsp_error_for},
         {zone_of, location_of, operation_of, decided_outcome, report_decision}});
}

// --- processes ---

MainConf* main_conf_of(ngx_cycle_t* cycle) {
    return static_cast<MainConf*>(
        ngx_http_cycle_get_module_main_conf(cycle, ngx_enroll_module));
}

// The processes of nginx's own caches call this as well.
bool watches_signers() { return ngx_process != NGX_PROCESS_HELPER && ngx_worker == 0; }

ngx_int_t init_process(ngx_cycle_t* cycle) {
    MainConf* conf = main_conf_of(cycle);
    if (conf == nullptr) return NGX_OK;
    return guarded<ngx_int_t>(cycle->log, NGX_ERROR, [&] {
        enter_zone(conf->module.zone);
        if (!watches_signers()) return NGX_OK;
        WatchEnvironment environment;
        if (conf->cache.size != 0) environment.cache = &conf->cache;
        if (conf->crl_path != nullptr) environment.folder = view(conf->crl_path->name);
        environment.threads = conf->threads;
        conf->watches->start(environment);
        return NGX_OK;
    });
}

// A connection that is left open would be an alert.
void exit_process(ngx_cycle_t* cycle) {
    MainConf* conf = main_conf_of(cycle);
    if (conf == nullptr) return;
    guarded(cycle->log, 0, [&] {
        conf->watches->stop();
        return 0;
    });
    leave_worker(cycle, &conf->module);
}

ngx_http_module_t module_context = {
    add_variables,   postconfiguration, create_main_conf,
    nullptr,  // init main configuration
    nullptr,  // create server configuration
    nullptr,  // merge server configuration
    create_loc_conf, merge_loc_conf,
};

ngx_int_t handle(ngx_http_request_t* r) {
    EnrollExchange& exchange = exchange_of(r);
    switch (conf_of(r).serves) {
        case kCrl: return serve_crl(exchange);
        case kOcsp: return serve_ocsp(exchange);
        default: return serve_device(exchange);
    }
}

}  // namespace

EnrollExchange& exchange_of(ngx_http_request_t* r) {
    EnrollExchange* exchange = find_exchange(r);
    if (exchange == nullptr) {
        exchange = new_in_pool<EnrollExchange>(r->pool, r);
        ngx_http_set_ctx(r, static_cast<void*>(exchange), ngx_enroll_module);
        log_phase_exchange(*exchange);
    }
    return *exchange;
}

ngx_int_t handler(ngx_http_request_t* r) {
    return guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR,
                              [&] { return handle(r); });
}

}  // namespace ngx_enroll::enroll

ngx_module_t ngx_enroll_module = {
    NGX_MODULE_V1,
    &ngx_enroll::enroll::module_context,
    ngx_enroll::enroll::commands,
    NGX_HTTP_MODULE,
    nullptr,  // init master
    nullptr,  // init module
    ngx_enroll::enroll::init_process,
    nullptr,  // init thread
    nullptr,  // exit thread
    ngx_enroll::enroll::exit_process,
    nullptr,  // exit master
    NGX_MODULE_V1_PADDING,
};
