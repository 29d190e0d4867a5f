// CMP on the issue path: keys that are made for clients.
#include "libpki/x509/crmf.h"
#include "t/unit/cmp_issue_fixture.h"
#include "t/unit/key_maker_fixture.h"

namespace {

namespace wire = pki::wire;
namespace x509 = pki::x509;
using pki::Buffer;
using pki::Errc;
using pki::Reason;
using unit::FakeMaker;
using unit::refused;
using unit::Sent;

class Fixture : public unit::CmpFixture {
   public:
    Fixture() {
        cmp().key_generation = true;
        issuer.make_keys_through(&maker);
    }
    std::uint64_t ask(const Buffer& request, const Sent& sent = {}) {
        const std::uint64_t id = start(request, sent, wire::RequestForm::crmf);
        maker.run();
        finish();
        return id;
    }

    FakeMaker maker;
};

Buffer keyless(const std::string& subject = "CN=device-1") {
    const Buffer name = *x509::name_from_text(subject);
    x509::CertRequestSpec spec;
    spec.subject = name;
    return *x509::build_cert_request(spec);
}

void test_a_key_comes_with_its_certificate(void**) {
    Fixture f;
    const std::uint64_t id = f.ask(keyless());
    const auto reply = f.replies.issued(id);
    assert_ok(reply);
    assert_text(f.maker.specs.at(0), "ec:P-256");
    const auto key = pki::ossl::read_private_key_der(reply->private_key);
    assert_ok(key);
    const auto certificate = x509::parse_certificate(reply->certificate);
    assert_ok(certificate);
    assert_true(
        pki::equal(certificate->tbs.spki.encoding, *pki::ossl::public_key_der(key->get())));
    assert_int_equal(f.issuer.in_flight(), 0);
    f.remove();
}

// Only a certConf tells that the key has arrived.
void test_a_key_has_to_be_confirmed(void**) {
    Fixture f;
    f.cmp().implicit_confirm = true;
    const std::uint64_t id = f.start(keyless(), {}, wire::RequestForm::crmf, true);
    f.maker.run();
    f.finish();
    const auto reply = f.replies.issued(id);
    assert_ok(reply);
    assert_true(reply->confirm_until > 0);
    f.remove();
}

// The key is gone: nothing can be had again, neither later nor by who came meanwhile.
void test_there_is_one_answer_with_the_key(void**) {
    Fixture f;
    const Buffer request = keyless();
    const std::uint64_t first = f.start(request, {}, wire::RequestForm::crmf);
    const std::uint64_t meanwhile = f.start(request, {}, wire::RequestForm::crmf);
    f.maker.run();
    f.finish();
    f.finish();
    assert_ok(f.replies.issued(first));
    assert_text(f.refusal(meanwhile), refused(Errc::conflict, Reason::transaction_id_in_use));
    assert_text(f.refusal(f.ask(request)),
                refused(Errc::conflict, Reason::transaction_id_in_use));
    assert_int_equal(f.maker.specs.size(), 1);
    assert_int_equal(f.certificates(), 1);
    assert_int_equal(f.issuer.in_flight(), 0);
    f.remove();
}

void test_only_where_the_profile_makes_keys(void**) {
    Fixture f;
    const Buffer request = keyless();
    f.cmp().key_generation = false;
    assert_text(f.refusal(f.ask(request)), refused(Errc::denied, Reason::not_authorized));
    f.cmp().key_generation = true;
    f.rules().manual = true;
    f.reload();
    assert_text(f.refusal(f.ask(request)), refused(Errc::denied, Reason::not_authorized));
    assert_int_equal(f.maker.specs.size(), 0);
    assert_int_equal(f.certificates(), 0);
    f.remove();
}

// Who is refused costs no key.
void test_the_other_rules_hold(void**) {
    Fixture f;
    assert_text(f.refusal(f.ask(keyless("O=Example"))),
                refused(Errc::denied, Reason::bad_cert_template));
    f.config->profiles["device"].rules.keys = {*x509::parse_key_rule("rsa:8192")};
    f.reload();
    assert_text(f.refusal(f.ask(keyless())), refused(Errc::unsupported, Reason::bad_alg));
    assert_int_equal(f.maker.specs.size(), 0);
    f.remove();
}

void test_a_maker_that_fails(void**) {
    Fixture f;
    f.maker.failure = pki::Error{Errc::unavailable, "too many", 0, {}};
    assert_text(f.refusal(f.ask(keyless())), refused(Errc::unavailable));
    f.maker.failure.reset();
    f.issuer.make_keys_through(nullptr);
    assert_text(f.refusal(f.ask(keyless())), refused(Errc::unavailable));
    f.issuer.make_keys_through(&f.maker);
    assert_ok(f.replies.issued(f.ask(keyless())));
    assert_int_equal(f.issuer.in_flight(), 0);
    f.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_a_key_comes_with_its_certificate),
        cmocka_unit_test(test_a_key_has_to_be_confirmed),
        cmocka_unit_test(test_there_is_one_answer_with_the_key),
        cmocka_unit_test(test_only_where_the_profile_makes_keys),
        cmocka_unit_test(test_the_other_rules_hold),
        cmocka_unit_test(test_a_maker_that_fails),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
