// Full PKI Responses: what is written is what a client reads.
#include "libpki/cmc/response.h"

#include <openssl/err.h>

#include "libpki/cmc/oids.h"
#include "t/unit/test_ca.h"

#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Errc;
using pki::Reason;
namespace cmc = pki::cmc;
namespace cms = pki::cms;

Buffer hex(std::string_view text) { return *pki::hex_decode(text); }

cmc::StatusInfo success() {
    cmc::StatusInfo info;
    info.parts = {1};
    return info;
}

void statuses_come_back(void**) {
    cmc::StatusInfo info = success();
    assert_hex(cmc::build_status_info(info),
               "3008020100"
               "3003020101");
    info = {cmc::CmcStatus::failed, {0, 4294967295}, "no", cmc::FailInfo::pop_failed, {}};
    const Buffer failed = cmc::build_status_info(info);
    assert_hex(failed,
               "3016020102"
               "300a020100020500ffffffff"
               "0c026e6f"
               "020109");
    const auto read = cmc::parse_status_info(failed);
    assert_ok(read);
    assert_true(read->parts == info.parts && read->text == "no");
    assert_true(read->fail_info == cmc::FailInfo::pop_failed && !read->pending);
    info = {cmc::CmcStatus::pending, {7}, "", {}, cmc::PendInfo{{0x31}, 1'750'000'000}};
    const Buffer pending = cmc::build_status_info(info);
    const auto later = cmc::parse_status_info(pending);
    assert_ok(later);
    assert_int_equal(later->status, cmc::CmcStatus::pending);
    assert_int_equal(later->pending->time, 1'750'000'000);
    assert_hex(later->pending->token, "31");
}

void statuses_that_are_none(void**) {
    for (const char* text : {"", "3000", "3003020100",
                             "3005020100"
                             "3000",
                             "3008020101"
                             "3003020101",
                             "3008020108"
                             "3003020101",
                             "300a020100"
                             "3005300302"
                             "0101",
                             "300b020102"
                             "3003020101"
                             "02010e",
                             "300c020102"
                             "3003020101"
                             "0c020a0a",
                             "300d020100"
                             "3008020600ffff0000"
                             "0000"})
        assert_error(Errc::malformed, cmc::parse_status_info(hex(text)));
    // RFC 5272 6.1.1: an extended failure that is not known is internalCAError.
    const auto extended =
        cmc::parse_status_info(hex("3010020102"
                                   "3003020101"
                                   "30060602"
                                   "2a030500"));
    assert_ok(extended);
    assert_true(extended->fail_info == cmc::FailInfo::internal_ca_error);
}

void the_request_is_repeated(void**) {
    const Buffer transaction = hex("020105");
    const Buffer nonce = hex("0402aabb");
    const Buffer data = hex("0403616263");
    const Buffer ours(16, 0x4e);
    const cmc::Echo echo{transaction, nonce, data};
    const Buffer response = cmc::build_pki_response(success(), echo, ours);
    const auto read = cmc::parse_pki_response(response);
    assert_ok(read);
    assert_int_equal(read->status.status, cmc::CmcStatus::success);
    assert_hex(read->transaction_id, "020105");
    assert_hex(read->recipient_nonce, "0402aabb");
    assert_hex(read->data_return, "0403616263");
    assert_hex(read->sender_nonce, "04104e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e");
    // RFC 5272 6.6: no nonce of ours without one of the client.
    const Buffer plain = cmc::build_pki_response(success(), {}, ours);
    const auto bare = cmc::parse_pki_response(plain);
    assert_ok(bare);
    assert_true(bare->sender_nonce.empty() && bare->recipient_nonce.empty() &&
                bare->transaction_id.empty() && bare->data_return.empty());
}

void responses_that_are_none(void**) {
    for (const char* text : {"", "3000", "300430003000", "30083000300030003000",
                             "3006300030003100", "300b3005300302010130003000"})
        assert_error(Errc::malformed, cmc::parse_pki_response(hex(text)));
}

void assert_signed(const std::string& key) {
    const unit::TestCa ca = unit::make_ca({.name = "CN=CA"});
    const unit::TestCa server = unit::make_ca({.name = "CN=server",
                                               .key = key,
                                               .ca = false,
                                               .key_usage = pki::x509::kDigitalSignature},
                                              &ca);
    const Buffer response = cmc::build_pki_response(success(), {}, {});
    const auto message = cmc::build_full_response(
        response, {server.key.get(), server.certificate, {ca.certificate}}, {ca.certificate});
    assert_ok(message);
    const auto read = cms::parse_signed_data(*message);
    assert_ok(read);
    assert_true(pki::equal(read->content_type, cmc::oid::kPkiResponse));
    assert_true(pki::equal(*read->content, response));
    assert_int_equal(read->certificates.size(), 2);  // none of them twice
    const auto signer = cms::signer_certificate(*read);
    assert_ok(signer);
    assert_true(pki::equal(*signer, server.certificate));
    assert_ok(
        cms::verify_signed_data(*read, pki::x509::parse_certificate(*signer)->tbs.spki, {}));
    assert_int_equal(ERR_peek_error(), 0);
}

void it_is_signed(void**) {
    for (const char* key : {"rsa:2048", "ec:P-256", "ec:P-384", "ed25519"}) assert_signed(key);
}

void errors_have_their_names(void**) {
    using cmc::FailInfo;
    const auto name = [](Errc code, Reason reason = Reason::none) {
        return cmc::fail_info(pki::Error{code, "", 0, {}, reason});
    };
    assert_int_equal(name(Errc::malformed), FailInfo::bad_request);
    assert_int_equal(name(Errc::unsupported), FailInfo::bad_alg);
    assert_int_equal(name(Errc::weak_key), FailInfo::bad_alg);
    assert_int_equal(name(Errc::bad_signature), FailInfo::pop_failed);
    assert_int_equal(name(Errc::unauthenticated), FailInfo::bad_identity);
    assert_int_equal(name(Errc::denied), FailInfo::bad_request);
    assert_int_equal(name(Errc::conflict), FailInfo::bad_request);
    assert_int_equal(name(Errc::limited), FailInfo::try_later);
    assert_int_equal(name(Errc::unavailable), FailInfo::try_later);
    assert_int_equal(name(Errc::internal), FailInfo::internal_ca_error);
    assert_int_equal(name(Errc::bad_signature, Reason::bad_message_check),
                     FailInfo::bad_message_check);
    assert_int_equal(name(Errc::denied, Reason::signer_not_trusted), FailInfo::bad_identity);
    assert_int_equal(name(Errc::denied, Reason::unaccepted_extension),
                     FailInfo::unsupported_ext);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(statuses_come_back),
        cmocka_unit_test(statuses_that_are_none),
        cmocka_unit_test(the_request_is_repeated),
        cmocka_unit_test(responses_that_are_none),
        cmocka_unit_test(it_is_signed),
        cmocka_unit_test(errors_have_their_names),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
