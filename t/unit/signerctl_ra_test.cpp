#include "clients/signerctl/ra.h"

#include "libpki/x509/csr.h"
#include "t/unit/test_ca.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Errc;
namespace ossl = pki::ossl;
namespace wire = pki::wire;
namespace x509 = pki::x509;

void test_validity(void**) {
    assert_int_equal(*signerctl::parse_validity("730d"), 730 * 86400);
    assert_int_equal(*signerctl::parse_validity("60s"), 60);
    assert_int_equal(*signerctl::parse_validity("1m"), 60);
    assert_int_equal(*signerctl::parse_validity("2h"), 7200);
    assert_int_equal(*signerctl::parse_validity("3653d"), 3653 * 86400);
    for (const char* text :
         {"", "d", "730", "730 d", "-1d", "0d", "59s", "3654d", "1y", "1.5d", "01d", "0x1d",
          "4294967296s", "18446744073709551616d", "18446744073709551615d"})
        assert_error(Errc::malformed, signerctl::parse_validity(text));
}

void test_request(void**) {
    const auto key = *ossl::generate_key("ec:P-256");
    const auto made = signerctl::make_ra_request("O=Example, CN=SCEP RA", key.get());
    assert_ok(made);
    const auto csr = x509::parse_csr(*made);
    assert_ok(csr);
    assert_text(x509::name_text(csr->subject), "CN=SCEP RA,O=Example");
    assert_ok(x509::verify_possession(*csr));
    for (const char* text : {"", "SCEP RA", "CN=", "XX=a", "CN=a,,O=b"})
        assert_error(Errc::malformed, signerctl::make_ra_request(text, key.get()));
}

void test_kind(void**) {
    const auto key = *ossl::generate_key("rsa:2048");
    assert_ok(signerctl::check_kind(key.get(), "rsa:2048"));
    const auto other = signerctl::check_kind(key.get(), "rsa:3072");
    assert_error(Errc::denied, other);
    assert_text(other.error().message(), "the key that is there is of another kind: rsa:2048");
}

// nginx would not start with what does not fit together.
void test_answer(void**) {
    const unit::TestCa ca = unit::make_ca({.name = "CN=Issuing"});
    const unit::TestCa root = unit::make_ca({.name = "CN=Root"});
    const unit::TestCa ra = unit::make_ca({.name = "CN=RA", .ca = false}, &ca);
    wire::IssueReply reply;
    reply.certificate = ra.certificate;
    reply.chain = {ca.certificate, root.certificate};
    const auto pem = signerctl::ra_pem(reply, ra.key.get());
    assert_ok(pem);
    assert_text(*pem, ra.pem() + ca.pem() + root.pem());

    assert_error(Errc::denied, signerctl::ra_pem(reply, ca.key.get()));
    reply.chain = {root.certificate};
    assert_error(Errc::denied, signerctl::ra_pem(reply, ra.key.get()));
    const unit::TestCa imposter = unit::make_ca({.name = "CN=Issuing"});
    reply.chain = {imposter.certificate};
    assert_error(Errc::bad_signature, signerctl::ra_pem(reply, ra.key.get()));
    reply.chain.clear();
    assert_error(Errc::malformed, signerctl::ra_pem(reply, ra.key.get()));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_validity),
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_kind),
        cmocka_unit_test(test_answer),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
