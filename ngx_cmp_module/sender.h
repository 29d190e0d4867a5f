// What our answers are signed with: cmp_certificate (its own first, then the chain) and
// cmp_certificate_key. nginx reads them at configuration, the workers keep them.
#pragma once

#include <vector>

#include "libpki/base/bytes.h"
#include "libpki/ossl/handles.h"
#include "ngx_common/nginx.h"

namespace ngx_enroll::cmp {

struct Sender {
    pki::Buffer certificate;  // DER
    std::vector<pki::Buffer> chain;
    pki::ossl::PkeyPtr key;
    bool makes_keys = false;  // has the purpose id-kp-cmKGA (RFC 9483 4.1.6)
    bool slow = false;        // RSA: its signatures belong in a thread
};

// nullptr: the cause is logged with the place of the location. Refused: a key that others may
// read, that is not the certificate's, or that is too small; a certificate that has expired,
// that is a CA's, or that may not sign (RFC 5280 4.2.1.3).
const Sender* load_sender(ngx_conf_t* cf, ngx_str_t& certificate, ngx_str_t& key);

// cmp_encryption_certificate: DER of the first one in the file. nullptr: the cause is logged.
// Refused: one whose keyUsage allows no encryption.
const pki::Buffer* load_encryption_certificate(ngx_conf_t* cf, ngx_str_t& file);

}  // namespace ngx_enroll::cmp
