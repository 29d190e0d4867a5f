#include "ngx_cmp_module/conf.h"

#include <algorithm>

#include "libpki/base/limits.h"
#include "libpki/cmp/operation.h"
#include "ngx_common/offload.h"
#include "ngx_common/status_page.h"

namespace ngx_enroll::cmp {

namespace {

constexpr ngx_uint_t kAnywhere = NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF;
constexpr time_t kRetryAfter = 5;
constexpr time_t kClockSkew = 300;
// signerd knows a transaction for an hour: with more, what it has forgotten could be sent again.
constexpr time_t kMostClockSkew = 30 * 60;
constexpr ngx_uint_t kMinIterations = 100;  // RFC 9810 5.1.3.1

ngx_conf_bitmask_t mac_masks[] = {
    {ngx_string("pbm"), kPbm},
    {ngx_string("pbmac1"), kPbmac1},
    {ngx_string("off"), kNoMac},
    {ngx_null_string, 0},
};

char* set_pass(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_label(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_trust(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_crl(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_secrets(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_iterations(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_encryption_certificate(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_status(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);

using Setter = char* (*)(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);

constexpr ngx_command_t one_value(ngx_str_t name, Setter set, ngx_uint_t offset) {
    return {name, kAnywhere | NGX_CONF_TAKE1, set, NGX_HTTP_LOC_CONF_OFFSET, offset, nullptr};
}

constexpr ngx_command_t flag(ngx_str_t name, ngx_uint_t offset) {
    return {name,
            kAnywhere | NGX_CONF_FLAG,
            ngx_conf_set_flag_slot,
            NGX_HTTP_LOC_CONF_OFFSET,
            offset,
            nullptr};
}

}  // namespace

ngx_command_t commands[] = {
    {ngx_string("cmp_pass"), NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1, set_pass,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    one_value(ngx_string("cmp_profile"), ngx_conf_set_str_slot, offsetof(LocConf, profile)),
    {ngx_string("cmp_label"), NGX_HTTP_LOC_CONF | NGX_CONF_TAKE2, set_label,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    one_value(ngx_string("cmp_certificate"), ngx_conf_set_str_slot,
              offsetof(LocConf, certificate)),
    one_value(ngx_string("cmp_certificate_key"), ngx_conf_set_str_slot, offsetof(LocConf, key)),
    one_value(ngx_string("cmp_trusted_certificate"), set_trust, offsetof(LocConf, trust)),
    one_value(ngx_string("cmp_ra_certificate"), set_trust, offsetof(LocConf, ras)),
    one_value(ngx_string("cmp_crl"), set_crl, 0),
    one_value(ngx_string("cmp_secrets"), set_secrets, 0),
    {ngx_string("cmp_mac"), kAnywhere | NGX_CONF_1MORE, ngx_conf_set_bitmask_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, mac_algorithms), mac_masks},
    {ngx_string("cmp_mac_iterations"), kAnywhere | NGX_CONF_TAKE2, set_iterations,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    one_value(ngx_string("cmp_clock_skew"), ngx_conf_set_sec_slot,
              offsetof(LocConf, clock_skew)),
    flag(ngx_string("cmp_require_time"), offsetof(LocConf, require_time)),
    flag(ngx_string("cmp_rsa_pss"), offsetof(LocConf, pss)),
    flag(ngx_string("cmp_chain"), offsetof(LocConf, chain)),
    flag(ngx_string("cmp_ca_pubs"), offsetof(LocConf, ca_pubs)),
    flag(ngx_string("cmp_key_generation"), offsetof(LocConf, key_generation)),
    one_value(ngx_string("cmp_encryption_certificate"), set_encryption_certificate, 0),
    flag(ngx_string("cmp_verify_csr"), offsetof(LocConf, verify_csr)),
    flag(ngx_string("cmp_audit"), offsetof(LocConf, audit)),
    one_value(ngx_string("cmp_retry_after"), ngx_conf_set_sec_slot,
              offsetof(LocConf, retry_after)),
    {ngx_string("cmp_status"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS | NGX_CONF_TAKE1, set_status,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, status_format), status_formats},
    NGX_ENROLL_LIMITS_COMMANDS("cmp", MainConf, zone, LocConf, limits),
    NGX_ENROLL_SIGNER_COMMANDS("cmp", LocConf, upstream),
    ngx_null_command,
};

namespace {

MainConf& main_conf_of(ngx_conf_t* cf) { return module_conf_of<ngx_cmp_module>(cf); }

// --- directives ---

char* set_pass(ngx_conf_t* cf, ngx_command_t*, void* data) {
    auto& conf = *static_cast<LocConf*>(data);
    if (conf.pass) return const_cast<char*>("is duplicate");
    if (conf.status_format != NGX_CONF_UNSET_UINT)
        return const_cast<char*>("does not go with \"cmp_status\"");
    if (take_signer(cf, conf.upstream, main_conf_of(cf).signers) != NGX_CONF_OK)
        return conf_error();
    conf.threads = offload_pool(cf);
    if (conf.threads == nullptr) return conf_error();
    conf.pass = 1;
    core_of(cf).handler = handler;
#if (NGX_PCRE)
    conf.regex = core_of(cf).regex != nullptr;
#endif
    return NGX_CONF_OK;
}

bool has_label(const ngx_array_t& labels, std::string_view name) {
    const auto* label = static_cast<Label*>(labels.elts);
    return std::any_of(label, label + labels.nelts,
                       [&](const Label& one) { return view(one.label) == name; });
}

char* set_label(ngx_conf_t* cf, ngx_command_t*, void* data) {
    auto& conf = *static_cast<LocConf*>(data);
    if (!pki::cmp::valid_label(view(argument(cf, 1))))
        return const_cast<char*>("takes a label that is one segment of a path");
    if (argument(cf, 2).len == 0 || argument(cf, 2).len > pki::limits::kProfileName)
        return const_cast<char*>("names a profile that is empty or too long");
    if (conf.labels == nullptr) conf.labels = ngx_array_create(cf->pool, 4, sizeof(Label));
    if (conf.labels == nullptr) return conf_error();
    if (has_label(*conf.labels, view(argument(cf, 1))))
        return const_cast<char*>("names a label that has its profile already");
    auto* label = static_cast<Label*>(ngx_array_push(conf.labels));
    if (label == nullptr) return conf_error();
    *label = {argument(cf, 1), argument(cf, 2)};
    return NGX_CONF_OK;
}

char* set_trust(ngx_conf_t* cf, ngx_command_t* cmd, void* conf) {
    auto& slot = *reinterpret_cast<const Trust**>(static_cast<char*>(conf) + cmd->offset);
    return load_file(cf, slot, load_trust);
}

char* set_crl(ngx_conf_t* cf, ngx_command_t*, void* conf) {
    return load_file(cf, static_cast<LocConf*>(conf)->crls, load_crls);
}

char* set_secrets(ngx_conf_t* cf, ngx_command_t*, void* conf) {
    return load_file(cf, static_cast<LocConf*>(conf)->secrets, load_secrets);
}

char* set_encryption_certificate(ngx_conf_t* cf, ngx_command_t*, void* conf) {
    return load_file(cf, static_cast<LocConf*>(conf)->encryption_certificate,
                     load_encryption_certificate);
}

// What one of them costs is the client's to choose: the higher bound is not the operator's
// alone.
char* set_iterations(ngx_conf_t* cf, ngx_command_t*, void* data) {
    auto& conf = *static_cast<LocConf*>(data);
    if (conf.min_iterations != NGX_CONF_UNSET_UINT) return const_cast<char*>("is duplicate");
    const ngx_int_t least = ngx_atoi(argument(cf, 1).data, argument(cf, 1).len);
    const ngx_int_t most = ngx_atoi(argument(cf, 2).data, argument(cf, 2).len);
    if (least < 1 || most < least ||
        static_cast<std::uint64_t>(most) > pki::limits::kPasswordIterations)
        return const_cast<char*>("takes two numbers of 1 to 100000, the smaller one first");
    conf.min_iterations = static_cast<ngx_uint_t>(least);
    conf.max_iterations = static_cast<ngx_uint_t>(most);
    return NGX_CONF_OK;
}

ngx_int_t status_handler(ngx_http_request_t* r) {
    return guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR, [&] {
        return send_status(r, zone_of(r), static_cast<StatusFormat>(conf_of(r).status_format));
    });
}

char* set_status(ngx_conf_t* cf, ngx_command_t* cmd, void* data) {
    auto& conf = *static_cast<LocConf*>(data);
    if (char* const rv = take_status_format(cf, cmd, data); rv != NGX_CONF_OK) return rv;
    if (conf.pass) return const_cast<char*>("does not go with \"cmp_pass\"");
    core_of(cf).handler = status_handler;
    main_conf_of(cf).status = 1;
    return NGX_CONF_OK;
}

// --- a location when all of its directives are known ---

bool takes_macs(const LocConf& conf) {
    return conf.secrets != nullptr && conf.mac_algorithms != kNoMac;
}

// What one location needs to serve: nothing that it lacks may turn up at a request.
char* check_location(ngx_conf_t* cf, const LocConf& conf) {
    if (core_of(cf).handler != handler)
        return invalid(cf, "\"cmp_pass\" stands in a location that another directive serves");
    if (conf.profile.len == 0) return invalid(cf, "\"cmp_pass\" needs \"cmp_profile\"");
    if (conf.clock_skew > kMostClockSkew)
        return invalid(cf, "\"cmp_clock_skew\" is above 30 minutes");
    if (conf.profile.len > pki::limits::kProfileName)
        return invalid(cf, "the name in \"cmp_profile\" is too long");
    if (conf.certificate.len == 0 || conf.key.len == 0)
        return invalid(cf,
                       "\"cmp_pass\" needs \"cmp_certificate\" and \"cmp_certificate_key\"");
    if ((conf.mac_algorithms & kNoMac) != 0 && conf.mac_algorithms != kNoMac)
        return invalid(cf, "\"cmp_mac off\" does not go with other values");
    if (conf.trust == nullptr && conf.ras == nullptr && !takes_macs(conf))
        return invalid(cf,
                       "\"cmp_pass\" needs \"cmp_trusted_certificate\", "
                       "\"cmp_ra_certificate\" or \"cmp_secrets\": who may ask?");
    if (conf.crls != nullptr && conf.trust == nullptr && conf.ras == nullptr)
        return invalid(cf,
                       "\"cmp_crl\" needs \"cmp_trusted_certificate\" or "
                       "\"cmp_ra_certificate\"");
    return NGX_CONF_OK;
}

char* load_location_sender(ngx_conf_t* cf, LocConf& conf) {
    conf.sender = load_sender(cf, conf.certificate, conf.key);
    if (conf.sender == nullptr) return conf_error();
    if (conf.key_generation && !conf.sender->makes_keys)
        return invalid(cf,
                       "\"cmp_key_generation\" needs a \"cmp_certificate\" with the extended "
                       "key usage id-kp-cmKGA");
    return NGX_CONF_OK;
}

char* enter_location(ngx_conf_t* cf, LocConf& conf) {
    return guarded<char*>(cf->log, conf_error(), [&]() -> char* {
        if (load_location_sender(cf, conf) != NGX_CONF_OK) return conf_error();
        for (const Trust** const trust : {&conf.trust, &conf.ras})
            if (*trust != nullptr && conf.crls != nullptr)
                *trust = with_crls(cf, **trust, *conf.crls);
        if (conf.limits.location == nullptr)
            conf.limits.location =
                add_location(cf, main_conf_of(cf).zone, conf.limits.max_inflight);
        return NGX_CONF_OK;
    });
}

void merge_files(LocConf& conf, const LocConf& parent) {
    ngx_conf_merge_str_value(conf.certificate, parent.certificate, "");
    ngx_conf_merge_str_value(conf.key, parent.key, "");
    ngx_conf_merge_ptr_value(conf.trust, parent.trust, nullptr);
    ngx_conf_merge_ptr_value(conf.ras, parent.ras, nullptr);
    ngx_conf_merge_ptr_value(conf.crls, parent.crls, nullptr);
    ngx_conf_merge_ptr_value(conf.secrets, parent.secrets, nullptr);
    ngx_conf_merge_ptr_value(conf.encryption_certificate, parent.encryption_certificate,
                             nullptr);
}

void merge_values(LocConf& conf, const LocConf& parent) {
    ngx_conf_merge_str_value(conf.profile, parent.profile, "");
    if (conf.mac_algorithms == 0) conf.mac_algorithms = parent.mac_algorithms;
    if (conf.mac_algorithms == 0) conf.mac_algorithms = kPbm | kPbmac1;
    ngx_conf_merge_uint_value(conf.min_iterations, parent.min_iterations, kMinIterations);
    ngx_conf_merge_uint_value(conf.max_iterations, parent.max_iterations,
                              pki::limits::kPasswordIterations);
    ngx_conf_merge_sec_value(conf.clock_skew, parent.clock_skew, kClockSkew);
    ngx_conf_merge_sec_value(conf.retry_after, parent.retry_after, kRetryAfter);
    ngx_conf_merge_value(conf.require_time, parent.require_time, 0);
    ngx_conf_merge_value(conf.pss, parent.pss, 0);
    ngx_conf_merge_value(conf.chain, parent.chain, 1);
    ngx_conf_merge_value(conf.ca_pubs, parent.ca_pubs, 1);
    ngx_conf_merge_value(conf.key_generation, parent.key_generation, 0);
    ngx_conf_merge_value(conf.verify_csr, parent.verify_csr, 1);
    ngx_conf_merge_value(conf.audit, parent.audit, 1);
}

template <class T>
void unset(T*& pointer) {
    pointer = static_cast<T*>(NGX_CONF_UNSET_PTR);
}

}  // namespace

void* create_loc_conf(ngx_conf_t* cf) {
    auto* conf = static_cast<LocConf*>(ngx_pcalloc(cf->pool, sizeof(LocConf)));
    if (conf == nullptr) return nullptr;
    init_signer_conf(conf->upstream);
    unset(conf->trust);
    unset(conf->ras);
    unset(conf->crls);
    unset(conf->secrets);
    unset(conf->encryption_certificate);
    for (ngx_flag_t* const value :
         {&conf->require_time, &conf->pss, &conf->chain, &conf->ca_pubs, &conf->key_generation,
          &conf->verify_csr, &conf->audit})
        *value = NGX_CONF_UNSET;
    conf->min_iterations = NGX_CONF_UNSET_UINT;
    conf->max_iterations = NGX_CONF_UNSET_UINT;
    conf->clock_skew = NGX_CONF_UNSET;
    conf->retry_after = NGX_CONF_UNSET;
    conf->status_format = NGX_CONF_UNSET_UINT;
    init_limits_conf(conf->limits);
    return conf;
}

char* merge_loc_conf(ngx_conf_t* cf, void* parent_data, void* child_data) {
    auto& parent = *static_cast<LocConf*>(parent_data);
    auto& conf = *static_cast<LocConf*>(child_data);
    if (merge_signer_conf(cf, conf.upstream, parent.upstream) != NGX_CONF_OK)
        return conf_error();
    merge_files(conf, parent);
    merge_values(conf, parent);
    merge_limits_conf(conf.limits, parent.limits);
    if (inherit_pass(cf, conf, parent, handler)) conf.regex = parent.regex;
    if (!conf.pass)
        return conf.labels == nullptr ? NGX_CONF_OK
                                      : invalid(cf, "\"cmp_label\" needs \"cmp_pass\"");
    if (check_location(cf, conf) != NGX_CONF_OK) return conf_error();
    return enter_location(cf, conf);
}

}  // namespace ngx_enroll::cmp
