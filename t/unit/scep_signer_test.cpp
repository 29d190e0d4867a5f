// Certificates that devices sign their messages with.
#include "libpki/scep/signer.h"

#include "libpki/ossl/digest.h"
#include "t/unit/scep_fixture.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::ossl::Hash;
namespace der = pki::der;
namespace oid = pki::x509::oid;
namespace ossl = pki::ossl;
namespace scep = pki::scep;
namespace x509 = pki::x509;

constexpr std::uint8_t kMd5WithRsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04};

// A self-signed certificate as somebody's firmware makes it.
struct Firmware {
    Buffer version = unit::hex("a003 0201 02");  // v3
    Buffer serial = unit::hex("0201 01");
    Bytes signature = oid::kSha256WithRsa;
    Hash hash = Hash::sha256;
    Buffer subject = *x509::name_from_text("CN=device");
    Buffer issuer = subject;
    Buffer behind_key;
    EVP_PKEY* key = unit::scep_rsa_key(1);

    Buffer encode() const {
        der::Writer algorithm;
        algorithm.sequence([&] {
            algorithm.oid(signature);
            algorithm.null();
        });
        der::Writer tbs;
        tbs.sequence([&] {
            tbs.raw(version);
            tbs.raw(serial);
            tbs.raw(algorithm.view());
            tbs.raw(issuer);
            tbs.sequence([&] {
                tbs.time(unit::kTestNotBefore);
                tbs.time(unit::kTestNotAfter);
            });
            tbs.raw(subject);
            tbs.raw(*ossl::public_key_der(key));
            tbs.raw(behind_key);
        });
        der::Writer certificate;
        certificate.sequence([&] {
            certificate.raw(tbs.view());
            certificate.raw(algorithm.view());
            certificate.bit_string(
                *ossl::sign(key, {ossl::KeyType::rsa, hash, false}, tbs.view()));
        });
        return std::move(certificate).take();
    }
};

Buffer extensions(std::string_view list) {
    const Buffer octets = unit::hex(list);
    der::Writer w;
    w.tlv(der::constructed(3), [&] { w.sequence([&] { w.raw(octets); }); });
    return std::move(w).take();
}

// "self-issued", "other", or the error; and whether X.509 reads it.
std::string seen(const Firmware& firmware, bool strict) {
    const Buffer encoding = firmware.encode();
    assert_int_equal(x509::parse_certificate(encoding).has_value(), strict);
    const auto certificate = scep::parse_signer(encoding);
    if (!certificate) return pki::name(certificate.error().code);
    assert_hex(certificate->tbs.subject.encoding, pki::hex_encode(firmware.subject));
    assert_true(certificate->tbs.spki.rsa_bits() == 2048);
    return scep::self_issued(*certificate) ? "self-issued" : "other";
}

void as_x509_wants_it(void**) {
    assert_text(seen({}, true), "self-issued");
    Firmware old;
    old.version.clear();
    assert_text(seen(old, true), "self-issued");
}

void weak_hashes(void**) {
    Firmware firmware;
    firmware.signature = oid::kSha1WithRsa;
    firmware.hash = Hash::sha1;
    assert_text(seen(firmware, true), "self-issued");
    firmware.signature = kMd5WithRsa;
    firmware.hash = Hash::md5;
    assert_text(seen(firmware, true), "self-issued");
    // Another hash than it says.
    firmware.hash = Hash::sha1;
    assert_text(seen(firmware, true), "other");
}

void odd_serial_numbers(void**) {
    for (const char* serial : {"0201 00", "0201 fb", "0202 0001", "0203 ffffff",
                               "0216 01020304050607080910111213141516171819202122"}) {
        Firmware firmware;
        firmware.serial = unit::hex(serial);
        assert_text(seen(firmware, false), "self-issued");
    }
}

void odd_versions_and_extensions(void**) {
    Firmware firmware;
    firmware.version = unit::hex("a003 0201 01");  // v2
    assert_text(seen(firmware, false), "self-issued");
    firmware.version.clear();  // v1 with extensions
    firmware.behind_key = extensions("300b 0603 551d0f 0404 0302 05a0");
    assert_text(seen(firmware, false), "self-issued");
    firmware = {};
    firmware.behind_key = unit::hex("8102 00ff");  // issuerUniqueID
    assert_text(seen(firmware, false), "self-issued");
    firmware.behind_key =
        extensions("300b 0603 551d0f 0404 0302 05a0 300b 0603 551d0f 0404 0302 05a0");
    assert_text(seen(firmware, false), "self-issued");
}

// An AuthorityKeyIdentifier must not be critical, and is, on devices in the field.
void a_critical_key_identifier(void**) {
    Firmware firmware;
    firmware.behind_key = extensions("3012 0603 551d23 0101ff 0408 3006 8004 01020304");
    assert_text(seen(firmware, true), "self-issued");
}

// A name with an empty value is no name for X.509, but the same octets twice are the same.
void odd_names(void**) {
    Firmware firmware;
    firmware.subject = firmware.issuer = unit::hex("300d 310b 3009 0603 550403 0c02 6100");
    assert_text(seen(firmware, false), "self-issued");
    firmware.issuer = unit::hex("300d 310b 3009 0603 550403 0c02 6200");
    assert_text(seen(firmware, false), "other");
}

void names_compare_as_names(void**) {
    Firmware firmware;
    firmware.issuer = *x509::name_from_text("CN=DEVICE");
    assert_text(seen(firmware, true), "self-issued");
    firmware.issuer = *x509::name_from_text("CN=CA");
    assert_text(seen(firmware, true), "other");
}

// A CA with the name of its client, or somebody who puts his key into a foreign certificate.
void signed_by_another_key(void**) {
    Firmware firmware;
    const Buffer encoding = firmware.encode();
    const Buffer mine = *ossl::public_key_der(unit::scep_rsa_key(1));
    const Buffer other = *ossl::public_key_der(unit::scep_rsa_key(2));
    const Buffer changed = unit::replaced(encoding, mine, other);
    const auto certificate = scep::parse_signer(changed);
    assert_ok(certificate);
    assert_false(scep::self_issued(*certificate));
    const unit::TestCa ca = unit::make_ca({.name = "CN=CA"});
    const unit::TestCa leaf = unit::make_ca({.name = "CN=CA", .ca = false}, &ca);
    assert_false(scep::self_issued(*scep::parse_signer(leaf.certificate)));
    assert_true(scep::self_issued(*scep::parse_signer(ca.certificate)));
}

void what_is_no_certificate(void**) {
    const Buffer fine = Firmware().encode();
    assert_error(Errc::malformed, scep::parse_signer({}));
    assert_error(Errc::malformed, scep::parse_signer(Bytes(fine).first(fine.size() - 1)));
    Buffer trailing = fine;
    trailing.push_back(0);
    assert_error(Errc::malformed, scep::parse_signer(trailing));
    assert_error(Errc::malformed, scep::parse_signer(Buffer(70'000, 0x30)));
    assert_error(Errc::unsupported, scep::parse_signer(unit::read_vector("cert/brainpool.der")));
}

// What only this parser reads gets its answer sealed nevertheless.
void an_answer_for_serial_number_zero(void**) {
    const unit::ScepRa ra;
    unit::ScepClient client = unit::rsa_client();
    Firmware firmware;
    firmware.serial = unit::hex("0201 00");
    client.certificate = firmware.encode();
    const Buffer message = *scep::build_request(client.request(ra));
    const auto request = scep::parse_request(message);
    assert_ok(request);
    assert_ok(scep::verify_request(*request, {}));
    const scep::CertRep reply{.status = scep::PkiStatus::success,
                              .certificates = {ra.ra.certificate}};
    const auto sealed = scep::build_cert_rep(*request, reply, ra.signing);
    assert_ok(sealed);
    const auto response = client.read(*sealed, ra);
    assert_ok(response);
    assert_int_equal(response->certificates.size(), 1);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(as_x509_wants_it),
        cmocka_unit_test(weak_hashes),
        cmocka_unit_test(odd_serial_numbers),
        cmocka_unit_test(odd_versions_and_extensions),
        cmocka_unit_test(a_critical_key_identifier),
        cmocka_unit_test(odd_names),
        cmocka_unit_test(names_compare_as_names),
        cmocka_unit_test(signed_by_another_key),
        cmocka_unit_test(what_is_no_certificate),
        cmocka_unit_test(an_answer_for_serial_number_zero),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
