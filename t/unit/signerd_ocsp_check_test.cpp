// What the key child certifies as a responder, and what a responder of its may say.
#include "signerd/keys/ocsp_check.h"

#include "signerd/keys/responder_keys.h"
#include "signerd/responder_tbs.h"
#include "t/unit/ocsp_fixture.h"

#include "t/unit/unit.h"

namespace {

namespace x509 = pki::x509;
namespace oid = pki::x509::oid;
using pki::Errc;
using unit::kDay;
using unit::kNow;

// The certificate of a responder that is allowed, and what it may say, to be spoiled in one
// place.
struct Fixture {
    unit::TestCa ca = unit::make_ca({.name = "CN=Test Issuing"});
    std::shared_ptr<signerd::Config> config = unit::issue_config(ca);
    signerd::CaRules rules = signerd::rules_of(config->cas.at("issuing"), *config);
    signerd::ResponderKeys keys;
    pki::Buffer serial = pki::Buffer(16, 0x41);
    pki::Buffer subject = *x509::name_from_text("CN=issuing OCSP Responder");
    pki::Buffer spki = *keys.public_key("issuing", rules, false);
    pki::Buffer key_id = {1, 2, 3, 4};
    pki::Buffer key_hash = x509::key_identifier(*x509::parse_spki(spki));
    pki::Buffer cert_id = unit::cert_id_of(ca, serial);
    x509::TbsSpec spec;
    x509::OcspResponseSpec says;

    Fixture() { reset(); }
    Fixture(const Fixture&) = delete;
    void reset() {
        spec = {};
        spec.serial = serial;
        spec.scheme = *pki::ossl::default_scheme(ca.key.get());
        spec.issuer = ca.name;
        spec.subject = subject;
        spec.not_before = kNow - 3600;
        spec.not_after = kNow + 7 * kDay;
        spec.spki = spki;
        spec.subject_key_identifier = key_id;
        spec.authority_key_identifier = key_id;
        spec.key_usage = x509::kDigitalSignature;
        spec.extended_key_usage = {oid::kOcspSigning};
        spec.ocsp_no_check = true;
        says = {};
        says.responder_key_hash = key_hash;
        says.produced_at = kNow;
        says.responses = {{cert_id, x509::OcspStatus::good, 0, {}, kNow, kNow + 3600}};
    }
    pki::Status check() const { return check(x509::build_tbs(spec)); }
    pki::Status check(const pki::Buffer& tbs) const {
        return keys.check_certificate("issuing", rules, tbs, kNow);
    }
    pki::Result<pki::Buffer> sign() const {
        return keys.sign("issuing", rules, x509::build_ocsp_response_data(says), kNow);
    }
};

void assert_refused(const char* expected, const pki::Status& status) {
    assert_false(status.has_value());
    assert_string_equal(status.error().text, expected);
}

template <class T>
void assert_refused(const char* expected, const pki::Result<T>& result) {
    assert_refused(expected, result ? pki::Status() : pki::Status(result.error()));
}

void test_responder_allowed(void**) {
    Fixture fixture;
    assert_ok(fixture.check());
    fixture.spec.subject_key_identifier = {};
    assert_ok(fixture.check());
}

// What signerd makes is what the child signs.
void test_what_signerd_makes(void**) {
    const Fixture fixture;
    signerd::Ca ca = fixture.config->cas.at("issuing");
    const signerd::Serial serial = *signerd::new_serial(kNow * signerd::kMicroseconds);
    const auto made = [&](std::int64_t now) {
        return signerd::make_responder_tbs(ca, fixture.spki, serial, now);
    };
    assert_ok(fixture.check(made(kNow)->tbs));
    assert_int_equal(made(kNow)->not_after, kNow + 7 * kDay);
    ca.ocsp.certificate_validity = 400 * kDay;
    assert_ok(fixture.check(made(kNow)->tbs));
    assert_int_equal(made(unit::kTestNotBefore)->not_before, unit::kTestNotBefore);
    assert_int_equal(made(unit::kTestNotAfter - 60)->not_after, unit::kTestNotAfter);
    assert_error(Errc::internal, made(unit::kTestNotAfter));
    assert_error(Errc::internal, made(unit::kTestNotBefore - 1));
    ca.name.assign(64, 'n');
    assert_int_equal(signerd::responder_name(ca).size(), 64);
    assert_ok(fixture.check(made(kNow)->tbs));
}

void test_responder_of_another_key(void**) {
    Fixture fixture;
    const pki::Buffer other =
        *pki::ossl::public_key_der(pki::ossl::generate_key("ec:P-256")->get());
    fixture.spec.spki = other;
    assert_error(Errc::not_found, fixture.check());
}

void test_responder_issuer(void**) {
    Fixture fixture;
    fixture.spec.issuer = fixture.subject;
    assert_refused("TBS: issuer is not the CA", fixture.check());
    fixture.reset();
    const pki::Buffer other{9, 9};
    fixture.spec.authority_key_identifier = other;
    assert_refused("TBS: authority key identifier is not the CA's", fixture.check());
    fixture.reset();
    fixture.spec.scheme = {pki::ossl::KeyType::ec, pki::ossl::Hash::sha512, false};
    assert_refused("TBS: signature algorithm is not the CA's", fixture.check());
}

void test_responder_serial_and_subject(void**) {
    Fixture fixture;
    fixture.spec.serial = pki::Bytes(fixture.serial).first(7);
    assert_refused("TBS: serial number too short", fixture.check());
    fixture.reset();
    pki::der::Writer teletex;
    teletex.sequence([&] {
        teletex.set([&] {
            teletex.sequence([&] {
                teletex.oid(oid::kCommonName);
                teletex.primitive(pki::der::kTeletexString, pki::as_bytes("x"));
            });
        });
    });
    fixture.spec.subject = teletex.view();
    assert_refused("TBS: subject is not canonical", fixture.check());
}

void test_responder_validity(void**) {
    Fixture fixture;
    fixture.spec.not_after = fixture.spec.not_before + 31 * kDay;
    assert_ok(fixture.check());
    fixture.spec.not_after++;
    assert_refused("responder: validity too long", fixture.check());
    fixture.spec.not_before = kNow - fixture.rules.backdate - kDay - 1;
    fixture.spec.not_after = kNow + kDay;
    assert_refused("TBS: does not begin now", fixture.check());
    fixture.spec.not_before = kNow + kDay + 1;
    fixture.spec.not_after = kNow + 2 * kDay;
    assert_refused("TBS: does not begin now", fixture.check());
    fixture.reset();
    fixture.rules.not_after = fixture.spec.not_after - 1;
    assert_refused("TBS: validity outside the CA's", fixture.check());
}

void test_responder_usages(void**) {
    Fixture fixture;
    fixture.spec.key_usage = 0;
    assert_refused("responder: no key usage", fixture.check());
    for (const unsigned more : {x509::kNonRepudiation, x509::kKeyCertSign, x509::kCrlSign}) {
        fixture.spec.key_usage = static_cast<std::uint16_t>(x509::kDigitalSignature | more);
        assert_refused("responder: key usage", fixture.check());
    }
    fixture.reset();
    fixture.spec.extended_key_usage = {};
    assert_refused("responder: no extended key usage", fixture.check());
    fixture.spec.extended_key_usage = {oid::kClientAuth};
    assert_refused("responder: extended key usage", fixture.check());
    fixture.spec.extended_key_usage = {oid::kOcspSigning, oid::kClientAuth};
    assert_refused("responder: extended key usage", fixture.check());
}

// The TBS of a responder with another value of id-pkix-ocsp-nocheck.
pki::Buffer with_no_check(const Fixture& fixture, pki::Bytes value) {
    pki::Buffer tbs = x509::build_tbs(fixture.spec);
    const auto parsed = *x509::parse_tbs(tbs);
    const auto at = parsed.extensions.find(oid::kOcspNoCheck)->value;
    std::ranges::copy(value, tbs.begin() + (at.data() - tbs.data()));
    return tbs;
}

void test_responder_extensions(void**) {
    Fixture fixture;
    fixture.spec.ocsp_no_check = false;
    assert_refused("responder: no id-pkix-ocsp-nocheck", fixture.check());
    fixture.reset();
    const pki::Buffer sequence{0x30, 0x00};
    assert_refused("responder: id-pkix-ocsp-nocheck",
                   fixture.check(with_no_check(fixture, sequence)));
    fixture.spec.ca = true;
    assert_refused("TBS: CA certificate", fixture.check());
    fixture.reset();
    fixture.spec.must_staple = true;
    assert_refused("TBS: foreign extension", fixture.check());
    fixture.reset();
    fixture.spec.ocsp_urls = {"http://ocsp.example/"};
    assert_refused("TBS: foreign extension", fixture.check());
    fixture.reset();
    const pki::Buffer san = *x509::build_san({"dns:www.example.com"});
    fixture.spec.san = san;
    assert_refused("TBS: foreign extension", fixture.check());
}

void test_responder_is_no_tbs(void**) {
    const Fixture fixture;
    assert_error(Errc::malformed, fixture.check({0x30, 0x00}));
    assert_error(Errc::malformed, fixture.check(pki::Buffer()));
}

// No profile's certificate is one of a responder, even where a profile has the purpose.
void test_profiles_make_no_responder(void**) {
    Fixture fixture;
    const pki::Buffer tbs = x509::build_tbs(fixture.spec);
    assert_refused("TBS: extended key usage that no profile has",
                   signerd::check_tbs(fixture.rules, tbs, kNow));
    fixture.rules.extended_key_usage.insert(pki::to_buffer(oid::kOcspSigning));
    assert_refused("TBS: foreign extension", signerd::check_tbs(fixture.rules, tbs, kNow));
}

void test_ocsp_allowed(void**) {
    Fixture fixture;
    const auto signature = fixture.sign();
    assert_ok(signature);
    const auto key = pki::ossl::make_public_key(x509::parse_spki(fixture.spki)->key);
    assert_ok(pki::ossl::verify(key->get(), *pki::ossl::default_scheme(key->get()),
                                x509::build_ocsp_response_data(fixture.says), *signature));
    fixture.says.responses[0].next_update = 0;
    assert_ok(fixture.sign());
    fixture.says.responses[0].next_update = kNow + 31 * kDay;
    assert_ok(fixture.sign());
}

void test_ocsp_of_every_hash(void**) {
    Fixture fixture;
    for (const auto hash : {pki::ossl::Hash::sha256, pki::ossl::Hash::sha512}) {
        const pki::Buffer id = unit::cert_id_of(fixture.ca, fixture.serial, hash);
        fixture.says.responses[0].cert_id = id;
        assert_ok(fixture.sign());
    }
}

void test_ocsp_of_another_ca(void**) {
    Fixture fixture;
    const unit::TestCa same_name = unit::make_ca({.name = "CN=Test Issuing"});
    const pki::Buffer other_key = unit::cert_id_of(same_name, fixture.serial);
    fixture.says.responses.push_back(fixture.says.responses[0]);
    fixture.says.responses[1].cert_id = other_key;
    assert_refused("OCSP: certificate of another CA", fixture.sign());
    fixture.says.responses[1].status = x509::OcspStatus::revoked;
    assert_refused("OCSP: certificate of another CA", fixture.sign());
    fixture.says.responses[1].status = x509::OcspStatus::unknown;
    assert_ok(fixture.sign());
    unit::TestCa other_name = unit::make_ca_with(std::move(fixture.ca.key), {.name = "CN=X"});
    const pki::Buffer id = unit::cert_id_of(other_name, fixture.serial);
    fixture.says.responses[0].cert_id = id;
    assert_refused("OCSP: certificate of another CA", fixture.sign());
}

void test_ocsp_times(void**) {
    for (const std::int64_t off : {-kDay - 1, kDay + 1}) {
        Fixture fixture;
        fixture.says.produced_at = kNow + off;
        assert_refused("OCSP: producedAt is not now", fixture.sign());
        fixture.reset();
        fixture.says.responses[0].this_update = kNow + off;
        fixture.says.responses[0].next_update = kNow + off + 60;
        assert_refused("OCSP: thisUpdate is not now", fixture.sign());
    }
    Fixture fixture;
    for (const std::int64_t next : {kNow, kNow - 1, kNow + 31 * kDay + 1}) {
        fixture.says.responses[0].next_update = next;
        assert_refused("OCSP: nextUpdate", fixture.sign());
    }
}

void test_ocsp_of_another_key(void**) {
    Fixture fixture;
    const pki::Buffer other(20, 9);
    fixture.says.responder_key_hash = other;
    assert_error(Errc::not_found, fixture.sign());
    fixture.says.responder_key_hash = fixture.key_hash;
    const pki::Buffer data = x509::build_ocsp_response_data(fixture.says);
    assert_error(Errc::not_found, fixture.keys.sign("other", fixture.rules, data, kNow));
    assert_error(Errc::malformed,
                 fixture.keys.sign("issuing", fixture.rules, pki::Buffer{0x30, 0}, kNow));
}

// Nothing that is signed there is anything else.
void test_nothing_else_is_signed(void**) {
    const Fixture fixture;
    const pki::Buffer tbs = x509::build_tbs(fixture.spec);
    assert_error(Errc::malformed, fixture.keys.sign("issuing", fixture.rules, tbs, kNow));
    assert_error(Errc::malformed, fixture.check(x509::build_ocsp_response_data(fixture.says)));
}

void test_two_keys_are_kept(void**) {
    Fixture fixture;
    const pki::Buffer first = fixture.spki;
    assert_hex(*fixture.keys.public_key("issuing", fixture.rules, false),
               pki::hex_encode(first));
    const pki::Buffer second = *fixture.keys.public_key("issuing", fixture.rules, true);
    assert_false(second == first);
    assert_hex(*fixture.keys.public_key("issuing", fixture.rules, false),
               pki::hex_encode(second));
    assert_ok(fixture.sign());
    (void)fixture.keys.public_key("issuing", fixture.rules, true);
    assert_error(Errc::not_found, fixture.sign());
}

void test_keys_belong_to_a_ca(void**) {
    Fixture fixture;
    signerd::CaRules other = fixture.rules;
    other.key_bits.back() ^= 1;
    assert_false(*fixture.keys.public_key("issuing", other, false) == fixture.spki);
    assert_false(*fixture.keys.public_key("other", fixture.rules, false) == fixture.spki);
    assert_ok(fixture.sign());
}

void test_keys_survive_a_reload(void**) {
    Fixture fixture;
    std::map<std::uint64_t, signerd::KeyRing> generations;
    generations[2].emplace("issuing", signerd::CaKey{{}, {}, fixture.rules});
    fixture.keys.keep_those_of(generations);
    assert_ok(fixture.sign());
    signerd::CaRules other = fixture.rules;
    other.key_bits.back() ^= 1;
    generations.clear();
    generations[3].emplace("issuing", signerd::CaKey{{}, {}, other});
    fixture.keys.keep_those_of(generations);
    assert_error(Errc::not_found, fixture.sign());
}

std::string kind_of_key(const signerd::CaRules& rules) {
    signerd::ResponderKeys keys;
    const auto spki = keys.public_key("issuing", rules, false);
    assert_ok(spki);
    return x509::parse_spki(*spki)->describe();
}

void test_kinds_of_keys(void**) {
    const auto rules = [](const char* ca_key, const char* configured) {
        const unit::TestCa ca = unit::make_ca({.name = "CN=Test Issuing", .key = ca_key});
        const auto config = unit::issue_config(ca);
        config->cas.at("issuing").ocsp.key = configured;
        return signerd::rules_of(config->cas.at("issuing"), *config);
    };
    assert_text(kind_of_key(rules("ec:P-384", "")), "ec:P-256");
    assert_text(kind_of_key(rules("rsa:2048", "")), "rsa:2048");
    assert_text(kind_of_key(rules("rsa:2048", "ed25519")), "ed25519");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_responder_allowed),
        cmocka_unit_test(test_what_signerd_makes),
        cmocka_unit_test(test_responder_of_another_key),
        cmocka_unit_test(test_responder_issuer),
        cmocka_unit_test(test_responder_serial_and_subject),
        cmocka_unit_test(test_responder_validity),
        cmocka_unit_test(test_responder_usages),
        cmocka_unit_test(test_responder_extensions),
        cmocka_unit_test(test_responder_is_no_tbs),
        cmocka_unit_test(test_profiles_make_no_responder),
        cmocka_unit_test(test_ocsp_allowed),
        cmocka_unit_test(test_ocsp_of_every_hash),
        cmocka_unit_test(test_ocsp_of_another_ca),
        cmocka_unit_test(test_ocsp_times),
        cmocka_unit_test(test_ocsp_of_another_key),
        cmocka_unit_test(test_nothing_else_is_signed),
        cmocka_unit_test(test_two_keys_are_kept),
        cmocka_unit_test(test_keys_belong_to_a_ca),
        cmocka_unit_test(test_keys_survive_a_reload),
        cmocka_unit_test(test_kinds_of_keys),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
