// What the files of this module share: the configuration and the context of a request.
#pragma once

#include <array>
#include <optional>

#include "libpki/ossl/digest.h"
#include "ngx_common/limits_conf.h"
#include "ngx_common/module.h"
#include "ngx_common/signer.h"
#include "ngx_common/signer_conf.h"
#include "ngx_enroll_module/watch.h"

extern "C" ngx_module_t ngx_enroll_module;

namespace ngx_enroll::enroll {

enum Serves : ngx_uint_t { kNothing, kCrl, kOcsp, kBootstrap, kRenewal };

// By Serves, less one.
constexpr std::array<std::string_view, 4> kOperationNames{"crl", "ocsp", "bootstrap",
                                                          "renewal"};
static_assert(kOperationNames.size() <= kMaxOperations);

constexpr time_t kRetryAfter = 5;

// enroll_crl CA [delta] [partition=VALUE]
struct CrlConf {
    ngx_str_t ca;
    bool delta;
    ngx_http_complex_value_t* partition;  // nullptr: the complete list
};

// enroll_bootstrap and enroll_renewal.
struct DeviceConf {
    ngx_str_t profile;
    X509_STORE* anchors;
    ngx_flag_t audit;
};

// Plain data, for offsetof and nginx's slot functions.
struct LocConf {
    ngx_http_upstream_conf_t upstream;
    ngx_uint_t serves;
    CrlConf crl;
    DeviceConf device;
    ngx_flag_t nonce;
    std::uint64_t signer;  // in the cache
    LimitsConf limits;
    ngx_uint_t status_format;  // of enroll_status
};

// Plain data as well; in what the pointers lead to, C++ begins.
struct MainConf {
    ModuleConf module;
    OcspZone cache;
    ngx_path_t* crl_path;
    ngx_thread_pool_t* threads;
    Watches* watches;
    ProtocolError* ocsp_errors;  // by OcspError
};

struct EnrollExchange : SignerExchange {
    using SignerExchange::SignerExchange;

    std::string_view outcome;  // for $enroll_status
    std::string_view cache;    // for $enroll_cache

    // Of an OCSP request for a single certificate, whose answer may be kept. Views into `der`,
    // or into the body.
    pki::Buffer der;
    pki::Bytes cert_id;
    pki::Bytes serial;

    // Of a device.
    std::string subject;  // of its certificate, good once there is client_certificate
    pki::Buffer client_certificate;
    std::optional<pki::ossl::Sha256> csr_sha256;  // of a CSR that was refused here
    pki::Bytes issued;  // the certificate in signerd's answer, for $enroll_serial
};

inline LocConf& conf_of(ngx_http_request_t* r) {
    return *static_cast<LocConf*>(ngx_http_get_module_loc_conf(r, ngx_enroll_module));
}

inline MainConf& main_conf_of(ngx_http_request_t* r) {
    return *static_cast<MainConf*>(ngx_http_get_module_main_conf(r, ngx_enroll_module));
}

inline MainConf& main_conf_of(ngx_conf_t* cf) {
    return *static_cast<MainConf*>(ngx_http_conf_get_module_main_conf(cf, ngx_enroll_module));
}

// nullptr before the handler ran.
inline EnrollExchange* find_exchange(ngx_http_request_t* r) {
    return static_cast<EnrollExchange*>(ngx_http_get_module_ctx(r, ngx_enroll_module));
}

// Made when there is none yet.
EnrollExchange& exchange_of(ngx_http_request_t* r);

// Is the location one for devices?
inline bool serves_devices(const LocConf& conf) {
    return conf.serves == kBootstrap || conf.serves == kRenewal;
}

// Ends the handler with this status and line.
inline ngx_int_t refuse_with(EnrollExchange& exchange, std::string_view outcome,
                             ngx_int_t status, std::string_view line) {
    exchange.outcome = outcome;
    return refuse(exchange, status, line);
}

// The content handler of all that the module serves.
ngx_int_t handler(ngx_http_request_t* r);

}  // namespace ngx_enroll::enroll
