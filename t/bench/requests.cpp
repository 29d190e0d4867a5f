#include "t/bench/requests.h"

#include <unistd.h>

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

}  // namespace

pki::Result<std::vector<std::string>> make_requests(const RequestSpec& spec) {
    std::vector<pki::ossl::PkeyPtr> keys;
    for (std::size_t i = 0; i < kKeys; i++) {
        PKI_TRY(auto key, pki::ossl::generate_key(spec.key));
        keys.push_back(std::move(key));
    }
    const std::string run = std::to_string(getpid());
    std::vector<std::string> requests;
    requests.reserve(spec.count);
    for (std::size_t i = 0; i < spec.count; i++) {
        PKI_TRY(const std::string body,
                csr_body(keys[i % kKeys].get(), "bench-" + run + "-" + std::to_string(i)));
        requests.push_back(http_request(spec, body));
    }
    return requests;
}

}  // namespace bench
