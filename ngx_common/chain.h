// Does a certificate chain to one that the operator trusts? Knows nothing of nginx.
#pragma once

#include <span>

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"
#include "libpki/ossl/handles.h"
#include "ngx_common/known_signers.h"

namespace ngx_enroll {

// CRLs from a directive's file.
struct Crls {
    Crls() = default;
    Crls(const Crls&) = delete;
    Crls& operator=(const Crls&) = delete;
    ~Crls();

    STACK_OF(X509_CRL) * list = nullptr;
};

struct Trust {
    X509_STORE* store = nullptr;  // anchors, with X509_V_FLAG_PARTIAL_CHAIN
    // Then each certificate of a chain needs one, as with ssl_crl, but for the anchor.
    const Crls* crls = nullptr;
    KnownSigners* known = nullptr;  // who was found good by these; not owned, may be missing
};

struct SignerRules {
    std::int64_t now = 0;  // seconds since 1970
    bool ra = false;       // it needs id-kp-cmcRA
    // The same in all checks of one Trust: who is known is known by it.
    bool client = false;  // clientAuth has to be among its purposes, if it names any
    // A certificate that is over is taken, if the chain above it is valid: where signerd knows
    // whether that one is still renewed.
    bool may_be_over = false;
};

// Does the certificate that signed the message chain to an anchor, through `others` at most, as
// of rules.now (RFC 9483 3.2, RFC 5280 6)? Those of the message are never anchors themselves,
// but for a certificate that is one of ours word for word. Its keyUsage allows digitalSignature
// where it has one: vendors' certificates without it are taken (the message has proven the key)
// unless it has keyUsage and forbids. One that is known is not checked again until something of
// its chain ends, or a CRL is due; what it brings in `others` does not matter then. denied with
// Reason::signer_not_trusted. In a thread or not: it touches nothing but its arguments.
pki::Status check_signer(const Trust& trust, pki::Bytes certificate,
                         std::span<const pki::Bytes> others, const SignerRules& rules);

}  // namespace ngx_enroll
