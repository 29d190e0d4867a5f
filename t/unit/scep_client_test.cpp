// What a client believes, and what a CA tells of itself.
#include "libpki/scep/client.h"

#include "libpki/scep/ca.h"
#include "libpki/x509/oids.h"
#include "t/unit/scep_fixture.h"

namespace {

using pki::as_bytes;
using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using unit::ScepClient;
using unit::ScepRa;
namespace cms = pki::cms;
namespace der = pki::der;
namespace oid = pki::x509::oid;
namespace scep = pki::scep;

const ScepRa& ra() {
    static const ScepRa only;
    return only;
}

const ScepClient& client() {
    static const ScepClient only = unit::rsa_client();
    return only;
}

Buffer reply_of(const scep::CertRep& reply, const scep::Signing& signing = ra().signing) {
    const Buffer message = *scep::build_request(client().request(ra()));
    const auto request = scep::parse_request(message);
    assert_ok(request);
    const auto built = scep::build_cert_rep(*request, reply, signing);
    assert_ok(built);
    return *built;
}

scep::CertRep success() {
    return {.status = scep::PkiStatus::success, .certificates = {ra().ra.certificate}};
}

void another_request_is_not_answered(void**) {
    const Buffer reply = reply_of(success());
    const Buffer nonce(16, 0x4f);
    assert_ok(client().read(reply, ra()));
    assert_error(
        Errc::bad_signature,
        client().read(reply, ra(), {.transaction_id = "transaction-2", .sender_nonce = {}}));
    assert_error(Errc::bad_signature,
                 client().read(reply, ra(), {.transaction_id = {}, .sender_nonce = nonce}));
}

// The certificate in the message is the RA's; the signature is not.
void another_signer_is_not_believed(void**) {
    scep::Signing impostor = ra().signing;
    impostor.key = unit::scep_rsa_key(2);
    assert_error(Errc::bad_signature, client().read(reply_of(success(), impostor), ra()));
    assert_error(Errc::bad_signature, client().read(reply_of({}, impostor), ra()));
}

void another_envelope_is_not_believed(void**) {
    const Buffer reply = reply_of(success());
    const Buffer other = reply_of(success());
    const auto read = cms::parse_signed_data(reply), theirs = cms::parse_signed_data(other);
    der::Writer mine, foreign;
    mine.octet_string(*read->content);
    foreign.octet_string(*theirs->content);
    assert_error(Errc::bad_signature,
                 client().read(unit::replaced(reply, mine.view(), foreign.view()), ra()));
}

void an_answer_for_another_key(void**) {
    const Buffer reply = reply_of(success());
    const ScepClient other(unit::borrowed(unit::scep_rsa_key(2)));
    assert_error(Errc::bad_signature, other.read(reply, ra()));
}

void a_request_is_no_answer(void**) {
    scep::RequestSpec spec = client().request(ra());
    spec.key = ra().ra.key.get();
    spec.signer_certificate = ra().ra.certificate;
    assert_error(Errc::malformed, client().read(*scep::build_request(spec), ra()));
    assert_error(Errc::malformed, client().read({}, ra()));
    assert_error(Errc::bad_signature,
                 client().read(pki::x509::build_certs_only({ra().ra.certificate}), ra()));
}

// Answers of servers that are not ours, signed by the RA.
struct Answer {
    const char* status = "3";
    const char* fail_info = nullptr;
    std::optional<Buffer> content = {};

    Buffer encode() const {
        cms::SigningSpec spec;
        spec.key = ra().ra.key.get();
        spec.certificate = ra().ra.certificate;
        spec.content_type = oid::kData;
        if (content) spec.content = *content;
        add(spec, oid::kScepMessageType, der::kPrintableString, as_bytes("3"));
        add(spec, oid::kScepTransactionId, der::kUtf8String, as_bytes(client().transaction));
        add(spec, oid::kScepRecipientNonce, der::kOctetString, client().nonce);
        if (status) add(spec, oid::kScepPkiStatus, der::kPrintableString, as_bytes(status));
        if (fail_info)
            add(spec, oid::kScepFailInfo, der::kPrintableString, as_bytes(fail_info));
        return *cms::build_signed_data(spec);
    }
    static void add(cms::SigningSpec& spec, Bytes type, std::uint8_t tag, Bytes value) {
        der::Writer w;
        w.primitive(tag, value);
        spec.attributes.push_back(cms::build_attribute(type, w.view()));
    }
};

void statuses_of_others(void**) {
    assert_ok(client().read(Answer().encode(), ra()));
    assert_ok(
        client().read(Answer{.status = "2", .fail_info = "4", .content = {}}.encode(), ra()));
    for (const char* status : {"1", "4", "x", ""})
        assert_error(Errc::malformed,
                     client().read(Answer{.status = status, .content = {}}.encode(), ra()));
    assert_error(Errc::malformed,
                 client().read(Answer{.status = nullptr, .content = {}}.encode(), ra()));
    for (const char* info : {"5", "-1", "256"})
        assert_error(
            Errc::malformed,
            client().read(Answer{.status = "2", .fail_info = info, .content = {}}.encode(),
                          ra()));
    assert_error(Errc::malformed,
                 client().read(Answer{.status = "2", .content = {}}.encode(), ra()));
}

void success_needs_an_envelope(void**) {
    assert_error(Errc::malformed,
                 client().read(Answer{.status = "0", .content = {}}.encode(), ra()));
    const Buffer bare = pki::x509::build_certs_only({ra().ra.certificate});
    assert_error(Errc::unsupported,
                 client().read(Answer{.status = "0", .content = bare}.encode(), ra()));
}

void weak_answers_need_leave(void**) {
    scep::RequestSpec spec = client().request(ra());
    spec.digest = pki::ossl::Hash::sha1;
    const Buffer message = *scep::build_request(spec);
    const auto request = scep::parse_request(message);
    scep::Signing signing = ra().signing;
    signing.hashes.sha1 = true;
    const Buffer reply = *scep::build_cert_rep(*request, {}, signing);
    assert_error(Errc::unsupported, client().read(reply, ra()));
    scep::ResponseRules rules;
    rules.hashes.sha1 = true;
    assert_ok(client().read(reply, ra(), rules));
}

void self_signed_certificates(void**) {
    for (const char* type : {"rsa:2048", "ec:P-256", "ec:P-384", "ed25519"}) {
        const auto key = *pki::ossl::generate_key(type);
        const Buffer name = *pki::x509::name_from_text("CN=x,O=y");
        const auto encoding =
            scep::build_self_signed(key.get(), name, 1'800'000'000, 1'800'086'400);
        assert_ok(encoding);
        const auto certificate = pki::x509::parse_certificate(*encoding);
        assert_ok(certificate);
        assert_true(scep::self_issued(*certificate));
        assert_hex(certificate->tbs.subject.encoding, pki::hex_encode(name));
        assert_true(certificate->tbs.not_before == 1'800'000'000);
        assert_true(certificate->tbs.not_after == 1'800'086'400);
        const auto* usage = certificate->tbs.extensions.find(oid::kKeyUsage);
        assert_non_null(usage);
        const bool seals =
            (*pki::x509::parse_key_usage(usage->value) & pki::x509::kKeyEncipherment) != 0;
        assert_int_equal(seals, certificate->tbs.spki.key.type == pki::ossl::KeyType::rsa);
    }
}

void the_next_ca(void**) {
    const auto built =
        scep::build_next_ca(ra().signing, {ra().ca.certificate, ra().ra.certificate});
    assert_ok(built);
    const auto next = scep::read_next_ca(*built, ra().certificate, {});
    assert_ok(next);
    assert_int_equal(next->size(), 2);
    assert_hex((*next)[0], pki::hex_encode(ra().ca.certificate));
    scep::Signing impostor = ra().signing;
    impostor.key = unit::scep_rsa_key(2);
    assert_error(Errc::bad_signature,
                 scep::read_next_ca(*scep::build_next_ca(impostor, {ra().ca.certificate}),
                                    ra().certificate, {}));
    assert_error(Errc::bad_signature,
                 scep::read_next_ca(pki::x509::build_certs_only({ra().ca.certificate}),
                                    ra().certificate, {}));
}

void capabilities(void**) {
    assert_text(scep::default_capabilities({}, false),
                "AES\nPOSTPKIOperation\nRenewal\nSCEPStandard\nSHA-256\nSHA-512\n");
    assert_text(scep::default_capabilities(
                    {.hashes = {.sha1 = true, .md5 = true}, .ciphers = {true, true}}, true),
                "AES\nDES3\nGetNextCACert\nPOSTPKIOperation\nRenewal\nSCEPStandard\nSHA-1\n"
                "SHA-256\nSHA-512\n");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(another_request_is_not_answered),
        cmocka_unit_test(another_signer_is_not_believed),
        cmocka_unit_test(another_envelope_is_not_believed),
        cmocka_unit_test(an_answer_for_another_key),
        cmocka_unit_test(a_request_is_no_answer),
        cmocka_unit_test(statuses_of_others),
        cmocka_unit_test(success_needs_an_envelope),
        cmocka_unit_test(weak_answers_need_leave),
        cmocka_unit_test(self_signed_certificates),
        cmocka_unit_test(the_next_ca),
        cmocka_unit_test(capabilities),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
