// One HTTP exchange after the other with one server. The commands see this; curl and the fakes
// of tests are behind it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "clients/enroll/common.h"
#include "libpki/base/result.h"
#include "libpki/base/secret.h"

namespace enroll {

struct HttpRequest {
    bool post = false;
    std::string url;
    std::string content_type;  // of a POST
    std::string encoding;      // its Content-Transfer-Encoding; empty: none
    pki::Bytes body = {};
    bool anonymous = false;  // without user name, password and token, whatever the options say
    // The answer's `binding` of the connection that it has to go over; empty: any.
    std::string binding = {};
};

struct HttpAnswer {
    long status = 0;
    std::string content_type;
    std::uint64_t retry_after = 0;  // seconds, from either form of the header; 0: none
    pki::Buffer body;
    std::vector<std::string> challenges = {};  // of WWW-Authenticate, in order
    std::string tls = {};                      // version and cipher suite of the connection
    // What ties a request to the connection (channel_binding.h); empty: it has no such thing.
    std::string binding = {};
};

struct HttpOptions {
    std::vector<pki::Buffer> anchors;  // DER; empty: those of the system
    bool verify_server = true;         // false: whoever answers is believed to be the server
    bool plain = false;                // http:// beside https://
    std::string user;                  // empty: no Basic authentication
    pki::Secret password;
    pki::Secret token;                     // empty: no Bearer authentication
    std::vector<pki::Buffer> certificate;  // DER, the client's first; empty: none
    pki::Secret key;                       // its PEM
    std::uint64_t timeout = 60;            // seconds for one exchange
};

class Transport {
   public:
    virtual ~Transport() = default;
    // Any status is an answer. Redirects are not followed. unavailable: no answer, or from
    // somebody who is not trusted, or the connection that the request is bound to has gone:
    // nothing was sent then.
    virtual pki::Result<HttpAnswer> send(const HttpRequest& request) = 0;
};

using Connect = pki::Result<std::unique_ptr<Transport>> (*)(HttpOptions options);

pki::Result<std::unique_ptr<Transport>> connect_by_curl(HttpOptions options);

}  // namespace enroll
