// The issue path: what it issues, and every way in which it refuses.
#include "signerd/issue_tbs.h"
#include "t/unit/issue_fixture.h"

#include "t/unit/unit.h"

namespace {

namespace wire = pki::wire;
namespace x509 = pki::x509;
namespace oid = pki::x509::oid;
using pki::Errc;
using unit::IssueFixture;
using unit::kDay;
using unit::kNow;
using unit::make_csr;

x509::Certificate parse(pki::Bytes der) {
    auto certificate = x509::parse_certificate(der);
    assert_ok(certificate);
    return *certificate;
}

// One denial: this code to the client, the same in the audit record, and no certificate.
void assert_refused(IssueFixture& fixture, std::uint64_t id, Errc code) {
    const auto error = fixture.replies.error(id);
    assert_ok(error);
    assert_string_equal(pki::name(error->code), pki::name(code));
    assert_int_equal(fixture.replies.count[id], 1);
    const auto rows = fixture.audit();
    assert_int_equal(rows.size(), 1);
    assert_int_equal(rows[0].reason, static_cast<int>(code));
    assert_true(rows[0].decision ==
                (code == Errc::unavailable ? wire::Decision::shed : wire::Decision::deny));
    assert_int_equal(fixture.certificates(), 0);
    assert_int_equal(fixture.issuer.in_flight(), 0);
}

void test_allow(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr("CN=device-1", {"dns:device-1.example.com"});
    const std::uint64_t id = fixture.issue(csr);
    const auto reply = fixture.replies.issued(id);
    assert_ok(reply);
    assert_false(reply->replayed);
    assert_int_equal(reply->chain.size(), 0);

    const auto certificate = parse(reply->certificate);
    const auto asked = *x509::parse_csr(csr);
    assert_ok(x509::verify_signature(certificate, parse(fixture.ca.certificate).tbs.spki));
    assert_hex(certificate.tbs.issuer.encoding, pki::hex_encode(fixture.ca.name));
    assert_hex(certificate.tbs.subject.encoding, pki::hex_encode(asked.subject.encoding));
    assert_hex(certificate.tbs.spki.encoding, pki::hex_encode(asked.spki.encoding));
    assert_true(x509::same_san(**x509::certificate_san(certificate), *asked.san));
    assert_int_equal(certificate.tbs.not_before, kNow - 300);
    assert_int_equal(certificate.tbs.not_after, kNow + 90 * kDay);
    fixture.remove();
}

void test_allow_extensions(void**) {
    IssueFixture fixture;
    const auto reply = fixture.replies.issued(fixture.issue(make_csr()));
    assert_ok(reply);
    const auto certificate = parse(reply->certificate);
    const x509::Extensions& extensions = certificate.tbs.extensions;
    assert_false(
        x509::parse_basic_constraints(extensions.find(oid::kBasicConstraints)->value)->ca);
    assert_int_equal(*x509::parse_key_usage(extensions.find(oid::kKeyUsage)->value),
                     x509::kDigitalSignature);
    const auto purposes =
        *x509::parse_extended_key_usage(extensions.find(oid::kExtendedKeyUsage)->value);
    assert_int_equal(purposes.size(), 1);
    assert_true(pki::equal(purposes[0], oid::kClientAuth));
    assert_hex(*x509::parse_authority_key_identifier(
                   extensions.find(oid::kAuthorityKeyIdentifier)->value),
               "01020304");
    assert_hex(
        *x509::parse_subject_key_identifier(extensions.find(oid::kSubjectKeyIdentifier)->value),
        pki::hex_encode(x509::key_identifier(certificate.tbs.spki)));
    assert_non_null(extensions.find(oid::kCrlDistributionPoints));
    assert_null(extensions.find(oid::kSubjectAltName));
    fixture.remove();
}

// RFC 5280 4.1.2.2: positive, and never twice the same.
void test_serials(void**) {
    IssueFixture fixture;
    const auto first = parse(fixture.replies.issued(fixture.issue(make_csr()))->certificate);
    const auto second = parse(fixture.replies.issued(fixture.issue(make_csr()))->certificate);
    assert_int_equal(first.tbs.serial.size(), 16);
    assert_int_equal(first.tbs.serial[0] & 0xc0, 0x40);
    assert_false(pki::equal(first.tbs.serial.subspan(6), second.tbs.serial.subspan(6)));
    fixture.remove();
}

void test_serials_are_ordered_by_time(void**) {
    constexpr std::int64_t kTime = 1'800'000'000'000'000;  // microseconds
    signerd::Serial earlier = *signerd::new_serial(kTime);
    for (const auto later : {kTime + 5'000, kTime + 1'000'000, kTime * 2, kTime * 100}) {
        const signerd::Serial serial = *signerd::new_serial(later);
        assert_true(earlier < serial);
        earlier = serial;
    }
}

void test_encipherment_with_rsa_only(void**) {
    IssueFixture fixture;
    const auto key = *pki::ossl::generate_key("rsa:2048");
    const auto reply = fixture.replies.issued(fixture.issue(make_csr(key.get())));
    assert_ok(reply);
    const auto certificate = parse(reply->certificate);
    assert_int_equal(
        *x509::parse_key_usage(certificate.tbs.extensions.find(oid::kKeyUsage)->value),
        x509::kDigitalSignature | x509::kKeyEncipherment);
    fixture.remove();
}

void test_no_usage_left(void**) {
    IssueFixture fixture;
    fixture.config->profiles["device"].rules.key_usage = x509::kKeyEncipherment;
    assert_refused(fixture, fixture.issue(make_csr()), Errc::denied);
    fixture.remove();
}

void test_chain_when_asked_for(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    auto request = IssueFixture::request(csr);
    request.want_chain = true;
    const auto reply = fixture.replies.issued(fixture.issue(request));
    assert_ok(reply);
    assert_int_equal(reply->chain.size(), 1);
    assert_hex(reply->chain[0], pki::hex_encode(fixture.ca.certificate));
    fixture.remove();
}

void test_audit_of_allow(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr("CN=device-1", {"dns:device-1.example.com"});
    const auto reply = fixture.replies.issued(fixture.issue(csr));
    assert_ok(reply);
    const auto rows = fixture.audit();
    assert_int_equal(rows.size(), 1);
    assert_true(rows[0].decision == wire::Decision::allow);
    assert_int_equal(rows[0].reason, 0);
    assert_int_equal(rows[0].time, kNow * signerd::kMicroseconds);
    assert_text(rows[0].signerd, "signerd-1");
    assert_text(rows[0].tenant, "demo");
    assert_text(rows[0].profile, "device");
    assert_text(rows[0].subject, "CN=device-1");
    assert_text(rows[0].sans, "dns:device-1.example.com");
    assert_text(rows[0].serial, x509::serial_text(parse(reply->certificate).tbs));
    assert_hex(rows[0].csr_sha256, pki::hex_encode(pki::ossl::sha256(csr)));
    assert_text(rows[0].peer, "nginx");
    const auto stored =
        *fixture.store->find_certificate("issuing", std::string(rows[0].serial));
    assert_true(stored.has_value());
    assert_hex(stored->der, pki::hex_encode(reply->certificate));
    fixture.remove();
}

// Nothing leaves before it is durable.
void test_answer_after_commit(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    const std::uint64_t id = fixture.begin(IssueFixture::request(csr));
    fixture.signer.run();
    assert_int_equal(fixture.replies.count[id], 0);
    assert_int_equal(fixture.issuer.in_flight(), 1);
    fixture.committer.run();
    assert_int_equal(fixture.replies.count[id], 1);
    assert_int_equal(fixture.issuer.in_flight(), 0);

    auto refused = IssueFixture::request(csr);
    refused.profile = "other";
    const std::uint64_t denial = fixture.begin(refused);
    assert_int_equal(fixture.replies.count[denial], 0);
    fixture.committer.run();
    assert_int_equal(fixture.replies.count[denial], 1);
    fixture.remove();
}

void test_malformed(void**) {
    IssueFixture fixture;
    const pki::Buffer junk{0x30, 0x03, 1, 2, 3};
    assert_refused(fixture, fixture.issue(junk), Errc::malformed);
    fixture.remove();
}

void test_malformed_fields(void**) {
    IssueFixture fixture;
    pki::wire::FieldWriter writer(wire::Kind::issue_request, 1);
    writer.bytes(99, pki::as_bytes("x"), 1);
    fixture.begin_frame(*std::move(writer).finish(), 1);
    fixture.finish();
    assert_refused(fixture, 1, Errc::malformed);
    fixture.remove();
}

void test_operation_missing(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    auto request = IssueFixture::request(csr);
    request.operation = wire::Operation::none;
    assert_refused(fixture, fixture.issue(request), Errc::malformed);
    fixture.remove();
}

void test_possession_not_proved(void**) {
    IssueFixture fixture;
    pki::Buffer csr = make_csr();
    csr.back() ^= 1;
    auto request = IssueFixture::request(csr);
    request.possession_verified = true;  // not believed: this peer has no such privilege
    assert_refused(fixture, fixture.issue(request), Errc::bad_signature);
    fixture.remove();
}

void test_possession_verified_by_nobody(void**) {
    IssueFixture fixture;
    fixture.peer.verify_possession = false;
    assert_refused(fixture, fixture.issue(make_csr()), Errc::denied);
    fixture.remove();
}

void test_possession_verified_by_peer(void**) {
    IssueFixture fixture;
    fixture.peer.verify_possession = false;
    pki::Buffer csr = make_csr();
    csr.back() ^= 1;
    auto request = IssueFixture::request(csr);
    request.possession_verified = true;
    assert_ok(fixture.replies.issued(fixture.issue(request)));
    fixture.remove();
}

void test_unknown_profile(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    auto request = IssueFixture::request(csr);
    request.profile = "other";
    const std::uint64_t id = fixture.issue(request);
    assert_refused(fixture, id, Errc::not_found);
    assert_text(fixture.replies.error(id)->text, "no such profile");
    fixture.remove();
}

// The answer is that to a profile which does not exist.
void test_profile_of_another_peer(void**) {
    IssueFixture fixture;
    fixture.peer.all_profiles = false;
    fixture.peer.profiles = {"other"};
    const std::uint64_t id = fixture.issue(make_csr());
    assert_refused(fixture, id, Errc::not_found);
    assert_text(fixture.replies.error(id)->text, "no such profile");
    fixture.remove();
}

void test_policy(void**) {
    IssueFixture fixture;
    const std::uint64_t id = fixture.issue(make_csr("CN=device-1", {"dns:device.example.net"}));
    assert_refused(fixture, id, Errc::denied);
    assert_true(fixture.replies.error(id)->text.starts_with("profile: "));
    assert_text(fixture.audit()[0].detail, fixture.replies.error(id)->text);
    fixture.remove();
}

void test_renewal(void**) {
    IssueFixture fixture;
    const auto issued = *fixture.replies.issued(fixture.issue(make_csr()));
    const pki::Buffer csr = make_csr();
    auto request = IssueFixture::request(csr);
    request.operation = wire::Operation::renew;
    request.credential = wire::Credential::certificate;
    request.client_certificate = issued.certificate;
    assert_ok(fixture.replies.issued(fixture.issue(request)));
    assert_true(fixture.audit()[1].operation == wire::Operation::renew);
    fixture.remove();
}

// A request to renew what was issued to CN=device-1, `later` seconds after that.
std::uint64_t renew_later(IssueFixture& fixture, std::int64_t later) {
    const auto issued = *fixture.replies.issued(fixture.issue(make_csr()));
    fixture.clock.seconds += later;
    const pki::Buffer csr = make_csr();
    auto request = IssueFixture::request(csr);
    request.operation = wire::Operation::renew;
    request.credential = wire::Credential::certificate;
    request.client_certificate = issued.certificate;
    return fixture.issue(request);
}

void test_renewal_at_the_last_moment(void**) {
    IssueFixture fixture;
    assert_ok(fixture.replies.issued(renew_later(fixture, 90 * kDay)));
    fixture.remove();
}

void test_renewal_with_expired_certificate(void**) {
    IssueFixture fixture;
    const auto error = fixture.replies.error(renew_later(fixture, 90 * kDay + 1));
    assert_ok(error);
    assert_true(error->code == Errc::denied);
    assert_text(error->text, "renewal: the certificate has expired");
    fixture.remove();
}

void test_renewal_with_certificate_not_valid_yet(void**) {
    IssueFixture fixture;
    const auto error = fixture.replies.error(renew_later(fixture, -301));
    assert_ok(error);
    assert_true(error->code == Errc::denied);
    assert_text(error->text, "renewal: the certificate is not valid yet");
    fixture.remove();
}

void assert_credential(Errc code, wire::Credential credential, std::string_view name,
                       pki::Bytes certificate) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    auto request = IssueFixture::request(csr);
    request.credential = credential;
    request.credential_name = name;
    request.client_certificate = certificate;
    assert_refused(fixture, fixture.issue(request), code);
    fixture.remove();
}

void test_credential_does_not_fit(void**) {
    const pki::Buffer junk{0x30, 0x03, 1, 2, 3};
    const pki::Buffer certificate = unit::make_ca({.name = "CN=device-1"}).certificate;
    using wire::Credential;
    assert_credential(Errc::malformed, Credential::none, "factory", {});
    assert_credential(Errc::malformed, Credential::none, "", certificate);
    assert_credential(Errc::malformed, Credential::basic, "", {});
    assert_credential(Errc::malformed, Credential::basic, "factory", certificate);
    assert_credential(Errc::malformed, Credential::certificate, "CN=device-1", {});
    assert_credential(Errc::malformed, Credential::certificate, "CN=device-1", junk);
}

void test_credential_fits(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    auto request = IssueFixture::request(csr);
    request.credential = wire::Credential::basic;
    request.credential_name = "factory";
    assert_ok(fixture.replies.issued(fixture.issue(request)));
    request.credential = wire::Credential::certificate;
    request.credential_name = "";  // of a certificate without subject
    request.client_certificate = fixture.ca.certificate;
    assert_ok(fixture.replies.issued(fixture.issue(request)));
    fixture.remove();
}

void test_renewal_without_certificate(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    auto request = IssueFixture::request(csr);
    request.operation = wire::Operation::renew;
    assert_refused(fixture, fixture.issue(request), Errc::denied);
    fixture.remove();
}

void test_renewal_of_another_name(void**) {
    IssueFixture fixture;
    const auto issued = *fixture.replies.issued(fixture.issue(make_csr()));
    const pki::Buffer csr = make_csr("CN=device-2");
    auto request = IssueFixture::request(csr);
    request.operation = wire::Operation::renew;
    request.credential = wire::Credential::certificate;
    request.client_certificate = issued.certificate;
    const auto error = fixture.replies.error(fixture.issue(request));
    assert_ok(error);
    assert_true(error->code == Errc::denied);
    fixture.remove();
}

// Whoever may show it in TLS.
void test_renewal_of_a_foreign_certificate(void**) {
    IssueFixture fixture;
    const pki::Buffer foreign = unit::make_ca({.name = "CN=device-1"}).certificate;
    const pki::Buffer csr = make_csr();
    auto request = IssueFixture::request(csr);
    request.operation = wire::Operation::renew;
    request.credential = wire::Credential::certificate;
    request.client_certificate = foreign;
    assert_refused(fixture, fixture.issue(request), Errc::unauthenticated);
    fixture.remove();
}

// The key child is not asked: it could not read the request.
void test_certificate_too_large(void**) {
    IssueFixture fixture;
    fixture.config->profiles["device"].rules.san[x509::SanType::uri] = {"**"};
    std::vector<std::string> names;
    for (int i = 0; i < 100; i++) names.push_back("uri:urn:" + std::string(640, 'a'));
    const pki::Buffer csr = make_csr("CN=device-1", names);
    assert_true(csr.size() < pki::limits::kCsr);
    const std::uint64_t id = fixture.begin(IssueFixture::request(csr));
    assert_int_equal(fixture.signer.waiting(), 0);
    fixture.finish();
    assert_refused(fixture, id, Errc::denied);
    assert_text(fixture.replies.error(id)->text, "the certificate would be too large");
    fixture.remove();
}

void test_validity_within_that_of_the_ca(void**) {
    IssueFixture fixture;
    fixture.config->cas["issuing"].not_before = kNow - 10;
    fixture.config->cas["issuing"].not_after = kNow + kDay;
    const auto reply = fixture.replies.issued(fixture.issue(make_csr()));
    assert_ok(reply);
    const auto certificate = parse(reply->certificate);
    assert_int_equal(certificate.tbs.not_before, kNow - 10);
    assert_int_equal(certificate.tbs.not_after, kNow + kDay);
    fixture.remove();
}

void test_ca_expired(void**) {
    IssueFixture fixture;
    fixture.clock.seconds = unit::kTestNotAfter;
    const std::uint64_t id = fixture.issue(make_csr());
    assert_refused(fixture, id, Errc::internal);
    assert_text(fixture.replies.error(id)->text, "internal error");
    fixture.remove();
}

void test_ca_not_valid_yet(void**) {
    IssueFixture fixture;
    fixture.clock.seconds = unit::kTestNotBefore - 1;
    assert_refused(fixture, fixture.issue(make_csr()), Errc::internal);
    fixture.remove();
}

// What is shed is not verified: that would cost as much as serving it.
void test_queue_full_comes_before_possession(void**) {
    IssueFixture fixture;
    fixture.config->limits.queue = 1;
    const pki::Buffer csr = make_csr();
    pki::Buffer forged = csr;
    forged.back() ^= 1;
    fixture.begin(IssueFixture::request(csr));
    const std::uint64_t shed = fixture.begin(IssueFixture::request(forged));
    fixture.finish();
    assert_true(fixture.replies.error(shed)->code == Errc::unavailable);
    fixture.remove();
}

void test_queue_full(void**) {
    IssueFixture fixture;
    fixture.config->limits.queue = 1;
    const pki::Buffer first = make_csr("CN=device-1");
    const pki::Buffer second = make_csr("CN=device-2");
    const std::uint64_t waiting = fixture.begin(IssueFixture::request(first));
    const std::uint64_t shed = fixture.begin(IssueFixture::request(second));
    fixture.finish();
    assert_ok(fixture.replies.issued(waiting));
    const auto error = fixture.replies.error(shed);
    assert_ok(error);
    assert_true(error->code == Errc::unavailable);
    assert_text(error->text, "temporarily unavailable");
    assert_true(error->retry_after > 0);
    assert_true(fixture.audit()[0].decision == wire::Decision::shed);
    fixture.remove();
}

void test_draining(void**) {
    IssueFixture fixture;
    const pki::Buffer csr = make_csr();
    const std::uint64_t before = fixture.begin(IssueFixture::request(csr));
    fixture.issuer.drain();
    const std::uint64_t after = fixture.issue(make_csr());
    assert_ok(fixture.replies.issued(before));
    assert_true(fixture.replies.error(after)->code == Errc::unavailable);
    fixture.remove();
}

void test_key_child_refuses(void**) {
    IssueFixture fixture;
    fixture.signer.instead = pki::Error{Errc::internal, "key child refuses", 0, "TBS: CA"};
    const std::uint64_t id = fixture.issue(make_csr());
    assert_refused(fixture, id, Errc::internal);
    assert_text(fixture.replies.error(id)->text, "internal error");
    assert_text(fixture.audit()[0].detail, "key child refuses: TBS: CA");
    fixture.remove();
}

void test_key_child_away(void**) {
    IssueFixture fixture;
    fixture.signer.instead =
        pki::Error{Errc::unavailable, "the key child does not answer", 0, {}};
    assert_refused(fixture, fixture.issue(make_csr()), Errc::unavailable);
    fixture.remove();
}

// A faulty RSA signature must not get out: it would give away the key.
void test_bad_rsa_signature(void**) {
    IssueFixture fixture("rsa:2048");
    fixture.signer.instead = pki::Buffer(256, 0x5a);
    assert_refused(fixture, fixture.issue(make_csr()), Errc::internal);
    fixture.signer.instead.reset();
    assert_ok(fixture.replies.issued(fixture.issue(make_csr())));
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_allow),
        cmocka_unit_test(test_allow_extensions),
        cmocka_unit_test(test_serials),
        cmocka_unit_test(test_serials_are_ordered_by_time),
        cmocka_unit_test(test_encipherment_with_rsa_only),
        cmocka_unit_test(test_no_usage_left),
        cmocka_unit_test(test_chain_when_asked_for),
        cmocka_unit_test(test_audit_of_allow),
        cmocka_unit_test(test_answer_after_commit),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_malformed_fields),
        cmocka_unit_test(test_operation_missing),
        cmocka_unit_test(test_possession_not_proved),
        cmocka_unit_test(test_possession_verified_by_nobody),
        cmocka_unit_test(test_possession_verified_by_peer),
        cmocka_unit_test(test_unknown_profile),
        cmocka_unit_test(test_profile_of_another_peer),
        cmocka_unit_test(test_policy),
        cmocka_unit_test(test_renewal),
        cmocka_unit_test(test_renewal_at_the_last_moment),
        cmocka_unit_test(test_renewal_with_expired_certificate),
        cmocka_unit_test(test_renewal_with_certificate_not_valid_yet),
        cmocka_unit_test(test_credential_does_not_fit),
        cmocka_unit_test(test_credential_fits),
        cmocka_unit_test(test_certificate_too_large),
        cmocka_unit_test(test_renewal_without_certificate),
        cmocka_unit_test(test_renewal_of_another_name),
        cmocka_unit_test(test_renewal_of_a_foreign_certificate),
        cmocka_unit_test(test_validity_within_that_of_the_ca),
        cmocka_unit_test(test_ca_expired),
        cmocka_unit_test(test_ca_not_valid_yet),
        cmocka_unit_test(test_queue_full),
        cmocka_unit_test(test_queue_full_comes_before_possession),
        cmocka_unit_test(test_draining),
        cmocka_unit_test(test_key_child_refuses),
        cmocka_unit_test(test_key_child_away),
        cmocka_unit_test(test_bad_rsa_signature),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
