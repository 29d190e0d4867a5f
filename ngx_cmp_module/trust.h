// Who may sign requests: cmp_trusted_certificate, cmp_ra_certificate, cmp_crl.
#pragma once

#include <span>

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"
#include "ngx_common/nginx.h"

namespace ngx_enroll::cmp {

// CRLs of cmp_crl.
struct Crls {
    Crls() = default;
    Crls(const Crls&) = delete;
    Crls& operator=(const Crls&) = delete;
    ~Crls();

    STACK_OF(X509_CRL) * list = nullptr;
};

struct Trust {
    X509_STORE* store = nullptr;  // anchors
    const Crls* crls = nullptr;   // then each certificate of a chain needs one, as with ssl_crl
};

// Anchors from a PEM file; cmp_crl is added when the location is complete. nullptr: the cause
// is logged.
const Trust* load_trust(ngx_conf_t* cf, ngx_str_t& file);

// From a PEM file, one or more. nullptr: the cause is logged.
const Crls* load_crls(ngx_conf_t* cf, ngx_str_t& file);

// The same anchors with these CRLs.
const Trust* with_crls(ngx_conf_t* cf, const Trust& trust, const Crls& crls);

// Does the certificate that signed the message chain to an anchor, through `others` at most, as
// of now (RFC 9483 3.2, RFC 5280 6)? Those of the message are never anchors themselves, but for
// a certificate that is one of ours word for word. Its keyUsage allows digitalSignature where
// it has one: vendors' certificates without it are taken (the message has proven the key)
// unless it has keyUsage and forbids. denied with Reason::signer_not_trusted. `ra`: id-kp-cmcRA
// is needed as well. In a thread or not: it touches nothing but its arguments.
pki::Status check_signer(const Trust& trust, pki::Bytes certificate,
                         std::span<const pki::Bytes> others, bool ra);

}  // namespace ngx_enroll::cmp
