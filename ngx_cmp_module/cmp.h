// What the files of this module share: the location's configuration and the context of a
// request.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <variant>

#include "libpki/cmp/message.h"
#include "libpki/cmp/operation.h"
#include "libpki/cmp/protection.h"
#include "libpki/ossl/digest.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/crmf.h"
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

// One PKIMessage and what is known of it: that of the client, or one of those that it nests.
struct Request {
    pki::Bytes der;
    std::optional<pki::cmp::Message> message;  // looks into der, as all that follows
    // What its transaction began with, as far as the message tells.
    pki::cmp::BodyType opened_with = pki::cmp::BodyType::error;
    std::string_view profile;
    bool names_profile = false;  // the path or the message does: else it is the location's
    std::string transaction;     // printable
    pki::Buffer nonce;           // ours, for the answer

    pki::cmp::Protection protection;
    std::optional<pki::x509::Certificate> signer;  // that it names, of extraCerts
    const SharedSecret* secret = nullptr;          // that it names
    std::string name;                              // whom it says it is from, proven or not
    // The key of its MAC, when that was right: the answer has the same.
    std::optional<pki::Secret> mac_key;
    bool verified = false;  // it is from whom it names
    bool ra = false;        // who may speak for others

    // The one request for a certificate in it.
    pki::Bytes wanted;           // PKCS#10 or CertReqMsg
    std::int64_t wanted_id = 0;  // certReqId; -1: PKCS#10
    bool wants_key = false;      // which is to be made here
    // It again, when the proof that it brings is to be verified here: PKCS#10 or CertReqMsg.
    std::variant<std::monostate, pki::x509::Csr, pki::x509::CertRequest> unproven;
    bool possession_verified = false;

    pki::Buffer answer;  // PKIMessage, of one that was nested
};

struct CmpExchange;

// Makes an answer out of signerd's, or asks on. malformed: not an answer that we understand.
using AnswerMaker = pki::Result<ngx_int_t> (*)(CmpExchange& exchange,
                                               const pki::wire::Frame& frame);

struct General;  // what became of a genm so far: general.cpp

struct CmpExchange : SignerExchange {
    using SignerExchange::SignerExchange;
    // A key that was made for the client.
    ~CmpExchange() { OPENSSL_cleanse(answer.data(), answer.size()); }

    Task task = Task::other;
    std::string_view path_profile;
    bool labelled = false;                         // the path has named it
    std::optional<pki::cmp::Operation> operation;  // that the path names
    std::string_view profile;                      // of the path or, behind that, the message

    // The message, in one piece; the requests look into it. Neither is touched by the event
    // loop while a thread works on the exchange.
    pki::Buffer der;
    Request message;
    std::vector<Request> nested;  // in `message`; it does not grow
    Request* current = &message;  // the one that is being worked on
    AnswerMaker make_answer = nullptr;
    bool takes_errors = false;  // make_answer has signerd's errors too
    General* general = nullptr;

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

// Ends the handler with this status and the line, where there is no message that could be
// answered.
ngx_int_t refuse_with(CmpExchange& exchange, ngx_int_t status, pki::Errc outcome,
                      std::string_view line);

// The content handler: handler.cpp.
ngx_int_t handler(ngx_http_request_t* r);

}  // namespace ngx_enroll::cmp
