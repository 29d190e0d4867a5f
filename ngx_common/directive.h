// What the set functions of the modules' directives have in common.
#pragma once

#include "ngx_common/guard.h"
#include "ngx_common/pool.h"
#include "ngx_common/signer_conf.h"

namespace ngx_enroll {

inline char* conf_error() { return static_cast<char*>(NGX_CONF_ERROR); }

// Logged with file and line.
inline char* invalid(ngx_conf_t* cf, const char* why) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", why);
    return conf_error();
}

inline ngx_http_core_loc_conf_t& core_of(ngx_conf_t* cf) {
    return *static_cast<ngx_http_core_loc_conf_t*>(
        ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
}

// The i-th argument, from 1.
inline ngx_str_t& argument(ngx_conf_t* cf, ngx_uint_t i) {
    return static_cast<ngx_str_t*>(cf->args->elts)[i];
}

// Is ssl_verify_client on in this server, in whatever form?
inline bool server_asks_for_certificates(ngx_conf_t* cf) {
    const auto* ssl = static_cast<ngx_http_ssl_srv_conf_t*>(
        ngx_http_conf_get_module_srv_conf(cf, ngx_http_ssl_module));
    return ssl->verify != 0 && ssl->verify != static_cast<ngx_uint_t>(NGX_CONF_UNSET);
}

// Of X_pass: the upstream, which is remembered in `signers` for postconfiguration.
inline char* take_signer(ngx_conf_t* cf, ngx_http_upstream_conf_t& conf, ngx_array_t& signers) {
    if (set_signer_pass(cf, conf) != NGX_CONF_OK) return conf_error();
    auto** signer = static_cast<ngx_http_upstream_srv_conf_t**>(ngx_array_push(&signers));
    if (signer == nullptr) return conf_error();
    *signer = conf.upstream;
    return NGX_CONF_OK;
}

// Of `signers`: NGX_OK, or NGX_ERROR when one is not a signer of ours to speak to.
inline ngx_int_t check_signers(ngx_conf_t* cf, const ngx_array_t& signers,
                               const char* directive) {
    auto** signer = static_cast<ngx_http_upstream_srv_conf_t**>(signers.elts);
    for (ngx_uint_t i = 0; i < signers.nelts; i++)
        if (check_signer_peers(cf, *signer[i], directive) != NGX_OK) return NGX_ERROR;
    return NGX_OK;
}

// Files are read where the directive stands, so that errors name its line. `load` gives a
// pointer, or nullptr when it has logged why not.
template <class Slot, class Load>
char* load_file(ngx_conf_t* cf, Slot& slot, Load load) {
    if (slot != static_cast<Slot>(NGX_CONF_UNSET_PTR)) return const_cast<char*>("is duplicate");
    return guarded<char*>(cf->log, conf_error(), [&] {
        slot = load(cf, argument(cf, 1));
        return slot == nullptr ? conf_error() : NGX_CONF_OK;
    });
}

}  // namespace ngx_enroll
