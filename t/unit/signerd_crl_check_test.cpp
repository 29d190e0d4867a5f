// What the key child insists on before it signs a CRL, whoever asks.
#include "signerd/keys/crl_check.h"

#include "libpki/x509/algorithm.h"
#include "signerd/keys/key.h"
#include "t/unit/crl_fixture.h"
#include "t/unit/issue_fixture.h"
#include "t/unit/unit.h"

namespace {

namespace x509 = pki::x509;
using pki::Errc;
using unit::kDay;
using unit::kNow;

// A list that the rules allow, to be spoiled in one place.
struct Fixture {
    explicit Fixture(std::uint16_t key_usage = x509::kKeyCertSign | x509::kCrlSign)
        : ca(unit::make_ca({.name = "CN=Test Issuing", .key_usage = key_usage})),
          config(unit::issue_config(ca)) {
        spec.scheme = *pki::ossl::default_scheme(ca.key.get());
        spec.issuer = ca.name;
        spec.this_update = kNow;
        spec.next_update = kNow + kDay;
        spec.authority_key_identifier = key_id;
        spec.number = 7;
    }
    pki::Status check(std::uint64_t highest = 0) const {
        const auto facts = unit::read_crl(unit::make_tbs_crl(spec, {}));
        assert_ok(facts);
        return signerd::check_crl(signerd::rules_of(config->cas.at("issuing"), *config), *facts,
                                  highest, kNow);
    }

    unit::TestCa ca;
    std::shared_ptr<signerd::Config> config;
    pki::Buffer key_id = {1, 2, 3, 4};
    x509::CrlSpec spec;
};

void assert_refused(const char* expected, const pki::Status& status) {
    assert_error(Errc::denied, status);
    assert_string_equal(status.error().text, expected);
}

void test_allowed(void**) {
    Fixture fixture;
    assert_ok(fixture.check());
    fixture.spec.only_user_certs = true;
    fixture.spec.distribution_points = {"http://pki.example.com/1.crl"};
    assert_ok(fixture.check());
}

void test_issuer(void**) {
    Fixture fixture;
    const pki::Buffer other = *x509::name_from_text("CN=Other");
    fixture.spec.issuer = other;
    assert_refused("CRL: issuer is not the CA", fixture.check());
    fixture.spec.issuer = fixture.ca.name;
    fixture.spec.authority_key_identifier = other;
    assert_refused("CRL: authority key identifier is not the CA's", fixture.check());
    fixture.spec.authority_key_identifier = fixture.key_id;
    fixture.spec.scheme = {pki::ossl::KeyType::ec, pki::ossl::Hash::sha384, false};
    assert_refused("CRL: signature algorithm is not the CA's", fixture.check());
}

void test_key_usage(void**) {
    constexpr auto kRefused = "CRL: the CA's certificate does not allow cRLSign";
    assert_refused(kRefused, Fixture(x509::kKeyCertSign).check());
    assert_ok(Fixture(x509::kCrlSign).check());
    assert_ok(Fixture(0).check());  // no restriction
    Fixture unreadable;
    unreadable.config->cas["issuing"].chain.front().pop_back();
    assert_refused(kRefused, unreadable.check());
}

// Front and child have to agree about it.
void test_key_usage_is_a_fact(void**) {
    const Fixture fixture;
    const auto before = signerd::facts_of(*fixture.config);
    const Fixture other(x509::kKeyCertSign);
    assert_true(before != signerd::facts_of(*other.config));
    assert_true(before == signerd::facts_of(*fixture.config));
}

void test_this_update(void**) {
    Fixture fixture;
    fixture.spec.next_update = kNow + 10 * kDay;
    for (const std::int64_t skew : {-kDay, kDay}) {
        fixture.spec.this_update = kNow + skew;
        assert_ok(fixture.check());
        fixture.spec.this_update += skew < 0 ? -1 : 1;
        assert_refused("CRL: does not begin now", fixture.check());
    }
}

void test_next_update(void**) {
    Fixture fixture;
    fixture.spec.next_update = kNow;
    assert_refused("CRL: nextUpdate is not behind thisUpdate", fixture.check());
    fixture.spec.next_update = kNow + 1;
    assert_ok(fixture.check());
    fixture.spec.next_update = kNow + signerd::kLongestCrl;
    assert_ok(fixture.check());
    fixture.spec.next_update++;
    assert_refused("CRL: nextUpdate is too far away", fixture.check());
}

void test_number(void**) {
    Fixture fixture;
    assert_ok(fixture.check(6));
    assert_ok(fixture.check(7));  // another list of the same round
    assert_refused("CRL: number below that of an earlier list", fixture.check(8));
}

void test_base(void**) {
    Fixture fixture;
    for (const std::uint64_t base : {0, 6}) {
        fixture.spec.base = base;
        assert_ok(fixture.check());
    }
    fixture.spec.base = 7;
    assert_refused("CRL: base number is not below the number", fixture.check());
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_allowed),     cmocka_unit_test(test_issuer),
        cmocka_unit_test(test_key_usage),   cmocka_unit_test(test_key_usage_is_a_fact),
        cmocka_unit_test(test_this_update), cmocka_unit_test(test_next_update),
        cmocka_unit_test(test_number),      cmocka_unit_test(test_base),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
