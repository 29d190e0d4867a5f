#include "ngx_common/chain.h"

#include <openssl/err.h>

#include <ctime>

#include "t/unit/crl_fixture.h"
#include "t/unit/test_ca.h"

#include "t/unit/unit.h"

namespace {

using ngx_enroll::check_signer;
using ngx_enroll::Crls;
using ngx_enroll::KnownSigners;
using ngx_enroll::SignerRules;
using ngx_enroll::Trust;
using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::Reason;
using unit::TestCa;
namespace x509 = pki::x509;

constexpr std::int64_t kDay = 86400;

struct Spec {
    std::string name;
    bool ca = false;
    std::uint16_t usage = x509::kDigitalSignature;
    std::vector<Bytes> purposes = {};
    std::int64_t from = -kDay;  // from now
    std::int64_t to = kDay;
};

Spec authority(std::string name) {
    return {std::move(name), true, x509::kKeyCertSign | x509::kCrlSign};
}

TestCa make_with(pki::ossl::PkeyPtr key, const Spec& spec, const TestCa* issuer) {
    static std::uint8_t serial = 0;
    const Buffer number{1, ++serial};
    TestCa made{*x509::name_from_text("CN=" + spec.name), std::move(key), {}};
    EVP_PKEY* const signer = issuer ? issuer->key.get() : made.key.get();
    const Buffer spki = *pki::ossl::public_key_der(made.key.get());
    x509::TbsSpec tbs;
    tbs.serial = number;
    tbs.scheme = *pki::ossl::default_scheme(signer);
    tbs.issuer = issuer ? issuer->name : made.name;
    tbs.subject = made.name;
    tbs.not_before = std::time(nullptr) + spec.from;
    tbs.not_after = std::time(nullptr) + spec.to;
    tbs.spki = spki;
    tbs.subject_key_identifier = made.name;  // any octets
    tbs.ca = spec.ca;
    tbs.key_usage = spec.usage;
    tbs.extended_key_usage = spec.purposes;
    made.certificate = unit::sign_tbs(x509::build_tbs(tbs), signer);
    return made;
}

TestCa make(const Spec& spec, const TestCa* issuer = nullptr) {
    return make_with(*pki::ossl::generate_key("ec:P-256"), spec, issuer);
}

pki::ossl::X509Ptr openssl(const Buffer& der) {
    const std::uint8_t* in = der.data();
    return pki::ossl::X509Ptr(d2i_X509(nullptr, &in, static_cast<long>(der.size())));
}

// Anchors as load_anchors() makes them.
class Anchors {
   public:
    explicit Anchors(const std::vector<const TestCa*>& anchors) : store_(X509_STORE_new()) {
        X509_STORE_set_flags(store_.get(), X509_V_FLAG_PARTIAL_CHAIN);
        for (const TestCa* anchor : anchors)
            X509_STORE_add_cert(store_.get(), openssl(anchor->certificate).get());
    }

    // The CRL of the issuer, with the serial numbers of what it has revoked.
    void add_crl(const TestCa& issuer, const std::vector<const TestCa*>& revoked,
                 std::int64_t until = kDay) {
        if (crls_.list == nullptr) crls_.list = sk_X509_CRL_new_null();
        x509::CrlSpec spec;
        spec.scheme = *pki::ossl::default_scheme(issuer.key.get());
        spec.issuer = issuer.name;
        spec.this_update = std::time(nullptr) - kDay;
        spec.next_update = std::time(nullptr) + until;
        spec.authority_key_identifier = issuer.name;
        spec.number = 1;
        std::vector<x509::CrlEntry> entries;
        for (const TestCa* one : revoked)
            entries.push_back({x509::parse_certificate(one->certificate)->tbs.serial,
                               std::time(nullptr) - 2});
        const Buffer tbs = unit::make_tbs_crl(spec, entries);
        const Buffer crl = unit::assemble_crl(
            tbs, spec.scheme, *pki::ossl::sign(issuer.key.get(), spec.scheme, tbs));
        const std::uint8_t* in = crl.data();
        sk_X509_CRL_push(crls_.list, d2i_X509_CRL(nullptr, &in, static_cast<long>(crl.size())));
    }

    pki::Status check(const TestCa& signer, const std::vector<const TestCa*>& others = {},
                      const SignerRules& rules = {}) const {
        std::vector<Bytes> views;
        for (const TestCa* other : others) views.emplace_back(other->certificate);
        return check_bytes(signer.certificate, views, rules);
    }

    pki::Status check_bytes(Bytes signer, const std::vector<Bytes>& others,
                            const SignerRules& rules = {}) const {
        const Trust trust{store_.get(), crls_.list == nullptr ? nullptr : &crls_, known};
        SignerRules now = rules;
        if (now.now == 0) now.now = std::time(nullptr);
        const auto status = check_signer(trust, signer, others, now);
        assert_int_equal(ERR_peek_error(), 0);
        return status;
    }

    KnownSigners* known = nullptr;

   private:
    pki::ossl::StorePtr store_;
    Crls crls_;
};

void assert_untrusted(const pki::Status& status) {
    assert_error(Errc::denied, status);
    assert_true(status.error().reason == Reason::signer_not_trusted);
}

void the_message_brings_what_is_between(void**) {
    const TestCa root = make(authority("root"));
    const TestCa issuing = make(authority("issuing"), &root);
    const TestCa device = make({"device"}, &issuing);
    const Anchors anchors({&root});
    assert_ok(anchors.check(device, {&issuing}));
    assert_ok(anchors.check(device, {&device, &issuing, &root}));
    assert_untrusted(anchors.check(device));
}

void any_certificate_may_be_an_anchor(void**) {
    const TestCa root = make(authority("root"));
    const TestCa issuing = make(authority("issuing"), &root);
    const TestCa device = make({"device"}, &issuing);
    const TestCa alone = make({"alone"});
    assert_ok(Anchors({&issuing}).check(device));
    assert_ok(Anchors({&device}).check(device));
    assert_ok(Anchors({&alone}).check(alone));
}

// The oldest mistake: what the message brings is believed.
void the_message_brings_no_anchors(void**) {
    const TestCa root = make(authority("root"));
    const TestCa forged = make(authority("root"));
    const TestCa device = make({"device"}, &forged);
    const TestCa alone = make({"alone"});
    const Anchors anchors({&root});
    assert_untrusted(anchors.check(device, {&forged}));
    assert_untrusted(anchors.check(device, {&forged, &root}));
    assert_untrusted(anchors.check(alone, {&alone}));
    assert_untrusted(anchors.check(forged, {&forged}));
}

void who_is_no_ca_issues_nothing(void**) {
    const TestCa root = make(authority("root"));
    const TestCa device = make({"device"}, &root);
    const TestCa below = make({"below"}, &device);
    const TestCa no_signing = make({"ca", true, x509::kDigitalSignature}, &root);
    const TestCa below_that = make({"below that"}, &no_signing);
    const Anchors anchors({&root});
    assert_untrusted(anchors.check(below, {&device}));
    assert_untrusted(anchors.check(below_that, {&no_signing}));
}

void validity_is_that_of_now(void**) {
    const TestCa root = make(authority("root"));
    const TestCa over =
        make({"over", false, x509::kDigitalSignature, {}, -2 * kDay, -60}, &root);
    const TestCa later = make({"later", false, x509::kDigitalSignature, {}, 60, kDay}, &root);
    const Anchors anchors({&root});
    assert_untrusted(anchors.check(over));
    assert_untrusted(anchors.check(later));
}

// What signerd may renew; but nothing of what is above.
void one_that_is_over_may_be_renewed(void**) {
    const TestCa root = make(authority("root"));
    Spec old = authority("old");
    old.from = -2 * kDay;
    old.to = -60;
    const TestCa old_ca = make(old, &root);
    const TestCa over =
        make({"over", false, x509::kDigitalSignature, {}, -2 * kDay, -60}, &root);
    const TestCa below = make({"below"}, &old_ca);
    const TestCa stranger = make({"over", false, x509::kDigitalSignature, {}, -2 * kDay, -60});
    const TestCa later = make({"later", false, x509::kDigitalSignature, {}, 60, kDay}, &root);
    const SignerRules renewal{.may_be_over = true};
    const Anchors anchors({&root});
    assert_ok(anchors.check(over, {}, renewal));
    assert_untrusted(anchors.check(below, {&old_ca}, renewal));
    assert_untrusted(anchors.check(stranger, {}, renewal));
    assert_untrusted(anchors.check(later, {}, renewal));
    Anchors revoked({&root});
    revoked.add_crl(root, {&over});
    assert_untrusted(revoked.check(over, {}, renewal));
}

void a_key_usage_has_to_allow_it(void**) {
    const TestCa root = make(authority("root"));
    const Anchors anchors({&root});
    assert_ok(anchors.check(make({"none", false, 0}, &root)));
    assert_ok(anchors.check(
        make({"both", false, x509::kDigitalSignature | x509::kKeyEncipherment}, &root)));
    assert_untrusted(anchors.check(make({"seals", false, x509::kKeyEncipherment}, &root)));
    assert_untrusted(anchors.check(make(authority("ca"), &root)));
}

// Neither no purpose at all nor any other makes an RA.
void an_ra_is_called_one(void**) {
    namespace oid = x509::oid;
    constexpr std::uint8_t kAnyOctets[] = {0x55, 0x1d, 0x25, 0x00};
    const TestCa root = make(authority("root"));
    const Anchors anchors({&root});
    const auto check = [&](const std::vector<Bytes>& purposes) {
        return anchors.check(make({"ra", false, x509::kDigitalSignature, purposes}, &root), {},
                             {.ra = true});
    };
    assert_ok(check({oid::kCmcRa}));
    assert_ok(check({oid::kCmcCa, oid::kCmcRa}));
    assert_untrusted(check({}));
    assert_untrusted(check({oid::kCmcCa}));
    assert_untrusted(check({Bytes(kAnyOctets)}));
    // And it has to be one of ours.
    const TestCa other = make(authority("other"));
    const TestCa stranger = make({"ra", false, x509::kDigitalSignature, {oid::kCmcRa}}, &other);
    assert_untrusted(anchors.check(stranger, {&other}, {.ra = true}));
}

void the_purposes_of_others_are_their_own(void**) {
    const TestCa root = make(authority("root"));
    const TestCa server =
        make({"server", false, x509::kDigitalSignature, {x509::oid::kServerAuth}}, &root);
    assert_ok(Anchors({&root}).check(server));
}

void a_client_has_the_purpose_or_none(void**) {
    namespace oid = x509::oid;
    const TestCa root = make(authority("root"));
    const Anchors anchors({&root});
    const auto check = [&](const std::vector<Bytes>& purposes) {
        return anchors.check(make({"device", false, x509::kDigitalSignature, purposes}, &root),
                             {}, {.client = true});
    };
    assert_ok(check({}));
    assert_ok(check({oid::kServerAuth, oid::kClientAuth}));
    assert_untrusted(check({oid::kServerAuth}));
}

void a_crl_refuses_what_it_has(void**) {
    const TestCa root = make(authority("root"));
    const TestCa good = make({"good"}, &root);
    const TestCa bad = make({"bad"}, &root);
    Anchors anchors({&root});
    anchors.add_crl(root, {&bad});
    assert_ok(anchors.check(good));
    assert_untrusted(anchors.check(bad));
}

// As with ssl_crl: where there are CRLs each issuer needs one, the whole way up to the anchor.
void a_crl_that_is_missing_refuses(void**) {
    const TestCa root = make(authority("root"));
    const TestCa issuing = make(authority("issuing"), &root);
    const TestCa device = make({"device"}, &issuing);
    Anchors anchors({&root});
    anchors.add_crl(root, {});
    assert_untrusted(anchors.check(device, {&issuing}));
    anchors.add_crl(issuing, {});
    assert_ok(anchors.check(device, {&issuing}));
    Anchors revoked({&root});
    revoked.add_crl(root, {&issuing});
    revoked.add_crl(issuing, {});
    assert_untrusted(revoked.check(device, {&issuing}));
}

void no_crl_has_to_speak_of_an_anchor(void**) {
    const TestCa root = make(authority("root"));
    const TestCa issuing = make(authority("issuing"), &root);
    const TestCa device = make({"device"}, &issuing);
    const TestCa bad = make({"bad"}, &issuing);
    Anchors anchors({&issuing});
    anchors.add_crl(issuing, {&bad});
    assert_ok(anchors.check(device));
    assert_untrusted(anchors.check(bad));
    // Nor does one of somebody above it change that.
    anchors.add_crl(root, {});
    assert_ok(anchors.check(device));
    assert_ok(anchors.check(device, {&issuing, &root}));
    assert_untrusted(anchors.check(bad, {&root}));
    // A pinned certificate is an anchor as well.
    Anchors pinned({&device});
    pinned.add_crl(root, {});
    assert_ok(pinned.check(device));
}

void an_old_crl_refuses(void**) {
    const TestCa root = make(authority("root"));
    const TestCa device = make({"device"}, &root);
    Anchors anchors({&root});
    anchors.add_crl(root, {}, -60);
    assert_untrusted(anchors.check(device));
}

// Of another's making, under the issuer's name.
void a_forged_crl_refuses(void**) {
    const TestCa root = make(authority("root"));
    const TestCa forged = make(authority("root"));
    const TestCa device = make({"device"}, &root);
    Anchors anchors({&root});
    anchors.add_crl(forged, {});
    assert_untrusted(anchors.check(device));
}

void a_chain_has_an_end(void**) {
    std::vector<TestCa> chain;
    chain.push_back(make(authority("root")));
    for (int i = 0; i < 12; i++)
        chain.push_back(make(authority("ca " + std::to_string(i)), &chain.back()));
    const auto check = [&](std::size_t between) {
        const TestCa device = make({"device"}, &chain[between]);
        std::vector<const TestCa*> others;
        for (std::size_t i = 1; i <= between; i++) others.push_back(&chain[i]);
        return Anchors({&chain[0]}).check(device, others);
    };
    assert_ok(check(8));
    assert_untrusted(check(9));
    assert_untrusted(check(12));
}

void weak_keys_issue_nothing(void**) {
    for (const unsigned bits : {1024u, 2048u}) {
        const TestCa root =
            make_with(pki::ossl::PkeyPtr(EVP_RSA_gen(bits)), authority("root"), nullptr);
        const TestCa device = make({"device"}, &root);
        const auto status = Anchors({&root}).check(device);
        if (bits == 2048)
            assert_ok(status);
        else
            assert_untrusted(status);
    }
}

SignerRules after(std::int64_t seconds) { return {.now = std::time(nullptr) + seconds}; }

// A client sends the chain once; what it shows later is known. Who is not, is not trusted by
// that.
void who_was_good_is_known(void**) {
    const TestCa root = make(authority("root"));
    const TestCa issuing = make(authority("issuing"), &root);
    const TestCa device = make({"device"}, &issuing);
    const TestCa other = make({"device"}, &issuing);
    KnownSigners known;
    Anchors anchors({&root});
    anchors.known = &known;
    assert_untrusted(anchors.check(device));
    assert_ok(anchors.check(device, {&issuing}));
    assert_ok(anchors.check(device));
    assert_untrusted(anchors.check(other));
    // By other anchors nobody is known.
    assert_untrusted(Anchors({&root}).check(device));
}

void who_was_not_good_is_not_known(void**) {
    const TestCa root = make(authority("root"));
    const TestCa stranger = make({"stranger"});
    KnownSigners known;
    Anchors anchors({&root});
    anchors.known = &known;
    assert_untrusted(anchors.check(stranger));
    assert_false(known.knows(stranger.certificate, std::time(nullptr)));
}

// Neither longer than each of its chain, nor before it was looked at: clocks are set back.
void nobody_is_known_for_ever(void**) {
    const TestCa root = make(authority("root"));
    Spec ends = authority("issuing");
    ends.to = 1000;
    const TestCa issuing = make(ends, &root);
    const TestCa device = make({"device"}, &issuing);
    KnownSigners known;
    Anchors anchors({&root});
    anchors.known = &known;
    assert_ok(anchors.check(device, {&issuing}));
    assert_ok(anchors.check(device, {}, after(900)));
    assert_untrusted(anchors.check(device, {}, after(1000)));
    assert_untrusted(anchors.check(device, {}, after(-100)));
    // One that is over is not remembered, however it got through.
    assert_ok(
        anchors.check(make({"short", false, x509::kDigitalSignature, {}, -kDay, 500}, &root),
                      {}, {.now = std::time(nullptr) + 600, .may_be_over = true}));
    const TestCa brief =
        make({"brief", false, x509::kDigitalSignature, {}, -kDay, 500}, &issuing);
    assert_ok(anchors.check(brief, {&issuing},
                            {.now = std::time(nullptr) + 600, .may_be_over = true}));
    assert_untrusted(anchors.check(brief, {}, after(600)));
}

// What a CRL says may change when the next one is due.
void nobody_is_known_when_a_crl_is_due(void**) {
    const TestCa root = make(authority("root"));
    const TestCa device = make({"device"}, &root);
    KnownSigners known;
    Anchors anchors({&root});
    anchors.known = &known;
    anchors.add_crl(root, {}, 1000);
    assert_ok(anchors.check(device));
    assert_true(known.knows(device.certificate, std::time(nullptr) + 900));
    assert_false(known.knows(device.certificate, std::time(nullptr) + 1001));
    assert_untrusted(anchors.check(device, {}, after(1001)));
}

void an_ra_is_still_called_one(void**) {
    const TestCa root = make(authority("root"));
    const TestCa device = make({"device"}, &root);
    KnownSigners known;
    Anchors anchors({&root});
    anchors.known = &known;
    assert_ok(anchors.check(device));
    assert_untrusted(anchors.check(device, {}, {.ra = true}));
}

// A place is for one: who comes with the same first octets of a hash takes it.
void as_many_are_known_as_there_are_places(void**) {
    KnownSigners known;
    const std::int64_t now = 1000;
    const auto name = [](std::uint16_t i) {
        return Buffer{static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
    };
    for (std::uint16_t i = 0; i < 5000; i++) {
        known.remember(name(i), {now, now + 1});
        assert_true(known.knows(name(i), now));
    }
    int left = 0;
    for (std::uint16_t i = 0; i < 5000; i++) left += known.knows(name(i), now) ? 1 : 0;
    assert_in_range(left, 900, 1024);
    assert_false(known.knows(Bytes(), now));
}

void what_cannot_be_read(void**) {
    const TestCa root = make(authority("root"));
    const TestCa issuing = make(authority("issuing"), &root);
    const TestCa device = make({"device"}, &issuing);
    const Anchors anchors({&root});
    const Buffer garbage{0x30, 0x03, 0x02, 0x01, 0x05};
    Buffer longer = issuing.certificate;
    longer.push_back(0);
    const auto check = [&](const std::vector<Bytes>& others) {
        return anchors.check_bytes(device.certificate, others);
    };
    assert_ok(check({garbage, issuing.certificate, Bytes()}));
    assert_untrusted(check({garbage, longer}));
    assert_untrusted(anchors.check_bytes(garbage, {}));
    assert_untrusted(anchors.check_bytes(Bytes(), {}));
    assert_untrusted(anchors.check_bytes(longer, {}));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_message_brings_what_is_between),
        cmocka_unit_test(any_certificate_may_be_an_anchor),
        cmocka_unit_test(the_message_brings_no_anchors),
        cmocka_unit_test(who_is_no_ca_issues_nothing),
        cmocka_unit_test(validity_is_that_of_now),
        cmocka_unit_test(one_that_is_over_may_be_renewed),
        cmocka_unit_test(a_key_usage_has_to_allow_it),
        cmocka_unit_test(an_ra_is_called_one),
        cmocka_unit_test(the_purposes_of_others_are_their_own),
        cmocka_unit_test(a_client_has_the_purpose_or_none),
        cmocka_unit_test(a_crl_refuses_what_it_has),
        cmocka_unit_test(a_crl_that_is_missing_refuses),
        cmocka_unit_test(no_crl_has_to_speak_of_an_anchor),
        cmocka_unit_test(an_old_crl_refuses),
        cmocka_unit_test(a_forged_crl_refuses),
        cmocka_unit_test(a_chain_has_an_end),
        cmocka_unit_test(weak_keys_issue_nothing),
        cmocka_unit_test(who_was_good_is_known),
        cmocka_unit_test(who_was_not_good_is_not_known),
        cmocka_unit_test(nobody_is_known_for_ever),
        cmocka_unit_test(nobody_is_known_when_a_crl_is_due),
        cmocka_unit_test(an_ra_is_still_called_one),
        cmocka_unit_test(as_many_are_known_as_there_are_places),
        cmocka_unit_test(what_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
