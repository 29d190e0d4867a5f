#include "libpki/x509/algorithm.h"

#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Errc;
using pki::ossl::Hash;
using pki::ossl::KeyType;
using pki::ossl::SignatureScheme;
using unit::hex;
namespace x509 = pki::x509;

const SignatureScheme kSchemes[] = {
    {KeyType::rsa, Hash::sha256, false},   {KeyType::rsa, Hash::sha384, false},
    {KeyType::rsa, Hash::sha512, false},   {KeyType::rsa, Hash::sha1, false},
    {KeyType::ec, Hash::sha256, false},    {KeyType::ec, Hash::sha384, false},
    {KeyType::ec, Hash::sha512, false},    {KeyType::ec, Hash::sha1, false},
    {KeyType::ed25519, Hash::none, false}, {KeyType::ed448, Hash::none, false},
    {KeyType::rsa, Hash::sha256, true},    {KeyType::rsa, Hash::sha384, true},
    {KeyType::rsa, Hash::sha512, true},
};

void what_is_written_is_read(void**) {
    for (const SignatureScheme& scheme : kSchemes) {
        pki::der::Writer writer;
        x509::write_signature_algorithm(writer, scheme);
        const auto found = x509::parse_signature_algorithm(writer.view());
        assert_ok(found);
        assert_true(*found == scheme);
    }
}

void rsa_parameters_are_null_or_absent(void**) {
    assert_ok(x509::parse_signature_algorithm(hex("300d 0609 2a864886f70d01010b 0500")));
    assert_ok(x509::parse_signature_algorithm(hex("300b 0609 2a864886f70d01010b")));
    for (const char* bad :
         {"300e 0609 2a864886f70d01010b 020101", "300f 0609 2a864886f70d01010b 05000500",
          "300e 0609 2a864886f70d01010b 050100"})
        assert_error(Errc::malformed, x509::parse_signature_algorithm(hex(bad)));
}

// RFC 5758 3.2, RFC 8410 3
void other_parameters_are_absent(void**) {
    assert_ok(x509::parse_signature_algorithm(hex("300a 0608 2a8648ce3d040302")));
    assert_error(Errc::malformed,
                 x509::parse_signature_algorithm(hex("300c 0608 2a8648ce3d040302 0500")));
    assert_error(Errc::malformed,
                 x509::parse_signature_algorithm(hex("3007 0603 2b6570 0500")));
}

void unknown_algorithms_are_named(void**) {
    const auto md5 = x509::parse_signature_algorithm(hex("300d 0609 2a864886f70d010104 0500"));
    assert_error(Errc::unsupported, md5);
    assert_text(md5.error().detail, "1.2.840.113549.1.1.4");
}

void malformed_identifiers_are_refused(void**) {
    for (const char* bad : {"", "3000", "3002 0500", "3003 0601 80", "3103 0601 2a",
                            "3003 0601 2a 00", "3004 0601 2a 05", "0601 2a"}) {
        assert_error(Errc::malformed, x509::parse_algorithm(hex(bad)));
        assert_error(Errc::malformed, x509::parse_signature_algorithm(hex(bad)));
    }
}

// RSASSA-PSS-params of SHA-256 with one part replaced.
Buffer pss(const std::string& parameters) {
    pki::der::Writer writer;
    writer.sequence([&] {
        writer.raw(hex("0609 2a864886f70d01010a"));
        writer.sequence([&] { writer.raw(hex(parameters)); });
    });
    return std::move(writer).take();
}

const std::string kHash = "a00f 300d 0609 608648016503040201 0500";
const std::string kHashBare = "a00d 300b 0609 608648016503040201";
const std::string kHash384 = "a00f 300d 0609 608648016503040202 0500";
const std::string kMask = "a11c 301a 0609 2a864886f70d010108 300d 0609 608648016503040201 0500";
const std::string kMaskBare = "a11a 3018 0609 2a864886f70d010108 300b 0609 608648016503040201";
const std::string kSalt = "a203 020120";

void pss_parameters_may_be_written_in_two_ways(void**) {
    for (const std::string& good : {kHash + kMask + kSalt, kHashBare + kMaskBare + kSalt,
                                    kHash + kMask + kSalt + "a303020101"}) {
        const auto scheme = x509::parse_signature_algorithm(pss(good));
        assert_ok(scheme);
        assert_true((*scheme == SignatureScheme{KeyType::rsa, Hash::sha256, true}));
    }
}

// RFC 4055 3.1: what is left out means SHA-1 and a salt of 20 octets.
void other_pss_parameters_are_unsupported(void**) {
    for (const std::string& bad :
         {std::string(), kMask + kSalt, kHash + kSalt, kHash + kMask, kHash384 + kMask + kSalt,
          kHash + kMask + "a203 020114", kHash + kMask + kSalt + "a303 020102",
          kHash + "a11c 301a 0609 2a864886f70d010109 300d 0609 608648016503040201 0500" + kSalt,
          "a00d 300b 0609 608648016503040204" + kMask + kSalt})
        assert_error(Errc::unsupported, x509::parse_signature_algorithm(pss(bad)));
}

void malformed_pss_parameters_are_refused(void**) {
    for (const std::string& bad : {kHash + kMask + kSalt + kSalt, kHash + kMask + "a203 040120",
                                   kHash + kMask + "a206 020120 020120",
                                   "a011 300d 0609 608648016503040201 0500 0500" + kMask,
                                   kHash + "a10d 300b 0609 2a864886f70d010108" + kSalt})
        assert_error(Errc::malformed, x509::parse_signature_algorithm(pss(bad)));
    const auto without = x509::parse_signature_algorithm(hex("300b 0609 2a864886f70d01010a"));
    assert_error(Errc::malformed, without);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(rsa_parameters_are_null_or_absent),
        cmocka_unit_test(other_parameters_are_absent),
        cmocka_unit_test(unknown_algorithms_are_named),
        cmocka_unit_test(malformed_identifiers_are_refused),
        cmocka_unit_test(pss_parameters_may_be_written_in_two_ways),
        cmocka_unit_test(other_pss_parameters_are_unsupported),
        cmocka_unit_test(malformed_pss_parameters_are_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
