// What the files of this module share: the location's configuration and the context of
// a request.
#pragma once

#include <optional>
#include <string>

#include "libpki/est/operation.h"
#include "libpki/ossl/digest.h"
#include "ngx_common/chain.h"
#include "ngx_common/limits_conf.h"
#include "ngx_common/password_file.h"
#include "ngx_common/report.h"
#include "ngx_common/signer.h"
#include "ngx_common/signer_conf.h"
#include "ngx_common/signing_pair.h"

extern "C" ngx_module_t ngx_est_module;

namespace ngx_enroll::est {

struct KeygenSecrets;

// Bits of est_auth.
enum Auth : ngx_uint_t {
    kAuthNone = 0x0002,  // 1 is NGX_CONF_BITMASK_SET
    kAuthBasic = 0x0004,
    kAuthMtls = 0x0008,
    kAuthBearer = 0x0010,
};

enum Satisfy : ngx_uint_t { kSatisfyAny = 0, kSatisfyAll = 1 };

enum ChannelBinding : ngx_uint_t { kBindingOff, kBindingOn, kBindingRequired };

// est_label LABEL [PROFILE]
struct Label {
    ngx_str_t label;
    ngx_str_t profile;  // empty: the location's
};

// Plain data, for offsetof and nginx's slot functions.
struct LocConf {
    ngx_http_upstream_conf_t upstream;
    ngx_flag_t pass;  // est_pass stands in this very location
    ngx_str_t profile;
    ngx_array_t* labels;  // of Label
    ngx_uint_t auth;
    ngx_uint_t satisfy;
    const PasswordFile* passwords;
    X509_STORE* anchors;
    ngx_str_t realm;
    ngx_str_t certificate;  // est_certificate, est_certificate_key: what we sign ourselves
    ngx_str_t key;
    const SigningPair* signing;           // from these two; nullptr: none
    ngx_flag_t keygen;                    // est_keygen: serverkeygen is served
    ngx_uint_t keygen_encrypt;            // KeygenEncrypt
    const KeygenSecrets* keygen_secrets;  // nullptr: none
    ngx_flag_t full_cmc;
    const Trust* cmc_signers;  // with est_full_cmc: who may sign PKIData
    ngx_flag_t renew_expired;
    ngx_uint_t channel_binding;
    ngx_flag_t channel_binding_exporter;  // tls-exporter will do before TLS 1.3 as well
    ngx_flag_t verify_csr;
    ngx_flag_t chain;
    time_t idempotency_window;
    time_t retry_after;
    ngx_thread_pool_t* threads;
    ngx_flag_t audit;
    LimitsConf limits;
    ngx_uint_t status_format;  // of est_status
};

struct KeyDelivery;  // key_delivery.h
struct FullCmc;

struct EstExchange : SignerExchange {
    using SignerExchange::SignerExchange;
    // A key that was made for the client.
    ~EstExchange() { OPENSSL_cleanse(answer.data(), answer.size()); }

    pki::est::Operation operation = pki::est::Operation::cacerts;
    std::string_view profile;
    std::string_view idempotency_key;

    pki::wire::Credential credential = pki::wire::Credential::none;
    std::string credential_name;
    std::string presented_name;  // of a user or certificate that may not have been proven
    pki::Buffer client_certificate;
    std::optional<pki::ossl::Sha256> token_sha256;  // of a token, which signerd knows or not
    std::optional<pki::ossl::Sha256> csr_sha256;    // of a CSR that was refused here

    KeyDelivery* key_delivery = nullptr;  // of serverkeygen
    FullCmc* full_cmc = nullptr;          // of that operation, once its message is read

    std::string_view outcome;  // for $est_status
    pki::Bytes issued;         // the certificate in signerd's answer, for $est_serial
    bool routed = false;       // operation is known
};

inline LocConf& conf_of(ngx_http_request_t* r) {
    return *static_cast<LocConf*>(ngx_http_get_module_loc_conf(r, ngx_est_module));
}

ZoneConf& zone_of(ngx_http_request_t* r);
Reporters& reporters_of(ngx_http_request_t* r);

// nullptr before the handler ran.
inline EstExchange* find_exchange(ngx_http_request_t* r) {
    return static_cast<EstExchange*>(ngx_http_get_module_ctx(r, ngx_est_module));
}

EstExchange* exchange_of(ngx_http_request_t* r);

// The content handler: handler.cpp.
ngx_int_t handler(ngx_http_request_t* r);

}  // namespace ngx_enroll::est
