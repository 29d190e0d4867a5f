// "limits" of a profile with SCEP and CMP: who is counted there.
#include "t/unit/cmp_issue_fixture.h"
#include "t/unit/scep_issue_fixture.h"

#include "t/unit/unit.h"

namespace {

using pki::Errc;
using unit::make_csr;
using unit::Sent;

template <class Fixture>
signerd::IssueLimits& limits_of(Fixture& fixture) {
    return fixture.config->profiles["device"].limits;
}

Sent sent(int number) {
    Sent made;
    made.transaction = "transaction-" + std::to_string(number);
    made.message = "message " + std::to_string(number);
    return made;
}

// The same message again is no other certificate.
void a_secret_of_cmp_is_counted(void**) {
    unit::CmpFixture fixture;
    limits_of(fixture).per_credential = {2, unit::kDay};
    const pki::Buffer csr = make_csr();
    assert_text(fixture.said(fixture.send(csr, sent(1))), "issued");
    for (int i = 0; i < 3; i++)
        assert_text(fixture.said(fixture.send(csr, sent(1))), "replayed");
    assert_text(fixture.said(fixture.send(csr, sent(2))), "issued");
    const std::uint64_t id = fixture.send(csr, sent(3));
    assert_text(fixture.refusal(id), unit::refused(Errc::limited));
    assert_int_equal(fixture.replies.error(id)->retry_after, unit::kDay);
    assert_text(fixture.audit().back().detail,
                "too many certificates: per_credential: 2 within 86400 s");
    Sent other = sent(4);
    other.reference = "warehouse";
    assert_text(fixture.said(fixture.send(csr, other)), "issued");
    fixture.remove();
}

void a_certificate_of_cmp_is_counted(void**) {
    unit::CmpFixture fixture;
    limits_of(fixture).per_credential = {1, unit::kDay};
    const pki::Buffer signer = fixture.certificate(fixture.send(make_csr(), sent(1)));
    for (const int number : {2, 3}) {
        Sent message = sent(number);
        message.certificate = signer;
        const std::uint64_t id = fixture.send(make_csr(), message);
        assert_text(fixture.said(id).substr(0, 6), number == 2 ? "issued" : "limite");
    }
    fixture.remove();
}

void names_are_counted_with_cmp(void**) {
    unit::CmpFixture fixture;
    limits_of(fixture).per_name = {1, unit::kDay};
    assert_text(fixture.said(fixture.send(make_csr(), sent(1))), "issued");
    assert_text(fixture.said(fixture.send(make_csr(), sent(2))).substr(0, 7), "limited");
    fixture.remove();
}

// Who renews is known by what he renews; a challenge is nobody's alone.
void a_signer_of_scep_is_counted(void**) {
    unit::ScepFixture fixture;
    limits_of(fixture).per_credential = {1, unit::kDay};
    const pki::Buffer signer = fixture.enrolled();
    for (const char* transaction : {"a", "b", "c"})
        fixture.certificate(fixture.enrol("factory secret", transaction));
    const pki::Buffer first = make_csr();
    const pki::Buffer second = make_csr();
    fixture.certificate(fixture.issue(unit::ScepFixture::renewal(first, signer, "d")));
    fixture.assert_refused(fixture.issue(unit::ScepFixture::renewal(second, signer, "e")),
                           Errc::limited);
    fixture.remove();
}

// A token that is refused for now is not used up.
void a_challenge_is_not_used_up(void**) {
    unit::ScepFixture fixture;
    limits_of(fixture).per_name = {1, unit::kHour};
    fixture.certificate(fixture.enrol("factory secret", "a"));
    const std::string token = fixture.token(2 * unit::kHour);
    fixture.assert_refused(fixture.enrol(token, "b"), Errc::limited);
    fixture.clock.seconds += unit::kHour;
    fixture.certificate(fixture.enrol(token, "c"));
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_of_cmp_is_counted),
        cmocka_unit_test(a_certificate_of_cmp_is_counted),
        cmocka_unit_test(names_are_counted_with_cmp),
        cmocka_unit_test(a_signer_of_scep_is_counted),
        cmocka_unit_test(a_challenge_is_not_used_up),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
