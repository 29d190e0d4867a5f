#include "libpki/cmp/revocation.h"

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
namespace x509 = pki::x509;

// A request with these fields of the template, and this behind it.
Buffer request(std::string_view fields, std::string_view behind = {}) {
    der::Writer w;
    w.sequence([&] {
        w.sequence([&] {
            w.sequence([&] { w.raw(hex(fields)); });
            w.raw(hex(behind));
        });
    });
    return std::move(w).take();
}

constexpr std::string_view kIssuer = "a30f 300d 310b 3009 0603550403 0c026162";
constexpr std::string_view kBoth = "810105 a30f 300d 310b 3009 0603550403 0c026162";

void assert_reason(Reason reason, const Buffer& body) {
    const auto details = cmp::parse_rev_req(body);
    assert_error(Errc::malformed, details);
    assert_int_equal(details.error().reason, reason);
}

void requests_of_openssl_are_read(void**) {
    const Buffer old = unit::read_vector("cmp/old.der");
    const auto certificate = x509::parse_certificate(old);
    assert_ok(certificate);
    constexpr std::pair<const char*, x509::CrlReason> kRequests[] = {
        {"rr", x509::CrlReason::key_compromise},
        {"rr_no_reason", x509::CrlReason::unspecified}};
    for (const auto& [name, reason] : kRequests) {
        const Buffer body = cmp_body(name);
        const auto details = cmp::parse_rev_req(body);
        assert_ok(details);
        assert_true(details->reason == reason);
        assert_true(pki::equal(details->serial, certificate->tbs.serial));
        assert_true(pki::equal(details->issuer, certificate->tbs.issuer.encoding));
    }
}

void what_is_built_is_read(void**) {
    const Buffer issuer = *x509::name_from_text("CN=CA");
    const Buffer serial = hex("0080");
    for (const auto reason : {x509::CrlReason::unspecified, x509::CrlReason::certificate_hold,
                              x509::CrlReason::remove_from_crl}) {
        const Buffer body = cmp::build_rev_req({issuer, serial, reason});
        const auto details = cmp::parse_rev_req(body);
        assert_ok(details);
        assert_true(details->reason == reason);
        assert_hex(details->serial, "0080");
        assert_hex(details->issuer, pki::hex_encode(issuer));
    }
}

// RFC 9483 4.2: both are REQUIRED.
void issuer_and_serial_number_are_needed(void**) {
    assert_ok(cmp::parse_rev_req(request(kBoth)));
    assert_reason(Reason::add_info_not_available, request(""));
    assert_reason(Reason::add_info_not_available, request("810105"));
    assert_reason(Reason::add_info_not_available, request(kIssuer));
    assert_reason(Reason::add_info_not_available, request("810105 a302 3000"));
    assert_reason(Reason::add_info_not_available,
                  cmp::build_rev_req({.issuer = {}, .serial = {}}));
    assert_reason(Reason::bad_cert_id, request("810100 a302 3000"));
}

void one_certificate_is_revoked_at_a_time(void**) {
    const Buffer one = request(kBoth);
    const Bytes details = der::only(one, der::kSequence)->content;
    der::Writer w;
    w.sequence([&] {
        w.raw(details);
        w.raw(details);
    });
    assert_reason(Reason::bad_request, pki::to_buffer(w.view()));
    assert_reason(Reason::none, hex("3000"));
}

void reasons_are_those_of_the_rfc(void**) {
    const auto with = [](std::string_view value) {
        return request(kBoth, "300c 300a 0603551d15 0403 " + std::string(value));
    };
    assert_true(cmp::parse_rev_req(with("0a0106"))->reason ==
                x509::CrlReason::certificate_hold);
    assert_true(cmp::parse_rev_req(with("0a010a"))->reason == x509::CrlReason::aa_compromise);
    for (const char* value : {"0a0107", "0a010b", "0a01ff"})
        assert_reason(Reason::bad_data_format, with(value));
    assert_reason(Reason::none, with("020101"));
    // Other extensions of an entry are not looked at; the list has one of a kind.
    assert_ok(cmp::parse_rev_req(request(kBoth, "300b 3009 0603551d18 0402 0500")));
    for (const char* list :
         {"3018 300a 0603551d15 0403 0a0101 300a 0603551d15 0403 0a0101", "3002 0500", "0500",
          "3000 3000", "300d 300b 0603551d15 0404 0a0101 00"})
        assert_error(Errc::malformed, cmp::parse_rev_req(request(kBoth, list)));
}

void answers_of_openssl_are_read(void**) {
    const Buffer old = unit::read_vector("cmp/old.der");
    const auto certificate = x509::parse_certificate(old);
    const Buffer body = cmp_body("rr_rsp");
    const auto reply = cmp::parse_rev_rep(body);
    assert_ok(reply);
    assert_true(reply->status.status == cmp::PkiStatus::accepted);
    assert_true(reply->certificate.has_value());
    assert_true(pki::equal(reply->certificate->serial, certificate->tbs.serial));
    assert_true(pki::equal(reply->certificate->issuer, certificate->tbs.issuer.encoding));
    assert_true(cmp::build_rev_rep(*reply) == body);
}

void refusals_name_no_certificate(void**) {
    const cmp::RevocationReply reply{
        {cmp::PkiStatus::rejection, "revoked already", cmp::FailInfo::cert_revoked}, {}};
    const Buffer body = cmp::build_rev_rep(reply);
    const auto again = cmp::parse_rev_rep(body);
    assert_ok(again);
    assert_true(again->status.fail_info == cmp::FailInfo::cert_revoked);
    assert_text(again->status.text, "revoked already");
    assert_false(again->certificate.has_value());
}

void answers_are_for_one_certificate(void**) {
    assert_ok(cmp::parse_rev_rep(hex("3007 3005 3003 020100")));
    assert_ok(cmp::parse_rev_rep(hex("300b 3005 3003 020100 a102 3000")));
    for (const char* body :
         {"", "3000", "3002 3000", "300c 300a 3003 020100 3003 020100", "3007 3005 3003 020107",
          "3009 3005 3003 020100 a000", "300b 3005 3003 020100 a002 3000",
          "3009 3005 3003 020100 0500",
          "301d 3005 3003 020100 a014 3012 3007 a402 3000 020105 3007 a402 3000 020105"})
        assert_error(Errc::malformed, cmp::parse_rev_rep(hex(body)));
}

void truncated_bodies_are_refused(void**) {
    const Buffer rr = cmp_body("rr");
    for (std::size_t size = 0; size < rr.size(); size++)
        assert_false(cmp::parse_rev_req(Bytes(rr).first(size)).has_value());
    const Buffer rp = cmp_body("rr_rsp");
    for (std::size_t size = 0; size < rp.size(); size++)
        assert_false(cmp::parse_rev_rep(Bytes(rp).first(size)).has_value());
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(requests_of_openssl_are_read),
        cmocka_unit_test(what_is_built_is_read),
        cmocka_unit_test(issuer_and_serial_number_are_needed),
        cmocka_unit_test(one_certificate_is_revoked_at_a_time),
        cmocka_unit_test(reasons_are_those_of_the_rfc),
        cmocka_unit_test(answers_of_openssl_are_read),
        cmocka_unit_test(refusals_name_no_certificate),
        cmocka_unit_test(answers_are_for_one_certificate),
        cmocka_unit_test(truncated_bodies_are_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
