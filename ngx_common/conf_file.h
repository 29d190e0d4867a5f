// Files that directives name: certificates, keys, passwords.
#pragma once

#include <optional>

#include "libpki/base/secret.h"
#include "ngx_common/nginx.h"

namespace ngx_enroll {

enum class Holds { certificates, secrets };

// The whole file; nothing when it cannot be used, which is logged with the place of the
// directive. Refused: what others may write; of secrets also what others may read; what is no
// regular file, or has more than 256 KiB. The name becomes a full path.
std::optional<pki::Secret> read_conf_file(ngx_conf_t* cf, ngx_str_t& name, Holds holds);

// Logs that the file cannot be used, and why.
void complain(ngx_conf_t* cf, const ngx_str_t& file, const char* why);

}  // namespace ngx_enroll
