// Passwords: from a file, the environment or a terminal, never from the command line, which
// every user of the machine can read.
#pragma once

#include <string>

#include "clients/enroll/common.h"
#include "libpki/base/result.h"
#include "libpki/base/secret.h"

namespace enroll {

// The first line of the file when a path is given, else the variable, else what is typed after
// the prompt, without echo. unauthenticated when there is none of them, or an empty one.
pki::Result<pki::Secret> obtain_secret(const std::string& path, const char* variable,
                                       const std::string& prompt);

// The first line, without its end.
pki::Secret first_line(pki::Bytes text);

}  // namespace enroll
