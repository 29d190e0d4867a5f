// OCSP responses: what is written is read again, and believed by OpenSSL.
#include <openssl/err.h>

#include "libpki/base/limits.h"
#include "libpki/x509/algorithm.h"
#include "t/unit/ocsp_parts.h"

#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using unit::hex;
using namespace unit::ocsp;
namespace der = pki::der;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, ossl::Deleter<OCSP_RESPONSE_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, ossl::Deleter<OCSP_BASICRESP_free>>;

constexpr std::int64_t kNow = 1'800'000'000;

// A responder below the CA, and what it says of three certificates.
struct Responder {
    ossl::PkeyPtr key;
    ossl::SignatureScheme scheme;
    Buffer certificate;
    Buffer key_hash;
};

Responder make_responder(const char* key = "ec:P-256") {
    Responder made;
    made.key = *ossl::generate_key(key);
    made.scheme = *ossl::default_scheme(made.key.get());
    const Buffer spki = *ossl::public_key_der(made.key.get());
    made.key_hash = x509::key_identifier(*x509::parse_spki(spki));
    const Buffer name = *x509::name_from_text("CN=OCSP"), serial(16, 0x41);
    const Buffer authority{1, 2, 3, 4};
    x509::TbsSpec spec;
    spec.serial = serial;
    spec.scheme = *ossl::default_scheme(test_ca().key.get());
    spec.issuer = test_ca().name;
    spec.subject = name;
    spec.not_before = unit::kTestNotBefore;
    spec.not_after = unit::kTestNotAfter;
    spec.spki = spki;
    spec.authority_key_identifier = authority;
    spec.key_usage = x509::kDigitalSignature;
    spec.extended_key_usage = {oid::kOcspSigning};
    spec.ocsp_no_check = true;
    made.certificate = unit::sign_tbs(x509::build_tbs(spec), test_ca().key.get());
    return made;
}

struct Answers {
    Buffer good = cert_id(kSerial);
    Buffer revoked = cert_id(kHighSerial, ossl::Hash::sha1);
    Buffer unknown = cert_id(hex("02"), ossl::Hash::sha512);
    Buffer nonce = octet_string(32);

    x509::OcspResponseSpec spec(const Responder& responder) const {
        x509::OcspResponseSpec made;
        made.responder_key_hash = responder.key_hash;
        made.produced_at = kNow;
        made.nonce = nonce;
        made.responses = {{good, x509::OcspStatus::good, 0, {}, kNow, kNow + 3600},
                          {revoked, x509::OcspStatus::revoked, kNow - 60,
                           x509::CrlReason::key_compromise, kNow, kNow + 3600},
                          {unknown, x509::OcspStatus::unknown, 0, {}, kNow, 0}};
        return made;
    }
};

Buffer respond(const Responder& responder, const x509::OcspResponseSpec& spec) {
    const Buffer data = x509::build_ocsp_response_data(spec);
    const auto signature = ossl::sign(responder.key.get(), responder.scheme, data);
    return x509::assemble_ocsp_response(data, responder.scheme, *signature,
                                        responder.certificate);
}

void check_single(const x509::OcspSingle& got, const x509::OcspSingle& expected) {
    assert_hex(got.cert_id, pki::hex_encode(expected.cert_id));
    assert_true(got.status == expected.status);
    assert_int_equal(got.revoked, expected.revoked);
    assert_true(got.reason == expected.reason);
    assert_int_equal(got.this_update, expected.this_update);
    assert_int_equal(got.next_update, expected.next_update);
}

void a_response_is_read_again(void**) {
    const Responder responder = make_responder();
    const Answers answers;
    const x509::OcspResponseSpec spec = answers.spec(responder);
    const Buffer encoding = respond(responder, spec);
    const auto response = x509::parse_ocsp_response(encoding);
    assert_ok(response);
    assert_hex(response->data.responder_key_hash, pki::hex_encode(responder.key_hash));
    assert_int_equal(response->data.produced_at, kNow);
    assert_hex(response->data.nonce, pki::hex_encode(answers.nonce));
    assert_int_equal(response->data.responses.size(), 3);
    for (std::size_t i = 0; i < 3; i++)
        check_single(response->data.responses[i], spec.responses[i]);
    assert_int_equal(response->certificates.size(), 1);
    assert_hex(response->certificates[0], pki::hex_encode(responder.certificate));
    const auto scheme = x509::parse_signature_algorithm(response->signature_algorithm);
    assert_ok(scheme);
    assert_ok(ossl::verify(responder.key.get(), *scheme, response->response_data,
                           response->signature));
}

ResponsePtr openssl_response(Bytes encoding) {
    const unsigned char* in = encoding.data();
    return ResponsePtr(d2i_OCSP_RESPONSE(nullptr, &in, static_cast<long>(encoding.size())));
}

// As "openssl ocsp" does, at a time that does not matter: the certificates last.
int openssl_verifies(OCSP_BASICRESP* basic) {
    const ossl::X509Ptr issuer = openssl_certificate(test_ca().certificate);
    const ossl::StorePtr store(X509_STORE_new());
    X509_STORE_add_cert(store.get(), issuer.get());
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()), static_cast<time_t>(kNow));
    const int result = OCSP_basic_verify(basic, nullptr, store.get(), 0);
    if (result != 1) ERR_print_errors_fp(stderr);
    return result;
}

int status_in(OCSP_BASICRESP* basic, const CertIdPtr& id, int* reason) {
    int status = -1;
    ASN1_GENERALIZEDTIME *revoked = nullptr, *this_update = nullptr, *next_update = nullptr;
    assert_int_equal(OCSP_resp_find_status(basic, id.get(), &status, reason, &revoked,
                                           &this_update, &next_update),
                     1);
    assert_int_equal(this_update->length, 15);
    assert_int_equal(next_update == nullptr, status == V_OCSP_CERTSTATUS_UNKNOWN);
    return status;
}

void openssl_believes_the_response(void**) {
    for (const char* key : {"ec:P-256", "rsa:2048", "ed25519"}) {
        const Responder responder = make_responder(key);
        const Buffer encoding = respond(responder, Answers().spec(responder));
        const ResponsePtr response = openssl_response(encoding);
        assert_non_null(response.get());
        assert_int_equal(OCSP_response_status(response.get()), 0);
        const BasicPtr basic(OCSP_response_get1_basic(response.get()));
        assert_non_null(basic.get());
        assert_int_equal(openssl_verifies(basic.get()), 1);
        int reason = 0;
        assert_int_equal(
            status_in(basic.get(), openssl_cert_id(EVP_sha256(), kSerial), &reason),
            V_OCSP_CERTSTATUS_GOOD);
        assert_int_equal(
            status_in(basic.get(), openssl_cert_id(EVP_sha1(), kHighSerial), &reason),
            V_OCSP_CERTSTATUS_REVOKED);
        assert_int_equal(reason, OCSP_REVOKED_STATUS_KEYCOMPROMISE);
        assert_int_equal(
            status_in(basic.get(), openssl_cert_id(EVP_sha512(), hex("02")), &reason),
            V_OCSP_CERTSTATUS_UNKNOWN);
    }
}

void openssl_finds_its_nonce(void**) {
    const Responder responder = make_responder();
    Answers answers;
    const RequestPtr request(OCSP_REQUEST_new());
    OCSP_request_add0_id(request.get(), openssl_cert_id(EVP_sha1(), kSerial).release());
    OCSP_request_add1_nonce(request.get(), nullptr, 16);
    unsigned char* out = nullptr;
    const int size = i2d_OCSP_REQUEST(request.get(), &out);
    const Buffer asked(out, out + size);
    OPENSSL_free(out);
    answers.nonce = pki::to_buffer(*x509::parse_ocsp_request(asked)->nonce);
    const Buffer encoding = respond(responder, answers.spec(responder));
    const ResponsePtr response = openssl_response(encoding);
    const BasicPtr basic(OCSP_response_get1_basic(response.get()));
    assert_int_equal(OCSP_check_nonce(request.get(), basic.get()), 1);
}

// RFC 6960 4.2.1: GeneralizedTime also where RFC 5280 has UTCTime.
void times_are_generalized(void**) {
    const Responder responder = make_responder();
    const Buffer data = x509::build_ocsp_response_data(Answers().spec(responder));
    const Buffer utc = hex("170d 3237303131353038303030305a");
    assert_true(std::ranges::search(data, utc).empty());
    const Buffer expected = hex("180f 32303237303131353038303030305a");
    assert_false(std::ranges::search(data, expected).empty());
}

void no_reason_is_left_out(void**) {
    const Responder responder = make_responder();
    const Answers answers;
    x509::OcspResponseSpec spec = answers.spec(responder);
    spec.responses = {spec.responses[1]};
    spec.responses[0].reason = x509::CrlReason::unspecified;
    const Buffer data = x509::build_ocsp_response_data(spec);
    const auto read = x509::parse_ocsp_response_data(data);
    assert_ok(read);
    check_single(read->responses[0], spec.responses[0]);
    const Buffer revoked = hex("a111 180f");
    assert_false(std::ranges::search(data, revoked).empty());
}

void errors_have_no_response(void**) {
    assert_hex(x509::build_ocsp_error(x509::OcspError::malformed_request), "30030a0101");
    assert_hex(x509::build_ocsp_error(x509::OcspError::unauthorized), "30030a0106");
    const Buffer later = x509::build_ocsp_error(x509::OcspError::try_later);
    const ResponsePtr response = openssl_response(later);
    assert_int_equal(OCSP_response_status(response.get()), OCSP_RESPONSE_STATUS_TRYLATER);
    assert_error(Errc::unavailable, x509::parse_ocsp_response(later));
}

// ResponseData by hand.
Buffer data_of(std::string_view id, std::string_view produced, Bytes singles,
               std::string_view behind) {
    der::Writer w;
    w.sequence([&] {
        w.raw(hex(id));
        w.raw(hex(produced));
        w.sequence([&] { w.raw(singles); });
        w.raw(hex(behind));
    });
    return std::move(w).take();
}

constexpr char kById[] = "a216 0414 0101010101010101010101010101010101010101";
constexpr char kTime[] = "180f 32303237303131353038303030305a";

Buffer odd_single(const std::string& status, const std::string& behind) {
    return single(cert_id(kSerial), hex(status + behind));
}

void response_data_is_refused(void**) {
    const Buffer good = odd_single("8000", kTime);
    const std::string time(kTime);
    assert_ok(x509::parse_ocsp_response_data(data_of(kById, kTime, good, "")));
    const Buffer malformed[] = {
        data_of("a003020100" + std::string(kById), kTime, good, ""),  // the default written
        data_of("a102 3000", kTime, good, ""),                        // byName
        data_of("a215 0413 01010101010101010101010101010101010101", kTime, good, ""),
        data_of(kById, "170d 3237303131353038303030305a", good, ""),
        data_of(kById, "180f 32303237313331353038303030305a", good, ""),
        data_of(kById, kTime, {}, ""),
        data_of(kById, kTime, good, "0500"),
        data_of(kById, kTime, good, "a102 3000"),
        data_of(kById, kTime, good, "a10d 300b 300906022a03 0403 040101"),
        data_of(kById, kTime, good, "a111 300f 300d 06092b0601050507300102 0400"),
        data_of(kById, kTime, odd_single("800100", kTime), ""),
        data_of(kById, kTime, odd_single("8300", kTime), ""),
        data_of(kById, kTime, odd_single("0500", kTime), ""),
        data_of(kById, kTime, odd_single("8000", ""), ""),
        data_of(kById, kTime, odd_single("8000", time + "0500"), ""),
        data_of(kById, kTime, odd_single("8000", time + "a000"), ""),
        data_of(kById, kTime, odd_single("8000", time + "a011" + time + "a102 3000"), ""),
        data_of(kById, kTime, odd_single("a100", kTime), ""),
        data_of(kById, kTime, odd_single("a113" + time + "0500", kTime), ""),
        // Reasons 0, 7, 8, 11, and none.
        data_of(kById, kTime, odd_single("a116" + time + "a003 0a0100", kTime), ""),
        data_of(kById, kTime, odd_single("a116" + time + "a003 0a0107", kTime), ""),
        data_of(kById, kTime, odd_single("a116" + time + "a003 0a0108", kTime), ""),
        data_of(kById, kTime, odd_single("a116" + time + "a003 0a010b", kTime), ""),
        data_of(kById, kTime, odd_single("a113" + time + "a000", kTime), ""),
        Buffer(),
    };
    for (const Buffer& data : malformed)
        assert_error(Errc::malformed, x509::parse_ocsp_response_data(data));
    assert_ok(x509::parse_ocsp_response_data(
        data_of(kById, kTime, odd_single("a116" + time + "a003 0a0101", kTime), "")));
}

void responses_are_counted(void**) {
    const Responder responder = make_responder();
    const Answers answers;
    x509::OcspResponseSpec spec = answers.spec(responder);
    spec.responses.resize(pki::limits::kOcspSingle, spec.responses[0]);
    assert_ok(x509::parse_ocsp_response_data(x509::build_ocsp_response_data(spec)));
    spec.responses.push_back(spec.responses[0]);
    assert_error(Errc::malformed,
                 x509::parse_ocsp_response_data(x509::build_ocsp_response_data(spec)));
}

void a_response_is_cut_anywhere(void**) {
    const Responder responder = make_responder();
    const Buffer encoding = respond(responder, Answers().spec(responder));
    for (std::size_t size = 0; size < encoding.size(); size++)
        assert_error(Errc::malformed, x509::parse_ocsp_response(Bytes(encoding).first(size)));
    Buffer trailing = encoding;
    trailing.push_back(0);
    assert_error(Errc::malformed, x509::parse_ocsp_response(trailing));
}

void another_type_of_response_is_unsupported(void**) {
    assert_error(Errc::unsupported,
                 x509::parse_ocsp_response(hex("3010 0a0100 a00b 3009 06032a0304 0402 3000")));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_response_is_read_again),
        cmocka_unit_test(openssl_believes_the_response),
        cmocka_unit_test(openssl_finds_its_nonce),
        cmocka_unit_test(times_are_generalized),
        cmocka_unit_test(no_reason_is_left_out),
        cmocka_unit_test(errors_have_no_response),
        cmocka_unit_test(response_data_is_refused),
        cmocka_unit_test(responses_are_counted),
        cmocka_unit_test(a_response_is_cut_anywhere),
        cmocka_unit_test(another_type_of_response_is_unsupported),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
