// Full PKI Requests: what is read, what is refused, and for which part.
#include "libpki/cmc/check.h"
#include "libpki/cmc/limits.h"
#include "libpki/cmc/wanted.h"
#include "t/unit/cmc_fixture.h"

#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::Reason;
using unit::cmc_control;
using unit::cmc_crmf;
using unit::cmc_other;
using unit::cmc_pkcs10;
using unit::CmcClient;
using unit::CmcParts;
using unit::octets;
namespace cmc = pki::cmc;
namespace limits = pki::limits;
namespace oid = pki::cmc::oid;
namespace x509 = pki::x509;

const CmcClient& client() {
    static const CmcClient only;
    return only;
}

CmcParts one_pkcs10() { return {.requests = {cmc_pkcs10(1, client().csr())}}; }

Buffer hex(std::string_view text) { return *pki::hex_decode(text); }

void assert_objection(const CmcParts& parts, cmc::CmcStatus status, cmc::FailInfo info,
                      const std::vector<cmc::BodyPart>& named) {
    const Buffer der = unit::pki_data(parts);
    const auto data = cmc::parse_pki_data(der);
    assert_ok(data);
    const auto objection = cmc::objection_to(*data);
    assert_true(objection.has_value());
    assert_int_equal(objection->status, status);
    assert_int_equal(objection->fail_info, info);
    assert_true(objection->parts == named);
}

void assert_bad_request(const CmcParts& parts, const std::vector<cmc::BodyPart>& named) {
    assert_objection(parts, cmc::CmcStatus::failed, cmc::FailInfo::bad_request, named);
}

void assert_fine(const CmcParts& parts) {
    const Buffer der = unit::pki_data(parts);
    const auto data = cmc::parse_pki_data(der);
    assert_ok(data);
    assert_false(cmc::objection_to(*data).has_value());
}

void a_pkcs10_is_found(void**) {
    const Buffer csr = client().csr();
    const Buffer der = unit::pki_data({.requests = {cmc_pkcs10(4294967295, csr)}});
    const auto data = cmc::parse_pki_data(der);
    assert_ok(data);
    assert_false(cmc::objection_to(*data).has_value());
    assert_int_equal(data->requests.at(0).id, 4294967295);
    const auto wanted = cmc::read_wanted(data->requests[0]);
    assert_ok(wanted);
    assert_true(pki::equal(wanted->encoding, csr));
    assert_ok(cmc::verify_possession(*wanted));
}

void a_crmf_is_found(void**) {
    const Buffer message = *x509::build_cert_request(client().crmf(4294967295));
    const Buffer der = unit::pki_data({.requests = {cmc_crmf(message)}});
    const auto data = cmc::parse_pki_data(der);
    assert_ok(data);
    assert_int_equal(data->requests.at(0).id, 4294967295);
    const auto wanted = cmc::read_wanted(data->requests[0]);
    assert_ok(wanted);
    assert_true(pki::equal(wanted->encoding, message));
    assert_true(pki::equal(wanted->crmf->csr.spki.encoding, client().spki));
    assert_ok(cmc::verify_possession(*wanted));
}

void possession_is_a_signature(void**) {
    const auto proof_of = [](const Buffer& request) {
        const Buffer der = unit::pki_data({.requests = {request}});
        const auto data = cmc::parse_pki_data(der);
        assert_ok(data);
        const auto wanted = cmc::read_wanted(data->requests[0]);
        assert_ok(wanted);
        const auto proof = cmc::verify_possession(*wanted);
        assert_error(Errc::bad_signature, proof);
        assert_int_equal(proof.error().reason, Reason::bad_pop);
    };
    Buffer csr = client().csr();
    csr.back() ^= 1;
    proof_of(cmc_pkcs10(1, csr));

    const CmcClient other;
    x509::CertRequestSpec spec = client().crmf(1);
    spec.key = other.key.get();
    proof_of(cmc_crmf(*x509::build_cert_request(spec)));
    spec.key = nullptr;
    proof_of(cmc_crmf(*x509::build_cert_request(spec)));
    spec.ra_verified = true;
    proof_of(cmc_crmf(*x509::build_cert_request(spec)));
}

void a_crmf_has_a_key(void**) {
    x509::CertRequestSpec spec = client().crmf(1);
    spec.key = nullptr;
    spec.public_key = {};
    const Buffer der =
        unit::pki_data({.requests = {cmc_crmf(*x509::build_cert_request(spec))}});
    const auto data = cmc::parse_pki_data(der);
    assert_ok(data);
    assert_error(Errc::malformed, cmc::read_wanted(data->requests[0]));
}

void body_parts_are_told_apart(void**) {
    const Buffer csr = client().csr();
    const Buffer nonce = cmc_control(1, oid::kSenderNonce, {octets(csr)});
    const auto refused = [](const CmcParts& parts) {
        assert_error(Errc::malformed, cmc::parse_pki_data(unit::pki_data(parts)));
    };
    refused({.requests = {cmc_pkcs10(0, csr)}});
    refused({.requests = {cmc_pkcs10(4294967296, csr)}});
    refused({.controls = {nonce}, .requests = {cmc_pkcs10(1, csr)}});
    refused({.controls = {nonce, nonce}});
    refused({.controls = {nonce}, .messages = {cmc_other(1)}});
    refused({.requests = {cmc_pkcs10(1, csr)}, .others = {cmc_other(1)}});
    refused({.requests = {cmc_crmf(*x509::build_cert_request(client().crmf(0)))}});
}

void there_are_so_many_parts(void**) {
    const auto with = [](std::size_t count) {
        CmcParts parts = one_pkcs10();
        for (std::size_t i = 2; i <= count; i++) parts.messages.push_back(cmc_other(i));
        return unit::pki_data(parts);
    };
    const Buffer most = with(limits::kCmcParts);
    const auto data = cmc::parse_pki_data(most);
    assert_ok(data);
    assert_int_equal(data->others, limits::kCmcParts - 1);
    assert_error(Errc::malformed, cmc::parse_pki_data(with(limits::kCmcParts + 1)));
}

void what_is_no_pki_data(void**) {
    for (const char* text : {"", "3000", "3006300030003000", "300a30003000300030003000",
                             "30083000300030003000ff", "30083000300030003100"})
        assert_error(Errc::malformed, cmc::parse_pki_data(hex(text)));
    const Buffer empty = hex("30083000300030003000");
    assert_ok(cmc::parse_pki_data(empty));
}

void controls_are_repeated(void**) {
    const Buffer transaction = hex("020500deadbeef");
    CmcParts parts = one_pkcs10();
    parts.controls = {cmc_control(2, oid::kTransactionId, {transaction}),
                      cmc_control(3, oid::kSenderNonce, {hex("0404aabbccdd")}),
                      cmc_control(4, oid::kDataReturn, {hex("0403616263")}),
                      cmc_control(5, oid::kRegInfo, {hex("040178")}),
                      cmc_control(6, oid::kIdentification, {hex("0c0178")}),
                      cmc_control(7, oid::kRecipientNonce, {hex("040178")})};
    assert_fine(parts);
    const Buffer der = unit::pki_data(parts);
    const auto data = cmc::parse_pki_data(der);
    const cmc::Echo echo = cmc::echo_of(*data);
    assert_hex(echo.transaction_id, "020500deadbeef");
    assert_hex(echo.sender_nonce, "0404aabbccdd");
    assert_hex(echo.data_return, "0403616263");
}

// RFC 5272 3.2.1.1: all of them are named.
void controls_that_are_not_known(void**) {
    const Buffer unknown = *x509::oid_from_text("1.3.6.1.5.5.7.7.28");  // batchRequests
    CmcParts parts = one_pkcs10();
    parts.controls = {cmc_control(5, unknown, {hex("3003020107")}),
                      cmc_control(6, oid::kRegInfo, {hex("040178")}),
                      cmc_control(9, *x509::oid_from_text("1.2.3"), {})};
    parts.messages = {cmc_other(7)};
    assert_bad_request(parts, {5, 9});
}

// Nothing refers to them: they are ignored (RFC 5272 3.2.1).
void messages_that_nothing_refers_to(void**) {
    CmcParts parts = one_pkcs10();
    parts.messages = {cmc_other(7)};
    parts.others = {cmc_other(8)};
    assert_fine(parts);
}

void controls_that_cannot_be_read(void**) {
    const auto refused = [](Bytes type, const std::vector<Buffer>& values) {
        CmcParts parts = one_pkcs10();
        parts.controls = {cmc_control(5, type, values)};
        assert_bad_request(parts, {5});
        const Buffer der = unit::pki_data(parts);
        const auto data = cmc::parse_pki_data(der);
        const cmc::Echo echo = cmc::echo_of(*data);
        assert_true(echo.transaction_id.empty() && echo.sender_nonce.empty() &&
                    echo.data_return.empty());
    };
    refused(oid::kTransactionId, {});
    refused(oid::kTransactionId, {hex("020101"), hex("020102")});
    refused(oid::kTransactionId, {hex("0200")});
    refused(oid::kTransactionId, {hex("040101")});
    refused(oid::kSenderNonce, {octets(Buffer(limits::kCmcNonce + 1))});
    refused(oid::kDataReturn, {octets(Buffer(limits::kCmcDataReturn + 1))});
}

void controls_are_there_once(void**) {
    CmcParts parts = one_pkcs10();
    parts.controls = {cmc_control(5, oid::kSenderNonce, {hex("040101")}),
                      cmc_control(6, oid::kSenderNonce, {hex("040102")})};
    assert_bad_request(parts, {6});
}

void there_are_no_shared_secrets(void**) {
    CmcParts parts = one_pkcs10();
    parts.controls = {cmc_control(5, oid::kIdentityProof, {hex("040101")}),
                      cmc_control(6, oid::kIdentityProofV2, {hex("3000")}),
                      cmc_control(7, *x509::oid_from_text("1.2.3"), {})};
    assert_objection(parts, cmc::CmcStatus::failed, cmc::FailInfo::bad_identity, {5, 6});
}

void there_is_one_request(void**) {
    const Buffer csr = client().csr();
    assert_bad_request({}, {0});
    assert_bad_request({.requests = {cmc_pkcs10(3, csr), cmc_pkcs10(4, csr)}}, {3, 4});
    assert_objection({.requests = {cmc_pkcs10(3, csr), cmc_other(4, 0xa2)}},
                     cmc::CmcStatus::no_support, cmc::FailInfo::bad_request, {4});
}

void a_signed_message_is_read(void**) {
    const unit::TestCa signer = unit::make_ca({.name = "CN=signer", .ca = false});
    const Buffer content = unit::pki_data(one_pkcs10());
    Buffer message = unit::full_request(signer, content);
    const auto request = cmc::parse_full_request(message);
    assert_ok(request);
    assert_int_equal(request->data.requests.size(), 1);
    const auto& spki = x509::parse_certificate(signer.certificate)->tbs.spki;
    assert_ok(cmc::verify_full_request(*request, spki));
    const unit::TestCa other = unit::make_ca({.name = "CN=signer", .ca = false});
    const auto wrong = cmc::verify_full_request(
        *request, x509::parse_certificate(other.certificate)->tbs.spki);
    assert_error(Errc::bad_signature, wrong);
    assert_int_equal(wrong.error().reason, Reason::bad_message_check);
    const Buffer reply = unit::full_request(signer, content, oid::kPkiResponse);
    assert_error(Errc::unsupported, cmc::parse_full_request(reply));
    assert_error(Errc::malformed, cmc::parse_full_request(unit::full_request(signer, {})));
    message.pop_back();
    assert_error(Errc::malformed, cmc::parse_full_request(message));
}

void bodies_are_base64(void**) {
    const Buffer message(200, 0x30);
    const std::string text = pki::base64_encode(message);
    const auto decoded = [](std::string_view body) {
        return cmc::decode_body(pki::as_bytes(body));
    };
    assert_true(*decoded(text) == message);
    assert_true(*decoded(text.substr(0, 76) + "\r\n" + text.substr(76) + "\r\n") == message);
    const Buffer der = hex("3080020101");
    assert_true(*cmc::decode_body(der) == der);
    assert_error(Errc::malformed, decoded(""));
    assert_error(Errc::malformed, decoded("\n"));
    assert_error(Errc::malformed, decoded("M*=="));
    const std::string largest = pki::base64_encode(Buffer(limits::kFullCmc));
    assert_ok(decoded(largest));
    assert_error(Errc::malformed, decoded(pki::base64_encode(Buffer(limits::kFullCmc + 1))));
    assert_error(Errc::malformed, decoded(std::string(limits::kCmcBody + 1, ' ')));
}

void media_types(void**) {
    for (const char* good :
         {"application/pkcs7-mime", "application/pkcs7-mime; smime-type=CMC-request",
          "Application/PKCS7-MIME;SMIME-TYPE=cmc-REQUEST ; name=\"x.p7m\"",
          "application/pkcs7-mime;smime-type=\"CMC-request\"",
          "application/pkcs7-mime ; name=a"})
        assert_true(cmc::is_request_media_type(good));
    for (const char* bad :
         {"", "application/pkcs10", "application/pkcs7-mime2", "application/pkcs7-signature",
          "application/pkcs7-mime; smime-type=CMC-response",
          "application/pkcs7-mime; smime-type",
          "application/pkcs7-mime; a=b; smime-type=certs-only"})
        assert_false(cmc::is_request_media_type(bad));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_pkcs10_is_found),
        cmocka_unit_test(a_crmf_is_found),
        cmocka_unit_test(possession_is_a_signature),
        cmocka_unit_test(a_crmf_has_a_key),
        cmocka_unit_test(body_parts_are_told_apart),
        cmocka_unit_test(there_are_so_many_parts),
        cmocka_unit_test(what_is_no_pki_data),
        cmocka_unit_test(controls_are_repeated),
        cmocka_unit_test(controls_that_are_not_known),
        cmocka_unit_test(messages_that_nothing_refers_to),
        cmocka_unit_test(controls_that_cannot_be_read),
        cmocka_unit_test(controls_are_there_once),
        cmocka_unit_test(there_are_no_shared_secrets),
        cmocka_unit_test(there_is_one_request),
        cmocka_unit_test(a_signed_message_is_read),
        cmocka_unit_test(bodies_are_base64),
        cmocka_unit_test(media_types),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
