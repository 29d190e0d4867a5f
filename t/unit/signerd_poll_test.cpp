// A client that asks what became of its request.
#include "signerd/poll.h"

#include "t/unit/approval_fixture.h"

#include "t/unit/unit.h"

namespace {

namespace wire = pki::wire;
using unit::ApprovalFixture;
using unit::kDay;
using unit::make_csr;

constexpr char kUnknown[] = "not_found: no such request";

std::uint64_t send(ApprovalFixture& fixture, const pki::Buffer& csr) {
    return fixture.issue(ApprovalFixture::scep_request(csr));
}

void test_from_waiting_to_issued(void**) {
    ApprovalFixture fixture;
    const pki::Buffer csr = make_csr();
    send(fixture, csr);
    assert_text(fixture.said(fixture.poll(csr)), "pending 1");
    fixture.decide(1, true);
    fixture.clock.seconds += kDay - 1;
    const auto answer = fixture.poll(csr, "t-1", true);
    assert_text(fixture.said(answer), "replayed");
    const auto reply = *wire::decode<wire::IssueReply>(*wire::parse_frame(*answer));
    assert_true(pki::equal(reply.certificate, fixture.store->list_certificates({})->at(0).der));
    assert_int_equal(reply.chain.size(), 1);
    assert_int_equal(fixture.log().size(), 2);
    fixture.remove();
}

void test_denied_and_expired(void**) {
    ApprovalFixture fixture;
    const pki::Buffer csr = make_csr();
    send(fixture, csr);
    fixture.decide(1, false, "not ours");
    assert_text(fixture.said(fixture.poll(csr)), "denied: the request was denied");
    fixture.clock.seconds += ApprovalFixture::kLifetime;
    assert_text(fixture.said(fixture.poll(csr)), kUnknown);
    fixture.remove();
}

// Nobody learns of a request without its key, its name and its profile.
void test_somebody_else(void**) {
    ApprovalFixture fixture;
    const pki::Buffer csr = make_csr();
    const pki::Buffer foreign = make_csr();
    send(fixture, csr);
    for (int decided = 0; decided < 2; decided++) {
        assert_text(fixture.said(fixture.poll(foreign)), kUnknown);
        assert_text(fixture.said(fixture.poll(csr, "t-2")), kUnknown);
        fixture.decide(1, true);
    }
    fixture.peer.all_profiles = false;
    assert_text(fixture.said(fixture.poll(csr)), "not_found: no such profile");
    fixture.remove();
}

void test_an_automatic_profile(void**) {
    ApprovalFixture fixture;
    fixture.rules().manual = false;
    const pki::Buffer csr = make_csr();
    assert_text(fixture.said(send(fixture, csr)), "issued");
    assert_text(fixture.said(fixture.poll(csr)), "replayed");
    const auto record = fixture.store->list_certificates({})->at(0);
    assert_ok(unit::commit(*fixture.store, {unit::change_of({unit::revocation_of(record)})}));
    assert_text(fixture.said(fixture.poll(csr)), kUnknown);
    fixture.remove();
}

// The frontend's window is the one of both, or a client whose retry is answered hears nothing.
void test_the_window_of_the_frontend(void**) {
    ApprovalFixture fixture;
    fixture.rules().manual = false;
    const pki::Buffer csr = make_csr();
    send(fixture, csr);
    wire::PollRequest asked;
    asked.profile = "device";
    asked.protocol = wire::Protocol::scep;
    asked.idempotency_key = "t-1";
    const auto spki = pki::ossl::sha256(pki::x509::parse_csr(csr)->spki.encoding);
    asked.spki_sha256 = spki;
    fixture.clock.seconds += 2 * unit::kHour;
    assert_text(fixture.said(fixture.poll(asked)), kUnknown);
    asked.idempotency_window = 3 * unit::kHour;
    assert_text(fixture.said(fixture.poll(asked)), "replayed");
    asked.idempotency_window = unit::kHour;
    assert_text(fixture.said(fixture.poll(asked)), kUnknown);
    fixture.remove();
}

void test_malformed(void**) {
    ApprovalFixture fixture;
    fixture.reload();
    const pki::Buffer csr = make_csr();
    const std::string missing = "malformed: poll: protocol or idempotency key missing";
    assert_text(fixture.said(fixture.poll(csr, "")), missing);
    wire::PollRequest asked;
    asked.profile = "device";
    asked.idempotency_key = "t-1";
    assert_text(fixture.said(fixture.poll(asked)), missing);
    asked.protocol = wire::Protocol::scep;
    assert_text(fixture.said(fixture.poll(asked)),
                "malformed: poll: spki_sha256 is no SHA-256");
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_from_waiting_to_issued),
        cmocka_unit_test(test_denied_and_expired),
        cmocka_unit_test(test_somebody_else),
        cmocka_unit_test(test_an_automatic_profile),
        cmocka_unit_test(test_the_window_of_the_frontend),
        cmocka_unit_test(test_malformed),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
