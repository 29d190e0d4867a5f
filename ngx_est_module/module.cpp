// Everything of this module that nginx can call at configuration: directives, variables,
// contexts. Requests begin in handler.cpp.

#include "ngx_common/module.h"
#include "libpki/x509/cert.h"
#include "ngx_common/client_certificate.h"
#include "ngx_common/credential_cache.h"
#include "ngx_common/offload.h"
#include "ngx_common/status_page.h"
#include "ngx_common/variable.h"
#include "ngx_est_module/channel_binding.h"
#include "ngx_est_module/decisions.h"
#include "ngx_est_module/est.h"
#include "ngx_est_module/key_delivery.h"
#include "ngx_est_module/signing.h"

namespace ngx_enroll::est {

namespace {

constexpr ngx_uint_t kAnywhere = NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF;
constexpr time_t kRetryAfter = 5;

ngx_conf_bitmask_t auth_masks[] = {
    {ngx_string("none"), kAuthNone},
    {ngx_string("basic"), kAuthBasic},
    {ngx_string("mtls"), kAuthMtls},
    {ngx_string("bearer"), kAuthBearer},
    {ngx_null_string, 0},
};

ngx_conf_enum_t satisfy_values[] = {
    {ngx_string("any"), kSatisfyAny},
    {ngx_string("all"), kSatisfyAll},
    {ngx_null_string, 0},
};

ngx_conf_enum_t encrypt_values[] = {
    {ngx_string("off"), static_cast<ngx_uint_t>(KeygenEncrypt::off)},
    {ngx_string("csr"), static_cast<ngx_uint_t>(KeygenEncrypt::csr)},
    {ngx_string("required"), static_cast<ngx_uint_t>(KeygenEncrypt::required)},
    {ngx_null_string, 0},
};

char* set_pass(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_label(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_password_file(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_client_certificate(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_keygen_secrets(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);
char* set_status(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);

using MainConf = ModuleConf;

ngx_command_t commands[] = {
    {ngx_string("est_pass"), NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1, set_pass,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("est_profile"), kAnywhere | NGX_CONF_TAKE1, ngx_conf_set_str_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, profile), nullptr},
    {ngx_string("est_label"), NGX_HTTP_LOC_CONF | NGX_CONF_TAKE12, set_label,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("est_auth"), kAnywhere | NGX_CONF_1MORE, ngx_conf_set_bitmask_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, auth), auth_masks},
    {ngx_string("est_satisfy"), kAnywhere | NGX_CONF_TAKE1, ngx_conf_set_enum_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, satisfy), satisfy_values},
    {ngx_string("est_password_file"), kAnywhere | NGX_CONF_TAKE1, set_password_file,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("est_client_certificate"), kAnywhere | NGX_CONF_TAKE1, set_client_certificate,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("est_realm"), kAnywhere | NGX_CONF_TAKE1, ngx_conf_set_str_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, realm), nullptr},
    {ngx_string("est_certificate"), kAnywhere | NGX_CONF_TAKE1, ngx_conf_set_str_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, certificate), nullptr},
    {ngx_string("est_certificate_key"), kAnywhere | NGX_CONF_TAKE1, ngx_conf_set_str_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, key), nullptr},
    {ngx_string("est_keygen"), kAnywhere | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, keygen), nullptr},
    {ngx_string("est_keygen_encrypt"), kAnywhere | NGX_CONF_TAKE1, ngx_conf_set_enum_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, keygen_encrypt), encrypt_values},
    {ngx_string("est_keygen_secrets"), kAnywhere | NGX_CONF_TAKE1, set_keygen_secrets,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("est_full_cmc"), kAnywhere | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, full_cmc), nullptr},
    {ngx_string("est_renew_expired"), kAnywhere | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, renew_expired), nullptr},
    {ngx_string("est_channel_binding"), kAnywhere | NGX_CONF_TAKE12, set_channel_binding,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("est_verify_csr"), kAnywhere | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, verify_csr), nullptr},
    {ngx_string("est_chain"), kAnywhere | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, chain), nullptr},
    {ngx_string("est_idempotency_window"), kAnywhere | NGX_CONF_TAKE1, ngx_conf_set_sec_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, idempotency_window), nullptr},
    {ngx_string("est_retry_after"), kAnywhere | NGX_CONF_TAKE1, ngx_conf_set_sec_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, retry_after), nullptr},
    {ngx_string("est_audit"), kAnywhere | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, audit), nullptr},
    {ngx_string("est_status"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS | NGX_CONF_TAKE1, set_status,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, status_format), status_formats},
    NGX_ENROLL_LIMITS_COMMANDS("est", MainConf, zone, LocConf, limits),
    NGX_ENROLL_LOGIN_COMMANDS("est", LocConf, limits),
    NGX_ENROLL_SIGNER_COMMANDS("est", LocConf, upstream),
    ngx_null_command,
};

// --- variables ---

std::string operation_text(ngx_http_request_t* r) {
    const EstExchange* exchange = find_exchange(r);
    if (exchange == nullptr || !exchange->routed) return {};
    return std::string(pki::est::name(exchange->operation));
}

// What no handler of ours has decided was decided by signerd's absence.
std::string status_text(ngx_http_request_t* r) {
    const EstExchange* exchange = find_exchange(r);
    if (exchange == nullptr) return {};
    if (exchange->outcome.empty() && exchange->upstream_status != 0)
        return pki::name(pki::Errc::unavailable);
    return std::string(exchange->outcome);
}

std::string serial_text(ngx_http_request_t* r) {
    const EstExchange* exchange = find_exchange(r);
    if (exchange == nullptr || exchange->issued.empty()) return {};
    const auto certificate = pki::x509::parse_certificate(exchange->issued);
    return certificate ? pki::x509::serial_text(certificate->tbs) : std::string();
}

constexpr Variable kVariables[] = {
    {"est_operation", get_variable<operation_text>},
    {"est_status", get_variable<status_text>},
    {"est_serial", get_variable<serial_text>},
};

ngx_int_t preconfiguration(ngx_conf_t* cf) { return add_variables(cf, kVariables); }

// --- configuration ---

void* create_main_conf(ngx_conf_t* cf) {
    return create_module_conf(cf, {"est", kOperationNames, Logins::counted});
}

MainConf& main_conf_of(ngx_conf_t* cf) { return module_conf_of<ngx_est_module>(cf); }

void* create_loc_conf(ngx_conf_t* cf) {
    auto* conf = static_cast<LocConf*>(ngx_pcalloc(cf->pool, sizeof(LocConf)));
    if (conf == nullptr) return nullptr;
    init_signer_conf(conf->upstream);
    conf->satisfy = NGX_CONF_UNSET_UINT;
    conf->passwords = static_cast<const PasswordFile*>(NGX_CONF_UNSET_PTR);
    conf->anchors = static_cast<X509_STORE*>(NGX_CONF_UNSET_PTR);
    conf->keygen = NGX_CONF_UNSET;
    conf->keygen_encrypt = NGX_CONF_UNSET_UINT;
    conf->keygen_secrets = static_cast<const KeygenSecrets*>(NGX_CONF_UNSET_PTR);
    conf->full_cmc = NGX_CONF_UNSET;
    conf->renew_expired = NGX_CONF_UNSET;
    conf->channel_binding = NGX_CONF_UNSET_UINT;
    conf->verify_csr = NGX_CONF_UNSET;
    conf->chain = NGX_CONF_UNSET;
    conf->idempotency_window = NGX_CONF_UNSET;
    conf->retry_after = NGX_CONF_UNSET;
    conf->audit = NGX_CONF_UNSET;
    conf->status_format = NGX_CONF_UNSET_UINT;
    init_limits_conf(conf->limits);
    return conf;
}

bool quotable(std::string_view text) {
    return std::ranges::all_of(
        text, [](unsigned char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

// What one location needs to serve: nothing that it lacks may turn up at a request.
char* check_location(ngx_conf_t* cf, const LocConf& conf) {
    if (conf.profile.len == 0) return invalid(cf, "\"est_pass\" needs \"est_profile\"");
    if (conf.auth & kAuthNone && conf.auth & (kAuthBasic | kAuthMtls | kAuthBearer))
        return invalid(cf, "\"est_auth none\" does not go with other values");
    // A request has one Authorization header.
    if (conf.satisfy == kSatisfyAll && conf.auth & kAuthBasic && conf.auth & kAuthBearer)
        return invalid(cf,
                       "no client has both for \"est_auth basic bearer\": "
                       "\"est_satisfy all\" does not go with it");
    if (conf.auth & kAuthBasic && conf.passwords == nullptr)
        return invalid(cf, "\"est_auth basic\" needs \"est_password_file\"");
    if (conf.auth & kAuthMtls && conf.anchors == nullptr)
        return invalid(cf, "\"est_auth mtls\" needs \"est_client_certificate\"");
    if (conf.auth & kAuthMtls && !server_asks_for_certificates(cf))
        return invalid(
            cf, "\"est_auth mtls\" needs \"ssl_verify_client optional_no_ca\" in the server");
    if (conf.renew_expired && !(conf.auth & kAuthMtls))
        return invalid(cf, "\"est_renew_expired\" needs \"est_auth mtls\"");
    if (!quotable(view(conf.realm)))
        return invalid(cf, "\"est_realm\" must be printable, without quotes and backslashes");
    if (conf.profile.len > pki::limits::kProfileName)
        return invalid(cf, "the name in \"est_profile\" is too long");
    if (conf.idempotency_window > 0x7fffffff)
        return invalid(cf, "\"est_idempotency_window\" is too long");
    if ((conf.certificate.len == 0) != (conf.key.len == 0))
        return invalid(cf, "\"est_certificate\" and \"est_certificate_key\" go together");
    // Who asks for an encrypted key gets none that is not signed (RFC 7030 4.4.2).
    if (conf.keygen && conf.certificate.len == 0)
        return invalid(cf, "\"est_keygen\" needs \"est_certificate\"");
    if (conf.keygen && conf.auth & kAuthNone)  // RFC 7030 4.4
        return invalid(cf, "\"est_keygen\" does not go with \"est_auth none\"");
    if (conf.full_cmc && conf.certificate.len == 0)
        return invalid(cf, "\"est_full_cmc\" needs \"est_certificate\"");
    if (conf.full_cmc && conf.anchors == nullptr)
        return invalid(cf, "\"est_full_cmc\" needs \"est_client_certificate\"");
    return NGX_CONF_OK;
}

char* enter_location(ngx_conf_t* cf, LocConf& conf) {
    return guarded<char*>(cf->log, conf_error(), [&]() -> char* {
        if (conf.certificate.len != 0) {
            conf.signing = load_signing(cf, conf.certificate, conf.key);
            if (conf.signing == nullptr) return conf_error();
        }
        if (conf.full_cmc)
            conf.cmc_signers = new_in_pool<Trust>(cf->pool, conf.anchors, nullptr,
                                                  new_in_pool<KnownSigners>(cf->pool));
        if (conf.limits.location == nullptr)
            conf.limits.location =
                add_location(cf, main_conf_of(cf).zone, conf.limits.max_inflight);
        return NGX_CONF_OK;
    });
}

// The two values of one directive go together.
void merge_channel_binding(LocConf& conf, const LocConf& parent) {
    if (conf.channel_binding != NGX_CONF_UNSET_UINT) return;
    const bool unset = parent.channel_binding == NGX_CONF_UNSET_UINT;
    conf.channel_binding =
        unset ? static_cast<ngx_uint_t>(kBindingOff) : parent.channel_binding;
    conf.channel_binding_exporter = parent.channel_binding_exporter;
}

char* merge_loc_conf(ngx_conf_t* cf, void* parent_data, void* child_data) {
    auto& parent = *static_cast<LocConf*>(parent_data);
    auto& conf = *static_cast<LocConf*>(child_data);
    if (merge_signer_conf(cf, conf.upstream, parent.upstream) != NGX_CONF_OK)
        return conf_error();
    ngx_conf_merge_str_value(conf.profile, parent.profile, "");
    // No bit at all: nobody may enrol.
    if (conf.auth == 0) conf.auth = parent.auth;
    ngx_conf_merge_uint_value(conf.satisfy, parent.satisfy, kSatisfyAny);
    ngx_conf_merge_ptr_value(conf.passwords, parent.passwords, nullptr);
    ngx_conf_merge_ptr_value(conf.anchors, parent.anchors, nullptr);
    ngx_conf_merge_str_value(conf.realm, parent.realm, "est");
    ngx_conf_merge_str_value(conf.certificate, parent.certificate, "");
    ngx_conf_merge_str_value(conf.key, parent.key, "");
    ngx_conf_merge_value(conf.keygen, parent.keygen, 0);
    ngx_conf_merge_uint_value(conf.keygen_encrypt, parent.keygen_encrypt,
                              static_cast<ngx_uint_t>(KeygenEncrypt::off));
    ngx_conf_merge_ptr_value(conf.keygen_secrets, parent.keygen_secrets, nullptr);
    ngx_conf_merge_value(conf.full_cmc, parent.full_cmc, 0);
    ngx_conf_merge_value(conf.renew_expired, parent.renew_expired, 0);
    merge_channel_binding(conf, parent);
    ngx_conf_merge_value(conf.verify_csr, parent.verify_csr, 1);
    ngx_conf_merge_value(conf.chain, parent.chain, 0);
    ngx_conf_merge_sec_value(conf.idempotency_window, parent.idempotency_window, 0);
    ngx_conf_merge_sec_value(conf.retry_after, parent.retry_after, kRetryAfter);
    ngx_conf_merge_value(conf.audit, parent.audit, 1);
    merge_limits_conf(conf.limits, parent.limits);
    inherit_pass(cf, conf, parent, handler);
    if (!conf.pass) return NGX_CONF_OK;
    if (check_location(cf, conf) != NGX_CONF_OK) return conf_error();
    return enter_location(cf, conf);
}

char* set_pass(ngx_conf_t* cf, ngx_command_t*, void* data) {
    auto& conf = *static_cast<LocConf*>(data);
    if (conf.pass) return const_cast<char*>("is duplicate");
    if (conf.status_format != NGX_CONF_UNSET_UINT)
        return const_cast<char*>("does not go with \"est_status\"");
    if (take_signer(cf, conf.upstream, main_conf_of(cf).signers) != NGX_CONF_OK)
        return conf_error();
    conf.threads = offload_pool(cf);
    if (conf.threads == nullptr) return conf_error();
    conf.pass = 1;
    core_of(cf).handler = handler;
    return NGX_CONF_OK;
}

char* set_label(ngx_conf_t* cf, ngx_command_t*, void* data) {
    auto& conf = *static_cast<LocConf*>(data);
    if (!pki::est::valid_label(view(argument(cf, 1))))
        return const_cast<char*>(
            "names a label that is no path segment, or an operation of EST");
    if (conf.labels == nullptr) conf.labels = ngx_array_create(cf->pool, 4, sizeof(Label));
    auto* label =
        conf.labels == nullptr ? nullptr : static_cast<Label*>(ngx_array_push(conf.labels));
    if (label == nullptr) return conf_error();
    *label = {argument(cf, 1), cf->args->nelts > 2 ? argument(cf, 2) : ngx_str_t{}};
    if (label->profile.len > pki::limits::kProfileName)
        return const_cast<char*>("names a profile that is too long");
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
    if (conf.pass) return const_cast<char*>("does not go with \"est_pass\"");
    core_of(cf).handler = status_handler;
    main_conf_of(cf).status = 1;
    return NGX_CONF_OK;
}

char* set_password_file(ngx_conf_t* cf, ngx_command_t*, void* conf) {
    return load_file(cf, static_cast<LocConf*>(conf)->passwords, PasswordFile::load);
}

char* set_client_certificate(ngx_conf_t* cf, ngx_command_t*, void* conf) {
    return load_file(cf, static_cast<LocConf*>(conf)->anchors, load_anchors);
}

char* set_keygen_secrets(ngx_conf_t* cf, ngx_command_t*, void* conf) {
    return load_file(cf, static_cast<LocConf*>(conf)->keygen_secrets, load_keygen_secrets);
}

// --- after the configuration ---

ErrorPagePolicy error_page_policy(ngx_http_request_t* r) {
    const LocConf& conf = conf_of(r);
    return {conf.pass != 0, conf.retry_after};
}

Exchange* error_page_exchange(ngx_http_request_t* r) { return exchange_of(r); }

ngx_int_t postconfiguration(ngx_conf_t* cf) {
    return finish_module(cf, main_conf_of(cf),
                         {"est_pass",
                          {&ngx_est_module, error_page_policy, error_page_exchange},
                          log_phase_client()});
}

ngx_int_t init_process(ngx_cycle_t* cycle) {
    if (ngx_enroll::init_process<ngx_est_module>(cycle) != NGX_OK) return NGX_ERROR;
    return init_credential_cache();
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
    return *module_conf_of<ngx_est_module>(r).reporters;
}

ZoneConf& zone_of(ngx_http_request_t* r) { return module_conf_of<ngx_est_module>(r).zone; }

}  // namespace ngx_enroll::est

ngx_module_t ngx_est_module = {
    NGX_MODULE_V1,
    &ngx_enroll::est::module_context,
    ngx_enroll::est::commands,
    NGX_HTTP_MODULE,
    nullptr,  // init master
    nullptr,  // init module
    ngx_enroll::est::init_process,
    nullptr,  // init thread
    nullptr,  // exit thread
    ngx_enroll::exit_process<ngx_est_module>,
    nullptr,  // exit master
    NGX_MODULE_V1_PADDING,
};
