// What our answers are signed with: cmp_certificate (its own first, then the chain) and
// cmp_certificate_key. nginx reads them at configuration, the workers keep them.
#pragma once

#include "ngx_common/signing_pair.h"

namespace ngx_enroll::cmp {

struct Sender : SigningPair {
    bool makes_keys = false;  // has the purpose id-kp-cmKGA (RFC 9483 4.1.6)
};

// nullptr: the cause is logged, as signing_pair.h has it.
const Sender* load_sender(ngx_conf_t* cf, ngx_str_t& certificate, ngx_str_t& key);

// cmp_encryption_certificate: DER of the first one in the file. nullptr: the cause is logged.
// Refused: one whose keyUsage allows no encryption.
const pki::Buffer* load_encryption_certificate(ngx_conf_t* cf, ngx_str_t& file);

}  // namespace ngx_enroll::cmp
