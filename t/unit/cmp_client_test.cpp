// What a client of CMP believes, and what it sends.
#include "libpki/cmp/client.h"

#include <openssl/err.h>

#include "libpki/cmp/check.h"
#include "libpki/cmp/general_oids.h"
#include "libpki/ossl/digest.h"
#include "libpki/x509/crmf.h"
#include "t/unit/test_ca.h"
#include "t/unit/unit.h"

namespace {

using pki::as_bytes;
using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using unit::TestCa;
namespace cmp = pki::cmp;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

using cmp::BodyType;

constexpr std::string_view kSecret = "open sesame";
constexpr std::int64_t kNow = 1'800'000'000;

const TestCa& server() {
    static const TestCa made = unit::make_ca({"CN=CMP"});
    return made;
}

const TestCa& stranger() {
    static const TestCa made = unit::make_ca({"CN=Stranger"});
    return made;
}

cmp::Protector signed_by(const TestCa& who) {
    cmp::Protector protector;
    protector.key = who.key.get();
    protector.certificate = who.certificate;
    return protector;
}

// A MAC by this secret; the parts have to live as long as the protector.
struct ByMac {
    explicit ByMac(std::string_view secret)
        : mac{cmp::ProtectionKind::pbm, as_bytes("0123456789abcdef"), 500},
          key(*cmp::derive_mac_key(mac, as_bytes(secret))) {
        protector.mac = &mac;
        protector.mac_key = key.view();
        protector.reference = as_bytes("lab");
    }
    ByMac(const ByMac&) = delete;
    ByMac& operator=(const ByMac&) = delete;

    cmp::MacParameters mac;
    pki::Secret key;
    cmp::Protector protector;
};

// A transaction whose first message, an ir, has been sent.
struct Client {
    Client() {
        const ByMac mac(kSecret);
        sent = *cmp::build_client_message(
            transaction, {.body = cmp::build_pki_conf(), .now = kNow}, mac.protector);
    }
    cmp::AnswerRules rules(BodyType request = BodyType::ir,
                           Bytes secret = as_bytes(kSecret)) const {
        cmp::AnswerRules out;
        out.request = request;
        out.transaction_id = transaction.id;
        out.nonce = transaction.nonce;
        out.secret = secret;
        return out;
    }

    cmp::ClientTransaction transaction;
    Buffer sent;
};

struct Reply {
    BodyType type = BodyType::ip;
    Buffer body = cmp::build_pki_conf();
    std::optional<Bytes> id = {};  // instead of that of the request
    std::optional<Bytes> nonce = {};
};

Buffer answer_to(const Client& client, const Reply& reply, const cmp::Protector& protector) {
    static const Buffer kNonce(16, 0x55);
    cmp::HeaderSpec header;
    header.transaction_id = reply.id.value_or(Bytes(client.transaction.id));
    header.recip_nonce = reply.nonce.value_or(Bytes(client.transaction.nonce));
    header.sender_nonce = kNonce;
    header.message_time = kNow;
    return *cmp::build_message(header, reply.type, reply.body, protector);
}

Buffer by_mac(const Client& client, const Reply& reply, std::string_view secret = kSecret) {
    return answer_to(client, reply, ByMac(secret).protector);
}

Buffer error_body() {
    return cmp::build_error(
        {{cmp::PkiStatus::rejection, "no", cmp::FailInfo::bad_message_check}, {}, {}});
}

// --- what is sent ---

void ids_and_nonces(void**) {
    Client client;
    const auto first = cmp::parse_message(client.sent);
    assert_ok(first);
    assert_ok(cmp::check_header(*first, {}));
    assert_int_equal(client.transaction.id.size(), 16);
    const Buffer id = client.transaction.id, nonce = client.transaction.nonce;

    const Buffer theirs(16, 7);
    client.transaction.their_nonce = theirs;
    const Buffer next = *cmp::build_client_message(
        client.transaction,
        {.type = BodyType::cert_conf, .body = cmp::build_pki_conf(), .now = kNow, .pvno = 3},
        signed_by(server()));
    const auto second = cmp::parse_message(next);
    assert_ok(second);
    assert_true(pki::equal(*second->header.transaction_id, id));
    assert_true(pki::equal(*second->header.recip_nonce, theirs));
    assert_false(pki::equal(*second->header.sender_nonce, nonce));
    assert_int_equal(second->header.pvno, 3);
}

void wishes(void**) {
    cmp::ClientTransaction transaction;
    const Buffer body = cmp::build_pki_conf();
    const Buffer sent = *cmp::build_client_message(
        transaction,
        {.body = body, .now = kNow, .implicit_confirm = true, .cert_profile = "tls"},
        signed_by(server()));
    const auto message = cmp::parse_message(sent);
    assert_ok(message);
    assert_true(message->header.implicit_confirm);
    assert_int_equal(message->header.cert_profiles.size(), 1);
    assert_text(message->header.cert_profiles[0], "tls");
}

// --- whom it believes ---

void a_mac_is_answered_with_a_mac(void**) {
    const Client client;
    const Buffer good = by_mac(client, {}), wrong = by_mac(client, {}, "open barley");
    const auto answer = cmp::read_answer(good, client.rules());
    assert_ok(answer);
    assert_false(answer->signer || answer->unverified);
    assert_error(Errc::bad_signature, cmp::read_answer(wrong, client.rules()));
    const Buffer signature = answer_to(client, {}, signed_by(server()));
    assert_error(Errc::bad_signature, cmp::read_answer(signature, client.rules()));
    const Buffer open = answer_to(client, {}, {});
    assert_error(Errc::bad_signature, cmp::read_answer(open, client.rules()));
}

void a_signature_is_answered_with_a_signature(void**) {
    const Client client;
    const cmp::AnswerRules rules = client.rules(BodyType::ir, {});
    const Buffer good = answer_to(client, {}, signed_by(server()));
    const auto answer = cmp::read_answer(good, rules);
    assert_ok(answer);
    assert_true(answer->signer.has_value());
    assert_true(pki::equal(answer->signer->encoding, server().certificate));
    const Buffer mac = by_mac(client, {}), open = answer_to(client, {}, {});
    assert_error(Errc::bad_signature, cmp::read_answer(mac, rules));
    assert_error(Errc::bad_signature, cmp::read_answer(open, rules));

    cmp::Protector impostor = signed_by(stranger());
    impostor.certificate = server().certificate;
    const Buffer forged = answer_to(client, {}, impostor);
    assert_error(Errc::bad_signature, cmp::read_answer(forged, rules));
}

void few_iterations_are_not_believed(void**) {
    const Client client;
    cmp::AnswerRules rules = client.rules();
    rules.mac.min_iterations = 1000;
    const Buffer good = by_mac(client, {});
    assert_error(Errc::unsupported, cmp::read_answer(good, rules));
}

void another_message_is_not_answered(void**) {
    const Client client;
    const Buffer other(16, 0x4f);
    const Buffer id = by_mac(client, {.id = Bytes(other)});
    const Buffer nonce = by_mac(client, {.nonce = Bytes(other)});
    assert_error(Errc::bad_signature, cmp::read_answer(id, client.rules()));
    assert_error(Errc::bad_signature, cmp::read_answer(nonce, client.rules()));
}

void a_body_belongs_to_the_request(void**) {
    const Client client;
    const Buffer kup = by_mac(client, {.type = BodyType::kup});
    assert_error(Errc::malformed, cmp::read_answer(kup, client.rules()));
    assert_ok(cmp::read_answer(kup, client.rules(BodyType::kur)));
    assert_ok(cmp::read_answer(kup, client.rules(BodyType::poll_req)));
    const Buffer conf = by_mac(client, {.type = BodyType::pkiconf});
    assert_error(Errc::malformed, cmp::read_answer(conf, client.rules()));
    assert_ok(cmp::read_answer(conf, client.rules(BodyType::cert_conf)));
    assert_error(Errc::malformed, cmp::read_answer(client.sent, client.rules()));
}

// It can be told, and is not believed.
void an_error_that_nothing_proves(void**) {
    const Client client;
    const Reply error{.type = BodyType::error, .body = error_body()};
    const Buffer open = answer_to(client, error, {});
    const auto answer = cmp::read_answer(open, client.rules());
    assert_ok(answer);
    assert_true(answer->unverified);
    const Buffer proven = by_mac(client, error);
    assert_false(cmp::read_answer(proven, client.rules())->unverified);
    // The server has not found the secret: its signature is for the caller to judge.
    const Buffer signature = answer_to(client, error, signed_by(server()));
    const auto judged = cmp::read_answer(signature, client.rules());
    assert_true(judged->signer && !judged->unverified);

    const auto read = cmp::read_certificate_answer(answer->message, 0);
    assert_ok(read);
    assert_true(!read->accepted() && !read->waiting());
    assert_true(read->status.fail_info == cmp::FailInfo::bad_message_check);
}

// --- certificates ---

pki::Result<cmp::CertificateAnswer> certificate_answer(const Buffer& body, BodyType type,
                                                       std::int64_t id) {
    cmp::Message message;
    message.type = type;
    message.body = body;
    return cmp::read_certificate_answer(message, id);
}

void certificates(void**) {
    cmp::CertResponse response;
    response.certificate = server().certificate;
    const Buffer accepted = cmp::build_cert_rep(response, {stranger().certificate});
    const auto answer = certificate_answer(accepted, BodyType::ip, 0);
    assert_ok(answer);
    assert_true(answer->accepted() && answer->certificate == server().certificate);
    assert_true(answer->ca_pubs.at(0) == stranger().certificate);
    assert_error(Errc::malformed, certificate_answer(accepted, BodyType::ip, -1));
    assert_error(Errc::malformed, certificate_answer(accepted, BodyType::genp, 0));

    response.certificate = {};
    assert_error(Errc::malformed,
                 certificate_answer(cmp::build_cert_rep(response, {}), BodyType::cp, 0));
    response.status = {.status = cmp::PkiStatus::key_update_warning};
    const auto warned = certificate_answer(cmp::build_cert_rep(response, {}), BodyType::kup, 0);
    assert_true(!warned->accepted() && !warned->waiting());
    response.status = {.status = cmp::PkiStatus::waiting};
    assert_true(
        certificate_answer(cmp::build_cert_rep(response, {}), BodyType::cp, 0)->waiting());
}

void polls(void**) {
    const Buffer reply = cmp::build_poll_rep({.id = 0, .check_after = 77});
    const auto answer = certificate_answer(reply, BodyType::poll_rep, 0);
    assert_true(answer->waiting());
    assert_int_equal(answer->check_after, 77);
    assert_error(Errc::malformed, certificate_answer(reply, BodyType::poll_rep, 1));
}

void confirmations(void**) {
    const auto certificate = x509::parse_certificate(server().certificate);
    const auto good = cmp::build_confirmation(*certificate, -1, false);
    assert_ok(good);
    assert_int_equal(good->pvno, 2);
    const auto statuses = cmp::parse_cert_conf(good->body);
    assert_int_equal(statuses->size(), 1);
    const auto& status = statuses->at(0);
    assert_true(pki::equal(status.cert_hash, ossl::sha256(Bytes(server().certificate))));
    assert_int_equal(status.id, -1);
    assert_false(status.status || status.hash);

    const auto bad = cmp::build_confirmation(*certificate, 0, true);
    const auto rejected = cmp::parse_cert_conf(bad->body);
    assert_true(rejected->at(0).status->status == cmp::PkiStatus::rejection);
}

// RFC 9810 5.3.18: its signature names no hash that a certConf could take.
void a_confirmation_that_names_its_hash(void**) {
    const TestCa ed448 = unit::make_ca({"CN=Ed448", "ed448"});
    const auto certificate = x509::parse_certificate(ed448.certificate);
    const auto confirmation = cmp::build_confirmation(*certificate, 0, false);
    assert_ok(confirmation);
    assert_int_equal(confirmation->pvno, 3);
    const auto statuses = cmp::parse_cert_conf(confirmation->body);
    assert_true(statuses->at(0).hash == ossl::Hash::sha512);
    assert_true(pki::equal(statuses->at(0).cert_hash, ossl::sha512(Bytes(ed448.certificate))));
}

// --- general messages ---

void general_answers(void**) {
    const Buffer value = cmp::ca_certs_value({server().certificate});
    const Buffer body =
        cmp::build_general({{cmp::kCaCerts, value}, {cmp::kRootCaKeyUpdate, Bytes()}});
    cmp::Message message;
    message.type = BodyType::genp;
    message.body = body;
    const auto found = cmp::read_general_answer(message, {cmp::kCaCerts});
    assert_ok(found);
    assert_true(pki::equal(*found, value));
    const auto empty = cmp::read_general_answer(message, {cmp::kRootCaKeyUpdate});
    assert_true(empty && empty->empty());
    assert_error(Errc::not_found, cmp::read_general_answer(message, {cmp::kCrls}));
}

int no_openssl_errors(void**) {
    assert_int_equal(ERR_peek_error(), 0);
    return 0;
}

}  // namespace

int main() {
#define TEST(name) cmocka_unit_test_teardown(name, no_openssl_errors)
    const CMUnitTest tests[] = {
        TEST(ids_and_nonces),
        TEST(wishes),
        TEST(a_mac_is_answered_with_a_mac),
        TEST(a_signature_is_answered_with_a_signature),
        TEST(few_iterations_are_not_believed),
        TEST(another_message_is_not_answered),
        TEST(a_body_belongs_to_the_request),
        TEST(an_error_that_nothing_proves),
        TEST(certificates),
        TEST(polls),
        TEST(confirmations),
        TEST(a_confirmation_that_names_its_hash),
        TEST(general_answers),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
