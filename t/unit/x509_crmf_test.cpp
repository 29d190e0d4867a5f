#include "libpki/x509/crmf.h"

#include <openssl/crmf.h>
#include <openssl/err.h>

#include "libpki/base/limits.h"
#include "libpki/base/time.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/oids.h"
#include "t/unit/cmp_vectors.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::Reason;
using unit::cmp_body;
using unit::hex;
namespace der = pki::der;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

// The CertReqMsg of a message with one.
Buffer request_of(const std::string& name) {
    const Buffer body = cmp_body(name);
    const auto messages = der::only(body, der::kSequence);
    assert_ok(messages);
    return pki::to_buffer(messages->content);
}

void requests_of_openssl_are_read(void**) {
    constexpr std::pair<const char*, const char*> kKeys[] = {{"p256", "ec:P-256"},
                                                             {"p384", "ec:P-384"},
                                                             {"rsa2048", "rsa:2048"},
                                                             {"ed25519", "ed25519"}};
    for (const auto& [name, key] : kKeys) {
        const Buffer der = request_of(std::string("ir_") + name);
        const auto request = x509::parse_cert_request(der);
        assert_ok(request);
        assert_int_equal(request->id, 0);
        assert_text(x509::name_text(request->csr.subject), "CN=device.example.com,O=Example");
        assert_text(request->csr.spki.describe(), key);
        assert_true(request->csr.san.has_value());
        assert_int_equal(request->csr.san->names.size(), 2);
        assert_text(x509::general_name_text(request->csr.san->names[1]), "ip:192.0.2.7");
        assert_true(request->possession == x509::Possession::signature);
        assert_ok(x509::verify_possession(*request));
        assert_int_equal(ERR_peek_error(), 0);
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(requests_of_openssl_are_read),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
