// EST on the issue path: keys that are made for clients (RFC 7030 4.4).
#include "t/unit/issue_fixture.h"
#include "t/unit/key_maker_fixture.h"

#include "t/unit/unit.h"

namespace {

namespace wire = pki::wire;
namespace x509 = pki::x509;
using pki::Buffer;
using pki::Errc;

class Fixture : public unit::IssueFixture {
   public:
    Fixture() {
        config->profiles["device"].est.key_generation = true;
        issuer.make_keys_through(&maker);
    }
    static wire::IssueRequest wanted(const Buffer& csr, std::string_view key = {}) {
        wire::IssueRequest made = request(csr);
        made.make_key = true;
        made.idempotency_key = key;
        return made;
    }
    std::uint64_t ask(const wire::IssueRequest& request) {
        const std::uint64_t id = begin(request);
        maker.run();
        finish();
        return id;
    }
    Errc refusal(std::uint64_t id) {
        const auto error = replies.error(id);
        assert_ok(error);
        return error->code;
    }

    unit::FakeMaker maker;
};

// The certificate in the answer is for the key in the answer, not for that of the CSR.
void check_answer(const wire::IssueReply& reply, pki::Bytes csr) {
    const auto key = pki::ossl::read_private_key_der(reply.private_key);
    assert_ok(key);
    const auto certificate = x509::parse_certificate(reply.certificate);
    assert_ok(certificate);
    const Buffer spki = *pki::ossl::public_key_der(key->get());
    assert_true(pki::equal(certificate->tbs.spki.encoding, spki));
    assert_false(pki::equal(x509::parse_csr(csr)->spki.encoding, spki));
}

void test_a_key_comes_with_its_certificate(void**) {
    Fixture f;
    const Buffer csr = unit::make_csr();
    const auto reply = f.replies.issued(f.ask(Fixture::wanted(csr)));
    assert_ok(reply);
    assert_text(f.maker.specs.at(0), "ec:P-256");
    check_answer(*reply, csr);
    assert_int_equal(f.allowed(), 1);
    assert_int_equal(f.issuer.in_flight(), 0);
    f.remove();
}

// RFC 7030 4.4.1: whoever verifies what.
void test_the_signature_counts_for_nothing(void**) {
    Fixture f;
    Buffer csr = unit::make_csr();
    csr.back() ^= 1;
    f.peer.verify_possession = true;
    assert_ok(f.replies.issued(f.ask(Fixture::wanted(csr))));
    f.peer.verify_possession = false;
    assert_ok(f.replies.issued(f.ask(Fixture::wanted(csr))));
    assert_true(f.refusal(f.issue(Fixture::request(csr))) == Errc::denied);
    f.remove();
}

void test_equal_requests_are_two(void**) {
    Fixture f;
    const Buffer csr = unit::make_csr();
    const std::uint64_t first = f.begin(Fixture::wanted(csr));
    const std::uint64_t meanwhile = f.begin(Fixture::wanted(csr));
    f.maker.run();
    f.finish();
    const std::uint64_t later = f.ask(Fixture::wanted(csr));
    for (const std::uint64_t id : {first, meanwhile, later}) {
        const auto reply = f.replies.issued(id);
        assert_ok(reply);
        assert_false(reply->replayed);
        check_answer(*reply, csr);
    }
    assert_int_equal(f.certificates(), 3);
    // Nor do they answer a request for a certificate.
    assert_false(f.replies.issued(f.issue(Fixture::request(csr)))->replayed);
    f.remove();
}

// The key is gone: nothing can be had again, neither later nor by who came meanwhile.
void test_a_key_of_the_client_is_good_once(void**) {
    Fixture f;
    const Buffer csr = unit::make_csr();
    const std::uint64_t first = f.begin(Fixture::wanted(csr, "k"));
    const std::uint64_t meanwhile = f.begin(Fixture::wanted(csr, "k"));
    f.maker.run();
    f.finish();
    assert_ok(f.replies.issued(first));
    assert_true(f.refusal(meanwhile) == Errc::conflict);
    assert_true(f.refusal(f.ask(Fixture::wanted(csr, "k"))) == Errc::conflict);
    f.clock.seconds += 100 * unit::kDay;  // the certificate is over
    assert_true(f.refusal(f.ask(Fixture::wanted(csr, "k"))) == Errc::conflict);
    const Buffer other = unit::make_csr();
    assert_true(f.refusal(f.ask(Fixture::wanted(other, "k"))) == Errc::conflict);
    assert_int_equal(f.maker.specs.size(), 1);
    assert_int_equal(f.certificates(), 1);
    // For another operation it is another key.
    wire::IssueRequest plain = Fixture::request(csr);
    plain.idempotency_key = "k";
    assert_ok(f.replies.issued(f.issue(plain)));
    assert_int_equal(f.issuer.in_flight(), 0);
    f.remove();
}

// A failure is no answer: the next one may have the key.
void test_a_maker_that_fails(void**) {
    Fixture f;
    const Buffer csr = unit::make_csr();
    f.maker.failure = pki::Error{Errc::unavailable, "too many", 0, {}};
    assert_true(f.refusal(f.ask(Fixture::wanted(csr, "k"))) == Errc::unavailable);
    f.maker.failure.reset();
    assert_ok(f.replies.issued(f.ask(Fixture::wanted(csr, "k"))));
    f.remove();
}

void test_only_where_the_profile_makes_keys(void**) {
    for (const bool manual : {false, true}) {
        Fixture f;
        signerd::Profile& profile = f.config->profiles["device"];
        profile.est.key_generation = manual;
        profile.approval.manual = manual;
        const Buffer csr = unit::make_csr();
        assert_true(f.refusal(f.ask(Fixture::wanted(csr))) == Errc::denied);
        assert_int_equal(f.maker.specs.size(), 0);
        assert_int_equal(f.certificates(), 0);
        f.remove();
    }
}

void test_the_other_rules_hold(void**) {
    Fixture f;
    const Buffer csr = unit::make_csr("O=Example");
    assert_true(f.refusal(f.ask(Fixture::wanted(csr))) == Errc::denied);
    assert_int_equal(f.maker.specs.size(), 0);
    f.remove();
}

void test_only_by_est(void**) {
    Fixture f;
    const Buffer csr = unit::make_csr();
    wire::IssueRequest scep = Fixture::wanted(csr);
    scep.protocol = wire::Protocol::scep;
    assert_true(f.refusal(f.ask(scep)) == Errc::malformed);
    wire::IssueRequest renewal = Fixture::wanted(csr);
    renewal.operation = wire::Operation::renew;
    assert_true(f.refusal(f.ask(renewal)) == Errc::malformed);
    assert_int_equal(f.maker.specs.size(), 0);
    f.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_a_key_comes_with_its_certificate),
        cmocka_unit_test(test_the_signature_counts_for_nothing),
        cmocka_unit_test(test_equal_requests_are_two),
        cmocka_unit_test(test_a_key_of_the_client_is_good_once),
        cmocka_unit_test(test_a_maker_that_fails),
        cmocka_unit_test(test_only_where_the_profile_makes_keys),
        cmocka_unit_test(test_the_other_rules_hold),
        cmocka_unit_test(test_only_by_est),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
