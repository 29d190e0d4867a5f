// A certificate and key that a module signs its own messages with, from the files of two
// directives: nginx reads them at configuration, the workers keep them.
#pragma once

#include <vector>

#include "libpki/base/bytes.h"
#include "libpki/ossl/handles.h"
#include "libpki/x509/cert.h"
#include "ngx_common/nginx.h"

namespace ngx_enroll {

struct SigningPair {
    pki::Buffer certificate;  // DER
    std::vector<pki::Buffer> chain;
    pki::ossl::PkeyPtr key;
    bool slow = false;  // RSA: its signatures belong in a thread
};

// False: the cause is logged with the place of the location. Refused: a key that others may
// read, that is not the certificate's, or that is too small; a certificate that is not valid
// now, that is a CA's, or that may not sign (RFC 5280 4.2.1.3). Not checked: purposes.
bool load_signing_pair(ngx_conf_t* cf, ngx_str_t& certificate, ngx_str_t& key,
                       SigningPair& pair);

}  // namespace ngx_enroll
