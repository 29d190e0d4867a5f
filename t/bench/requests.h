// HTTP requests with distinct CSRs, made before the clock starts.
#pragma once

#include <string>
#include <vector>

#include "libpki/base/result.h"

namespace bench {

struct RequestSpec {
    std::string key;   // "ec:P-256", "rsa:2048", as ossl::generate_key() has it; "mixed": both
    std::string path;  // of the URL
    std::string user;  // "user:password" for Basic; empty: none
    std::size_t count = 0;
    bool close = false;  // "Connection: close"
};

// A handful of keys serve all requests: making keys is not what is measured, and every CSR
// has a subject of its own, so that no two are the same bytes.
pki::Result<std::vector<std::string>> make_requests(const RequestSpec& spec);

// The CSRs of as many, base64, one a line; and requests around CSRs from such a file.
pki::Status make_csrs(const RequestSpec& spec, const std::string& file);
pki::Result<std::vector<std::string>> read_requests(const RequestSpec& spec,
                                                    const std::string& file);

}  // namespace bench
