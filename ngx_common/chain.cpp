#include "ngx_common/chain.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <new>

#include "libpki/ossl/errors.h"
#include "ngx_common/usages.h"

namespace ngx_enroll {

namespace {

using pki::Errc;
using pki::fail;
using pki::Reason;
namespace x509 = pki::x509;

constexpr int kDepth = 8;     // certificates between the signer's and its anchor
constexpr int kStrength = 2;  // of OpenSSL's levels: 112 bits, and no SHA-1

struct StackDeleter {
    void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
};
using StackPtr = std::unique_ptr<STACK_OF(X509), StackDeleter>;

pki::ossl::X509Ptr to_openssl(pki::Bytes der) {
    const std::uint8_t* in = der.data();
    return pki::ossl::X509Ptr(d2i_X509(nullptr, &in, static_cast<long>(der.size())));
}

// What of the message may help to build a chain. Anybody may put anything there: what our own
// reader does not take is passed over.
StackPtr helpers(std::span<const pki::Bytes> others) {
    StackPtr stack(sk_X509_new_null());
    if (stack == nullptr) throw std::bad_alloc();
    for (const pki::Bytes der : others) {
        if (!x509::parse_certificate(der)) continue;
        pki::ossl::X509Ptr certificate = to_openssl(der);
        if (certificate == nullptr) continue;
        if (sk_X509_push(stack.get(), certificate.get()) == 0) throw std::bad_alloc();
        (void)certificate.release();
    }
    return stack;
}

bool is_anchor(X509_STORE_CTX* context) {
    return X509_STORE_CTX_get_error_depth(context) ==
           sk_X509_num(X509_STORE_CTX_get0_chain(context)) - 1;
}

// An anchor is trusted because the operator says so: no CRL has to vouch for it. One that
// revokes it counts all the same.
bool forgiven(X509_STORE_CTX* context, const SignerRules& rules) {
    switch (X509_STORE_CTX_get_error(context)) {
        case X509_V_ERR_UNABLE_TO_GET_CRL:
        case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER: return is_anchor(context);
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return rules.may_be_over && X509_STORE_CTX_get_error_depth(context) == 0;
        default: return false;
    }
}

int judge(int good, X509_STORE_CTX* context) {
    const auto& rules = *static_cast<const SignerRules*>(X509_STORE_CTX_get_app_data(context));
    return good || forgiven(context, rules) ? 1 : 0;
}

// `rules` has to live as long as the context.
void set_parameters(X509_STORE_CTX* context, const Trust& trust, const SignerRules& rules) {
    X509_VERIFY_PARAM* const param = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_depth(param, kDepth);
    X509_VERIFY_PARAM_set_time(param, rules.now);
    X509_VERIFY_PARAM_set_auth_level(param, kStrength);
    X509_VERIFY_PARAM_set_purpose(param,
                                  rules.client ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_ANY);
    X509_STORE_CTX_set_app_data(context, const_cast<SignerRules*>(&rules));
    X509_STORE_CTX_set_verify_cb(context, judge);
    if (trust.crls == nullptr) return;
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    X509_STORE_CTX_set0_crls(context, trust.crls->list);
}

std::int64_t seconds_of(const ASN1_TIME* time) {
    std::tm parts{};
    return time != nullptr && ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

// Until when a check of now holds: the first end of a certificate in the chain, or the first
// time that a CRL is due, whosever it is.
std::int64_t holds_until(X509_STORE_CTX* context, const Trust& trust, std::int64_t now) {
    const STACK_OF(X509)* const chain = X509_STORE_CTX_get0_chain(context);
    std::int64_t until = seconds_of(X509_get0_notAfter(sk_X509_value(chain, 0)));
    for (int i = 1; i < sk_X509_num(chain); i++)
        until = std::min(until, seconds_of(X509_get0_notAfter(sk_X509_value(chain, i))));
    if (trust.crls == nullptr) return until;
    for (int i = 0; i < sk_X509_CRL_num(trust.crls->list); i++) {
        const auto due =
            seconds_of(X509_CRL_get0_nextUpdate(sk_X509_CRL_value(trust.crls->list, i)));
        if (due > now) until = std::min(until, due);
    }
    return until;
}

pki::Status check_chain(const Trust& trust, pki::Bytes certificate,
                        std::span<const pki::Bytes> others, const SignerRules& rules) {
    const pki::ossl::ErrorGuard errors;
    const StackPtr untrusted = helpers(others);
    const pki::ossl::X509Ptr leaf = to_openssl(certificate);
    if (leaf == nullptr)
        return fail(Errc::denied, Reason::signer_not_trusted,
                    "the certificate of the signer cannot be read");
    const pki::ossl::StoreCtxPtr context(X509_STORE_CTX_new());
    if (context == nullptr ||
        X509_STORE_CTX_init(context.get(), trust.store, leaf.get(), untrusted.get()) != 1)
        return fail(Errc::internal, "the certificate of the signer cannot be checked");
    set_parameters(context.get(), trust, rules);
    if (X509_verify_cert(context.get()) != 1)
        return fail(Errc::denied, Reason::signer_not_trusted, "the signer is not trusted",
                    X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
    if (trust.known != nullptr)
        trust.known->remember(certificate,
                              {rules.now, holds_until(context.get(), trust, rules.now)});
    return {};
}

}  // namespace

Crls::~Crls() { sk_X509_CRL_pop_free(list, X509_CRL_free); }

pki::Status check_signer(const Trust& trust, pki::Bytes certificate,
                         std::span<const pki::Bytes> others, const SignerRules& rules) {
    const auto signer = x509::parse_certificate(certificate);
    if (!signer)
        return fail(Errc::denied, Reason::signer_not_trusted,
                    "the certificate of the signer cannot be read", signer.error().text);
    if ((key_usage(*signer) & x509::kDigitalSignature) == 0)
        return fail(Errc::denied, Reason::signer_not_trusted,
                    "the keyUsage of the signer has no digitalSignature");
    if (rules.ra && !has_purpose(*signer, x509::oid::kCmcRa))
        return fail(Errc::denied, Reason::signer_not_trusted,
                    "the signer has no purpose id-kp-cmcRA");
    if (trust.known != nullptr && trust.known->knows(certificate, rules.now)) return {};
    return check_chain(trust, certificate, others, rules);
}

}  // namespace ngx_enroll
