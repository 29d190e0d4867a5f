// What the loads send, made before the clock starts.
#pragma once

#include <string>
#include <vector>

#include "libpki/base/result.h"
#include "libpki/ossl/handles.h"

namespace bench {

struct RequestSpec {
    std::string path;          // of the URL
    std::string content_type;  // of the body
    std::string user;          // "user:password" for Basic; empty: none
    bool close = false;        // "Connection: close"
};
std::string http_request(const RequestSpec& spec, std::string_view body);

// A handful of keys serve all requests: making keys is not what is measured.
// "ec:P-256", "rsa:2048", as ossl::generate_key() has it; "mixed": both.
using Keys = std::vector<pki::ossl::PkeyPtr>;
pki::Result<Keys> make_keys(const std::string& kind);

// Different in each request of every run on a machine.
std::string request_name(std::size_t number);

// CSRs in base64, each with a subject of its own, so that no two are the same bytes.
pki::Result<std::vector<std::string>> make_csrs(const std::string& kind, std::size_t count);

// A file with one text a line.
pki::Status write_lines(const std::vector<std::string>& lines, const std::string& file);
pki::Result<std::vector<std::string>> read_lines(const std::string& file);

}  // namespace bench
