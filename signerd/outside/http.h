// Requests to other machines, many at a time, none of which holds up another.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libpki/base/result.h"

namespace signerd {

struct HttpRequest {
    using Time = std::chrono::steady_clock::time_point;

    std::string url;
    std::vector<std::string> headers;  // "Name: value"
    std::string body;                  // wiped in the end
    bool post = true;                  // false: a GET, without the body
    Time deadline;                     // for all of it
    bool notice = false;               // nobody waits for the answer: others go first
};

struct HttpAnswer {
    long status = 0;
    std::string body;
};

// What the services outside need of it; tests put their own in its place.
class Http {
   public:
    // In a later turn. unavailable when there was no complete answer in time, denied when the
    // URL is not one that may be called.
    using Done = std::function<void(pki::Result<HttpAnswer> answer)>;

    virtual ~Http() = default;
    virtual void send(HttpRequest request, Done done) = 0;
};

}  // namespace signerd
