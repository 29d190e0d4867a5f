// Waiting for a server that said "later".
#pragma once

#include <functional>

#include "clients/enroll/http.h"
#include "clients/enroll/report.h"

namespace enroll {

class Clock {
   public:
    virtual ~Clock() = default;
    virtual std::int64_t now() = 0;  // seconds since 1970
    virtual void sleep(std::uint64_t seconds) = 0;
};

class Patience {
   public:
    Patience(Clock& clock, std::uint64_t seconds) : clock_(clock), left_(seconds) {}

    // Sleeps; false, and at once, when that would be longer than what is left.
    bool wait(std::uint64_t seconds);

   private:
    Clock& clock_;
    std::uint64_t left_;
};

// Tries it, and again after Retry-After for as long as the answer is 202, 429 or 503 and there
// is patience left (RFC 7030 4.2.3). The last answer.
using Attempt = std::function<pki::Result<HttpAnswer>()>;
pki::Result<HttpAnswer> try_patiently(const Attempt& attempt, Patience& patience,
                                      Report& report);

// The same bytes each time.
pki::Result<HttpAnswer> send_patiently(Transport& transport, const HttpRequest& request,
                                       Patience& patience, Report& report);

// The Error for an answer that is none of the statuses wanted: what the server says of it, and
// the exit status that it means.
pki::Error refusal(const HttpAnswer& answer, Report& report);

}  // namespace enroll
