#include "ngx_scep_module/conf.h"

#include <algorithm>

#include "libpki/scep/ca.h"
#include "ngx_common/client_certificate.h"
#include "ngx_common/offload.h"
#include "ngx_common/status_page.h"
#include "ngx_scep_module/route.h"

namespace ngx_enroll::scep {

namespace {

constexpr ngx_uint_t kAnywhere = NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF;
constexpr time_t kRetryAfter = 5;

char* set_pass(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_label(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_file_name(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_client_certificate(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_password_file(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_capabilities(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_status(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);

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
    {ngx_string("scep_pass"), NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1, set_pass,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("scep_profile"), kAnywhere | NGX_CONF_TAKE1, ngx_conf_set_str_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, profile), nullptr},
    {ngx_string("scep_label"), NGX_HTTP_LOC_CONF | NGX_CONF_TAKE2, set_label,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("scep_ra_certificate"), kAnywhere | NGX_CONF_TAKE1, set_file_name,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, certificates), nullptr},
    {ngx_string("scep_ra_certificate_key"), kAnywhere | NGX_CONF_TAKE1, set_file_name,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, keys), nullptr},
    {ngx_string("scep_client_certificate"), kAnywhere | NGX_CONF_TAKE1, set_client_certificate,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("scep_password_file"), kAnywhere | NGX_CONF_TAKE1, set_password_file,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("scep_capabilities"), kAnywhere | NGX_CONF_1MORE, set_capabilities,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    flag(ngx_string("scep_lightweight"), offsetof(LocConf, lightweight)),
    flag(ngx_string("scep_sha1"), offsetof(LocConf, sha1)),
    flag(ngx_string("scep_des3"), offsetof(LocConf, des3)),
    flag(ngx_string("scep_legacy"), offsetof(LocConf, legacy)),
    flag(ngx_string("scep_next_ca"), offsetof(LocConf, next_ca)),
    flag(ngx_string("scep_root"), offsetof(LocConf, root)),
    flag(ngx_string("scep_chain"), offsetof(LocConf, chain)),
    flag(ngx_string("scep_verify_csr"), offsetof(LocConf, verify_csr)),
    flag(ngx_string("scep_audit"), offsetof(LocConf, audit)),
    {ngx_string("scep_idempotency_window"), kAnywhere | NGX_CONF_TAKE1, ngx_conf_set_sec_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, idempotency_window), nullptr},
    {ngx_string("scep_retry_after"), kAnywhere | NGX_CONF_TAKE1, ngx_conf_set_sec_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, retry_after), nullptr},
    {ngx_string("scep_status"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS | NGX_CONF_TAKE1,
     set_status, NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, status_format), status_formats},
    NGX_ENROLL_LIMITS_COMMANDS("scep", MainConf, zone, LocConf, limits),
    NGX_ENROLL_SIGNER_COMMANDS("scep", LocConf, upstream),
    ngx_null_command,
};

namespace {

MainConf& main_conf_of(ngx_conf_t* cf) { return module_conf_of<ngx_scep_module>(cf); }

// --- directives ---

char* set_pass(ngx_conf_t* cf, ngx_command_t*, void* data) {
    auto& conf = *static_cast<LocConf*>(data);
    if (conf.pass) return const_cast<char*>("is duplicate");
    if (conf.status_format != NGX_CONF_UNSET_UINT)
        return const_cast<char*>("does not go with \"scep_status\"");
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
    if (!valid_label(view(argument(cf, 1))))
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

// Certificates and keys make pairs when all of them are known.
char* set_file_name(ngx_conf_t* cf, ngx_command_t* cmd, void* data) {
    auto*& names = *reinterpret_cast<ngx_array_t**>(static_cast<char*>(data) + cmd->offset);
    if (names == NGX_CONF_UNSET_PTR) names = ngx_array_create(cf->pool, 2, sizeof(ngx_str_t));
    auto* name = names == nullptr ? nullptr : static_cast<ngx_str_t*>(ngx_array_push(names));
    if (name == nullptr) return conf_error();
    *name = argument(cf, 1);
    return NGX_CONF_OK;
}

char* set_client_certificate(ngx_conf_t* cf, ngx_command_t*, void* conf) {
    return load_file(cf, static_cast<LocConf*>(conf)->anchors, load_anchors);
}

char* set_password_file(ngx_conf_t* cf, ngx_command_t*, void* conf) {
    return load_file(cf, static_cast<LocConf*>(conf)->passwords, load_passwords);
}

// RFC 8894 3.5.2: a word for each line. What they say is the operator's to answer for.
char* set_capabilities(ngx_conf_t* cf, ngx_command_t*, void* data) {
    auto& conf = *static_cast<LocConf*>(data);
    if (conf.capability_words.data != nullptr) return const_cast<char*>("is duplicate");
    return guarded<char*>(cf->log, conf_error(), [&]() -> char* {
        std::string words;
        for (ngx_uint_t i = 1; i < cf->args->nelts; i++) {
            const std::string_view word = view(argument(cf, i));
            const bool visible =
                std::ranges::all_of(word, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
            if (word.empty() || !visible) return const_cast<char*>("takes words");
            words.append(word).append("\n");
        }
        conf.capability_words = copy_to_pool(cf->pool, words);
        return NGX_CONF_OK;
    });
}

ngx_int_t status_handler(ngx_http_request_t* r) {
    return guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR, [&] {
        return send_status(r, zone_of(r), static_cast<StatusFormat>(conf_of(r).status_format));
    });
}

char* set_status(ngx_conf_t* cf, ngx_command_t* cmd, void* data) {
    auto& conf = *static_cast<LocConf*>(data);
    if (char* const rv = take_status_format(cf, cmd, data); rv != NGX_CONF_OK) return rv;
    if (conf.pass) return const_cast<char*>("does not go with \"scep_pass\"");
    core_of(cf).handler = status_handler;
    main_conf_of(cf).status = 1;
    return NGX_CONF_OK;
}

// --- a location when all of its directives are known ---

char* load_pairs(ngx_conf_t* cf, LocConf& conf) {
    if (conf.certificates == nullptr || conf.keys == nullptr)
        return invalid(cf,
                       "\"scep_pass\" needs \"scep_ra_certificate\" and "
                       "\"scep_ra_certificate_key\"");
    if (conf.certificates->nelts != conf.keys->nelts)
        return invalid(cf,
                       "there are not as many \"scep_ra_certificate_key\" as "
                       "\"scep_ra_certificate\"");
    conf.ra = load_ra_pairs(cf, *conf.certificates, *conf.keys);
    return conf.ra == nullptr ? conf_error() : NGX_CONF_OK;
}

// What one location needs to serve: nothing that it lacks may turn up at a request.
char* check_location(ngx_conf_t* cf, const LocConf& conf) {
    if (core_of(cf).handler != handler)
        return invalid(cf, "\"scep_pass\" stands in a location that another directive serves");
    if (conf.profile.len == 0) return invalid(cf, "\"scep_pass\" needs \"scep_profile\"");
    if (conf.profile.len > pki::limits::kProfileName)
        return invalid(cf, "the name in \"scep_profile\" is too long");
    if (conf.anchors != nullptr && !server_asks_for_certificates(cf))
        return invalid(cf,
                       "\"scep_client_certificate\" needs \"ssl_verify_client "
                       "optional_no_ca\" in the server");
    if (conf.idempotency_window > 0x7fffffff)
        return invalid(cf, "\"scep_idempotency_window\" is too long");
    return NGX_CONF_OK;
}

char* enter_location(ngx_conf_t* cf, LocConf& conf) {
    return guarded<char*>(cf->log, conf_error(), [&]() -> char* {
        if (load_pairs(cf, conf) != NGX_CONF_OK) return conf_error();
        conf.capabilities = conf.capability_words;
        if (conf.capabilities.len == 0)
            conf.capabilities = copy_to_pool(
                cf->pool, pki::scep::default_capabilities(rules_of(conf), conf.next_ca != 0));
        if (conf.limits.location == nullptr)
            conf.limits.location =
                add_location(cf, main_conf_of(cf).zone, conf.limits.max_inflight);
        return NGX_CONF_OK;
    });
}

void merge_flags(LocConf& conf, const LocConf& parent) {
    ngx_conf_merge_value(conf.lightweight, parent.lightweight, 0);
    ngx_conf_merge_value(conf.sha1, parent.sha1, 0);
    ngx_conf_merge_value(conf.des3, parent.des3, 0);
    ngx_conf_merge_value(conf.legacy, parent.legacy, 0);
    ngx_conf_merge_value(conf.next_ca, parent.next_ca, 0);
    ngx_conf_merge_value(conf.root, parent.root, 1);
    ngx_conf_merge_value(conf.chain, parent.chain, 0);
    ngx_conf_merge_value(conf.verify_csr, parent.verify_csr, 1);
    ngx_conf_merge_value(conf.audit, parent.audit, 1);
}

}  // namespace

void* create_loc_conf(ngx_conf_t* cf) {
    auto* conf = static_cast<LocConf*>(ngx_pcalloc(cf->pool, sizeof(LocConf)));
    if (conf == nullptr) return nullptr;
    init_signer_conf(conf->upstream);
    conf->certificates = static_cast<ngx_array_t*>(NGX_CONF_UNSET_PTR);
    conf->keys = static_cast<ngx_array_t*>(NGX_CONF_UNSET_PTR);
    conf->passwords = static_cast<const Passwords*>(NGX_CONF_UNSET_PTR);
    conf->anchors = static_cast<X509_STORE*>(NGX_CONF_UNSET_PTR);
    for (ngx_flag_t* const value :
         {&conf->lightweight, &conf->sha1, &conf->des3, &conf->legacy, &conf->next_ca,
          &conf->root, &conf->chain, &conf->verify_csr, &conf->audit})
        *value = NGX_CONF_UNSET;
    conf->idempotency_window = NGX_CONF_UNSET;
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
    ngx_conf_merge_str_value(conf.profile, parent.profile, "");
    ngx_conf_merge_str_value(conf.capability_words, parent.capability_words, "");
    ngx_conf_merge_ptr_value(conf.certificates, parent.certificates, nullptr);
    ngx_conf_merge_ptr_value(conf.keys, parent.keys, nullptr);
    ngx_conf_merge_ptr_value(conf.passwords, parent.passwords, nullptr);
    ngx_conf_merge_ptr_value(conf.anchors, parent.anchors, nullptr);
    ngx_conf_merge_sec_value(conf.idempotency_window, parent.idempotency_window, 0);
    ngx_conf_merge_sec_value(conf.retry_after, parent.retry_after, kRetryAfter);
    merge_flags(conf, parent);
    merge_limits_conf(conf.limits, parent.limits);
    if (inherit_pass(cf, conf, parent, handler)) conf.regex = parent.regex;
    if (!conf.pass)
        return conf.labels == nullptr ? NGX_CONF_OK
                                      : invalid(cf, "\"scep_label\" needs \"scep_pass\"");
    if (check_location(cf, conf) != NGX_CONF_OK) return conf_error();
    return enter_location(cf, conf);
}

}  // namespace ngx_enroll::scep
