// The key child's rules: it signs what a profile could give, and refuses everything else,
// whoever asks.
#include "signerd/keys/tbs_check.h"

#include "libpki/x509/algorithm.h"
#include "signerd/issue_tbs.h"
#include "signerd/keys/key.h"
#include "t/unit/issue_fixture.h"
#include "t/unit/unit.h"

namespace {

namespace x509 = pki::x509;
namespace oid = pki::x509::oid;
using pki::Errc;
using unit::kDay;
using unit::kNow;

// A TBS that the rules allow, to be spoiled in one place.
struct Fixture {
    unit::TestCa ca = unit::make_ca({.name = "CN=Test Issuing"});
    std::shared_ptr<signerd::Config> config = unit::issue_config(ca);
    pki::Buffer serial = pki::Buffer(16, 0x41);
    pki::Buffer subject = *x509::name_from_text("CN=device-1");
    pki::Buffer spki = *pki::ossl::public_key_der(pki::ossl::generate_key("ec:P-256")->get());
    pki::Buffer key_id = {1, 2, 3, 4};
    x509::TbsSpec spec;

    Fixture() {
        spec.serial = serial;
        spec.scheme = *pki::ossl::default_scheme(ca.key.get());
        spec.issuer = ca.name;
        spec.subject = subject;
        spec.not_before = kNow - 300;
        spec.not_after = kNow + 90 * kDay;
        spec.spki = spki;
        spec.subject_key_identifier = key_id;
        spec.authority_key_identifier = key_id;
        spec.key_usage = x509::kDigitalSignature;
        spec.extended_key_usage = {oid::kClientAuth};
        spec.crl_urls = {"http://pki.example.com/issuing.crl"};
        spec.ocsp_urls = {"http://pki.example.com/ocsp"};
        spec.must_staple = true;
    }

    signerd::CaRules rules() const {
        return signerd::rules_of(config->cas.at("issuing"), *config);
    }
    pki::Status check() const { return check(x509::build_tbs(spec)); }
    pki::Status check(const pki::Buffer& tbs) const {
        return signerd::check_tbs(rules(), tbs, kNow);
    }
};

void assert_refused(const char* expected, const pki::Status& status) {
    assert_false(status.has_value());
    assert_string_equal(status.error().text, expected);
}

// The TBS of `spec` with its extensions written by `write`, which gets those of the builder.
template <class Write>
pki::Buffer rewrite(const x509::TbsSpec& spec, Write&& write) {
    const pki::Buffer built = x509::build_tbs(spec);
    const auto tbs = *x509::parse_tbs(built);
    pki::der::Writer w;
    w.sequence([&] {
        w.tlv(pki::der::constructed(0), [&] { w.integer(std::uint64_t{2}); });
        w.integer(tbs.serial);
        w.raw(tbs.signature_algorithm);
        w.raw(tbs.issuer.encoding);
        w.sequence([&] {
            w.time(tbs.not_before);
            w.time(tbs.not_after);
        });
        w.raw(tbs.subject.encoding);
        w.raw(tbs.spki.encoding);
        w.tlv(pki::der::constructed(3),
              [&] { w.sequence([&] { write(w, tbs.extensions.list); }); });
    });
    return std::move(w).take();
}

void write_extension(pki::der::Writer& w, const x509::Extension& extension) {
    w.sequence([&] {
        w.oid(extension.id);
        if (extension.critical) w.boolean(true);
        w.octet_string(extension.value);
    });
}

void test_allowed(void**) {
    Fixture fixture;
    assert_ok(fixture.check());
    fixture.spec.san = {};
    fixture.spec.must_staple = false;
    fixture.spec.crl_urls.clear();
    assert_ok(fixture.check());
    assert_ok(fixture.check(rewrite(fixture.spec, [](auto& w, const auto& list) {
        for (const auto& extension : list) write_extension(w, extension);
    })));
}

void test_not_a_tbs(void**) {
    const Fixture fixture;
    assert_error(Errc::malformed, fixture.check({0x30, 0x00}));
    pki::Buffer tbs = x509::build_tbs(fixture.spec);
    tbs.push_back(0);
    assert_error(Errc::malformed, fixture.check(tbs));
    assert_error(Errc::malformed, fixture.check(fixture.ca.certificate));
}

void test_serial(void**) {
    Fixture fixture;
    const pki::Buffer shortest(8, 0x41);
    fixture.spec.serial = shortest;
    assert_ok(fixture.check());
    fixture.spec.serial = pki::Bytes(shortest).first(7);
    assert_refused("TBS: serial number too short", fixture.check());
    const pki::Buffer too_long(21, 0x41);
    fixture.spec.serial = too_long;
    assert_error(Errc::malformed, fixture.check());
}

void test_issuer(void**) {
    Fixture fixture;
    fixture.spec.issuer = fixture.subject;
    assert_refused("TBS: issuer is not the CA", fixture.check());
}

// A name of one CN.
pki::Buffer common_name(std::uint8_t tag, std::string_view value) {
    pki::der::Writer w;
    w.sequence([&] {
        w.set([&] {
            w.sequence([&] {
                w.oid(oid::kCommonName);
                w.primitive(tag, pki::as_bytes(value));
            });
        });
    });
    return std::move(w).take();
}

void test_subject(void**) {
    Fixture fixture;
    const pki::Buffer teletex = common_name(pki::der::kTeletexString, "device-1");
    fixture.spec.subject = teletex;
    assert_refused("TBS: subject is not canonical", fixture.check());
    const pki::Buffer too_long = common_name(pki::der::kUtf8String, std::string(65, 'a'));
    fixture.spec.subject = too_long;
    assert_error(Errc::denied, fixture.check());
    const pki::Buffer longest = common_name(pki::der::kUtf8String, std::string(64, 'a'));
    fixture.spec.subject = longest;
    assert_ok(fixture.check());
}

pki::Result<signerd::UnsignedCertificate> made_of(const Fixture& fixture,
                                                  const pki::Buffer& subject) {
    x509::CsrSpec asked;
    asked.subject = subject;
    const pki::Buffer csr = *x509::build_csr(asked, pki::ossl::generate_key("ec:P-256")->get());
    return signerd::make_tbs(fixture.config->cas.at("issuing"),
                             fixture.config->profiles.at("device").rules, *x509::parse_csr(csr),
                             {0x41}, kNow);
}

// Subjects are issued in canonical form, whatever the CSR has.
void test_subject_as_issued(void**) {
    const Fixture fixture;
    for (const std::uint8_t tag :
         {pki::der::kTeletexString, pki::der::kIa5String, pki::der::kUtf8String}) {
        const auto made = made_of(fixture, common_name(tag, "device-1"));
        assert_ok(made);
        assert_ok(fixture.check(made->tbs));
        assert_hex(x509::parse_tbs(made->tbs)->subject.encoding,
                   pki::hex_encode(fixture.subject));
    }
    const auto refused =
        made_of(fixture, common_name(pki::der::kUtf8String, std::string(65, 'a')));
    assert_error(Errc::denied, refused);
    assert_text(refused.error().message(),
                "name: value too long: CN: 65 characters, at most 64");
}

void test_algorithm(void**) {
    Fixture fixture;
    fixture.spec.scheme = {pki::ossl::KeyType::rsa, pki::ossl::Hash::sha256};
    assert_refused("TBS: signature algorithm is not the CA's", fixture.check());
}

void test_authority_key_identifier(void**) {
    Fixture fixture;
    fixture.spec.authority_key_identifier = fixture.serial;
    assert_refused("TBS: authority key identifier is not the CA's", fixture.check());
    fixture.spec.authority_key_identifier = {};
    assert_refused("TBS: no authority key identifier", fixture.check());
}

void test_validity_within_the_ca(void**) {
    Fixture fixture;
    fixture.config->cas["issuing"].not_before = kNow;
    assert_refused("TBS: validity outside the CA's", fixture.check());
    fixture.config->cas["issuing"].not_before = kNow - 300;
    assert_ok(fixture.check());
    fixture.config->cas["issuing"].not_after = kNow + 90 * kDay - 1;
    assert_refused("TBS: validity outside the CA's", fixture.check());
}

void test_longest_validity(void**) {
    Fixture fixture;
    fixture.spec.not_after++;
    assert_refused("TBS: validity longer than any profile's", fixture.check());
    // A longer one of another profile of this CA makes room, one of another CA does not.
    signerd::Profile other = fixture.config->profiles.at("device");
    other.rules.validity_seconds++;
    other.ca = "another";
    fixture.config->profiles["other"] = other;
    assert_refused("TBS: validity longer than any profile's", fixture.check());
    fixture.config->profiles["other"].ca = "issuing";
    assert_ok(fixture.check());
}

// A CA has the profiles of those whose place it takes, and not the other way round.
void test_profiles_of_predecessors(void**) {
    Fixture fixture;
    auto& cas = fixture.config->cas;
    for (const char* name : {"before", "between", "after"}) {
        cas[name] = cas.at("issuing");
        cas[name].name = name;
    }
    auto& device = fixture.config->profiles.at("device");
    device.ca = "before";
    assert_refused("TBS: validity longer than any profile's", fixture.check());
    cas["before"].successor = signerd::Successor{"between", {}, {}};
    assert_refused("TBS: validity longer than any profile's", fixture.check());
    cas["between"].successor = signerd::Successor{"issuing", {}, {}};
    assert_ok(fixture.check());
    cas["issuing"].successor = signerd::Successor{"after", {}, {}};
    device.ca = "after";
    assert_refused("TBS: validity longer than any profile's", fixture.check());
}

// What the key child may sign differs, so it has to be told.
void test_facts_have_the_successors(void**) {
    Fixture fixture;
    auto& cas = fixture.config->cas;
    cas["next"] = cas.at("issuing");
    cas["next"].name = "next";
    const auto before = signerd::facts_of(*fixture.config);
    cas["issuing"].successor = signerd::Successor{"next", {}, {}};
    assert_true(signerd::facts_of(*fixture.config) != before);
}

void test_begins_now(void**) {
    Fixture fixture;
    fixture.spec.not_after = kNow + 10 * kDay;
    fixture.spec.not_before = kNow + kDay;
    assert_ok(fixture.check());
    fixture.spec.not_before = kNow + kDay + 1;
    assert_refused("TBS: does not begin now", fixture.check());
    fixture.spec.not_before = kNow - 300 - kDay;
    assert_ok(fixture.check());
    fixture.spec.not_before = kNow - 300 - kDay - 1;
    assert_refused("TBS: does not begin now", fixture.check());
}

void test_no_ca(void**) {
    Fixture fixture;
    fixture.spec.ca = true;
    assert_refused("TBS: CA certificate", fixture.check());
    fixture.spec.ca = false;
    const auto without = rewrite(fixture.spec, [](auto& w, const auto& list) {
        for (const auto& extension : list)
            if (!pki::equal(extension.id, oid::kBasicConstraints))
                write_extension(w, extension);
    });
    assert_refused("TBS: no basic constraints", fixture.check(without));
}

void test_key_usage(void**) {
    Fixture fixture;
    auto& profile = fixture.config->profiles.at("device").rules;
    for (const auto bit : {x509::kKeyCertSign, x509::kCrlSign}) {
        profile.key_usage |= bit;  // not even where a profile has it
        fixture.spec.key_usage = static_cast<std::uint16_t>(x509::kDigitalSignature | bit);
        assert_refused("TBS: key usage of a CA", fixture.check());
    }
    fixture.spec.key_usage = x509::kKeyAgreement;
    assert_refused("TBS: key usage that no profile has", fixture.check());
    fixture.spec.key_usage = 0;
    assert_refused("TBS: no key usage", fixture.check());
    profile.key_usage = 0;
    assert_ok(fixture.check());
}

void test_extended_key_usage(void**) {
    Fixture fixture;
    auto& profile = fixture.config->profiles.at("device").rules;
    const pki::Buffer any{0x55, 0x1d, 0x25, 0x00};
    for (const pki::Bytes purpose : {oid::kCmcCa, pki::Bytes(any)}) {
        profile.extended_key_usage.push_back(pki::to_buffer(purpose));
        fixture.spec.extended_key_usage = {oid::kClientAuth, purpose};
        assert_refused("TBS: extended key usage of a CA", fixture.check());
    }
    fixture.spec.extended_key_usage = {oid::kOcspSigning};
    assert_refused("TBS: extended key usage that no profile has", fixture.check());
    fixture.spec.extended_key_usage = {};
    assert_refused("TBS: no extended key usage", fixture.check());
    profile.extended_key_usage.clear();
    assert_ok(fixture.check());
}

void test_foreign_extension(void**) {
    const Fixture fixture;
    const pki::Buffer name_constraints{0x55, 0x1d, 0x1e};
    const auto tbs = rewrite(fixture.spec, [&](auto& w, const auto& list) {
        for (const auto& extension : list) write_extension(w, extension);
        write_extension(w, {name_constraints, false, fixture.subject});
    });
    assert_refused("TBS: foreign extension", fixture.check(tbs));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_allowed),
        cmocka_unit_test(test_not_a_tbs),
        cmocka_unit_test(test_serial),
        cmocka_unit_test(test_issuer),
        cmocka_unit_test(test_subject),
        cmocka_unit_test(test_subject_as_issued),
        cmocka_unit_test(test_algorithm),
        cmocka_unit_test(test_authority_key_identifier),
        cmocka_unit_test(test_validity_within_the_ca),
        cmocka_unit_test(test_longest_validity),
        cmocka_unit_test(test_profiles_of_predecessors),
        cmocka_unit_test(test_facts_have_the_successors),
        cmocka_unit_test(test_begins_now),
        cmocka_unit_test(test_no_ca),
        cmocka_unit_test(test_key_usage),
        cmocka_unit_test(test_extended_key_usage),
        cmocka_unit_test(test_foreign_extension),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
