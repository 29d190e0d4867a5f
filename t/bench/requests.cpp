#include "t/bench/requests.h"

#include <unistd.h>

#include <fstream>

#include "libpki/base/base64.h"
#include "libpki/ossl/key.h"
#include "libpki/x509/csr.h"
#include "libpki/x509/oids.h"

namespace bench {

namespace {

constexpr std::size_t kKeys = 16;

pki::Result<std::string> csr_body(EVP_PKEY* key, const std::string& name) {
    PKI_TRY(const pki::Buffer subject,
            pki::x509::build_name({{pki::x509::oid::kCommonName, name}}));
    PKI_TRY(const pki::Buffer csr, pki::x509::build_csr({subject, {}, {}}, key));
    return pki::base64_encode(csr);
}

}  // namespace

std::string http_request(const RequestSpec& spec, std::string_view body) {
    std::string text = "POST " + spec.path + " HTTP/1.1\r\nHost: localhost\r\n";
    if (!spec.user.empty())
        text += "Authorization: Basic " + pki::base64_encode(pki::as_bytes(spec.user)) + "\r\n";
    if (spec.close) text += "Connection: close\r\n";
    text += "Content-Type: " + spec.content_type +
            "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    return text.append(body);
}

pki::Result<Keys> make_keys(const std::string& kind) {
    const bool mixed = kind == "mixed";
    Keys keys;
    for (std::size_t i = 0; i < kKeys; i++) {
        const std::string one = i % 2 == 0 ? "ec:P-256" : "rsa:2048";
        PKI_TRY(auto key, pki::ossl::generate_key(mixed ? one : kind));
        keys.push_back(std::move(key));
    }
    return keys;
}

std::string request_name(std::size_t number) {
    return "bench-" + std::to_string(getpid()) + "-" + std::to_string(number);
}

pki::Result<std::vector<std::string>> make_csrs(const std::string& kind, std::size_t count) {
    PKI_TRY(const Keys keys, make_keys(kind));
    std::vector<std::string> bodies;
    bodies.reserve(count);
    for (std::size_t i = 0; i < count; i++) {
        PKI_TRY(std::string body, csr_body(keys[i % keys.size()].get(), request_name(i)));
        bodies.push_back(std::move(body));
    }
    return bodies;
}

pki::Status write_lines(const std::vector<std::string>& lines, const std::string& file) {
    std::ofstream out(file);
    for (const std::string& line : lines) out << line << '\n';
    if (!out.flush()) return pki::fail(pki::Errc::internal, "cannot write", file);
    return {};
}

pki::Result<std::vector<std::string>> read_lines(const std::string& file) {
    std::ifstream in(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    if (lines.empty()) return pki::fail(pki::Errc::internal, "no requests", file);
    return lines;
}

}  // namespace bench
