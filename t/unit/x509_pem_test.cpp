#include "libpki/x509/cert.h"
#include "t/unit/unit.h"

namespace {

using pki::as_text;
using pki::Buffer;
using pki::Errc;
using unit::read_vector;
namespace x509 = pki::x509;

void certificates_are_found_among_other_blocks(void**) {
    const Buffer pem = read_vector("cert/chain.pem");
    const auto certificates = x509::certificates_from_pem(as_text(pem));
    assert_ok(certificates);
    assert_int_equal(certificates->size(), 2);
    assert_hex((*certificates)[0], pki::hex_encode(read_vector("cert/leaf.der")));
    assert_hex((*certificates)[1], pki::hex_encode(read_vector("cert/p256.der")));
}

void pem_survives_a_round_trip(void**) {
    const Buffer der = read_vector("cert/p521.der");
    const std::string pem = x509::certificate_to_pem(der);
    const auto certificates = x509::certificates_from_pem(pem + "\r\n");
    assert_ok(certificates);
    assert_int_equal(certificates->size(), 1);
    assert_hex((*certificates)[0], pki::hex_encode(der));
}

void lines_have_64_characters(void**) {
    assert_text(x509::to_pem("CERTIFICATE REQUEST", Buffer(49, 0)),
                "-----BEGIN CERTIFICATE REQUEST-----\n" + std::string(64, 'A') +
                    "\nAA==\n-----END CERTIFICATE REQUEST-----\n");
    assert_text(x509::to_pem("X", Buffer(48, 0)),
                "-----BEGIN X-----\n" + std::string(64, 'A') + "\n-----END X-----\n");
    assert_text(x509::to_pem("X", {}), "-----BEGIN X-----\n-----END X-----\n");
}

void broken_pem_is_refused(void**) {
    for (const char* bad :
         {"", "no armour", "-----BEGIN CERTIFICATE", "-----BEGIN CERTIFICATE-----\nAAAA\n",
          "-----BEGIN CERTIFICATE-----\nA*AA\n-----END CERTIFICATE-----\n",
          "-----BEGIN CERTIFICATE-----\nAAAA\n-----END X509 CRL-----\n",
          "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
          "-----END CERTIFICATE-----\nAAAA\n-----BEGIN CERTIFICATE-----\n"})
        assert_error(Errc::malformed, x509::certificates_from_pem(bad));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(certificates_are_found_among_other_blocks),
        cmocka_unit_test(pem_survives_a_round_trip),
        cmocka_unit_test(lines_have_64_characters),
        cmocka_unit_test(broken_pem_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
