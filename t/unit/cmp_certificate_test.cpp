#include "libpki/cmp/certificate.h"

#include <openssl/err.h>

#include "libpki/base/limits.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/cert.h"
#include "t/unit/cmp_vectors.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::Reason;
using unit::cmp_body;
using unit::hex;
namespace cmp = pki::cmp;
namespace der = pki::der;
namespace limits = pki::limits;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

// --- certRep ---

void answers_of_openssl_are_read(void**) {
    const Buffer certificate = unit::read_vector("cmp/old.der");
    const Buffer ca = unit::read_vector("cmp/ca.der");
    const Buffer body = cmp_body("ir_p256_rsp");
    const auto rep = cmp::parse_cert_rep(body);
    assert_ok(rep);
    assert_int_equal(rep->ca_pubs.size(), 1);
    assert_true(pki::equal(rep->ca_pubs[0], ca));
    assert_int_equal(rep->responses.size(), 1);
    const cmp::CertResponse& response = rep->responses[0];
    assert_int_equal(response.id, 0);
    assert_true(response.status.status == cmp::PkiStatus::accepted);
    assert_true(pki::equal(response.certificate, certificate));
    assert_true(response.private_key.empty());
}

void an_answer_to_a_pkcs10_has_no_request(void**) {
    const Buffer body = cmp_body("p10cr_rsp");
    const auto rep = cmp::parse_cert_rep(body);
    assert_ok(rep);
    assert_int_equal(rep->responses[0].id, -1);
    assert_true(rep->ca_pubs.empty());
}

void refusals_and_waiting_are_read(void**) {
    const Buffer refused = cmp_body("refused_rsp");
    const auto refusal = cmp::parse_cert_rep(refused);
    assert_ok(refusal);
    const cmp::PkiStatusInfo& status = refusal->responses[0].status;
    assert_true(status.status == cmp::PkiStatus::rejection);
    assert_true(status.fail_info == cmp::FailInfo::bad_cert_template);
    assert_text(status.text, "refused");
    assert_true(refusal->responses[0].certificate.empty());

    const Buffer waiting = cmp_body("ir_waiting_rsp");
    const auto later = cmp::parse_cert_rep(waiting);
    assert_ok(later);
    assert_true(later->responses[0].status.status == cmp::PkiStatus::waiting);
}

// Octet by octet what OpenSSL writes, so it reads it as well.
void what_is_built_is_what_openssl_builds(void**) {
    const Buffer certificate = unit::read_vector("cmp/old.der");
    const Buffer ca = unit::read_vector("cmp/ca.der");
    const cmp::CertResponse with{.id = 0, .status = {}, .certificate = certificate};
    assert_true(cmp::build_cert_rep(with, {ca}) == cmp_body("ir_p256_rsp"));
    const cmp::CertResponse pkcs10{.id = -1, .status = {}, .certificate = certificate};
    assert_true(cmp::build_cert_rep(pkcs10, {}) == cmp_body("p10cr_rsp"));
    const cmp::CertResponse refused{
        .id = 0,
        .status = {cmp::PkiStatus::rejection, "refused", cmp::FailInfo::bad_cert_template}};
    assert_true(cmp::build_cert_rep(refused, {}) == cmp_body("refused_rsp"));
}

void a_key_comes_in_an_envelope(void**) {
    const Buffer certificate = unit::read_vector("cmp/old.der");
    const Buffer enveloped = hex("3007 020102 3100 0500");
    const cmp::CertResponse response{
        .id = 0, .status = {}, .certificate = certificate, .private_key = enveloped};
    const Buffer body = cmp::build_cert_rep(response, {});
    // privateKey [0] EXPLICIT, in it envelopedData [0] IMPLICIT.
    assert_hex(Bytes(body).last(11), "a009a00702010231000500");
    auto rep = cmp::parse_cert_rep(body);
    assert_ok(rep);
    const cmp::CertRep moved = *std::move(rep);
    assert_hex(moved.responses[0].private_key, "300702010231000500");
    assert_true(pki::equal(moved.responses[0].certificate, certificate));
}

Buffer response_with(std::string_view behind_status) {
    der::Writer w;
    w.sequence([&] {
        w.sequence([&] {
            w.sequence([&] {
                w.integer(0);
                w.raw(hex("3003 020100"));
                w.raw(hex(behind_status));
            });
        });
    });
    return std::move(w).take();
}

void what_old_forms_hold_is_unsupported(void**) {
    assert_ok(cmp::parse_cert_rep(response_with("3004 a002 3000")));
    assert_ok(cmp::parse_cert_rep(response_with("3008 a002 3000 a102 3000 0401 61")));
    assert_error(Errc::unsupported, cmp::parse_cert_rep(response_with("3004 a102 3000")));
    assert_error(Errc::unsupported,
                 cmp::parse_cert_rep(response_with("3008 a002 3000 a002 3000")));
    for (const char* pair : {"3000", "3002 3000", "3004 a002 0500", "3006 a004 3000 3000",
                             "3008 a002 3000 a002 0500", "300a a002 3000 a004 a000 3000",
                             "3004 a002 3000 0500", "0401 61 0401 61"})
        assert_error(Errc::malformed, cmp::parse_cert_rep(response_with(pair)));
}

void answers_are_bounded(void**) {
    const auto several = [](std::size_t count, std::size_t ca_pubs) {
        der::Writer w;
        w.sequence([&] {
            w.tlv(der::constructed(1), [&] {
                w.sequence([&] {
                    for (std::size_t i = 0; i < ca_pubs; i++) w.raw(hex("3000"));
                });
            });
            w.sequence([&] {
                for (std::size_t i = 0; i < count; i++) w.raw(hex("3008 020100 3003 020100"));
            });
        });
        return std::move(w).take();
    };
    assert_int_equal(cmp::parse_cert_rep(several(4, limits::kChain))->responses.size(), 4);
    assert_error(Errc::malformed, cmp::parse_cert_rep(several(5, 1)));
    assert_error(Errc::malformed, cmp::parse_cert_rep(several(0, 1)));
    assert_error(Errc::malformed, cmp::parse_cert_rep(several(1, limits::kChain + 1)));
}

// --- certConf ---

void confirmations_of_openssl_are_read(void**) {
    const Buffer certificate = unit::read_vector("cmp/old.der");
    const Buffer body = cmp_body("conf_req");
    const auto statuses = cmp::parse_cert_conf(body);
    assert_ok(statuses);
    assert_int_equal(statuses->size(), 1);
    const cmp::CertStatus& status = (*statuses)[0];
    const auto parsed = x509::parse_certificate(certificate);
    const auto scheme = x509::parse_signature_algorithm(parsed->signature_algorithm);
    const auto hash = cmp::confirmation_hash(*scheme);
    assert_ok(hash);
    assert_hex(status.cert_hash, pki::hex_encode(*ossl::digest(*hash, certificate)));
    assert_int_equal(status.id, 0);
    assert_false(status.status && status.status->status != cmp::PkiStatus::accepted);
    assert_false(status.hash.has_value());
    assert_true(cmp::build_pki_conf() == cmp_body("conf_rsp"));
}

void confirmations_are_built(void**) {
    const Buffer digest(32, 0x5a);
    const cmp::CertStatus accepted{digest, 0, {}, {}};
    const cmp::CertStatus rejected{digest, -1,
                                   cmp::PkiStatusInfo{cmp::PkiStatus::rejection, "no", {}},
                                   ossl::Hash::sha512};
    const Buffer body = cmp::build_cert_conf({accepted, rejected});
    const auto statuses = cmp::parse_cert_conf(body);
    assert_ok(statuses);
    assert_int_equal(statuses->size(), 2);
    assert_false((*statuses)[0].status.has_value());
    assert_int_equal((*statuses)[1].id, -1);
    assert_true((*statuses)[1].status->status == cmp::PkiStatus::rejection);
    assert_text((*statuses)[1].status->text, "no");
    assert_true((*statuses)[1].hash == ossl::Hash::sha512);
    assert_true((*statuses)[1].cert_hash.size() == 32);
}

void hashes_that_are_none_are_told(void**) {
    // SHA-1, MD5 and SHAKE256.
    for (const char* algorithm :
         {"3007 06052b0e03021a", "300a 06082a864886f70d0205", "300b 0609608648016503040212"}) {
        der::Writer w;
        w.sequence([&] {
            w.sequence([&] {
                w.raw(hex("040161 020100"));
                w.tlv(der::constructed(0), [&] { w.raw(hex(algorithm)); });
            });
        });
        const auto statuses = cmp::parse_cert_conf(w.view());
        assert_ok(statuses);
        assert_true((*statuses)[0].hash == ossl::Hash::none);
    }
}

void confirmations_are_bounded(void**) {
    assert_true(cmp::parse_cert_conf(hex("3000"))->empty());
    const auto several = [](std::size_t count) {
        der::Writer w;
        w.sequence([&] {
            for (std::size_t i = 0; i < count; i++) w.raw(hex("3006 040161 020100"));
        });
        return std::move(w).take();
    };
    assert_int_equal(cmp::parse_cert_conf(several(4))->size(), 4);
    assert_error(Errc::malformed, cmp::parse_cert_conf(several(5)));
    for (const std::size_t size : {64, 65}) {
        const Buffer hash(size, 0x61);
        cmp::CertStatus status;
        status.cert_hash = hash;
        const Buffer body = cmp::build_cert_conf({status});
        assert_true(cmp::parse_cert_conf(body).has_value() == (size == 64));
    }
    for (const char* body :
         {"", "3000 00", "0500", "3002 3000", "3005 3003 040161", "3008 3006 040161 0201fe",
          "300a 3008 040161 020100 a000", "300a 3008 040161 020100 0500",
          "300b 3009 040161 0204 80000000", "300c 300a 040161 020100 a002 3000"})
        assert_error(Errc::malformed, cmp::parse_cert_conf(hex(body)));
}

void the_hash_is_that_of_the_signature(void**) {
    using ossl::Hash;
    using ossl::KeyType;
    assert_true(*cmp::confirmation_hash({KeyType::rsa, Hash::sha384, true}) == Hash::sha384);
    assert_true(*cmp::confirmation_hash({KeyType::ec, Hash::sha256, false}) == Hash::sha256);
    assert_true(*cmp::confirmation_hash({KeyType::ed25519, Hash::none, false}) == Hash::sha512);
    assert_error(Errc::unsupported,
                 cmp::confirmation_hash({KeyType::ed448, Hash::none, false}));
}

// --- polling ---

void polling_of_openssl_is_read(void**) {
    const Buffer request = cmp_body("poll_req");
    const auto id = cmp::parse_poll_req(request);
    assert_ok(id);
    assert_int_equal(*id, 0);
    assert_true(cmp::build_poll_req(*id) == request);
    const Buffer reply = cmp_body("poll_rsp");
    const auto later = cmp::parse_poll_rep(reply);
    assert_ok(later);
    assert_int_equal(later->id, 0);
    assert_int_equal(later->check_after, 1);
    assert_true(later->reason.empty());
    assert_true(cmp::build_poll_rep(*later) == reply);
}

void polling_is_for_one_request(void**) {
    const cmp::PollRep reply{.id = -1, .check_after = 3600, .reason = "an operator decides"};
    const Buffer body = cmp::build_poll_rep(reply);
    const auto again = cmp::parse_poll_rep(body);
    assert_ok(again);
    assert_int_equal(again->id, -1);
    assert_int_equal(again->check_after, 3600);
    assert_text(again->reason, "an operator decides");

    const auto several = cmp::parse_poll_req(hex("300a 3003 020100 3003 020101"));
    assert_error(Errc::malformed, several);
    assert_int_equal(several.error().reason, Reason::bad_request);
    for (const char* bad : {"", "3000", "3002 3000", "3005 3003 0201fe",
                            "3007 3005 020100 0500", "3005 3003 020100 00", "3003 020100"})
        assert_error(Errc::malformed, cmp::parse_poll_req(hex(bad)));
    for (const char* bad :
         {"3005 3003 020100", "3008 3006 020100 0201ff", "300c 300a 020100 0205 0080000000",
          "300a 3008 020100 020100 3000", "300a 3008 020100 020100 0500"})
        assert_error(Errc::malformed, cmp::parse_poll_rep(hex(bad)));
}

void truncated_bodies_are_refused(void**) {
    const auto refuses = [](const Buffer& body, auto&& parse) {
        for (std::size_t size = 0; size < body.size(); size++)
            assert_false(parse(Bytes(body).first(size)).has_value());
    };
    refuses(cmp_body("ir_p256_rsp"), cmp::parse_cert_rep);
    refuses(cmp_body("conf_req"), cmp::parse_cert_conf);
    refuses(cmp_body("poll_req"), cmp::parse_poll_req);
    refuses(cmp_body("poll_rsp"), cmp::parse_poll_rep);
    assert_int_equal(ERR_peek_error(), 0);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(answers_of_openssl_are_read),
        cmocka_unit_test(an_answer_to_a_pkcs10_has_no_request),
        cmocka_unit_test(refusals_and_waiting_are_read),
        cmocka_unit_test(what_is_built_is_what_openssl_builds),
        cmocka_unit_test(a_key_comes_in_an_envelope),
        cmocka_unit_test(what_old_forms_hold_is_unsupported),
        cmocka_unit_test(answers_are_bounded),
        cmocka_unit_test(confirmations_of_openssl_are_read),
        cmocka_unit_test(confirmations_are_built),
        cmocka_unit_test(hashes_that_are_none_are_told),
        cmocka_unit_test(confirmations_are_bounded),
        cmocka_unit_test(the_hash_is_that_of_the_signature),
        cmocka_unit_test(polling_of_openssl_is_read),
        cmocka_unit_test(polling_is_for_one_request),
        cmocka_unit_test(truncated_bodies_are_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
