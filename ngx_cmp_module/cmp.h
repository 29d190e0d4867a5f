// What the files of this module share: the location's configuration and the context of a
// request.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "libpki/cmp/message.h"
#include "libpki/cmp/protection.h"
#include "libpki/ossl/digest.h"
#include "ngx_cmp_module/secrets.h"
#include "ngx_cmp_module/sender.h"
#include "ngx_cmp_module/trust.h"
#include "ngx_common/limits_conf.h"
#include "ngx_common/report.h"
#include "ngx_common/signer.h"
#include "ngx_common/signer_conf.h"

extern "C" ngx_module_t ngx_cmp_module;

namespace ngx_enroll::cmp {

// What a request is, as far as it is known: its label in $cmp_operation and the counters.
enum class Task : std::uint8_t {
    ir,
    cr,
    kur,
    p10cr,
    cert_conf,
    rr,
    poll_req,
    genm,
    nested,
    other,  // that could not be read, or is no request
};
constexpr std::array<std::string_view, 10> kTaskNames{
    "ir", "cr", "kur", "p10cr", "certConf", "rr", "pollReq", "genm", "nested", "other"};
static_assert(kTaskNames.size() <= kMaxOperations);

// cmp_label NAME PROFILE: NAME of /p/NAME and of the certProfile in a header.
struct Label {
    ngx_str_t label;
    ngx_str_t profile;
};

enum MacAlgorithm : ngx_uint_t { kPbm = 1, kPbmac1 = 2, kNoMac = 4 };

// Plain data, for offsetof and nginx's slot functions.
struct LocConf {
    ngx_http_upstream_conf_t upstream;
    ngx_flag_t pass;   // cmp_pass stands in this very location
    ngx_flag_t regex;  // which is given by an expression
    ngx_str_t profile;
    ngx_array_t* labels;    // of Label
    ngx_str_t certificate;  // cmp_certificate, cmp_certificate_key: how answers are protected
    ngx_str_t key;
    const Sender* sender;    // from these two
    const Trust* trust;      // cmp_trusted_certificate: who may sign requests
    const Trust* ras;        // cmp_ra_certificate: and may speak for others, with id-kp-cmcRA;
                             // nullptr, as the other three below: none
    const Crls* crls;        // cmp_crl, for both; nullptr: none
    const Secrets* secrets;  // cmp_secrets
    const pki::Buffer* encryption_certificate;  // cmp_encryption_certificate: caProtEncCert
    ngx_uint_t mac_algorithms;                  // of cmp_mac: kPbm, kPbmac1; or kNoMac
    ngx_uint_t min_iterations;                  // cmp_mac_iterations
    ngx_uint_t max_iterations;
    time_t clock_skew;          // cmp_clock_skew; 0: messageTime is not looked at
    ngx_flag_t require_time;    // cmp_require_time: and has to be there
    ngx_flag_t pss;             // cmp_rsa_pss
    ngx_flag_t chain;           // cmp_chain: the chain of an issued certificate in extraCerts
    ngx_flag_t ca_pubs;         // cmp_ca_pubs: the root in caPubs of an ip
    ngx_flag_t key_generation;  // cmp_key_generation
    ngx_flag_t verify_csr;
    time_t retry_after;
    ngx_thread_pool_t* threads;
    ngx_flag_t audit;
    LimitsConf limits;
    ngx_uint_t status_format;  // of cmp_status
};

inline LocConf& conf_of(ngx_http_request_t* r) {
    return *static_cast<LocConf*>(ngx_http_get_module_loc_conf(r, ngx_cmp_module));
}

ZoneConf& zone_of(ngx_http_request_t* r);
Reporters& reporters_of(ngx_http_request_t* r);

struct CmpExchange : SignerExchange {
    using SignerExchange::SignerExchange;

    Task task = Task::other;
    std::string_view profile;

    // Who sent the message; none: nobody has proven to be anybody.
    pki::wire::Credential credential = pki::wire::Credential::none;
    std::string credential_name;
    std::string presented_name;  // of a signer or a reference that did not prove right
    std::string transaction;     // printable
    std::optional<pki::ossl::Sha256> csr_sha256;

    std::string_view outcome;    // for $cmp_status
    pki::Buffer issued;          // the certificate in signerd's answer, for $cmp_serial
    std::string_view fail_info;  // for $cmp_fail_info
};

// nullptr before the handler ran.
inline CmpExchange* find_exchange(ngx_http_request_t* r) {
    return static_cast<CmpExchange*>(ngx_http_get_module_ctx(r, ngx_cmp_module));
}

// Made when there is none yet.
CmpExchange& exchange_of(ngx_http_request_t* r);

// The content handler: handler.cpp.
ngx_int_t handler(ngx_http_request_t* r);

}  // namespace ngx_enroll::cmp
