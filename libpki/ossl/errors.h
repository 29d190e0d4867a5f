// OpenSSL's thread-local error queue. An entry that is left behind makes nginx log
// "[alert] ignoring stale global SSL error" on an innocent connection, so every
// function of libpki that calls OpenSSL leaves the queue empty.
#pragma once

#include "libpki/base/result.h"

namespace pki::ossl {

// Empties the queue when the scope ends, whatever the way out.
class ErrorGuard {
   public:
    ErrorGuard() = default;
    ErrorGuard(const ErrorGuard&) = delete;
    ErrorGuard& operator=(const ErrorGuard&) = delete;
    ~ErrorGuard();
};

// An Error whose detail is the first (innermost) reason of the queue; empties it.
Error drained(Errc code, const char* text);

}  // namespace pki::ossl
