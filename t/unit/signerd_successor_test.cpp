// The issue path while one CA takes another one's place.
#include "signerd/successor.h"

#include "t/unit/issue_fixture.h"

#include "t/unit/unit.h"

namespace {

namespace x509 = pki::x509;
using unit::IssueFixture;
using unit::kDay;
using unit::kNow;
using unit::make_csr;

// CA "issuing" and its successor "next", for which the same key signs: the signer of the
// fixture has one.
class Rollover : public IssueFixture {
   public:
    Rollover() : next(successor_of(ca)) {
        auto entry = config->cas.at("issuing");
        entry.name = "next";
        entry.chain = {next.certificate};
        entry.subject = next.name;
        entry.key_identifier = {9, 9};
        config->cas["next"] = std::move(entry);
        config->cas["issuing"].successor = signerd::Successor{"next", kNow + kDay, {}};
    }

    void expect_issuer(std::uint64_t id, const unit::TestCa& expected) {
        const auto reply = replies.issued(id);
        assert_ok(reply);
        const auto certificate = *x509::parse_certificate(reply->certificate);
        assert_hex(certificate.tbs.issuer.encoding, pki::hex_encode(expected.name));
        assert_int_equal(reply->chain.size(), 1);
        assert_hex(reply->chain[0], pki::hex_encode(expected.certificate));
    }

    unit::TestCa next;

   private:
    static unit::TestCa successor_of(const unit::TestCa& ca) {
        EVP_PKEY_up_ref(ca.key.get());
        return unit::make_ca_with(pki::ossl::PkeyPtr(ca.key.get()),
                                  {.name = "CN=Test Issuing G2", .key_identifier = {9, 9}});
    }
};

pki::wire::IssueRequest with_chain(const pki::Buffer& csr, const char* key = "") {
    auto request = IssueFixture::request(csr);
    request.want_chain = true;
    request.idempotency_key = key;
    return request;
}

void the_time_of_the_request_decides(void**) {
    Rollover fixture;
    const pki::Buffer csrs[] = {make_csr(), make_csr(), make_csr()};
    fixture.clock.seconds = kNow + kDay - 1;
    fixture.expect_issuer(fixture.issue(with_chain(csrs[0])), fixture.ca);
    // One that is on its way keeps the CA that it began with.
    const std::uint64_t late = fixture.begin(with_chain(csrs[1]));
    fixture.clock.seconds = kNow + kDay;
    fixture.finish();
    fixture.expect_issuer(late, fixture.ca);
    fixture.expect_issuer(fixture.issue(with_chain(csrs[2])), fixture.next);

    const auto records = *fixture.store->list_certificates({{}, {}, 0, 10});
    assert_int_equal(records.size(), 3);
    assert_text(records[1].ca, "issuing");
    assert_text(records[2].ca, "next");
    fixture.remove();
}

void an_announcement_changes_nothing(void**) {
    Rollover fixture;
    const pki::Buffer csr = make_csr();
    fixture.config->cas["issuing"].successor->from.reset();
    fixture.clock.seconds = kNow + 1000 * kDay;
    fixture.expect_issuer(fixture.issue(with_chain(csr)), fixture.ca);
    fixture.remove();
}

// A client that repeats its request gets what it was given, with the chain of that.
void earlier_answers_are_given_again(void**) {
    Rollover fixture;
    const pki::Buffer csr = make_csr(), other = make_csr();
    const auto request = with_chain(csr, "order-66");
    fixture.expect_issuer(fixture.issue(request), fixture.ca);
    fixture.clock.seconds = kNow + 2 * kDay;
    const std::uint64_t again = fixture.issue(request);
    assert_true(fixture.replies.issued(again)->replayed);
    fixture.expect_issuer(again, fixture.ca);
    assert_true(fixture.replies.error(fixture.issue(with_chain(other, "order-66")))->code ==
                pki::Errc::conflict);
    assert_int_equal(fixture.certificates(), 1);

    // After the switch: for the successor's certificates as well.
    const auto later = with_chain(other);
    fixture.expect_issuer(fixture.issue(later), fixture.next);
    const std::uint64_t repeated = fixture.issue(later);
    assert_true(fixture.replies.issued(repeated)->replayed);
    fixture.expect_issuer(repeated, fixture.next);
    fixture.remove();
}

// Two equal requests on both sides of the moment: one certificate.
void equal_requests_around_the_switch(void**) {
    Rollover fixture;
    const pki::Buffer csr = make_csr();
    fixture.clock.seconds = kNow + kDay - 1;
    const std::uint64_t first = fixture.begin(with_chain(csr));
    fixture.clock.seconds = kNow + kDay;
    const std::uint64_t second = fixture.begin(with_chain(csr));
    fixture.finish();
    fixture.expect_issuer(first, fixture.ca);
    fixture.expect_issuer(second, fixture.ca);
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

void the_successors_life_bounds_its_certificates(void**) {
    Rollover fixture;
    const pki::Buffer csr = make_csr(), other = make_csr();
    fixture.clock.seconds = kNow + kDay;
    fixture.config->cas["next"].not_after = kNow + 5 * kDay;
    const std::uint64_t id = fixture.issue(with_chain(csr));
    const auto reply = fixture.replies.issued(id);
    assert_ok(reply);
    assert_true(x509::parse_certificate(reply->certificate)->tbs.not_after == kNow + 5 * kDay);
    // Nobody goes back to the CA before when the successor cannot issue.
    fixture.clock.seconds = kNow + 6 * kDay;
    assert_true(fixture.replies.error(fixture.issue(with_chain(other))).has_value());
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_time_of_the_request_decides),
        cmocka_unit_test(an_announcement_changes_nothing),
        cmocka_unit_test(earlier_answers_are_given_again),
        cmocka_unit_test(equal_requests_around_the_switch),
        cmocka_unit_test(the_successors_life_bounds_its_certificates),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
