// What a client writes.
#include "libpki/x509/crmf.h"

#include <openssl/crmf.h>

#include "t/unit/crmf_fixture.h"

#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using unit::hex;
using unit::name_of;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

void what_is_built_is_read(void**) {
    const Buffer subject = name_of("CN=device");
    const Buffer extensions = hex("3010 300e 0603551d0f 0101ff 0404 03020780");
    const Buffer issuer = name_of("CN=CA");
    const Buffer serial = hex("0080");
    const x509::CertId old{issuer, serial};
    for (const char* spec : {"rsa:2048", "ec:P-384", "ed25519", "ed448"}) {
        const auto key = ossl::generate_key(spec);
        assert_ok(key);
        const Buffer spki = *ossl::public_key_der(key->get());
        const auto der = x509::build_cert_request({.id = 7,
                                                   .subject = subject,
                                                   .public_key = spki,
                                                   .extensions = extensions,
                                                   .old_cert_id = &old,
                                                   .key = key->get()});
        assert_ok(der);
        const auto request = x509::parse_cert_request(*der);
        assert_ok(request);
        assert_ok(x509::verify_possession(*request));
        assert_int_equal(request->id, 7);
        assert_hex(request->csr.subject.encoding, pki::hex_encode(subject));
        assert_hex(request->csr.spki.encoding, pki::hex_encode(spki));
        assert_hex(request->extensions_der, pki::hex_encode(extensions));
        assert_hex(request->old_cert_id->issuer, pki::hex_encode(issuer));
        assert_hex(request->old_cert_id->serial, "0080");
    }
}

void a_wish_for_a_key_is_built(void**) {
    const Buffer subject = name_of("CN=device");
    const Buffer algorithm = hex("3005 06032b6570");
    const auto der = x509::build_cert_request({.subject = subject, .algorithm = algorithm});
    assert_ok(der);
    const auto request = x509::parse_cert_request(*der);
    assert_ok(request);
    assert_hex(request->wanted_algorithm, "300506032b6570");
    assert_true(request->possession == x509::Possession::none);
    const auto verified = x509::build_cert_request({.subject = subject, .ra_verified = true});
    assert_ok(verified);
    assert_true(x509::parse_cert_request(*verified)->possession ==
                x509::Possession::ra_verified);
}

void openssl_verifies_what_is_built(void**) {
    const Buffer subject = name_of("CN=device");
    const auto key = ossl::generate_key("ec:P-256");
    const Buffer spki = *ossl::public_key_der(key->get());
    const auto der =
        x509::build_cert_request({.subject = subject, .public_key = spki, .key = key->get()});
    assert_ok(der);
    const Buffer messages = x509::build_cert_requests({*der});
    const unsigned char* in = messages.data();
    OSSL_CRMF_MSGS* theirs =
        d2i_OSSL_CRMF_MSGS(nullptr, &in, static_cast<long>(messages.size()));
    assert_non_null(theirs);
    assert_int_equal(OSSL_CRMF_MSGS_verify_popo(theirs, 0, 0, nullptr, nullptr), 1);
    sk_OSSL_CRMF_MSG_pop_free(theirs, OSSL_CRMF_MSG_free);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_built_is_read),
        cmocka_unit_test(a_wish_for_a_key_is_built),
        cmocka_unit_test(openssl_verifies_what_is_built),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
