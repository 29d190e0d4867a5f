// What nginx calls of this module beside its directives. Requests begin in handler.cpp.

#include "libpki/x509/cert.h"
#include "ngx_cmp_module/answer.h"
#include "ngx_cmp_module/conf.h"
#include "ngx_cmp_module/decisions.h"
#include "ngx_common/variable.h"

namespace ngx_enroll::cmp {

namespace {

// --- variables ---

// What the handler has not read is no request that anybody knows.
std::string_view operation_text(ngx_http_request_t* r) {
    const CmpExchange* exchange = find_exchange(r);
    if (exchange == nullptr || exchange->task == Task::other) return {};
    return kTaskNames[static_cast<std::size_t>(exchange->task)];
}

// What no handler of ours has decided was decided by signerd's absence.
std::string_view status_text(ngx_http_request_t* r) {
    const CmpExchange* exchange = find_exchange(r);
    if (exchange == nullptr) return {};
    if (exchange->outcome.empty() && exchange->upstream_status != 0)
        return pki::name(pki::Errc::unavailable);
    return exchange->outcome;
}

std::string_view fail_info_text(ngx_http_request_t* r) {
    const CmpExchange* exchange = find_exchange(r);
    return exchange == nullptr ? std::string_view() : exchange->fail_info;
}

std::string_view transaction_text(ngx_http_request_t* r) {
    const CmpExchange* exchange = find_exchange(r);
    return exchange == nullptr ? std::string_view() : std::string_view(exchange->transaction);
}

std::string serial_text(ngx_http_request_t* r) {
    const CmpExchange* exchange = find_exchange(r);
    if (exchange == nullptr || exchange->issued.empty()) return {};
    const auto certificate = pki::x509::parse_certificate(exchange->issued);
    return certificate ? pki::x509::serial_text(certificate->tbs) : std::string();
}

constexpr Variable kVariables[] = {
    {"cmp_operation", get_variable<operation_text>},
    {"cmp_status", get_variable<status_text>},
    {"cmp_fail_info", get_variable<fail_info_text>},
    {"cmp_transaction", get_variable<transaction_text>},
    {"cmp_serial", get_variable<serial_text>},
};

ngx_int_t preconfiguration(ngx_conf_t* cf) { return add_variables(cf, kVariables); }

// --- configuration ---

void* create_main_conf(ngx_conf_t* cf) {
    return create_module_conf(cf, {"cmp", kTaskNames, Logins::none});
}

ErrorPagePolicy error_page_policy(ngx_http_request_t* r) {
    const LocConf& conf = conf_of(r);
    return {conf.pass != 0, conf.retry_after};
}

Exchange* error_page_exchange(ngx_http_request_t* r) { return &exchange_of(r); }

ngx_int_t postconfiguration(ngx_conf_t* cf) {
    return finish_module(
        cf, module_conf_of<ngx_cmp_module>(cf),
        {"cmp_pass",
         {&ngx_cmp_module, error_page_policy, error_page_exchange, lost_signer},
         log_phase_client()});
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
    return *module_conf_of<ngx_cmp_module>(r).reporters;
}

ZoneConf& zone_of(ngx_http_request_t* r) { return module_conf_of<ngx_cmp_module>(r).zone; }

}  // namespace ngx_enroll::cmp

ngx_module_t ngx_cmp_module = {
    NGX_MODULE_V1,
    &ngx_enroll::cmp::module_context,
    ngx_enroll::cmp::commands,
    NGX_HTTP_MODULE,
    nullptr,  // init master
    nullptr,  // init module
    ngx_enroll::init_process<ngx_cmp_module>,
    nullptr,  // init thread
    nullptr,  // exit thread
    ngx_enroll::exit_process<ngx_cmp_module>,
    nullptr,  // exit master
    NGX_MODULE_V1_PADDING,
};
