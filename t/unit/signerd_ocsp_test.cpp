// OCSP in signerd: whose certificates a peer may ask for, what the store says of them, and the
// responders that sign it.
#include "signerd/ocsp.h"

#include "libpki/x509/algorithm.h"
#include "signerd/peer.h"
#include "t/unit/ocsp_fixture.h"

#include "t/unit/unit.h"

namespace {

namespace ossl = pki::ossl;
namespace wire = pki::wire;
namespace x509 = pki::x509;
using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using unit::cert_id_of;
using unit::hex;
using unit::kDay;
using unit::kHour;
using unit::kNow;
using unit::OcspFixture;
using x509::OcspStatus;

const Buffer kGood = hex("4a01");
const Buffer kHeld = hex("4a02");
const Buffer kNobodys = hex("4a03");

pki::Error error(Errc code, const char* text) { return {code, text, 0, {}}; }

void assert_answer(const OcspFixture& fixture, std::uint64_t id, OcspStatus status) {
    assert_int_equal(fixture.replies.count.at(id), 1);
    const auto response = fixture.response(id);
    assert_ok(response);
    assert_int_equal(response->data.responses.size(), 1);
    assert_true(response->data.responses[0].status == status);
}

void assert_code(const OcspFixture& fixture, std::uint64_t id, Errc code) {
    assert_int_equal(fixture.replies.count.at(id), 1);
    const auto reply = fixture.replies.error(id);
    assert_ok(reply);
    assert_true(reply->code == code);
    assert_int_equal(fixture.ocsp.in_flight(), 0);
}

void test_good(void**) {
    OcspFixture fixture;
    const std::uint64_t id = fixture.ask("4a01");
    assert_answer(fixture, id, OcspStatus::good);
    const auto reply = *fixture.reply(id);
    const auto response = *fixture.response(id);
    assert_int_equal(reply.this_update, kNow);
    assert_int_equal(reply.next_update, kNow + 4 * kHour);
    assert_int_equal(reply.change, 7);
    assert_int_equal(response.data.produced_at, kNow);
    assert_int_equal(response.data.responses[0].this_update, kNow);
    assert_int_equal(response.data.responses[0].next_update, kNow + 4 * kHour);
    assert_true(response.data.nonce.empty());
    assert_int_equal(fixture.ocsp.in_flight(), 0);
}

// A chain that a client can follow: CA, responder, answer.
void test_the_answer_is_signed(void**) {
    for (const char* key : {"ec:P-256", "rsa:2048"}) {
        OcspFixture fixture(key);
        const auto response = *fixture.response(fixture.ask("4a01"));
        assert_int_equal(response.certificates.size(), 1);
        const auto certificate = x509::parse_certificate(response.certificates[0]);
        assert_ok(certificate);
        const Buffer ca_spki = *ossl::public_key_der(fixture.ca.key.get());
        assert_ok(x509::verify_signature(*certificate, *x509::parse_spki(ca_spki)));
        assert_hex(response.data.responder_key_hash,
                   pki::hex_encode(x509::key_identifier(certificate->tbs.spki)));
        const auto public_key = ossl::make_public_key(certificate->tbs.spki.key);
        const auto scheme = x509::parse_signature_algorithm(response.signature_algorithm);
        assert_ok(ossl::verify(public_key->get(), *scheme, response.response_data,
                               response.signature));
    }
}

void test_revoked(void**) {
    OcspFixture fixture;
    const std::uint64_t id = fixture.ask("4a02");
    assert_answer(fixture, id, OcspStatus::revoked);
    const auto single = fixture.response(id)->data.responses[0];
    assert_int_equal(single.revoked, kNow - 60);
    assert_true(single.reason == x509::CrlReason::certificate_hold);
    assert_int_equal(fixture.reply(id)->next_update, kNow + 4 * kHour);
}

void test_unknown_is_not_kept(void**) {
    OcspFixture fixture;
    const std::uint64_t id = fixture.ask("4a03");
    assert_answer(fixture, id, OcspStatus::unknown);
    assert_int_equal(fixture.response(id)->data.responses[0].next_update, 0);
    assert_int_equal(fixture.reply(id)->next_update, 0);
}

void test_several_and_a_nonce(void**) {
    OcspFixture fixture;
    const Buffer good = cert_id_of(fixture.ca, kGood, ossl::Hash::sha256);
    const Buffer held = cert_id_of(fixture.ca, kHeld, ossl::Hash::sha1);
    const Buffer none = cert_id_of(fixture.ca, kNobodys, ossl::Hash::sha512);
    const Buffer nonce = hex("0403aabbcc");
    const std::uint64_t id = fixture.ask({good, held, none}, nonce);
    const auto response = fixture.response(id);
    assert_ok(response);
    assert_hex(response->data.nonce, "0403aabbcc");
    const auto& singles = response->data.responses;
    assert_int_equal(singles.size(), 3);
    assert_true(singles[0].status == OcspStatus::good);
    assert_hex(singles[0].cert_id, pki::hex_encode(good));
    assert_true(singles[1].status == OcspStatus::revoked);
    assert_true(singles[2].status == OcspStatus::unknown);
    assert_int_equal(singles[1].next_update, kNow + 4 * kHour);
    assert_int_equal(singles[2].next_update, 0);
    assert_int_equal(fixture.reply(id)->next_update, 0);
}

// Another entry of the configuration, with a CA of its own.
void add_ca(OcspFixture& fixture, const unit::TestCa& ca, const char* name) {
    signerd::Ca added = fixture.config->cas.at("issuing");
    added.name = name;
    added.chain = {ca.certificate};
    added.subject = ca.name;
    fixture.config->cas[name] = std::move(added);
}

void test_no_such_ca(void**) {
    OcspFixture fixture;
    const unit::TestCa foreign = unit::make_ca({.name = "CN=Test Issuing"});
    const Buffer id = cert_id_of(foreign, kGood);
    assert_code(fixture, fixture.ask({id}), Errc::not_found);
    assert_int_equal(fixture.store.reads, 0);
}

// RFC 6960 4.2.2.2.
void test_one_responder_for_one_ca(void**) {
    OcspFixture fixture;
    const unit::TestCa second = unit::make_ca({.name = "CN=Second"});
    const unit::TestCa foreign = unit::make_ca({.name = "CN=Foreign"});
    add_ca(fixture, second, "second");
    fixture.store.states["second/4a01"] = {kNow + kDay, {}};
    fixture.peer.role = signerd::Role::reader;
    const Buffer ids[] = {cert_id_of(foreign, kGood), cert_id_of(fixture.ca, kGood),
                          cert_id_of(second, kGood)};
    const auto response = *fixture.response(fixture.ask({ids[0], ids[1], ids[2]}));
    assert_true(response.data.responses[0].status == OcspStatus::unknown);
    assert_true(response.data.responses[1].status == OcspStatus::good);
    assert_true(response.data.responses[2].status == OcspStatus::unknown);
}

// One CA under two names has two halves of its certificates.
void test_one_ca_under_two_names(void**) {
    OcspFixture fixture;
    add_ca(fixture, fixture.ca, "again");
    fixture.store.states["again/4a03"] = {kNow + kDay, {}};
    fixture.peer.role = signerd::Role::admin;
    assert_answer(fixture, fixture.ask("4a03"), OcspStatus::good);
    assert_answer(fixture, fixture.ask("4a02"), OcspStatus::revoked);
}

void test_who_may_ask(void**) {
    OcspFixture fixture;
    for (const char* name : {"second", "third"})
        add_ca(fixture, unit::make_ca({.name = "CN=Other"}), name);
    fixture.config->cas["third"].tenant = "another";
    const signerd::Config& config = *fixture.config;
    const auto may = [&](const char* name) {
        return signerd::may_ask_about(fixture.peer, config, name);
    };
    assert_true(may("issuing"));
    assert_true(may("second"));  // of the same tenant, whatever a profile names today
    assert_false(may("third"));
    assert_false(may("none"));
    fixture.config->profiles["device"].ca = "third";
    assert_true(may("third"));
    assert_false(may("issuing"));
    fixture.peer.role = signerd::Role::reader;
    assert_true(may("issuing"));
    assert_false(may("none"));
}

void test_a_frontend_of_another_profile(void**) {
    OcspFixture fixture;
    fixture.peer.profiles = {"user"};
    assert_code(fixture, fixture.ask("4a01"), Errc::not_found);
    fixture.peer.role = signerd::Role::admin;
    assert_answer(fixture, fixture.ask("4a01"), OcspStatus::good);
}

void test_malformed(void**) {
    OcspFixture fixture;
    assert_code(fixture, fixture.ask(std::vector<Bytes>()), Errc::malformed);
    const Buffer nonsense = hex("3000");
    assert_code(fixture, fixture.ask({nonsense}), Errc::malformed);
}

void test_shed(void**) {
    OcspFixture fixture;
    fixture.config->limits.queue = 1;
    const Buffer good = cert_id_of(fixture.ca, kGood);
    const std::uint64_t first = fixture.begin({good});
    const std::uint64_t second = fixture.begin({good});
    assert_true(fixture.replies.error(second)->code == Errc::unavailable);
    fixture.finish();
    assert_answer(fixture, first, OcspStatus::good);
    fixture.ocsp.drain();
    assert_code(fixture, fixture.ask("4a01"), Errc::unavailable);
}

void test_store_away(void**) {
    OcspFixture fixture;
    fixture.store.failure = error(Errc::internal, "store");
    assert_code(fixture, fixture.ask("4a01"), Errc::unavailable);
    fixture.store.failure.reset();
    assert_answer(fixture, fixture.ask("4a01"), OcspStatus::good);
}

// Two reads for one certificate, and one turn of the key child.
void test_what_an_answer_costs(void**) {
    OcspFixture fixture;
    fixture.ask("4a01");
    fixture.store.reads = 0;
    const Buffer good = cert_id_of(fixture.ca, kGood);
    const std::uint64_t id = fixture.begin({good});
    assert_int_equal(fixture.signer.waiting(), 1);
    fixture.signer.run();
    assert_true(fixture.answered(id));
    assert_int_equal(fixture.store.reads, 2);
    assert_int_equal(fixture.store.certificates.size(), 1);
}

void test_the_responder_is_recorded(void**) {
    OcspFixture fixture;
    const Buffer good = cert_id_of(fixture.ca, kGood);
    const std::uint64_t id = fixture.begin({good});
    fixture.signer.run();  // the key
    fixture.signer.run();  // the certificate
    fixture.signer.run();
    assert_false(fixture.answered(id));  // it is not on disk yet
    assert_int_equal(fixture.signer.waiting(), 0);
    fixture.finish();
    assert_answer(fixture, id, OcspStatus::good);
    assert_int_equal(fixture.store.certificates.size(), 1);
    const signerd::CertificateRecord& record = fixture.store.certificates[0];
    const signerd::AuditRecord& audit = fixture.store.audit[0];
    assert_text(record.ca, "issuing");
    assert_text(record.tenant, "demo");
    assert_text(record.profile, "(ocsp)");
    assert_text(record.subject, "CN=issuing OCSP Responder");
    const auto response = *fixture.response(id);
    assert_hex(record.der, pki::hex_encode(response.certificates[0]));
    const auto certificate = *x509::parse_certificate(record.der);
    assert_text(record.serial, x509::serial_text(certificate.tbs));
    assert_text(record.subject, x509::name_text(certificate.tbs.subject));
    assert_int_equal(record.not_after, certificate.tbs.not_after);
    assert_true(audit.operation == wire::Operation::responder);
    assert_true(audit.decision == wire::Decision::allow);
    assert_text(audit.serial, record.serial);
    assert_text(audit.profile, "(ocsp)");
    assert_text(audit.signerd, "signerd-1");
}

// The real store takes it.
void test_the_record_is_fit(void**) {
    OcspFixture fixture;
    fixture.ask("4a01");
    const unit::StoreFolder folder;
    const auto store = signerd::open_sqlite_store(folder.file());
    signerd::Decided decided;
    decided.audit = fixture.store.audit[0];
    decided.certificate = fixture.store.certificates[0];
    const auto status = unit::commit(**store, {decided});
    folder.remove();
    assert_ok(status);
}

void test_many_wait_for_one_responder(void**) {
    OcspFixture fixture;
    const Buffer good = cert_id_of(fixture.ca, kGood);
    for (int i = 0; i < 5; i++) fixture.begin({good});
    fixture.finish();
    for (std::uint64_t id = 1; id <= 5; id++) assert_answer(fixture, id, OcspStatus::good);
    assert_int_equal(fixture.signer.certified, 1);
    assert_int_equal(fixture.ocsp.in_flight(), 0);
}

void test_no_answer_outlasts_its_responder(void**) {
    OcspFixture fixture;
    fixture.config->cas["issuing"].ocsp.certificate_validity = 3 * kHour;
    const std::uint64_t id = fixture.ask("4a01");
    assert_int_equal(fixture.reply(id)->next_update, kNow + 3 * kHour);
    assert_int_equal(fixture.response(id)->data.responses[0].next_update, kNow + 3 * kHour);
}

Buffer key_of(const OcspFixture& fixture, std::uint64_t id) {
    return pki::to_buffer(fixture.response(id)->data.responder_key_hash);
}

// The one in use goes on until the next one is on disk.
void test_rotation(void**) {
    OcspFixture fixture;
    const Buffer first = key_of(fixture, fixture.ask("4a01"));
    fixture.clock.seconds += 3 * kDay;
    assert_true(key_of(fixture, fixture.ask("4a01")) == first);
    assert_int_equal(fixture.signer.certified, 1);
    fixture.clock.seconds += kDay;
    const Buffer good = cert_id_of(fixture.ca, kGood);
    const std::uint64_t during = fixture.begin({good});
    fixture.signer.run();
    assert_true(key_of(fixture, during) == first);
    fixture.finish();
    assert_int_equal(fixture.signer.certified, 2);
    assert_int_equal(fixture.signer.fresh_keys, 1);
    assert_false(key_of(fixture, fixture.ask("4a01")) == first);
    assert_int_equal(fixture.signer.certified, 2);
}

// Attempts that fail must not push out the key that is in use.
void test_rotation_that_fails(void**) {
    OcspFixture fixture;
    const Buffer first = key_of(fixture, fixture.ask("4a01"));
    fixture.clock.seconds += 4 * kDay;
    fixture.committer.failure = error(Errc::unavailable, "disk full");
    for (int i = 0; i < 5; i++) {
        fixture.clock.seconds += 2;
        assert_true(key_of(fixture, fixture.ask("4a01")) == first);
    }
    assert_int_equal(fixture.signer.fresh_keys, 1);
    fixture.committer.failure.reset();
    fixture.clock.seconds += 2;
    fixture.ask("4a01");
    assert_false(key_of(fixture, fixture.ask("4a01")) == first);
}

void test_expired_responder(void**) {
    OcspFixture fixture;
    const Buffer first = key_of(fixture, fixture.ask("4a01"));
    fixture.clock.seconds += 8 * kDay;
    const std::uint64_t id = fixture.ask("4a01");
    assert_answer(fixture, id, OcspStatus::good);
    assert_false(key_of(fixture, id) == first);
}

// One that ends with its CA has no better successor.
void test_end_of_the_ca(void**) {
    OcspFixture fixture;
    fixture.clock.seconds = unit::kTestNotAfter - kDay;
    assert_answer(fixture, fixture.ask("4a01"), OcspStatus::good);
    fixture.clock.seconds = unit::kTestNotAfter - 60;
    const std::uint64_t id = fixture.ask("4a01");
    assert_int_equal(fixture.reply(id)->next_update, unit::kTestNotAfter);
    assert_int_equal(fixture.signer.certified, 1);
    fixture.clock.seconds = unit::kTestNotAfter;
    assert_code(fixture, fixture.ask("4a01"), Errc::unavailable);
}

void test_key_child_replaced(void**) {
    OcspFixture fixture;
    const Buffer first = key_of(fixture, fixture.ask("4a01"));
    fixture.signer.lose_keys();
    const Buffer good = cert_id_of(fixture.ca, kGood);
    for (int i = 0; i < 3; i++) fixture.begin({good});
    fixture.finish();
    for (std::uint64_t id = 2; id <= 4; id++) {
        assert_answer(fixture, id, OcspStatus::good);
        assert_false(key_of(fixture, id) == first);
    }
    assert_int_equal(fixture.signer.certified, 2);
}

// Between the key and its certificate.
void test_key_child_replaced_in_between(void**) {
    OcspFixture fixture;
    const Buffer good = cert_id_of(fixture.ca, kGood);
    const std::uint64_t id = fixture.begin({good});
    fixture.signer.run();
    fixture.signer.lose_keys();
    fixture.finish();
    assert_answer(fixture, id, OcspStatus::good);
}

// Once more, and then no more.
void test_keys_that_are_never_there(void**) {
    OcspFixture fixture;
    fixture.ask("4a01");
    const Buffer good = cert_id_of(fixture.ca, kGood);
    const std::uint64_t id = fixture.begin({good});
    fixture.signer.instead = error(Errc::not_found, "key");
    fixture.finish();
    assert_code(fixture, id, Errc::unavailable);
    fixture.signer.instead.reset();
    fixture.clock.seconds += 2;
    assert_answer(fixture, fixture.ask("4a01"), OcspStatus::good);
}

void test_key_child_refuses(void**) {
    OcspFixture fixture;
    fixture.ask("4a01");
    fixture.signer.instead = error(Errc::internal, "key child refuses");
    assert_code(fixture, fixture.ask("4a01"), Errc::internal);
    fixture.signer.instead = error(Errc::unavailable, "key child away");
    assert_code(fixture, fixture.ask("4a01"), Errc::unavailable);
}

// A pause between attempts, in which nobody waits.
void test_no_responder(void**) {
    OcspFixture fixture;
    fixture.committer.failure = error(Errc::unavailable, "disk full");
    assert_code(fixture, fixture.ask("4a01"), Errc::unavailable);
    assert_int_equal(fixture.signer.certified, 1);
    assert_code(fixture, fixture.ask("4a01"), Errc::unavailable);
    assert_int_equal(fixture.signer.certified, 1);
    fixture.committer.failure.reset();
    fixture.clock.seconds += 1;
    assert_answer(fixture, fixture.ask("4a01"), OcspStatus::good);
}

// A signature of an RSA key that does not verify could give the key away.
void test_bad_rsa_signature(void**) {
    OcspFixture fixture("rsa:2048");
    fixture.config->cas["issuing"].ocsp.key = "rsa:2048";
    fixture.ask("4a01");
    const Buffer good = cert_id_of(fixture.ca, kGood);
    const std::uint64_t id = fixture.begin({good});
    fixture.signer.bad_signature = true;
    fixture.finish();
    assert_code(fixture, id, Errc::internal);
}

// A bad one of the CA's key makes no responder.
void test_bad_rsa_signature_of_the_ca(void**) {
    OcspFixture fixture("rsa:2048");
    fixture.signer.bad_signature = true;
    assert_code(fixture, fixture.ask("4a01"), Errc::unavailable);
    assert_int_equal(fixture.store.certificates.size(), 0);
}

// A reload that puts another CA in the place of this one.
void test_another_ca_of_the_same_name(void**) {
    OcspFixture fixture;
    fixture.ask("4a01");
    const unit::TestCa next = unit::make_ca({.name = "CN=Next"});
    fixture.config = unit::issue_config(next);
    fixture.use_config(2);
    assert_code(fixture, fixture.ask("4a01"), Errc::not_found);
    fixture.signer.use_ca(next.key.get());
    const Buffer good = cert_id_of(next, kGood);
    const std::uint64_t id = fixture.ask({good});
    assert_answer(fixture, id, OcspStatus::good);
    const Buffer issuer = pki::to_buffer(
        x509::parse_certificate(fixture.response(id)->certificates[0])->tbs.issuer.encoding);
    assert_hex(issuer, pki::hex_encode(next.name));
}

// A reload that changes nothing of it keeps the responder.
void test_reload(void**) {
    OcspFixture fixture;
    const Buffer first = key_of(fixture, fixture.ask("4a01"));
    fixture.use_config(2);
    assert_true(key_of(fixture, fixture.ask("4a01")) == first);
    assert_int_equal(fixture.signer.certified, 1);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_the_answer_is_signed),
        cmocka_unit_test(test_revoked),
        cmocka_unit_test(test_unknown_is_not_kept),
        cmocka_unit_test(test_several_and_a_nonce),
        cmocka_unit_test(test_no_such_ca),
        cmocka_unit_test(test_one_responder_for_one_ca),
        cmocka_unit_test(test_one_ca_under_two_names),
        cmocka_unit_test(test_who_may_ask),
        cmocka_unit_test(test_a_frontend_of_another_profile),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_shed),
        cmocka_unit_test(test_store_away),
        cmocka_unit_test(test_what_an_answer_costs),
        cmocka_unit_test(test_the_responder_is_recorded),
        cmocka_unit_test(test_the_record_is_fit),
        cmocka_unit_test(test_many_wait_for_one_responder),
        cmocka_unit_test(test_no_answer_outlasts_its_responder),
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_rotation_that_fails),
        cmocka_unit_test(test_expired_responder),
        cmocka_unit_test(test_end_of_the_ca),
        cmocka_unit_test(test_key_child_replaced),
        cmocka_unit_test(test_key_child_replaced_in_between),
        cmocka_unit_test(test_keys_that_are_never_there),
        cmocka_unit_test(test_key_child_refuses),
        cmocka_unit_test(test_no_responder),
        cmocka_unit_test(test_bad_rsa_signature),
        cmocka_unit_test(test_bad_rsa_signature_of_the_ca),
        cmocka_unit_test(test_another_ca_of_the_same_name),
        cmocka_unit_test(test_reload),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
