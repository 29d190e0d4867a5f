// Shared secrets, by the reference that a senderKID has: cmp_secrets.
#pragma once

#include <map>
#include <string>

#include "libpki/base/secret.h"
#include "ngx_common/nginx.h"

namespace ngx_enroll::cmp {

// A line is "REFERENCE:SECRET"; a reference that is no text is written "0x" and hexadecimal.
// Empty lines and those that begin with "#" count for nothing.
struct SharedSecret {
    std::string text;    // the reference as it is written, for records
    pki::Secret secret;  // up to limits::kCmpSecret octets
};

struct Secrets {
    std::map<pki::Buffer, SharedSecret, std::less<>> by_reference;

    // nullptr: nobody has that reference. The caller does the work of a wrong secret all the
    // same, so that time does not tell which references there are.
    const SharedSecret* find(pki::Bytes reference) const;
};

// nullptr: the cause is logged with file and line. Refused: a file that others may read,
// secrets under 8 octets, a reference twice.
const Secrets* load_secrets(ngx_conf_t* cf, ngx_str_t& file);

}  // namespace ngx_enroll::cmp
