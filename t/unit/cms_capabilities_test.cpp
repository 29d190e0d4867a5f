// What a CSR says of how a private key is to be encrypted (RFC 7030 4.4.1).
#include "libpki/cms/capabilities.h"

#include "libpki/base/der_writer.h"
#include "libpki/base/limits.h"
#include "libpki/x509/csr_decrypt_keys.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Errc;
using pki::cms::Capabilities;
using pki::ossl::Cipher;
using pki::ossl::Hash;
using unit::hex;
namespace x509 = pki::x509;

// Attribute values below id-aa (1.2.840.113549.1.9.16.2).
std::string identifier(const char* last, const std::string& values) {
    const std::string set = values;
    const auto octets = hex(set).size();
    char lengths[16];
    snprintf(lengths, sizeof(lengths), "31%02x", static_cast<unsigned>(octets));
    char head[64];
    snprintf(head, sizeof(head), "30%02x 060b 2a864886f70d01091002%s",
             static_cast<unsigned>(octets + 15), last);
    return std::string(head) + lengths + set;
}

const std::string kCapabilities = "3011 0609 2a864886f70d01090f 3104 3002 3000";

pki::Result<x509::DecryptKeys> keys_of(const std::string& attributes, Buffer& der) {
    const Buffer template_der = unit::read_vector("csr/p256.der");
    const auto csr = x509::parse_csr(template_der);
    pki::der::Writer w;
    w.sequence([&] {
        w.sequence([&] {
            w.integer(0);
            w.raw(csr->subject.encoding);
            w.raw(csr->spki.encoding);
            w.tlv(pki::der::constructed(0), [&] { w.raw(hex(attributes)); });
        });
        w.raw(csr->signature_algorithm);
        w.bit_string(csr->signature);
    });
    der = std::move(w).take();
    PKI_TRY(const x509::Csr made, x509::parse_csr(der));
    return x509::parse_decrypt_keys(made);
}

void identifiers_are_read(void**) {
    Buffer der;
    const auto none = keys_of("", der);
    assert_ok(none);
    assert_false(none->symmetric || none->asymmetric);
    const auto symmetric = keys_of(identifier("25", "0403 010203") + kCapabilities, der);
    assert_ok(symmetric);
    assert_hex(*symmetric->symmetric, "010203");
    assert_false(symmetric->asymmetric.has_value());
    assert_hex(symmetric->capabilities, "30023000");
    const auto asymmetric = keys_of(identifier("36", "0402 0a0b"), der);
    assert_hex(*asymmetric->asymmetric, "0a0b");
    assert_true(asymmetric->capabilities.empty());
    const Buffer old = unit::read_vector("csr/no_attributes.der");
    assert_ok(x509::parse_decrypt_keys(*x509::parse_csr(old)));
}

void more_than_one_key_is_refused(void**) {
    Buffer der;
    const std::string symmetric = identifier("25", "0401 01"),
                      asymmetric = identifier("36", "0401 01");
    for (const std::string& attributes :
         {symmetric + symmetric, asymmetric + asymmetric, symmetric + asymmetric,
          asymmetric + symmetric, kCapabilities + kCapabilities,
          identifier("25", "0401 01 0401 02"), identifier("36", "0400"),
          identifier("36", "0c01 41"), identifier("25", "3000"),
          std::string("3010 0609 2a864886f70d01090f 3103 0101ff")})
        assert_error(Errc::malformed, keys_of(attributes, der));
    const std::string most(2 * pki::limits::kCmpReference, '0');
    assert_error(Errc::malformed, keys_of(identifier("36", "0481 81 00" + most), der));
}

std::string aes(const char* last) { return std::string("300b 0609 6086480165030401") + last; }

Capabilities parsed(const std::string& list) {
    const Buffer content = hex(list);
    pki::der::Writer w;
    w.sequence([&] { w.raw(content); });
    const Buffer encoding = std::move(w).take();
    auto capabilities = Capabilities::parse(encoding);
    assert_ok(capabilities);
    return *capabilities;
}

const std::string kRsa = "300b 0609 2a864886f70d010101";
const std::string kOaep = "300b 0609 2a864886f70d010107";
const std::string kOaepSha1 = "300d 0609 2a864886f70d010107 3000";
const std::string kDes3 = "300a 0608 2a864886f70d0307";

void nothing_said_is_the_best(void**) {
    for (const auto& capabilities :
         {*Capabilities::parse({}), parsed(""), parsed("3005 0603 2a0301")}) {
        assert_true(capabilities.for_agreement()->content == Cipher::aes256);
        assert_true(capabilities.for_agreement()->wrap == Cipher::aes256);
        const auto transport = capabilities.for_transport();
        assert_true(transport->padding.oaep && transport->padding.hash == Hash::sha256);
        assert_ok(capabilities.for_wrapping(16));
    }
}

// RFC 7030 4.4.2: one of the algorithms that the client included.
void what_is_said_is_heeded(void**) {
    const auto weak = parsed(aes("02") + aes("05"));
    assert_true(weak.for_agreement()->content == Cipher::aes128);
    assert_true(weak.for_agreement()->wrap == Cipher::aes128);
    assert_ok(weak.for_wrapping(16));
    assert_error(Errc::unsupported, weak.for_wrapping(32));
    const auto both = parsed(aes("02") + aes("2a") + aes("16") + aes("05") + aes("19"));
    assert_true(both.for_agreement()->content == Cipher::aes256);
    assert_true(both.for_agreement()->wrap == Cipher::aes192);
    assert_true(
        parsed("3015 0606 2b8104010b01 300b 0609 608648016503040105").for_agreement()->wrap ==
        Cipher::aes128);
    assert_false(parsed(kRsa).for_transport()->padding.oaep);
    assert_true(parsed(kRsa + kOaepSha1).for_transport()->padding.oaep);
    assert_true(parsed(kOaepSha1).for_transport()->padding.hash == Hash::sha1);
    assert_true(parsed(kOaepSha1 + kRsa + kOaep).for_transport()->padding.hash == Hash::sha256);
}

void what_we_do_not_have_is_refused(void**) {
    const auto old = parsed(kDes3 + "300d 060b 2a864886f70d0109100306");
    assert_error(Errc::unsupported, old.for_agreement());
    assert_error(Errc::unsupported, old.for_transport());
    assert_error(Errc::unsupported,
                 parsed("300d 060b 2a864886f70d0109100306").for_wrapping(16));
    assert_ok(parsed(kDes3 + aes("02")).for_transport());
    assert_error(Errc::unsupported, parsed("3018 0609 2a864886f70d010107 300b a009 3007 "
                                           "0603 2a0301 0500")
                                        .for_transport());
}

void broken_lists_are_refused(void**) {
    for (const char* bad : {"30", "0500", "3000 00", "3002 0500", "3002 3000",
                            "3011 300f 0609 2a864886f70d010107 0202 0000"})
        assert_error(Errc::malformed, Capabilities::parse(hex(bad)));
    std::string many;
    for (std::size_t i = 0; i <= pki::limits::kCmsAttributes; i++) many += "3005 0603 2a0301";
    const Buffer content = hex(many);
    pki::der::Writer w;
    w.sequence([&] { w.raw(content); });
    assert_error(Errc::malformed, Capabilities::parse(w.view()));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(identifiers_are_read),
        cmocka_unit_test(more_than_one_key_is_refused),
        cmocka_unit_test(nothing_said_is_the_best),
        cmocka_unit_test(what_is_said_is_heeded),
        cmocka_unit_test(what_we_do_not_have_is_refused),
        cmocka_unit_test(broken_lists_are_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
