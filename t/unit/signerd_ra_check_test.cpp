// The key child's rules for certificates of registration authorities.
#include "signerd/keys/ra_check.h"

#include "libpki/x509/oids.h"
#include "t/unit/issue_fixture.h"
#include "t/unit/unit.h"

namespace {

namespace x509 = pki::x509;
namespace oid = pki::x509::oid;
using pki::Errc;
using unit::kDay;
using unit::kNow;

pki::Buffer public_key(const char* kind) {
    return *pki::ossl::public_key_der(pki::ossl::generate_key(kind)->get());
}

// A TBS that the rules allow, to be spoiled in one place.
struct Fixture {
    unit::TestCa ca = unit::make_ca({.name = "CN=Test Issuing"});
    std::shared_ptr<signerd::Config> config = unit::issue_config(ca);
    pki::Buffer serial = pki::Buffer(16, 0x41);
    pki::Buffer subject = *x509::name_from_text("O=Example, CN=SCEP RA");
    pki::Buffer spki;
    pki::Buffer key_id = {1, 2, 3, 4};
    x509::TbsSpec spec;

    explicit Fixture(const char* kind = "rsa:2048") : spki(public_key(kind)) {
        spec.serial = serial;
        spec.scheme = *pki::ossl::default_scheme(ca.key.get());
        spec.issuer = ca.name;
        spec.subject = subject;
        spec.not_before = kNow - 300;
        spec.not_after = kNow + 730 * kDay;
        spec.spki = spki;
        spec.subject_key_identifier = key_id;
        spec.authority_key_identifier = key_id;
        spec.key_usage = x509::kDigitalSignature | x509::kKeyEncipherment;
        spec.crl_urls = {"http://pki.example.com/issuing.crl"};
        spec.ocsp_urls = {"http://pki.example.com/ocsp"};
        spec.ca_issuers_urls = {"http://pki.example.com/issuing.cer"};
    }
    pki::Status check() const {
        const auto rules = signerd::rules_of(config->cas.at("issuing"), *config);
        return signerd::check_ra(rules, x509::build_tbs(spec), kNow);
    }
};

void assert_refused(const char* expected, const pki::Status& status) {
    assert_false(status.has_value());
    assert_string_equal(status.error().text, expected);
}

void test_allowed(void**) {
    Fixture rsa;
    assert_ok(rsa.check());
    rsa.config->profiles.clear();
    assert_ok(rsa.check());
    for (const char* kind : {"ec:P-256", "ec:P-384", "ec:P-521"}) {
        Fixture ec(kind);
        ec.spec.key_usage = x509::kDigitalSignature;
        assert_ok(ec.check());
    }
}

void test_usage_of_the_key(void**) {
    Fixture rsa;
    for (const int usage :
         {int{x509::kDigitalSignature}, int{x509::kKeyEncipherment},
          x509::kDigitalSignature | x509::kKeyEncipherment | x509::kKeyCertSign,
          x509::kDigitalSignature | x509::kKeyEncipherment | x509::kCrlSign}) {
        rsa.spec.key_usage = static_cast<std::uint16_t>(usage);
        assert_refused("RA: key usage", rsa.check());
    }
    rsa.spec.key_usage = 0;
    assert_refused("RA: no key usage", rsa.check());
    Fixture ec("ec:P-256");
    assert_refused("RA: key usage", ec.check());
    Fixture edwards("ed25519");
    edwards.spec.key_usage = x509::kDigitalSignature;
    assert_refused("RA: type of key", edwards.check());
}

// A name of a host would make it one for TLS.
void test_no_names_and_no_other_extensions(void**) {
    Fixture fixture;
    const pki::Buffer san = *x509::build_san({"dns:www.example.com"});
    fixture.spec.san = san;
    assert_refused("TBS: foreign extension", fixture.check());
    fixture.spec.san = {};
    fixture.spec.must_staple = true;
    assert_refused("TBS: foreign extension", fixture.check());
}

// cmcRA, with cmKGA or without, and nothing else.
void test_purposes(void**) {
    Fixture rsa;
    for (const auto& allowed : std::vector<std::vector<pki::Bytes>>{
             {oid::kCmcRa}, {oid::kCmcRa, oid::kCmKga}, {oid::kCmKga, oid::kCmcRa}}) {
        rsa.spec.extended_key_usage = allowed;
        assert_ok(rsa.check());
    }
    for (const auto& refused :
         std::vector<std::vector<pki::Bytes>>{{oid::kClientAuth},
                                              {oid::kCmKga},
                                              {oid::kCmcCa},
                                              {oid::kCmcRa, oid::kClientAuth},
                                              {oid::kCmcRa, oid::kCmcRa},
                                              {oid::kCmcRa, oid::kCmKga, oid::kCmcCa},
                                              {oid::kCmcRa, oid::kCmKga, oid::kCmKga}}) {
        rsa.spec.extended_key_usage = refused;
        assert_refused("RA: extended key usage", rsa.check());
    }
}

void test_usage_of_the_key_for_cmp(void**) {
    const auto check = [](const char* kind, int usage, bool key_generation) {
        Fixture fixture(kind);
        fixture.spec.extended_key_usage = {oid::kCmcRa};
        if (key_generation) fixture.spec.extended_key_usage.push_back(oid::kCmKga);
        fixture.spec.key_usage = static_cast<std::uint16_t>(usage);
        return fixture.check();
    };
    constexpr int sign = x509::kDigitalSignature;
    for (const bool generator : {false, true}) {
        assert_ok(check("rsa:2048", sign | x509::kKeyEncipherment, generator));
        assert_ok(check("ec:P-256", sign | x509::kKeyAgreement, generator));
        assert_ok(check("ed25519", sign, generator));
        assert_refused("RA: key usage", check("ec:P-256", sign, generator));
        assert_refused("RA: key usage",
                       check("ed25519", sign | x509::kKeyAgreement, generator));
        assert_refused("RA: key usage",
                       check("rsa:2048", sign | x509::kKeyCertSign, generator));
    }
    assert_ok(check("ed448", sign, false));
    assert_refused("RA: type of key", check("ed448", sign, true));
}

void test_subject(void**) {
    Fixture fixture;
    const pki::Buffer none = *x509::name_from_text("");
    fixture.spec.subject = none;
    assert_refused("RA: no subject", fixture.check());
}

void test_no_ca(void**) {
    Fixture fixture;
    fixture.spec.ca = true;
    assert_refused("TBS: CA certificate", fixture.check());
}

void test_of_this_ca(void**) {
    Fixture fixture;
    fixture.spec.issuer = fixture.subject;
    assert_refused("TBS: issuer is not the CA", fixture.check());
    Fixture other;
    const pki::Buffer foreign{9, 9};
    other.spec.authority_key_identifier = foreign;
    assert_refused("TBS: authority key identifier is not the CA's", other.check());
    Fixture weak;
    weak.spec.serial = pki::Bytes(weak.serial).first(7);
    assert_refused("TBS: serial number too short", weak.check());
}

void test_validity(void**) {
    Fixture fixture;
    fixture.config->cas["issuing"].not_after = kNow + 5000 * kDay;
    fixture.spec.not_after = fixture.spec.not_before + signerd::kLongestRa;
    assert_ok(fixture.check());
    fixture.spec.not_after++;
    assert_refused("RA: validity too long", fixture.check());
    fixture.spec.not_after = kNow + 5001 * kDay;
    assert_refused("TBS: validity outside the CA's", fixture.check());
    fixture.spec.not_after = kNow + 730 * kDay;
    fixture.spec.not_before = kNow + 2 * kDay;
    assert_refused("TBS: does not begin now", fixture.check());
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_allowed),
        cmocka_unit_test(test_usage_of_the_key),
        cmocka_unit_test(test_no_names_and_no_other_extensions),
        cmocka_unit_test(test_purposes),
        cmocka_unit_test(test_usage_of_the_key_for_cmp),
        cmocka_unit_test(test_subject),
        cmocka_unit_test(test_no_ca),
        cmocka_unit_test(test_of_this_ca),
        cmocka_unit_test(test_validity),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
