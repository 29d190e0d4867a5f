#include "ngx_enroll_module/variables.h"

#include "ngx_common/guard.h"

namespace ngx_enroll::enroll {

namespace {

// Literals, all of them.
ngx_int_t set_variable(ngx_http_variable_value_t* v, std::string_view value) {
    const ngx_str_t text = lend(value);
    v->len = static_cast<unsigned>(text.len) & 0xfffffff;
    v->data = text.data;
    v->valid = !value.empty();
    v->no_cacheable = 0;
    v->not_found = value.empty();
    return NGX_OK;
}

std::string_view operation_text(ngx_http_request_t* r) {
    const ngx_uint_t serves = conf_of(r).serves;
    return serves == kNothing ? std::string_view() : kOperationNames[serves - 1];
}

std::string_view status_text(ngx_http_request_t* r) {
    const EnrollExchange* exchange = find_exchange(r);
    if (exchange == nullptr) return {};
    const auto outcome = outcome_of(*exchange);
    return outcome ? name(*outcome) : std::string_view();
}

std::string_view cache_text(ngx_http_request_t* r) {
    const EnrollExchange* exchange = find_exchange(r);
    return exchange == nullptr ? std::string_view() : exchange->cache;
}

template <std::string_view (*Text)(ngx_http_request_t*)>
ngx_int_t get_variable(ngx_http_request_t* r, ngx_http_variable_value_t* v, uintptr_t) {
    return guarded<ngx_int_t>(r->connection->log, NGX_ERROR,
                              [&] { return set_variable(v, Text(r)); });
}

struct Variable {
    std::string_view name;
    ngx_http_get_variable_pt get;
};

constexpr Variable kVariables[] = {
    {"enroll_operation", get_variable<operation_text>},
    {"enroll_status", get_variable<status_text>},
    {"enroll_cache", get_variable<cache_text>},
};

}  // namespace

ngx_int_t add_variables(ngx_conf_t* cf) {
    for (const Variable& variable : kVariables) {
        ngx_str_t name = lend(variable.name);
        ngx_http_variable_t* added = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);
        if (added == nullptr) return NGX_ERROR;
        added->get_handler = variable.get;
    }
    return NGX_OK;
}

std::optional<Outcome> outcome_of(const EnrollExchange& exchange) {
    if (!exchange.outcome.empty()) return outcome_from_name(exchange.outcome);
    // An OCSP answer stands for an error that somebody else has made.
    if (exchange.upstream_status == 0) return std::nullopt;
    return outcome_of_status(static_cast<unsigned>(exchange.upstream_status));
}

}  // namespace ngx_enroll::enroll
