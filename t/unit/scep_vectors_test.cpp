// Messages of real peers: macOS asks, and Microsoft's NDES answers (see t/vectors/README.md).
#include "libpki/scep/client.h"

#include "libpki/x509/csr.h"
#include "t/unit/scep_fixture.h"

namespace {

using pki::Buffer;
using pki::Errc;
namespace cms = pki::cms;
namespace scep = pki::scep;
namespace x509 = pki::x509;

const scep::Rules kLegacy{{true, false}, {true, true}, false};

// SHA-1, a nonce of 8 octets, attributes in no order, rsaEncryption in the SignerInfo.
void a_request_of_macos(void**) {
    const Buffer message = unit::read_vector("scep/micromdm_pkcs_req.der");
    const auto request = scep::parse_request(message);
    assert_ok(request);
    assert_text(scep::name(request->type), "PKCSReq");
    assert_text(scep::transaction_text(*request), "A13090761A30F66664F85D37433D2065E1112BA1");
    assert_hex(request->sender_nonce, "ae7fe8816cc6bedd");
    assert_true(scep::self_issued(request->signer));
    assert_error(Errc::unsupported, scep::verify_request(*request, {}));
    assert_ok(scep::verify_request(*request, kLegacy));
}

void what_macos_asks_for(void**) {
    const Buffer message = unit::read_vector("scep/micromdm_pkcs_req.der");
    const auto request = scep::parse_request(message);
    assert_ok(request);
    const Buffer certificate = unit::read_vector("scep/micromdm_ca.der");
    const auto key = pki::ossl::read_private_key(unit::read_vector("scep/micromdm_ca.pem"));
    assert_ok(key);
    const cms::RecipientKey own{certificate, key->get()};
    const auto opened = cms::open_enveloped_data(*request->envelope, {&own, 1}, {});
    assert_ok(opened);
    // Version 2 where RFC 2986 4.1 has 0 only: the CSR is refused, and its envelope is fine.
    const auto csr = x509::parse_csr(opened->content.view());
    assert_error(Errc::malformed, csr);
    assert_text(csr.error().text, "CSR: version is not 0");
}

// The answer holds no certificate of its signer, and an attribute of Microsoft's. Its key is
// not ours: the signature and what was signed are what can be looked at.
void an_answer_of_ndes(void**) {
    const Buffer message = unit::read_vector("scep/micromdm_cert_rep.der");
    const Buffer encoding = unit::read_vector("scep/micromdm_cert_rep_ca.der");
    const auto ra = x509::parse_certificate(encoding);
    assert_ok(ra);
    const Buffer nonce = unit::hex("d99d3154de07114059af075c5c17d573");
    scep::ResponseRules rules{"HVvzN0228V+AW+dUuDe8OPyDXD0=", nonce, kLegacy.hashes,
                              kLegacy.ciphers};
    const auto response = scep::read_response(message, *ra, {}, {}, rules);
    assert_error(Errc::bad_signature, response);
    assert_text(response.error().text, "SCEP: the answer does not open");
    rules.transaction_id = "another";
    assert_text(scep::read_response(message, *ra, {}, {}, rules).error().text,
                "SCEP: the answer is to another transaction");
    rules.hashes = {};
    assert_error(Errc::unsupported, scep::read_response(message, *ra, {}, {}, rules));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_request_of_macos),
        cmocka_unit_test(what_macos_asks_for),
        cmocka_unit_test(an_answer_of_ndes),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
