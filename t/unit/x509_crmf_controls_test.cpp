// certReqId, controls and regInfo (RFC 4211 3, 6).
#include "libpki/x509/crmf.h"

#include "libpki/base/limits.h"
#include "libpki/x509/crmf_oids.h"
#include "libpki/x509/oids.h"
#include "t/unit/crmf_fixture.h"

#include "t/unit/unit.h"

namespace {

using pki::as_text;
using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::Reason;
using unit::assert_reason;
using unit::control;
using unit::hex;
using unit::message;
using unit::Parts;
namespace limits = pki::limits;
namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

// --- certReqId, controls, regInfo ---

void ids_are_not_negative(void**) {
    const auto with_id = [](std::string_view id) { return message({.id = hex(id)}); };
    const Buffer largest = with_id("0205 00ffffffff");
    assert_int_equal(x509::parse_cert_request(largest)->id, 0xffffffff);
    for (const char* id : {"0201ff", "0205 0100000000", "02020001", "0200", "0a0100"})
        assert_error(Errc::malformed, x509::parse_cert_request(with_id(id)));
}

void controls_are_read(void**) {
    Parts parts;
    pki::append(parts.controls, control(oid::kRegToken, "0c03616263"));
    pki::append(parts.controls, control(oid::kRegAuthenticator, "0c0178"));
    pki::append(parts.controls, control(oid::kRegRsaKeyLen, "02020c00"));
    pki::append(parts.controls, control(oid::kRegAlgId, "300d 06092a864886f70d010101 0500"));
    pki::append(parts.controls, control(oid::kServerAuth, "3003020101"));
    const Buffer der = message(parts);
    const auto request = x509::parse_cert_request(der);
    assert_ok(request);
    assert_text(as_text(*request->reg_token), "abc");
    assert_text(as_text(*request->authenticator), "x");
    assert_int_equal(request->wanted_rsa_bits, 3072);
    assert_hex(request->wanted_algorithm, "300d06092a864886f70d0101010500");
    assert_int_equal(request->controls.size(), 5);
    assert_true(pki::equal(request->controls[4], oid::kServerAuth));
}

void controls_that_are_wrong_are_refused(void**) {
    const auto with = [](Buffer controls) {
        return message({.controls = std::move(controls)});
    };
    Buffer twice = control(oid::kServerAuth, "0500");
    pki::append(twice, control(oid::kServerAuth, "020100"));
    assert_error(Errc::malformed, x509::parse_cert_request(with(twice)));
    for (const char* value : {"1303616263", "0c03616263 0500", ""})
        assert_error(Errc::malformed,
                     x509::parse_cert_request(with(control(oid::kRegToken, value))));
    for (const char* value : {"020180", "0209 0100000000 00000000", "0500"})
        assert_error(Errc::malformed,
                     x509::parse_cert_request(with(control(oid::kRegRsaKeyLen, value))));
    assert_error(Errc::malformed,
                 x509::parse_cert_request(with(control(oid::kRegAlgId, "3000"))));
    // An empty SEQUENCE of them.
    assert_error(Errc::malformed, x509::parse_cert_request(hex("3009 3007 020100 3000 3000")));
}

void one_algorithm_is_asked_for(void**) {
    Parts parts;
    parts.fields = hex("a60a 3005 06032b6570 030100");
    parts.controls = control(oid::kRegAlgId, "3005 06032b6570");
    assert_ok(x509::parse_cert_request(message(parts)));
    parts.controls = control(oid::kRegAlgId, "3005 06032b6571");
    assert_error(Errc::malformed, x509::parse_cert_request(message(parts)));
}

void the_old_certificate_has_a_serial_number(void**) {
    const auto with_id = [](std::string_view id) {
        return message({.controls = control(oid::kRegOldCertId, id)});
    };
    const Buffer other_name = with_id("3006 8201 61 020105");
    const auto request = x509::parse_cert_request(other_name);
    assert_ok(request);
    assert_true(request->old_cert_id->issuer.empty());
    assert_hex(request->old_cert_id->serial, "05");
    for (const char* id :
         {"3007 a402 3000 020100", "3007 a402 3000 0201ff", "3008 a402 3000 02020005",
          "3006 a402 3000 0200",
          "301c a402 3000 0216 0080000000000000000000000000000000000000000000"})
        assert_reason(Reason::bad_cert_id, x509::parse_cert_request(with_id(id)));
    for (const char* id : {"3000", "3003 020105", "3004 a402 3000", "3007 a400 020105 0500",
                           "3009 a404 3000 3000 020105", "3009 a402 3000 020105 0500"})
        assert_error(Errc::malformed, x509::parse_cert_request(with_id(id)));
}

void controls_and_information_are_bounded(void**) {
    Parts parts;
    for (std::uint8_t i = 0; i < limits::kCmpControls; i++)
        pki::append(parts.controls, control(Bytes(&i, 1), "0500"));
    assert_ok(x509::parse_cert_request(message(parts)));
    Parts more = parts;
    const std::uint8_t last = limits::kCmpControls;
    pki::append(more.controls, control(Bytes(&last, 1), "0500"));
    assert_error(Errc::malformed, x509::parse_cert_request(message(more)));
    parts.behind = hex("3007 3005 06012a 0500");
    assert_error(Errc::malformed, x509::parse_cert_request(message(parts)));
    parts.controls.clear();
    assert_ok(x509::parse_cert_request(message(parts)));
    for (const char* info : {"3005 3003 06012a", "3009 3007 06012a 0500 0500", "0500"})
        assert_error(Errc::malformed, x509::parse_cert_request(message({.behind = hex(info)})));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_not_negative),
        cmocka_unit_test(controls_are_read),
        cmocka_unit_test(controls_that_are_wrong_are_refused),
        cmocka_unit_test(one_algorithm_is_asked_for),
        cmocka_unit_test(the_old_certificate_has_a_serial_number),
        cmocka_unit_test(controls_and_information_are_bounded),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
