// Certificates of registration authorities: what they look like, who gets none, and that
// nothing leaves before it is recorded.
#include "signerd/ra.h"

#include "signerd/keys/ra_check.h"
#include "t/unit/issue_fixture.h"
#include "t/unit/unit.h"

namespace {

namespace ossl = pki::ossl;
namespace oid = pki::x509::oid;
namespace wire = pki::wire;
namespace x509 = pki::x509;
using pki::Buffer;
using pki::Errc;
using unit::kDay;
using unit::kNow;

pki::Error error(Errc code, const char* text) { return {code, text, 0, {}}; }

class Fixture : public unit::IssueFixture {
   public:
    explicit Fixture(const char* ca_key = "ec:P-256") : IssueFixture(ca_key) {
        peer.name = "operator";
        peer.role = signerd::Role::admin;
        config->cas["issuing"].ocsp_urls = {"http://pki.example.com/ocsp"};
    }

    // As far as the key child.
    std::uint64_t begin_ra(const wire::RaIssueRequest& request) {
        const std::uint64_t id = ++last_;
        const Buffer frame = *wire::encode(request, id);
        if (!generation) generation = *signerd::make_generation(1, config);
        ras.issue({generation, &peer, *wire::parse_frame(frame), {7, id}});
        return id;
    }
    std::uint64_t ra(const Buffer& csr, std::uint32_t validity = 0, const char* ca_name = "") {
        const std::uint64_t id = begin_ra({ca_name, csr, validity});
        finish();
        return id;
    }
    // A refusal: "denied: profile: keys: ...". Recorded, and nothing issued.
    std::string problem(const Buffer& csr, std::uint32_t validity = 0,
                        const char* ca_name = "") {
        const std::uint64_t before = certificates();
        const auto reply = replies.error(ra(csr, validity, ca_name));
        assert_ok(reply);
        assert_int_equal(certificates(), before);
        const auto row = audit().back();
        assert_true(row.decision == wire::Decision::deny);
        assert_true(row.operation == wire::Operation::ra);
        assert_int_equal(row.reason, static_cast<int>(reply->code));
        return std::string(name(reply->code)) + ": " + std::string(reply->text);
    }

    signerd::RaIssuer ras{clock, *store, signer, committer, replies};

   private:
    std::uint64_t last_ = 2000;
};

ossl::PkeyPtr key_of(const char* kind) { return *ossl::generate_key(kind); }

Buffer ra_csr(const char* kind = "rsa:2048") {
    return unit::make_csr(key_of(kind).get(), "O=Example, CN=SCEP RA");
}

std::uint16_t usage_of(const x509::Certificate& certificate) {
    const auto* extension = certificate.tbs.extensions.find(oid::kKeyUsage);
    assert_non_null(extension);
    return *x509::parse_key_usage(extension->value);
}

void assert_starts(const std::string& text, const char* start) {
    assert_text(text.substr(0, std::string_view(start).size()), start);
}

void test_the_certificate(void**) {
    Fixture f;
    const auto key = key_of("rsa:2048");
    const auto reply = f.replies.issued(f.ra(unit::make_csr(key.get(), "O=Example, CN=RA")));
    assert_ok(reply);
    const auto made = *x509::parse_certificate(reply->certificate);
    const x509::Tbs& tbs = made.tbs;
    assert_text(x509::name_text(tbs.subject), "CN=RA,O=Example");
    assert_hex(tbs.spki.encoding, pki::hex_encode(*ossl::public_key_der(key.get())));
    assert_int_equal(tbs.not_before, kNow - 300);
    assert_int_equal(tbs.not_after, kNow + 730 * kDay);
    assert_int_equal(usage_of(made), x509::kDigitalSignature | x509::kKeyEncipherment);
    assert_null(tbs.extensions.find(oid::kExtendedKeyUsage));
    assert_null(tbs.extensions.find(oid::kSubjectAltName));
    for (const pki::Bytes id :
         {oid::kSubjectKeyIdentifier, oid::kAuthorityKeyIdentifier, oid::kCrlDistributionPoints,
          oid::kAuthorityInfoAccess, oid::kBasicConstraints})
        assert_non_null(tbs.extensions.find(id));
    const auto issuer = *x509::parse_certificate(f.ca.certificate);
    assert_ok(x509::verify_signature(made, issuer.tbs.spki));
    assert_int_equal(reply->chain.size(), 1);
    assert_hex(reply->chain[0], pki::hex_encode(f.ca.certificate));
    // The key child, which is not in this process, lets it pass.
    const auto rules = signerd::rules_of(f.config->cas.at("issuing"), *f.config);
    assert_ok(signerd::check_ra(rules, tbs.encoding, kNow));
    f.remove();
}

void test_an_elliptic_key(void**) {
    Fixture f;
    const auto reply = f.replies.issued(f.ra(ra_csr("ec:P-384")));
    assert_ok(reply);
    assert_int_equal(usage_of(*x509::parse_certificate(reply->certificate)),
                     x509::kDigitalSignature);
    f.remove();
}

std::vector<std::string> purposes_of(const x509::Certificate& certificate) {
    const auto* extension = certificate.tbs.extensions.find(oid::kExtendedKeyUsage);
    std::vector<std::string> found;
    if (extension == nullptr) return found;
    const auto purposes = x509::parse_extended_key_usage(extension->value);
    for (const pki::Bytes one : *purposes) found.push_back(x509::oid_to_text(one));
    return found;
}

void test_for_cmp(void**) {
    const auto check = [](const char* kind, bool key_generation, int usage) {
        Fixture f;
        const Buffer csr = ra_csr(kind);
        const std::uint64_t id = f.begin_ra({.ca = "",
                                             .csr = csr,
                                             .validity = 0,
                                             .cmp = true,
                                             .key_generation = key_generation});
        f.finish();
        const auto reply = f.replies.issued(id);
        assert_ok(reply);
        const auto made = *x509::parse_certificate(reply->certificate);
        std::vector<std::string> purposes{"1.3.6.1.5.5.7.3.28"};
        if (key_generation) purposes.push_back("1.3.6.1.5.5.7.3.32");
        assert_true(purposes_of(made) == purposes);
        assert_int_equal(usage_of(made), usage);
        const auto rules = signerd::rules_of(f.config->cas.at("issuing"), *f.config);
        assert_ok(signerd::check_ra(rules, made.tbs.encoding, kNow));
        f.remove();
    };
    constexpr int sign = x509::kDigitalSignature;
    check("rsa:2048", false, sign | x509::kKeyEncipherment);
    check("ec:P-256", true, sign | x509::kKeyAgreement);
    check("ed25519", true, sign);
    check("ed448", false, sign);
}

void test_refused_for_cmp(void**) {
    Fixture f;
    const auto refused = [&](const char* kind, bool cmp) {
        const Buffer csr = ra_csr(kind);
        const std::uint64_t id = f.begin_ra(
            {.ca = "", .csr = csr, .validity = 0, .cmp = cmp, .key_generation = true});
        f.finish();
        return std::string(f.replies.error(id)->text);
    };
    assert_text(refused("rsa:2048", false), "RA: keys are generated for CMP alone");
    assert_starts(refused("ed448", true), "profile: keys");
    assert_int_equal(f.certificates(), 0);
    f.remove();
}

void test_what_is_kept(void**) {
    Fixture f;
    const auto reply = *f.replies.issued(f.ra(ra_csr()));
    const auto records = *f.store->list_certificates({.profile = "(ra)"});
    assert_int_equal(records.size(), 1);
    assert_hex(records[0].der, pki::hex_encode(reply.certificate));
    assert_text(records[0].tenant, "demo");
    assert_text(records[0].subject, "CN=SCEP RA,O=Example");
    const auto row = f.audit().back();
    assert_true(row.decision == wire::Decision::allow);
    assert_true(row.operation == wire::Operation::ra);
    assert_text(row.profile, "(ra)");
    assert_text(row.tenant, "demo");
    assert_text(row.peer, "operator");
    assert_text(row.serial, records[0].serial);
    assert_hex(row.csr_sha256, pki::hex_encode(records[0].csr_sha256));
    f.remove();
}

// No idempotency: a renewal with the same key is a certificate of its own.
void test_twice(void**) {
    Fixture f;
    const Buffer csr = ra_csr();
    f.ra(csr);
    f.ra(csr);
    assert_int_equal(f.certificates(), 2);
    f.remove();
}

void test_validity(void**) {
    Fixture f;
    const Buffer csr = ra_csr();
    const auto end = [&](std::uint32_t validity) {
        const auto reply = f.replies.issued(f.ra(csr, validity));
        return x509::parse_certificate(reply->certificate)->tbs.not_after;
    };
    assert_int_equal(end(3600), kNow + 3600);
    assert_int_equal(end(3653 * kDay), unit::kTestNotAfter);
    assert_text(f.problem(csr, 3653 * kDay + 1), "denied: RA: validity above ten years");
    f.remove();
}

void test_requests_that_are_refused(void**) {
    Fixture f;
    const auto key = key_of("rsa:2048");
    const auto asked = [&](const char* subject, const std::vector<std::string>& names = {}) {
        return f.problem(unit::make_csr(key.get(), subject, names));
    };
    assert_starts(asked("O=Example"), "denied: profile: subject");
    assert_starts(asked(""), "denied: profile: subject");
    assert_starts(asked("CN=RA, UID=x"), "denied: profile: subject");
    assert_starts(asked("CN=RA", {"dns:ra.example.com"}), "denied: profile: ");
    assert_starts(f.problem(ra_csr("ed25519")), "weak_key: profile: keys");
    Buffer spoiled = unit::make_csr(key.get(), "CN=RA");
    spoiled.back() ^= 1;
    assert_starts(f.problem(spoiled), "bad_signature: ");
    assert_starts(f.problem({0x30, 0x00}), "malformed: ");
    f.remove();
}

// A CA's key would lie in nginx.
void test_nothing_of_a_ca(void**) {
    Fixture f;
    assert_starts(f.problem(unit::make_csr(f.ca.key.get(), "CN=RA")),
                  "denied: RA: the key is that of a CA");
    assert_starts(f.problem(unit::make_csr(key_of("rsa:2048").get(), "CN=test  issuing")),
                  "denied: RA: the subject is that of a CA");
    f.remove();
}

void test_a_key_that_was_revoked(void**) {
    Fixture f;
    const auto key = key_of("ec:P-256");
    f.ra(unit::make_csr(key.get(), "CN=RA"));
    const auto certificate = f.store->list_certificates({})->at(0);
    auto change = unit::revocation_of(certificate, x509::CrlReason::key_compromise);
    change.blocked_key = ossl::sha256(*ossl::public_key_der(key.get()));
    assert_ok(unit::commit(*f.store, {unit::change_of({change})}));
    assert_starts(f.problem(unit::make_csr(key.get(), "CN=RA")),
                  "denied: the key was revoked as compromised");
    f.remove();
}

void test_which_ca(void**) {
    Fixture f;
    f.config->cas["other"] = f.config->cas.at("issuing");
    f.config->cas["other"].name = "other";
    f.config->cas["other"].tenant = "second";
    const Buffer csr = ra_csr();
    assert_text(f.problem(csr), "conflict: there are several CAs, name one");
    assert_text(f.problem(csr, 0, "none"), "not_found: no such CA");
    assert_ok(f.replies.issued(f.ra(csr, 0, "other")));
    assert_text(f.audit().back().tenant, "second");
    assert_text(f.store->list_certificates({})->at(0).ca, "other");
    f.remove();
}

void test_the_key_child_refuses(void**) {
    Fixture f;
    f.signer.instead = pki::Result<Buffer>(error(Errc::internal, "key child refuses"));
    assert_text(f.problem(ra_csr()), "internal: internal error");
    assert_text(f.audit().back().detail, "key child refuses");
    f.remove();
}

// A faulty one gives an RSA key away.
void test_the_signature_is_verified(void**) {
    Fixture f("rsa:2048");
    f.signer.instead = pki::Result<Buffer>(Buffer(256, 1));
    assert_text(f.problem(ra_csr()), "internal: internal error");
    f.remove();
}

void test_not_before_it_is_recorded(void**) {
    Fixture f;
    const Buffer csr = ra_csr();
    const std::uint64_t id = f.begin_ra({"", csr, 0});
    f.signer.run();
    assert_int_equal(f.replies.count[id], 0);
    f.committer.failure = error(Errc::unavailable, "disk");
    f.committer.run();
    assert_true(f.replies.error(id)->code == Errc::unavailable);
    const std::uint64_t refused = f.ra({0x30, 0x00});
    assert_true(f.replies.error(refused)->code == Errc::unavailable);
    assert_int_equal(f.certificates(), 0);
    f.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_the_certificate),
        cmocka_unit_test(test_an_elliptic_key),
        cmocka_unit_test(test_for_cmp),
        cmocka_unit_test(test_refused_for_cmp),
        cmocka_unit_test(test_what_is_kept),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_validity),
        cmocka_unit_test(test_requests_that_are_refused),
        cmocka_unit_test(test_nothing_of_a_ca),
        cmocka_unit_test(test_a_key_that_was_revoked),
        cmocka_unit_test(test_which_ca),
        cmocka_unit_test(test_the_key_child_refuses),
        cmocka_unit_test(test_the_signature_is_verified),
        cmocka_unit_test(test_not_before_it_is_recorded),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
