// A CRMF that came by CMC, with EST as its protocol: treated as a PKCS#10 with the same names
// and key would be.
#include "libpki/x509/crmf.h"
#include "t/unit/issue_fixture.h"

#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Errc;
using unit::IssueFixture;
namespace wire = pki::wire;
namespace x509 = pki::x509;

struct Client {
    pki::ossl::PkeyPtr key = *pki::ossl::generate_key("ec:P-256");
    Buffer subject = *x509::name_from_text("CN=device-1");
    Buffer spki = *pki::ossl::public_key_der(key.get());

    x509::CertRequestSpec spec() const {
        x509::CertRequestSpec spec;
        spec.id = 7;
        spec.subject = subject;
        spec.public_key = spki;
        spec.key = key.get();
        return spec;
    }
};

wire::IssueRequest request(const Buffer& crmf) {
    wire::IssueRequest made = IssueFixture::request(crmf);
    made.form = wire::RequestForm::crmf;
    return made;
}

void assert_refused(Errc code, const wire::IssueRequest& request, bool verifies = true) {
    IssueFixture fixture;
    fixture.peer.verify_possession = verifies;
    const std::uint64_t id = fixture.issue(request);
    const auto error = fixture.replies.error(id);
    assert_ok(error);
    assert_string_equal(pki::name(error->code), pki::name(code));
    assert_int_equal(fixture.certificates(), 0);
    fixture.remove();
}

void it_is_granted_like_a_pkcs10(void**) {
    IssueFixture fixture;
    const Client client;
    const Buffer crmf = *x509::build_cert_request(client.spec());
    const auto issued = fixture.replies.issued(fixture.issue(request(crmf)));
    assert_ok(issued);
    const auto certificate = x509::parse_certificate(issued->certificate);
    assert_ok(certificate);
    assert_true(pki::equal(certificate->tbs.subject.encoding, client.subject));
    assert_true(pki::equal(certificate->tbs.spki.encoding, client.spki));
    // The same bytes again are the same request.
    const auto again = fixture.replies.issued(fixture.issue(request(crmf)));
    assert_ok(again);
    assert_true(again->replayed);
    assert_true(pki::equal(again->certificate, issued->certificate));
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

void the_rules_of_the_profile_hold(void**) {
    Client client;
    client.subject = *x509::name_from_text("CN=device-1,O=Example");
    const Buffer crmf = *x509::build_cert_request(client.spec());
    assert_refused(Errc::denied, request(crmf));
}

void possession_is_proved(void**) {
    const Client client;
    const Client other;
    x509::CertRequestSpec spec = client.spec();
    spec.key = other.key.get();
    assert_refused(Errc::bad_signature, request(*x509::build_cert_request(spec)));
    spec.key = nullptr;
    assert_refused(Errc::bad_signature, request(*x509::build_cert_request(spec)));
    spec.ra_verified = true;
    const Buffer vouched = *x509::build_cert_request(spec);
    assert_refused(Errc::bad_signature, request(vouched));
    assert_refused(Errc::denied, request(vouched), false);
}

// Whoever says that he has verified something: a key that is not there has nobody.
void no_key_is_made(void**) {
    Client client;
    client.spki = {};
    x509::CertRequestSpec spec = client.spec();
    spec.key = nullptr;
    const Buffer crmf = *x509::build_cert_request(spec);
    wire::IssueRequest wanted = request(crmf);
    wanted.possession_verified = true;
    assert_refused(Errc::malformed, wanted);
    assert_refused(Errc::malformed, wanted, false);
}

void other_protocols_have_none(void**) {
    const Client client;
    const Buffer crmf = *x509::build_cert_request(client.spec());
    wire::IssueRequest wanted = request(crmf);
    wanted.protocol = wire::Protocol::enroll;
    assert_refused(Errc::malformed, wanted);
    // Nor is it what its form does not say.
    wanted = IssueFixture::request(crmf);
    assert_refused(Errc::malformed, wanted);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(it_is_granted_like_a_pkcs10),
        cmocka_unit_test(the_rules_of_the_profile_hold),
        cmocka_unit_test(possession_is_proved),
        cmocka_unit_test(no_key_is_made),
        cmocka_unit_test(other_protocols_have_none),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
