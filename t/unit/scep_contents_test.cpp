#include "libpki/scep/contents.h"

#include "libpki/scep/status.h"
#include "libpki/x509/name.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
namespace scep = pki::scep;

Buffer name(const char* text) { return *pki::x509::name_from_text(text); }

// The INTEGER as it stands in the message; what comes out as hexadecimal.
std::string serial(const char* integer) {
    Buffer fields = name("CN=CA");
    pki::append(fields, unit::hex(integer));
    Buffer der{0x30, static_cast<std::uint8_t>(fields.size())};
    pki::append(der, fields);
    const auto id = scep::parse_issuer_and_serial(der);
    if (!id) return pki::name(id.error().code);
    return pki::hex_encode(id->serial);
}

void issuer_and_subject(void**) {
    const Buffer der = scep::build_issuer_and_subject(name("CN=CA,O=Org"), name("CN=device"));
    const auto names = scep::parse_issuer_and_subject(der);
    assert_ok(names);
    assert_hex(names->issuer, pki::hex_encode(name("CN=CA,O=Org")));
    assert_hex(names->subject, pki::hex_encode(name("CN=device")));
}

void issuer_and_serial(void**) {
    const Buffer octets = unit::hex("00 ff01");
    const Buffer der = scep::build_issuer_and_serial(name("CN=CA"), octets);
    const auto id = scep::parse_issuer_and_serial(der);
    assert_ok(id);
    assert_hex(id->issuer, pki::hex_encode(name("CN=CA")));
    assert_hex(id->serial, "ff01");
}

void serials(void**) {
    assert_text(serial("0201 05"), "05");
    assert_text(serial("0202 00ff"), "ff");
    assert_text(serial("0203 000001"), "01");
    assert_text(serial("0214 7f00000000000000000000000000000000000001"),
                "7f00000000000000000000000000000000000001");
    assert_text(serial("0215 00ff00000000000000000000000000000000000001"),
                "ff00000000000000000000000000000000000001");
}

// Numbers that no certificate has: not found, and not malformed.
void serials_of_nobody(void**) {
    assert_text(serial("0201 00"), "");
    assert_text(serial("0201 fb"), "");
    assert_text(serial("0200"), "");
    assert_text(serial("0215 010000000000000000000000000000000000000001"), "");
}

void malformed_contents(void**) {
    for (const char* der :
         {"", "30", "3000", "3002 3000", "3006 3000 3000 0500", "3004 0500 3000",
          "3004 3000 3000 00", "3080 3000 3000 0000", "3004 3000 3002"})
        assert_error(Errc::malformed, scep::parse_issuer_and_subject(unit::hex(der)));
    assert_ok(scep::parse_issuer_and_subject(unit::hex("3004 3000 3000")));
    for (const char* der : {"", "3000", "3002 3000", "3004 3000 0500", "3007 3000 0201 01 0500",
                            "3005 3000 0201", "3005 3000 0201 01 00", "3005 3100 0201 01"})
        assert_error(Errc::malformed, scep::parse_issuer_and_serial(unit::hex(der)));
    assert_ok(scep::parse_issuer_and_serial(unit::hex("3005 3000 0201 01")));
}

// Each failInfo answers what the RFC says it is for.
void fail_infos(void**) {
    const auto info = [](Errc code) { return std::string(scep::name(scep::fail_info(code))); };
    assert_text(info(Errc::unsupported), "badAlg");
    assert_text(info(Errc::weak_key), "badAlg");
    assert_text(info(Errc::bad_signature), "badMessageCheck");
    assert_text(info(Errc::not_found), "badCertId");
    for (const Errc code : {Errc::malformed, Errc::unauthenticated, Errc::denied,
                            Errc::conflict, Errc::limited, Errc::unavailable, Errc::internal})
        assert_text(info(code), "badRequest");
}

void names_of_statuses(void**) {
    assert_text(scep::name(scep::PkiStatus::success), "SUCCESS");
    assert_text(scep::name(scep::PkiStatus::failure), "FAILURE");
    assert_text(scep::name(scep::PkiStatus::pending), "PENDING");
    assert_text(scep::name(scep::FailInfo::bad_time), "badTime");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(issuer_and_subject),
        cmocka_unit_test(issuer_and_serial),
        cmocka_unit_test(serials),
        cmocka_unit_test(serials_of_nobody),
        cmocka_unit_test(malformed_contents),
        cmocka_unit_test(fail_infos),
        cmocka_unit_test(names_of_statuses),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
