// From the client to the RA and back: what goes in comes out, and answers follow the request.
#include "libpki/scep/message.h"

#include "libpki/scep/contents.h"
#include "t/unit/scep_fixture.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::ossl::Cipher;
using pki::ossl::Hash;
using unit::ScepClient;
using unit::ScepRa;
namespace cms = pki::cms;
namespace scep = pki::scep;

const scep::Rules kAll{{true, true}, {true, false}, true};

const ScepRa& ra() {
    static const ScepRa only;
    return only;
}

const ScepClient& client() {
    static const ScepClient only = unit::rsa_client();
    return only;
}

scep::CertRep success() {
    return {.status = scep::PkiStatus::success,
            .certificates = {ra().ra.certificate, ra().ca.certificate}};
}

// What the answer to this request is made of.
struct Seen {
    Hash digest;
    std::optional<Cipher> cipher;
    pki::ossl::RsaPadding padding;
    Buffer signature_algorithm;
};

Seen answer_to(const scep::RequestSpec& spec, const scep::Signing& signing) {
    const Buffer message = *scep::build_request(spec);
    const auto request = scep::parse_request(message);
    assert_ok(request);
    assert_ok(scep::verify_request(*request, kAll));
    const auto reply = scep::build_cert_rep(*request, success(), signing);
    assert_ok(reply);
    const auto read = cms::parse_signed_data(*reply);
    assert_ok(read);
    const auto envelope = cms::parse_enveloped_data(*read->content);
    assert_ok(envelope);
    return {read->signer->digest, envelope->cipher, envelope->recipients.at(0).padding,
            pki::to_buffer(read->signer->signature_algorithm)};
}

void what_the_ra_reads(void**) {
    const Buffer message = *scep::build_request(client().request(ra()));
    const auto request = scep::parse_request(message);
    assert_ok(request);
    assert_text(scep::name(request->type), "PKCSReq");
    assert_text(pki::as_text(request->transaction_id), "transaction-1");
    assert_int_equal(request->transaction_tag, pki::der::kPrintableString);
    assert_hex(request->sender_nonce, pki::hex_encode(client().nonce));
    assert_true(request->digest == Hash::sha256);
    assert_hex(request->signer.encoding, pki::hex_encode(client().certificate));
    assert_true(scep::self_issued(request->signer));
    assert_ok(scep::verify_request(*request, {}));
    const auto opened = ra().open(*request);
    assert_ok(opened);
    assert_hex(*opened, pki::hex_encode(client().csr));
}

void every_type(void**) {
    const Buffer names = scep::build_issuer_and_subject(ra().ca.name, client().name);
    const Buffer serial = unit::hex("0102");
    const Buffer id = scep::build_issuer_and_serial(ra().ca.name, serial);
    const std::pair<scep::MessageType, Bytes> cases[] = {
        {scep::MessageType::pkcs_req, client().csr},
        {scep::MessageType::renewal_req, client().csr},
        {scep::MessageType::cert_poll, names},
        {scep::MessageType::get_cert, id},
        {scep::MessageType::get_crl, id}};
    for (const auto& [type, content] : cases) {
        scep::RequestSpec spec = client().request(ra());
        spec.type = type;
        spec.content = content;
        const Buffer message = *scep::build_request(spec);
        const auto request = scep::parse_request(message);
        assert_ok(request);
        assert_true(request->type == type);
        assert_ok(scep::verify_request(*request, {}));
        assert_hex(*ra().open(*request), pki::hex_encode(content));
    }
}

void a_request_can_be_moved(void**) {
    const Buffer message = *scep::build_request(client().request(ra()));
    auto read = scep::parse_request(message);
    assert_ok(read);
    const scep::Request moved = *std::move(read);
    assert_hex(*ra().open(moved), pki::hex_encode(client().csr));
}

void success_and_what_is_in_it(void**) {
    const Buffer message = *scep::build_request(client().request(ra()));
    const auto request = scep::parse_request(message);
    const auto reply = scep::build_cert_rep(*request, success(), ra().signing);
    assert_ok(reply);
    const auto response = client().read(*reply, ra());
    assert_ok(response);
    assert_true(response->status == scep::PkiStatus::success);
    assert_false(response->fail_info.has_value());
    assert_int_equal(response->sender_nonce.size(), 16);
    assert_int_equal(response->certificates.size(), 2);
    assert_hex(response->certificates[0], pki::hex_encode(ra().ra.certificate));
    assert_hex(response->certificates[1], pki::hex_encode(ra().ca.certificate));
    assert_int_equal(response->crls.size(), 0);
}

// A GetCRL is answered with a CRL and no certificate; what a CRL is does not matter here.
void success_with_a_crl(void**) {
    const Buffer crl = unit::hex("3003 020101");
    const Buffer message = *scep::build_request(client().request(ra()));
    const auto request = scep::parse_request(message);
    const scep::CertRep crl_reply{.status = scep::PkiStatus::success, .crls = {crl}};
    const auto response =
        client().read(*scep::build_cert_rep(*request, crl_reply, ra().signing), ra());
    assert_ok(response);
    assert_int_equal(response->certificates.size(), 0);
    assert_int_equal(response->crls.size(), 1);
    assert_hex(response->crls[0], "3003020101");
}

// Content that is there and empty: many a client takes none for a detached signature.
void assert_no_envelope(Bytes reply) {
    const auto read = cms::parse_signed_data(reply);
    assert_ok(read);
    assert_true(read->content.has_value() && read->content->empty());
}

void failure_says_why(void**) {
    const Buffer message = *scep::build_request(client().request(ra()));
    const auto request = scep::parse_request(message);
    for (const auto info :
         {scep::FailInfo::bad_alg, scep::FailInfo::bad_message_check,
          scep::FailInfo::bad_request, scep::FailInfo::bad_time, scep::FailInfo::bad_cert_id}) {
        const scep::CertRep refusal{.fail_info = info, .fail_text = "why it is so"};
        const auto reply = scep::build_cert_rep(*request, refusal, ra().signing);
        assert_ok(reply);
        assert_no_envelope(*reply);
        const auto response = client().read(*reply, ra());
        assert_ok(response);
        assert_true(response->status == scep::PkiStatus::failure);
        assert_true(response->fail_info == info);
        assert_text(response->fail_text, "why it is so");
    }
}

void fail_texts_are_bounded(void**) {
    const Buffer message = *scep::build_request(client().request(ra()));
    const auto request = scep::parse_request(message);
    const scep::CertRep refusal{.fail_text = std::string(1000, 'x')};
    const auto response =
        client().read(*scep::build_cert_rep(*request, refusal, ra().signing), ra());
    assert_ok(response);
    assert_true(response->fail_text.size() <= 255 && response->fail_text.size() > 200);
}

void pending_carries_nothing(void**) {
    const Buffer message = *scep::build_request(client().request(ra()));
    const auto request = scep::parse_request(message);
    scep::CertRep waits = success();
    waits.status = scep::PkiStatus::pending;
    waits.fail_text = "not for this status";
    const auto reply = scep::build_cert_rep(*request, waits, ra().signing);
    assert_ok(reply);
    assert_no_envelope(*reply);
    const auto response = client().read(*reply, ra());
    assert_ok(response);
    assert_true(response->status == scep::PkiStatus::pending);
    assert_false(response->fail_info.has_value());
    assert_text(response->fail_text, "");
}

// RFC 8894 3.1: a key that cannot be encrypted to.
void ec_clients_use_the_password(void**) {
    ScepClient ec = unit::ec_client();
    ec.password = "challenge";
    const Buffer message = *scep::build_request(ec.request(ra()));
    const auto request = scep::parse_request(message);
    assert_ok(request);
    assert_ok(scep::verify_request(*request, {}));
    assert_hex(*ra().open(*request, "challenge"), pki::hex_encode(ec.csr));
    assert_error(Errc::bad_signature, ra().open(*request, "Challenge"));
    scep::CertRep reply = success();
    assert_error(Errc::unsupported, scep::build_cert_rep(*request, reply, ra().signing));
    reply.password = pki::as_bytes(ec.password);
    const auto response = ec.read(*scep::build_cert_rep(*request, reply, ra().signing), ra());
    assert_ok(response);
    assert_int_equal(response->certificates.size(), 2);
}

// The RA's key can be encrypted to, the client's cannot: one way each.
void ec_clients_may_seal_for_the_ra(void**) {
    ScepClient ec = unit::ec_client();
    ec.password = "challenge";
    scep::RequestSpec spec = ec.request(ra());
    spec.password = {};
    const Buffer message = *scep::build_request(spec);
    const auto request = scep::parse_request(message);
    assert_ok(request);
    assert_hex(*ra().open(*request), pki::hex_encode(ec.csr));
    scep::CertRep reply = success();
    reply.password = pki::as_bytes(ec.password);
    const Buffer sealed = *scep::build_cert_rep(*request, reply, ra().signing);
    assert_ok(ec.read(sealed, ra()));
    ec.password = "another";
    assert_error(Errc::bad_signature, ec.read(sealed, ra()));
}

void refusals_need_no_password(void**) {
    const ScepClient ec = unit::ec_client();
    const Buffer message = *scep::build_request(ec.request(ra()));
    const auto request = scep::parse_request(message);
    const auto response = ec.read(*scep::build_cert_rep(*request, {}, ra().signing), ra());
    assert_ok(response);
    assert_true(response->status == scep::PkiStatus::failure);
}

void the_cipher_follows(void**) {
    for (const Cipher cipher : {Cipher::aes128, Cipher::aes192, Cipher::aes256, Cipher::des3}) {
        scep::RequestSpec spec = client().request(ra());
        spec.cipher = cipher;
        assert_true(answer_to(spec, ra().signing).cipher == cipher);
    }
}

void the_digest_follows(void**) {
    for (const Hash digest : {Hash::sha256, Hash::sha384, Hash::sha512}) {
        scep::RequestSpec spec = client().request(ra());
        spec.digest = digest;
        assert_true(answer_to(spec, ra().signing).digest == digest);
    }
}

// The weak ones only where they may be signed with.
void weak_digests_follow_when_allowed(void**) {
    scep::RequestSpec spec = client().request(ra());
    scep::Signing signing = ra().signing;
    spec.digest = Hash::sha1;
    assert_true(answer_to(spec, signing).digest == Hash::sha256);
    signing.hashes.sha1 = true;
    assert_true(answer_to(spec, signing).digest == Hash::sha1);
    spec.digest = Hash::md5;
    assert_true(answer_to(spec, signing).digest == Hash::sha256);
    signing.hashes.md5 = true;
    assert_true(answer_to(spec, signing).digest == Hash::md5);
}

void the_key_transport_follows(void**) {
    scep::RequestSpec spec = client().request(ra());
    assert_false(answer_to(spec, ra().signing).padding.oaep);
    spec.padding = {true, Hash::sha256, Hash::sha256, {}};
    const Seen seen = answer_to(spec, ra().signing);
    assert_true(seen.padding.oaep && seen.padding.hash == Hash::sha256);
}

// strongSwan 5.9.8 reads no other one.
void signed_with_rsa_encryption(void**) {
    const Seen seen = answer_to(client().request(ra()), ra().signing);
    assert_hex(seen.signature_algorithm, "300d06092a864886f70d0101010500");
}

void the_certificate_of_the_ra_is_optional(void**) {
    const Buffer message = *scep::build_request(client().request(ra()));
    const auto request = scep::parse_request(message);
    scep::Signing signing = ra().signing;
    assert_int_equal(cms::parse_signed_data(*scep::build_cert_rep(*request, {}, signing))
                         ->certificates.size(),
                     1);
    signing.include_certificate = false;
    const Buffer reply = *scep::build_cert_rep(*request, {}, signing);
    assert_int_equal(cms::parse_signed_data(reply)->certificates.size(), 0);
    assert_ok(client().read(reply, ra()));
}

void what_the_rules_refuse(void**) {
    scep::RequestSpec spec = client().request(ra());
    const auto verified = [&](const scep::Rules& rules) {
        const Buffer message = *scep::build_request(spec);
        const auto request = scep::parse_request(message);
        assert_ok(request);
        const auto status = scep::verify_request(*request, rules);
        return std::string(status ? "fine" : pki::name(status.error().code));
    };
    spec.digest = Hash::sha1;
    assert_text(verified({}), "unsupported");
    assert_text(verified({.hashes = {.md5 = true}}), "unsupported");
    assert_text(verified({.hashes = {.sha1 = true}}), "fine");
    spec.digest = Hash::md5;
    assert_text(verified({.hashes = {.sha1 = true}}), "unsupported");
    assert_text(verified({.hashes = {.md5 = true}}), "fine");
    spec.digest = Hash::sha256;
    spec.cipher = Cipher::des3;
    assert_text(verified({}), "unsupported");
    assert_text(verified({.ciphers = {.des3 = true}}), "fine");
}

void without_an_envelope(void**) {
    scep::RequestSpec spec = client().request(ra());
    spec.lightweight = true;
    const Buffer message = *scep::build_request(spec);
    const auto request = scep::parse_request(message);
    assert_ok(request);
    assert_true(request->lightweight && !request->envelope);
    assert_error(Errc::denied, scep::verify_request(*request, {}));
    assert_ok(scep::verify_request(*request, {.lightweight = true}));
    assert_hex(*request->signed_data.content, pki::hex_encode(client().csr));
    assert_true(answer_to(spec, ra().signing).cipher == Cipher::aes128);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_the_ra_reads),
        cmocka_unit_test(every_type),
        cmocka_unit_test(a_request_can_be_moved),
        cmocka_unit_test(success_and_what_is_in_it),
        cmocka_unit_test(success_with_a_crl),
        cmocka_unit_test(failure_says_why),
        cmocka_unit_test(fail_texts_are_bounded),
        cmocka_unit_test(pending_carries_nothing),
        cmocka_unit_test(ec_clients_use_the_password),
        cmocka_unit_test(ec_clients_may_seal_for_the_ra),
        cmocka_unit_test(refusals_need_no_password),
        cmocka_unit_test(the_cipher_follows),
        cmocka_unit_test(the_digest_follows),
        cmocka_unit_test(weak_digests_follow_when_allowed),
        cmocka_unit_test(the_key_transport_follows),
        cmocka_unit_test(signed_with_rsa_encryption),
        cmocka_unit_test(the_certificate_of_the_ra_is_optional),
        cmocka_unit_test(what_the_rules_refuse),
        cmocka_unit_test(without_an_envelope),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
