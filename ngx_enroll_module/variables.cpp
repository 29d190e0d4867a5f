#include "ngx_enroll_module/variables.h"

#include "libpki/x509/cert.h"
#include "ngx_common/variable.h"

namespace ngx_enroll::enroll {

namespace {

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

std::string serial_text(ngx_http_request_t* r) {
    const EnrollExchange* exchange = find_exchange(r);
    if (exchange == nullptr || exchange->issued.empty()) return {};
    const auto certificate = pki::x509::parse_certificate(exchange->issued);
    return certificate ? pki::x509::serial_text(certificate->tbs) : std::string();
}

constexpr Variable kVariables[] = {
    {"enroll_operation", get_variable<operation_text>},
    {"enroll_status", get_variable<status_text>},
    {"enroll_cache", get_variable<cache_text>},
    {"enroll_serial", get_variable<serial_text>},
};

}  // namespace

ngx_int_t add_variables(ngx_conf_t* cf) { return ngx_enroll::add_variables(cf, kVariables); }

std::optional<Outcome> outcome_of(const EnrollExchange& exchange) {
    if (!exchange.outcome.empty()) return outcome_from_name(exchange.outcome);
    // An OCSP answer stands for an error that somebody else has made.
    if (exchange.upstream_status == 0) return std::nullopt;
    return outcome_of_status(static_cast<unsigned>(exchange.upstream_status));
}

}  // namespace ngx_enroll::enroll
