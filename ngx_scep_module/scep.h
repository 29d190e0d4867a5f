// What the files of this module share: the location's configuration and the context of a
// request.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "libpki/ossl/digest.h"
#include "libpki/scep/message.h"
#include "libpki/scep/operation.h"
#include "ngx_common/limits_conf.h"
#include "ngx_common/report.h"
#include "ngx_common/signer.h"
#include "ngx_common/signer_conf.h"
#include "ngx_scep_module/ra.h"

extern "C" ngx_module_t ngx_scep_module;

namespace ngx_enroll::scep {

// What a request is, as far as it is known: its label in $scep_operation and the counters.
enum class Task : std::uint8_t {
    get_ca_caps,
    get_ca_cert,
    get_next_ca_cert,
    pki_operation,  // a message that could not be read
    pkcs_req,
    renewal_req,
    cert_poll,
    get_cert,
    get_crl,
    unrouted,
};
constexpr std::array<std::string_view, 10> kTaskNames{
    "GetCACaps",  "GetCACert", "GetNextCACert", "PKIOperation", "PKCSReq",
    "RenewalReq", "CertPoll",  "GetCert",       "GetCRL",       "unrouted"};
static_assert(kTaskNames.size() <= kMaxOperations);

// scep_label LABEL PROFILE
struct Label {
    ngx_str_t label;
    ngx_str_t profile;
};

// Plain data, for offsetof and nginx's slot functions.
struct LocConf {
    ngx_http_upstream_conf_t upstream;
    ngx_flag_t pass;   // scep_pass stands in this very location
    ngx_flag_t regex;  // which is given by an expression
    ngx_str_t profile;
    ngx_array_t* labels;        // of Label
    ngx_array_t* certificates;  // of ngx_str_t: scep_ra_certificate
    ngx_array_t* keys;          // of ngx_str_t: scep_ra_certificate_key
    const RaPairs* ra;
    const Passwords* passwords;
    X509_STORE* anchors;
    ngx_str_t capability_words;  // of scep_capabilities
    ngx_str_t capabilities;      // as GetCACaps answers in this location
    ngx_flag_t lightweight;
    ngx_flag_t sha1;
    ngx_flag_t des3;
    ngx_flag_t legacy;
    ngx_flag_t next_ca;
    ngx_flag_t root;
    ngx_flag_t chain;
    ngx_flag_t verify_csr;
    time_t idempotency_window;
    time_t retry_after;
    ngx_thread_pool_t* threads;
    ngx_flag_t audit;
    LimitsConf limits;
    ngx_uint_t status_format;  // of scep_status
};

struct ScepExchange : SignerExchange {
    using SignerExchange::SignerExchange;
    // A CSR has its challengePassword in the clear.
    ~ScepExchange() {
        OPENSSL_cleanse(frame.data(), frame.size());
        OPENSSL_cleanse(der.data(), der.size());
    }

    Task task = Task::unrouted;
    std::string_view profile;

    // Of an additional TLS client certificate.
    pki::wire::Credential credential = pki::wire::Credential::none;
    std::string credential_name;
    std::string presented_name;  // of one that was refused
    pki::Buffer client_certificate;

    std::string_view sent;  // the message of a GET, as it stood in the query
    // The message, in DER lengths; the request looks into it. Neither is touched by the event
    // loop while a thread works on the exchange.
    pki::Buffer der;
    std::optional<pki::scep::Request> message;
    std::string transaction;             // printable
    std::optional<pki::Secret> content;  // of the envelope, or the bare CSR
    std::size_t pair = 0;                // which RA signs the answer
    // That opened the envelope, or else the challengePassword: what an answer is sealed with
    // for a signer whose key cannot (RFC 8894 3.1).
    std::optional<pki::Secret> password;
    std::optional<pki::ossl::Sha256> csr_sha256;
    bool renewal = false;  // signed with a certificate that the client did not make itself

    std::string_view outcome;    // for $scep_status
    pki::Buffer issued;          // the certificate in signerd's answer, for $scep_serial
    std::string_view fail_info;  // for $scep_fail_info
};

inline LocConf& conf_of(ngx_http_request_t* r) {
    return *static_cast<LocConf*>(ngx_http_get_module_loc_conf(r, ngx_scep_module));
}

ZoneConf& zone_of(ngx_http_request_t* r);
Reporters& reporters_of(ngx_http_request_t* r);

// nullptr before the handler ran.
inline ScepExchange* find_exchange(ngx_http_request_t* r) {
    return static_cast<ScepExchange*>(ngx_http_get_module_ctx(r, ngx_scep_module));
}

// Made when there is none yet.
ScepExchange& exchange_of(ngx_http_request_t* r);

pki::scep::Rules rules_of(const LocConf& conf);

// Ends the handler with this code's status (status.h) and the line.
ngx_int_t refuse_with(ScepExchange& exchange, pki::Errc code, std::string_view line);
// The same for an error, which goes to the log as literals.
ngx_int_t refuse_with(ScepExchange& exchange, const pki::Error& error);

// The content handler: handler.cpp.
ngx_int_t handler(ngx_http_request_t* r);

}  // namespace ngx_enroll::scep
