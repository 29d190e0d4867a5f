#include "libpki/x509/spki.h"

#include "libpki/base/der_writer.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Errc;
using unit::hex;
using unit::read_vector;
namespace x509 = pki::x509;

void supported_keys_are_described(void**) {
    const std::pair<const char*, const char*> expected[] = {
        {"p256", "ec:P-256"},    {"p384", "ec:P-384"},    {"p521", "ec:P-521"},
        {"rsa2048", "rsa:2048"}, {"rsa3072", "rsa:3072"}, {"ed25519", "ed25519"},
        {"ed448", "ed448"},
    };
    for (const auto& [name, description] : expected) {
        const Buffer der = read_vector(std::string("spki/") + name + ".der");
        const auto spki = x509::parse_spki(der);
        assert_ok(spki);
        assert_text(spki->describe(), description);
        auto key = pki::ossl::make_public_key(spki->key);
        assert_ok(key);
        const auto again = pki::ossl::public_key_der(key->get());
        assert_ok(again);
        assert_hex(*again, pki::hex_encode(der));
    }
}

void views_are_into_the_input(void**) {
    const Buffer der = read_vector("spki/p256.der");
    const auto spki = x509::parse_spki(der);
    assert_ok(spki);
    assert_ptr_equal(spki->encoding.data(), der.data());
    assert_int_equal(spki->encoding.size(), der.size());
    assert_ptr_equal(spki->key_bits.data() + spki->key_bits.size(), der.data() + der.size());
    assert_int_equal(spki->key_bits.size(), 65);
    assert_int_equal(spki->rsa_bits(), 0);
}

void other_algorithms_curves_and_forms_are_unsupported(void**) {
    for (const char* name : {"pss", "x25519", "brainpool", "p256_explicit", "p256_compressed"})
        assert_error(Errc::unsupported,
                     x509::parse_spki(read_vector(std::string("spki/") + name + ".der")));
}

void weak_rsa_keys_are_refused(void**) {
    for (const char* name : {"rsa_exponent_1", "rsa_exponent_even", "rsa_exponent_huge",
                             "rsa_modulus_even", "rsa_modulus_huge"})
        assert_error(Errc::weak_key,
                     x509::parse_spki(read_vector(std::string("spki/") + name + ".der")));
}

Buffer rsa_key(const std::string& parameters, const std::string& key) {
    pki::der::Writer writer;
    writer.sequence([&] {
        writer.sequence([&] { writer.raw(hex("0609 2a864886f70d010101" + parameters)); });
        writer.bit_string(hex(key));
    });
    return std::move(writer).take();
}

void rsa_structure_is_checked(void**) {
    assert_ok(x509::parse_spki(rsa_key("0500", "3008 0203 00ffff 0201 03")));
    assert_ok(x509::parse_spki(rsa_key("", "3008 0203 00ffff 0201 03")));
    for (const char* bad : {"", "3000", "3005 0203 00ffff", "3008 0203 00ffff 0201 03 00",
                            "300b 0203 00ffff 0201 03 0201 00", "3007 0202 ffff 0201 03",
                            "3009 0204 0000ffff 0201 03"})
        assert_error(Errc::malformed, x509::parse_spki(rsa_key("0500", bad)));
    assert_error(Errc::malformed,
                 x509::parse_spki(rsa_key("3000", "3008 0203 00ffff 0201 03")));
    assert_error(Errc::weak_key, x509::parse_spki(rsa_key("0500", "3006 0201 00 0201 03")));
    assert_error(Errc::weak_key, x509::parse_spki(rsa_key("0500", "3008 0203 00ffff 0201 00")));
}

void ec_structure_is_checked(void**) {
    const Buffer good = read_vector("spki/p256.der");
    Buffer infinity = hex("3019 3013 0607 2a8648ce3d0201 0608 2a8648ce3d030107 0302 0000");
    assert_error(Errc::unsupported, x509::parse_spki(infinity));
    assert_error(
        Errc::malformed,
        x509::parse_spki(hex("3018 3013 0607 2a8648ce3d0201 0608 2a8648ce3d030107 0301 00")));
    assert_error(
        Errc::malformed,
        x509::parse_spki(hex("3019 3013 0607 2a8648ce3d0201 0608 2a8648ce3d030107 0302 0004")));
    assert_error(Errc::malformed,
                 x509::parse_spki(hex("300f 3009 0607 2a8648ce3d0201 0302 0004")));
    Buffer hybrid = good;
    hybrid[good.size() - 65] = 0x06;
    assert_error(Errc::unsupported, x509::parse_spki(hybrid));
    Buffer bits_left_over = good;
    bits_left_over[good.size() - 66] = 0x01;
    assert_error(Errc::malformed, x509::parse_spki(bits_left_over));
    Buffer trailing = good;
    trailing.push_back(0);
    assert_error(Errc::malformed, x509::parse_spki(trailing));
}

void eddsa_structure_is_checked(void**) {
    assert_error(Errc::malformed, x509::parse_spki(hex("300a 3005 0603 2b6570 0301 00")));
    Buffer with_null = hex("302c 3007 0603 2b6570 0500 0321 00");
    with_null.resize(with_null.size() + 32);
    assert_error(Errc::malformed, x509::parse_spki(with_null));
}

// RFC 5280 4.2.1.2 (1), as the openssl command computes it for the certificate of that key.
void key_identifier_is_sha1_of_the_key_bits(void**) {
    const Buffer der = hex("302a 3005 0603 2b6570 0321 00");
    Buffer zeros = der;
    zeros.resize(zeros.size() + 32);
    const auto spki = x509::parse_spki(zeros);
    assert_ok(spki);
    assert_hex(x509::key_identifier(*spki), "de8a847bff8c343d69b853a215e6ee775ef2ef96");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(supported_keys_are_described),
        cmocka_unit_test(views_are_into_the_input),
        cmocka_unit_test(other_algorithms_curves_and_forms_are_unsupported),
        cmocka_unit_test(weak_rsa_keys_are_refused),
        cmocka_unit_test(rsa_structure_is_checked),
        cmocka_unit_test(ec_structure_is_checked),
        cmocka_unit_test(eddsa_structure_is_checked),
        cmocka_unit_test(key_identifier_is_sha1_of_the_key_bits),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
