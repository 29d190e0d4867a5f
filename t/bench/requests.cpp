#include "t/bench/requests.h"

#include <unistd.h>

#include <fstream>

#include "libpki/base/base64.h"
#include "libpki/x509/csr.h"
#include "libpki/x509/oids.h"

namespace bench {

namespace {

constexpr std::size_t kKeys = 16;

std::string http_request(const RequestSpec& spec, const std::string& body) {
    std::string text = "POST " + spec.path + " HTTP/1.1\r\nHost: localhost\r\n";
    if (!spec.user.empty())
        text += "Authorization: Basic " + pki::base64_encode(pki::as_bytes(spec.user)) + "\r\n";
    if (spec.close) text += "Connection: close\r\n";
    return text + "Content-Type: application/pkcs10\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

pki::Result<std::string> csr_body(EVP_PKEY* key, const std::string& name) {
    PKI_TRY(const pki::Buffer subject,
            pki::x509::build_name({{pki::x509::oid::kCommonName, name}}));
    PKI_TRY(const pki::Buffer csr, pki::x509::build_csr({subject, {}, {}}, key));
    return pki::base64_encode(csr);
}

pki::Result<std::vector<pki::ossl::PkeyPtr>> make_keys(const std::string& kind) {
    const bool mixed = kind == "mixed";
    std::vector<pki::ossl::PkeyPtr> keys;
    for (std::size_t i = 0; i < kKeys; i++) {
        const std::string one = i % 2 == 0 ? "ec:P-256" : "rsa:2048";
        PKI_TRY(auto key, pki::ossl::generate_key(mixed ? one : kind));
        keys.push_back(std::move(key));
    }
    return keys;
}

pki::Result<std::vector<std::string>> make_bodies(const RequestSpec& spec) {
    PKI_TRY(const auto keys, make_keys(spec.key));
    const std::string run = std::to_string(getpid());
    std::vector<std::string> bodies;
    bodies.reserve(spec.count);
    for (std::size_t i = 0; i < spec.count; i++) {
        PKI_TRY(std::string body,
                csr_body(keys[i % kKeys].get(), "bench-" + run + "-" + std::to_string(i)));
        bodies.push_back(std::move(body));
    }
    return bodies;
}

}  // namespace

pki::Result<std::vector<std::string>> make_requests(const RequestSpec& spec) {
    PKI_TRY(auto bodies, make_bodies(spec));
    for (std::string& body : bodies) body = http_request(spec, body);
    return bodies;
}

pki::Status make_csrs(const RequestSpec& spec, const std::string& file) {
    PKI_TRY(const auto bodies, make_bodies(spec));
    std::ofstream out(file);
    for (const std::string& body : bodies) out << body << '\n';
    if (!out.flush()) return pki::fail(pki::Errc::internal, "cannot write the CSRs", file);
    return {};
}

pki::Result<std::vector<std::string>> read_requests(const RequestSpec& spec,
                                                    const std::string& file) {
    std::ifstream in(file);
    std::vector<std::string> requests;
    for (std::string body; std::getline(in, body);)
        requests.push_back(http_request(spec, body));
    if (requests.empty()) return pki::fail(pki::Errc::internal, "no CSRs", file);
    return requests;
}

}  // namespace bench
