#include "ngx_common/module.h"

namespace ngx_enroll {

ngx_int_t init_module_conf(ngx_conf_t* cf, ModuleConf& conf, const ModuleNames& names) {
    if (ngx_array_init(&conf.signers, cf->pool, 4, sizeof(ngx_http_upstream_srv_conf_t*)) !=
            NGX_OK ||
        init_zone_conf(cf, conf.zone, names.protocol, names.operations, names.logins) != NGX_OK)
        return NGX_ERROR;
    return guarded<ngx_int_t>(cf->log, NGX_ERROR, [&]() -> ngx_int_t {
        conf.reporters = new_in_pool<Reporters>(cf->pool);
        return NGX_OK;
    });
}

ModuleConf* create_module_conf(ngx_conf_t* cf, const ModuleNames& names) {
    auto* conf = static_cast<ModuleConf*>(ngx_pcalloc(cf->pool, sizeof(ModuleConf)));
    if (conf == nullptr || init_module_conf(cf, *conf, names) != NGX_OK) return nullptr;
    return conf;
}

namespace {

ngx_int_t register_module(ngx_conf_t* cf, ModuleConf& conf, const ModuleClient& client) {
    if (check_signers(cf, conf.signers, client.pass) != NGX_OK ||
        error_page_register(cf, client.error_page) != NGX_OK ||
        log_phase_register(cf, client.log_phase) != NGX_OK)
        return NGX_ERROR;
    const bool used = conf.zone.locations.nelts != 0 || conf.status;
    return used ? add_zone(cf, conf.zone, *client.error_page.module) : NGX_OK;
}

}  // namespace

ngx_int_t finish_module(ngx_conf_t* cf, ModuleConf& conf, const ModuleClient& client) {
    return guarded<ngx_int_t>(cf->log, NGX_ERROR,
                              [&] { return register_module(cf, conf, client); });
}

ngx_int_t enter_worker(ngx_cycle_t* cycle, ModuleConf* conf) {
    if (conf == nullptr) return NGX_OK;
    return guarded<ngx_int_t>(cycle->log, NGX_ERROR, [&]() -> ngx_int_t {
        enter_zone(conf->zone);
        return NGX_OK;
    });
}

void leave_worker(ngx_cycle_t* cycle, ModuleConf* conf) {
    if (conf == nullptr) return;
    guarded(cycle->log, 0, [&] {
        conf->reporters->last_attempt();
        return 0;
    });
}

}  // namespace ngx_enroll
