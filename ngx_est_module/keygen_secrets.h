// Keys of AES that clients have as well, by their identifiers: est_keygen_secrets.
#pragma once

#include <map>

#include "libpki/base/secret.h"
#include "ngx_common/nginx.h"

namespace ngx_enroll::est {

// A line is "IDENTIFIER:KEY", both in hexadecimal; the key has 16, 24 or 32 octets. Empty lines
// and those that begin with "#" count for nothing.
struct KeygenSecrets {
    std::map<pki::Buffer, pki::Secret, std::less<>> by_identifier;

    const pki::Secret* find(pki::Bytes identifier) const;  // nullptr: there is none
};

// nullptr: the cause is logged with the file. Refused: a file that others may read, keys of
// another size, an identifier twice.
const KeygenSecrets* load_keygen_secrets(ngx_conf_t* cf, ngx_str_t& file);

}  // namespace ngx_enroll::est
