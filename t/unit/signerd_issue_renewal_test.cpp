// Renewals by SCEP: whose certificate signs them.
#include "t/unit/scep_issue_fixture.h"

#include "t/unit/unit.h"

namespace {

using pki::Errc;
namespace wire = pki::wire;
using unit::challenge_csr;
using unit::new_key;
using unit::ScepFixture;
using unit::with_password;

void a_certificate_of_ours_renews_itself(void**) {
    ScepFixture fixture;
    const pki::Buffer signer = fixture.enrolled();
    const pki::Buffer csr = challenge_csr(new_key().get(), "");
    const pki::Buffer renewed =
        fixture.certificate(fixture.issue(ScepFixture::renewal(csr, signer)));
    const auto row = fixture.audit().back();
    assert_int_equal(row.operation, wire::Operation::renew);
    assert_int_equal(row.credential, wire::Credential::certificate);
    assert_text(row.credential_name, "CN=device-1");
    // A retry; and the same transaction of another signer is another one.
    assert_true(fixture.certificate(fixture.issue(ScepFixture::renewal(csr, signer))) ==
                renewed);
    assert_true(fixture.certificate(fixture.issue(ScepFixture::renewal(csr, renewed))) !=
                renewed);
    fixture.remove();
}

void operation_and_signer_have_to_fit(void**) {
    ScepFixture fixture;
    const pki::Buffer signer = fixture.enrolled();
    const pki::Buffer csr = challenge_csr(new_key().get(), "factory secret");
    wire::IssueRequest request = ScepFixture::renewal(csr, signer);
    request.operation = wire::Operation::enroll;
    fixture.assert_refused(fixture.issue(request), Errc::malformed);
    request = ScepFixture::renewal(csr, {});
    fixture.assert_refused(fixture.issue(request), Errc::malformed);
    request = ScepFixture::renewal(csr, signer);
    request.protocol = wire::Protocol::est;
    fixture.assert_refused(fixture.issue(request), Errc::malformed);
    const pki::Buffer garbage{1, 2, 3};
    fixture.assert_refused(fixture.issue(ScepFixture::renewal(csr, garbage)), Errc::malformed);
    fixture.remove();
}

// Everything that a name in it says of us is not enough.
void foreign_signers_are_refused(void**) {
    ScepFixture fixture;
    const pki::Buffer signer = fixture.enrolled();
    const pki::Buffer csr = challenge_csr(new_key().get(), "");
    constexpr const char* kCause = "renewal: the certificate that signed is not one of ours";
    const auto expect_refusal = [&](const pki::Buffer& shown) {
        fixture.assert_refused(fixture.issue(ScepFixture::renewal(csr, shown)),
                               Errc::unauthenticated);
        assert_text(fixture.detail(), kCause);
        assert_int_equal(fixture.audit().back().credential, wire::Credential::unproven);
    };
    pki::Buffer changed = signer;
    changed.back() ^= 1;
    expect_refusal(changed);
    expect_refusal(fixture.ca.certificate);
    // Of another tenant, and of a CA that is no longer here.
    fixture.config->cas["issuing"].tenant = "other";
    expect_refusal(signer);
    fixture.remove();
}

void of_a_ca_that_changed_its_key(void**) {
    ScepFixture fixture;
    const pki::Buffer signer = fixture.enrolled();
    fixture.config->cas["issuing"].chain = {
        unit::make_ca({.name = "CN=Test Issuing"}).certificate};
    fixture.generation = *signerd::make_generation(2, fixture.config);
    const pki::Buffer csr = challenge_csr(new_key().get(), "");
    fixture.assert_refused(fixture.issue(ScepFixture::renewal(csr, signer)),
                           Errc::unauthenticated);
    fixture.remove();
}

void revoked_signers_are_refused(void**) {
    ScepFixture fixture;
    const pki::Buffer signer = fixture.enrolled();
    const auto records = fixture.store->list_certificates({});
    assert_ok(unit::commit(*fixture.store,
                           {unit::change_of({unit::revocation_of(records->front())})}));
    const pki::Buffer csr = challenge_csr(new_key().get(), "");
    fixture.assert_refused(fixture.issue(ScepFixture::renewal(csr, signer)),
                           Errc::unauthenticated);
    assert_true(fixture.detail().starts_with("the client certificate is revoked"));
    fixture.remove();
}

void validity_and_grace(void**) {
    ScepFixture fixture;
    const pki::Buffer signer = fixture.enrolled();
    const pki::Buffer csr = challenge_csr(new_key().get(), "");
    const auto renew = [&](const char* transaction) {
        return fixture.issue(ScepFixture::renewal(csr, signer, transaction));
    };
    const std::int64_t issued = fixture.clock.seconds;
    fixture.clock.seconds = issued - 301;
    fixture.assert_refused(renew("t-2"), Errc::denied);
    assert_text(fixture.detail(), "renewal: the certificate is not valid yet");
    fixture.clock.seconds = issued + 90 * unit::kDay;
    fixture.certificate(renew("t-3"));
    fixture.clock.seconds++;
    fixture.assert_refused(renew("t-4"), Errc::denied);
    assert_text(fixture.detail(), "renewal: the certificate has expired");
    fixture.rules().renewal.grace = unit::kDay;
    fixture.certificate(renew("t-5"));
    fixture.clock.seconds += unit::kDay;
    fixture.assert_refused(renew("t-6"), Errc::denied);
    fixture.remove();
}

void names_stay_unless_they_may_change(void**) {
    ScepFixture fixture;
    const pki::Buffer signer = fixture.enrolled();
    const pki::Buffer other = challenge_csr(new_key().get(), "", "CN=device-2");
    fixture.assert_refused(fixture.issue(ScepFixture::renewal(other, signer)), Errc::denied);
    fixture.rules().renewal.change_subject = true;
    fixture.certificate(fixture.issue(ScepFixture::renewal(other, signer)));
    fixture.remove();
}

void a_new_key_where_it_is_required(void**) {
    ScepFixture fixture;
    const auto key = new_key();
    const pki::Buffer first = challenge_csr(key.get(), "factory secret");
    const pki::Buffer signer =
        fixture.certificate(fixture.issue(ScepFixture::enrolment(first, "first")));
    const pki::Buffer same = challenge_csr(key.get(), "");
    fixture.certificate(fixture.issue(ScepFixture::renewal(same, signer, "t-1")));
    fixture.rules().renewal.same_key = false;
    fixture.assert_refused(fixture.issue(ScepFixture::renewal(same, signer, "t-2")),
                           Errc::denied);
    assert_text(fixture.detail(), "renewal: same_key: a new key is required");
    const pki::Buffer other = challenge_csr(new_key().get(), "");
    fixture.certificate(fixture.issue(ScepFixture::renewal(other, signer, "t-3")));
    fixture.remove();
}

void other_profiles_only_where_they_are_named(void**) {
    ScepFixture fixture;
    auto router = fixture.config->profiles["device"];
    router.rules.name = "router";
    fixture.config->profiles["router"] = router;
    const pki::Buffer signer = fixture.enrolled();
    const pki::Buffer csr = challenge_csr(new_key().get(), "");
    wire::IssueRequest request = ScepFixture::renewal(csr, signer);
    request.profile = "router";
    const std::uint64_t refused = fixture.issue(request);
    fixture.assert_refused(refused, Errc::denied);
    assert_text(fixture.detail(), "renewal: the certificate is of another profile: device");
    assert_text(fixture.replies.error(refused)->text,
                "renewal: the certificate is of another profile");
    fixture.config->profiles["router"].scep->renewal.from_profiles = {"device"};
    fixture.certificate(fixture.issue(request));
    fixture.remove();
}

// RFC 8894 2.4: none is needed; the one of long ago may be there; a wrong one may not.
void challenges_of_renewals(void**) {
    ScepFixture fixture;
    const std::string token = fixture.token();
    const pki::Buffer signer = fixture.certificate(fixture.enrol(token, "first"));
    fixture.clock.seconds += 7200;
    const auto renew = [&](const std::string& password, const char* transaction) {
        const pki::Buffer csr = challenge_csr(new_key().get(), password);
        return fixture.issue(ScepFixture::renewal(csr, signer, transaction));
    };
    fixture.certificate(renew(token, "t-2"));
    fixture.certificate(renew(token, "t-3"));
    fixture.certificate(renew("factory secret", "t-4"));
    assert_int_equal(fixture.audit().back().credential, wire::Credential::certificate);
    fixture.assert_refused(renew("not the secret", "t-5"), Errc::unauthenticated);
    assert_int_equal(fixture.audit().back().credential, wire::Credential::certificate);
    fixture.remove();
}

void an_empty_password_is_none(void**) {
    ScepFixture fixture;
    const pki::Buffer signer = fixture.enrolled();
    const pki::Buffer csr = with_password(new_key().get(), pki::der::kUtf8String, {});
    fixture.certificate(fixture.issue(ScepFixture::renewal(csr, signer)));
    fixture.assert_refused(fixture.issue(ScepFixture::enrolment(csr, "t-9")),
                           Errc::unauthenticated);
    assert_text(fixture.detail(), "challenge refused: no challengePassword");
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_of_ours_renews_itself),
        cmocka_unit_test(operation_and_signer_have_to_fit),
        cmocka_unit_test(foreign_signers_are_refused),
        cmocka_unit_test(of_a_ca_that_changed_its_key),
        cmocka_unit_test(revoked_signers_are_refused),
        cmocka_unit_test(validity_and_grace),
        cmocka_unit_test(names_stay_unless_they_may_change),
        cmocka_unit_test(a_new_key_where_it_is_required),
        cmocka_unit_test(other_profiles_only_where_they_are_named),
        cmocka_unit_test(challenges_of_renewals),
        cmocka_unit_test(an_empty_password_is_none),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
