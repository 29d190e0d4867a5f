#include "ngx_enroll_module/conf.h"

#include <algorithm>

#include "ngx_common/offload.h"
#include "ngx_common/status_page.h"
#include "ngx_enroll_module/crl.h"
#include "ngx_enroll_module/device_conf.h"
#include "ngx_enroll_module/ocsp.h"

namespace ngx_enroll::enroll {

namespace {

constexpr ngx_uint_t kAnywhere = NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF;

char* set_pass(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_crl(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_ocsp(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_ocsp_cache(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_bootstrap(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_renewal(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_status(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);

}  // namespace

ngx_command_t commands[] = {
    {ngx_string("enroll_pass"), kAnywhere | NGX_CONF_TAKE1, set_pass, NGX_HTTP_LOC_CONF_OFFSET,
     0, nullptr},
    {ngx_string("enroll_crl"), NGX_HTTP_LOC_CONF | NGX_CONF_TAKE123, set_crl,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("enroll_crl_path"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1, ngx_conf_set_path_slot,
     NGX_HTTP_MAIN_CONF_OFFSET, offsetof(MainConf, crl_path), nullptr},
    {ngx_string("enroll_ocsp"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS, set_ocsp,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("enroll_ocsp_nonce"), kAnywhere | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, nonce), nullptr},
    {ngx_string("enroll_ocsp_cache"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1, set_ocsp_cache,
     NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr},
    {ngx_string("enroll_bootstrap"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS, set_bootstrap,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("enroll_renewal"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS, set_renewal,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("enroll_profile"), kAnywhere | NGX_CONF_TAKE1, ngx_conf_set_str_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, device.profile), nullptr},
    {ngx_string("enroll_client_certificate"), kAnywhere | NGX_CONF_TAKE1,
     set_client_certificate, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("enroll_audit"), kAnywhere | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, device.audit), nullptr},
    {ngx_string("enroll_status"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS | NGX_CONF_TAKE1,
     set_status, NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, status_format), status_formats},
    NGX_ENROLL_LIMITS_COMMANDS("enroll", MainConf, module.zone, LocConf, limits),
    NGX_ENROLL_LOGIN_COMMANDS("enroll", LocConf, limits),
    NGX_ENROLL_SIGNER_COMMANDS("enroll", LocConf, upstream),
    ngx_null_command,
};

namespace {

// --- directives ---

char* set_pass(ngx_conf_t* cf, ngx_command_t*, void* data) {
    auto& conf = *static_cast<LocConf*>(data);
    if (conf.upstream.upstream != nullptr) return const_cast<char*>("is duplicate");
    return take_signer(cf, conf.upstream, main_conf_of(cf).module.signers);
}

// The location is ours from here on; nobody else's, and for one purpose only.
char* take_location(ngx_conf_t* cf, LocConf& conf, Serves serves) {
    if (conf.serves == serves) return const_cast<char*>("is duplicate");
    if (conf.serves != kNothing)
        return const_cast<char*>(
            "does not go with what else of this module the location serves");
    if (conf.status_format != NGX_CONF_UNSET_UINT)
        return const_cast<char*>("does not go with \"enroll_status\"");
    ngx_http_core_loc_conf_t& core = core_of(cf);
    if (core.handler != nullptr)
        return const_cast<char*>("stands in a location that another directive serves");
    core.handler = handler;
    conf.serves = serves;
    return NGX_CONF_OK;
}

char* compile_partition(ngx_conf_t* cf, CrlConf& crl, std::string_view text) {
    crl.partition = static_cast<ngx_http_complex_value_t*>(
        ngx_pcalloc(cf->pool, sizeof(ngx_http_complex_value_t)));
    if (crl.partition == nullptr) return conf_error();
    ngx_str_t value = lend(text);
    ngx_http_compile_complex_value_t compile{};
    compile.cf = cf;
    compile.value = &value;
    compile.complex_value = crl.partition;
    if (ngx_http_compile_complex_value(&compile) != NGX_OK) return conf_error();
    if (crl.partition->lengths == nullptr && !partition_number(text))
        return const_cast<char*>("takes a partition of 1 to 1024");
    return NGX_CONF_OK;
}

char* set_crl(ngx_conf_t* cf, ngx_command_t*, void* data) {
    constexpr std::string_view kPartition = "partition=";
    auto& conf = *static_cast<LocConf*>(data);
    if (char* const rv = take_location(cf, conf, kCrl); rv != NGX_CONF_OK) return rv;
    conf.crl.ca = argument(cf, 1);
    if (!is_ca_name(view(conf.crl.ca)))
        return const_cast<char*>(
            "takes the name of a CA: 1 to 64 letters, digits, \".\", \"_\" or \"-\"");
    for (ngx_uint_t i = 2; i < cf->args->nelts; i++) {
        const ngx_str_t text = argument(cf, i);
        if (view(text) == "delta" && !conf.crl.delta) {
            conf.crl.delta = true;
        } else if (view(text).starts_with(kPartition) && conf.crl.partition == nullptr) {
            char* const rv =
                compile_partition(cf, conf.crl, view(text).substr(kPartition.size()));
            if (rv != NGX_CONF_OK) return rv;
        } else {
            return const_cast<char*>("takes a CA, \"delta\" and \"partition=value\"");
        }
    }
    MainConf& main = main_conf_of(cf);
    if (main.threads == nullptr) main.threads = offload_pool(cf);
    return main.threads == nullptr ? conf_error() : NGX_CONF_OK;
}

char* set_ocsp(ngx_conf_t* cf, ngx_command_t*, void* data) {
    const ngx_http_core_loc_conf_t& core = core_of(cf);
    bool prefix = !core.named;
#if (NGX_PCRE)
    if (core.regex != nullptr) prefix = false;
#endif
    // What stands behind the prefix of a GET is the request.
    if (!prefix) return const_cast<char*>("needs a location that is given by a prefix");
    return take_location(cf, *static_cast<LocConf*>(data), kOcsp);
}

char* set_bootstrap(ngx_conf_t* cf, ngx_command_t*, void* data) {
    return take_location(cf, *static_cast<LocConf*>(data), kBootstrap);
}

char* set_renewal(ngx_conf_t* cf, ngx_command_t*, void* data) {
    return take_location(cf, *static_cast<LocConf*>(data), kRenewal);
}

char* set_ocsp_cache(ngx_conf_t* cf, ngx_command_t*, void* data) {
    OcspZone& cache = static_cast<MainConf*>(data)->cache;
    if (cache.size != NGX_CONF_UNSET_SIZE) return const_cast<char*>("is duplicate");
    ngx_str_t text = argument(cf, 1);
    if (view(text) == "off") {
        cache.size = 0;
        return NGX_CONF_OK;
    }
    const ssize_t size = ngx_parse_size(&text);
    if (size == NGX_ERROR) return const_cast<char*>("takes a size or \"off\"");
    if (static_cast<std::size_t>(size) < kMinOcspZoneSize)
        return const_cast<char*>("must have at least 128k");
    cache.size = static_cast<size_t>(size);
    return NGX_CONF_OK;
}

ngx_int_t status_handler(ngx_http_request_t* r) {
    return guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR, [&] {
        return send_status(r, main_conf_of(r).module.zone,
                           static_cast<StatusFormat>(conf_of(r).status_format));
    });
}

char* set_status(ngx_conf_t* cf, ngx_command_t* cmd, void* data) {
    if (char* const rv = take_status_format(cf, cmd, data); rv != NGX_CONF_OK) return rv;
    ngx_http_core_loc_conf_t& core = core_of(cf);
    if (core.handler != nullptr)
        return const_cast<char*>("stands in a location that another directive serves");
    core.handler = status_handler;
    main_conf_of(cf).module.status = 1;
    return NGX_CONF_OK;
}

// --- a location when all of its directives are known ---

// limit_except and if make locations of their own inside ours.
void inherit_service(ngx_conf_t* cf, LocConf& conf, const LocConf& parent) {
    ngx_http_core_loc_conf_t& core = core_of(cf);
    if (!core.noname || conf.serves != kNothing || parent.serves == kNothing ||
        core.handler != nullptr)
        return;
    conf.serves = parent.serves;
    conf.crl = parent.crl;
    conf.limits.location = parent.limits.location;
    core.handler = handler;
}

char* check_location(ngx_conf_t* cf, const LocConf& conf) {
    const std::string name = "enroll_" + std::string(kOperationNames[conf.serves - 1]);
    if (core_of(cf).handler != handler) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%s\" stands in a location that another directive serves",
                           name.c_str());
        return conf_error();
    }
    if (conf.upstream.upstream == nullptr) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%s\" needs \"enroll_pass\"", name.c_str());
        return conf_error();
    }
    if (conf.serves == kCrl && main_conf_of(cf).crl_path == nullptr)
        return invalid(cf, "\"enroll_crl\" needs \"enroll_crl_path\"");
    if (serves_devices(conf)) return check_device_location(cf, conf);
    return NGX_CONF_OK;
}

WatchConf& watch_of(ngx_conf_t* cf, const ngx_http_upstream_srv_conf_t* signer) {
    std::vector<WatchConf>& watches = main_conf_of(cf).watches->conf;
    const auto known = std::ranges::find(watches, signer, &WatchConf::signer);
    if (known != watches.end()) return *known;
    watches.push_back({signer, {}, false});
    return watches.back();
}

// One folder has room for one CA of a name.
bool is_of_another_signer(ngx_conf_t* cf, std::string_view ca, const WatchConf& own) {
    return std::ranges::any_of(main_conf_of(cf).watches->conf, [&](const WatchConf& watch) {
        return &watch != &own &&
               std::ranges::find(watch.cas, ca, &WatchedCa::ca) != watch.cas.end();
    });
}

char* watch_list(ngx_conf_t* cf, const CrlConf& crl, WatchConf& watch) {
    if (is_of_another_signer(cf, view(crl.ca), watch))
        return invalid(cf, "\"enroll_crl\" names a CA that another \"enroll_pass\" has too");
    auto ca = std::ranges::find(watch.cas, view(crl.ca), &WatchedCa::ca);
    if (ca == watch.cas.end())
        ca = watch.cas.insert(ca, WatchedCa{std::string(view(crl.ca)), {}});
    ca->lists[crl.partition != nullptr][crl.delta] = true;
    return NGX_CONF_OK;
}

char* enter_location(ngx_conf_t* cf, LocConf& conf) {
    if (conf.limits.location == nullptr)
        conf.limits.location =
            add_location(cf, main_conf_of(cf).module.zone, conf.limits.max_inflight);
    if (serves_devices(conf)) return NGX_CONF_OK;
    conf.signer = signer_id(*conf.upstream.upstream);
    WatchConf& watch = watch_of(cf, conf.upstream.upstream);
    if (conf.serves == kCrl) return watch_list(cf, conf.crl, watch);
    watch.ocsp = true;
    return NGX_CONF_OK;
}

}  // namespace

void* create_main_conf(ngx_conf_t* cf) {
    auto* conf = static_cast<MainConf*>(ngx_pcalloc(cf->pool, sizeof(MainConf)));
    if (conf == nullptr ||
        init_module_conf(cf, conf->module, {"enroll", kOperationNames, Logins::counted}) !=
            NGX_OK)
        return nullptr;
    conf->cache.size = NGX_CONF_UNSET_SIZE;
    return guarded<void*>(cf->log, nullptr, [&] {
        conf->watches = new_in_pool<Watches>(cf->pool);
        conf->ocsp_errors = make_ocsp_errors(cf->pool);
        return conf;
    });
}

void* create_loc_conf(ngx_conf_t* cf) {
    auto* conf = static_cast<LocConf*>(ngx_pcalloc(cf->pool, sizeof(LocConf)));
    if (conf == nullptr) return nullptr;
    init_signer_conf(conf->upstream);
    conf->nonce = NGX_CONF_UNSET;
    init_device_conf(conf->device);
    conf->status_format = NGX_CONF_UNSET_UINT;
    init_limits_conf(conf->limits);
    return conf;
}

char* merge_loc_conf(ngx_conf_t* cf, void* parent_data, void* child_data) {
    auto& parent = *static_cast<LocConf*>(parent_data);
    auto& conf = *static_cast<LocConf*>(child_data);
    if (merge_signer_conf(cf, conf.upstream, parent.upstream) != NGX_CONF_OK)
        return conf_error();
    if (conf.upstream.upstream == nullptr) conf.upstream.upstream = parent.upstream.upstream;
    ngx_conf_merge_value(conf.nonce, parent.nonce, 0);
    merge_device_conf(conf.device, parent.device);
    merge_limits_conf(conf.limits, parent.limits);
    inherit_service(cf, conf, parent);
    if (conf.serves == kNothing) return NGX_CONF_OK;
    return guarded<char*>(cf->log, conf_error(), [&] {
        if (check_location(cf, conf) != NGX_CONF_OK) return conf_error();
        return enter_location(cf, conf);
    });
}

ngx_int_t check_configuration(ngx_conf_t* cf) {
    MainConf& conf = main_conf_of(cf);
    ngx_conf_init_size_value(conf.cache.size, kOcspZoneSize);
    const auto with_ocsp = std::ranges::count_if(conf.watches->conf, &WatchConf::ocsp);
    if (with_ocsp == 0) conf.cache.size = 0;
    if (static_cast<std::size_t>(with_ocsp) > OcspCache::kSigners) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"enroll_ocsp\" stands with more than %uz different \"enroll_pass\"",
                      OcspCache::kSigners);
        return NGX_ERROR;
    }
    return NGX_OK;
}

}  // namespace ngx_enroll::enroll
