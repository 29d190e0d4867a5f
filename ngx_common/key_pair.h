// A certificate and its key from files that directives name: transport keys, which the workers
// keep. The key of a CA is refused.
#pragma once

#include <vector>

#include "libpki/ossl/handles.h"
#include "libpki/x509/cert.h"
#include "ngx_common/conf_file.h"

namespace ngx_enroll {

struct KeyPair {
    std::vector<pki::Buffer> certificates;  // DER, as in the file: its own first
    pki::ossl::PkeyPtr key;
    std::int64_t not_before = 0;
    std::int64_t not_after = 0;
    // What it may do; all of it without keyUsage (RFC 5280 4.2.1.3).
    std::uint16_t key_usage = 0;

    bool is_valid(std::int64_t now) const { return not_before <= now && now <= not_after; }
};

// False: the cause is logged. Refused: a key that others may read, that is not the
// certificate's, or that is too small; a certificate that is a CA's. Not checked: validity,
// usages.
bool load_key_pair(ngx_conf_t* cf, ngx_str_t& certificate, ngx_str_t& key, KeyPair& pair);

}  // namespace ngx_enroll
