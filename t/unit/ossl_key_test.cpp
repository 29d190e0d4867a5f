#include "libpki/ossl/key.h"

#include <openssl/err.h>

#include "libpki/x509/spki.h"
#include "t/unit/unit.h"

namespace {

using pki::as_bytes;
using pki::Buffer;
using pki::Errc;
using unit::read_vector;
namespace ossl = pki::ossl;
using ossl::Hash;
using ossl::KeyType;
using ossl::SignatureScheme;

const char* const kSpecs[] = {"rsa:2048", "ec:P-256", "ec:P-384",
                              "ec:P-521", "ed25519",  "ed448"};

// The public half of a key, by way of its SubjectPublicKeyInfo and our own reader.
pki::Result<ossl::PkeyPtr> public_half(EVP_PKEY* key) {
    PKI_TRY(const Buffer der, ossl::public_key_der(key));
    PKI_TRY(const pki::x509::Spki spki, pki::x509::parse_spki(der));
    return ossl::make_public_key(spki.key);
}

void every_key_type_signs_and_verifies(void**) {
    for (const char* spec : kSpecs) {
        auto key = ossl::generate_key(spec);
        assert_ok(key);
        const auto scheme = ossl::default_scheme(key->get());
        assert_ok(scheme);
        const auto signature = ossl::sign(key->get(), *scheme, as_bytes("message"));
        assert_ok(signature);
        auto public_key = public_half(key->get());
        assert_ok(public_key);
        assert_true(ossl::same_public_key(key->get(), public_key->get()));
        assert_ok(ossl::verify(public_key->get(), *scheme, as_bytes("message"), *signature));
        assert_error(Errc::bad_signature,
                     ossl::verify(public_key->get(), *scheme, as_bytes("massage"), *signature));
        assert_error(Errc::bad_signature,
                     ossl::verify(public_key->get(), *scheme, as_bytes("message"), {}));
        assert_int_equal(ERR_peek_error(), 0);
    }
}

void public_keys_sign_nothing(void**) {
    for (const char* spec : {"rsa:2048", "ec:P-256", "ed25519"}) {
        auto key = ossl::generate_key(spec);
        assert_ok(key);
        const auto scheme = ossl::default_scheme(key->get());
        auto public_key = public_half(key->get());
        assert_ok(scheme);
        assert_ok(public_key);
        assert_false(ossl::sign(public_key->get(), *scheme, as_bytes("m")).has_value());
        assert_false(ossl::write_private_key(public_key->get()).has_value());
        assert_int_equal(ERR_peek_error(), 0);
    }
}

void pss_is_not_pkcs1(void**) {
    auto key = ossl::generate_key("rsa:2048");
    assert_ok(key);
    const SignatureScheme pss{KeyType::rsa, Hash::sha384, true};
    const SignatureScheme pkcs1{KeyType::rsa, Hash::sha384, false};
    const auto signature = ossl::sign(key->get(), pss, as_bytes("message"));
    assert_ok(signature);
    assert_ok(ossl::verify(key->get(), pss, as_bytes("message"), *signature));
    assert_error(Errc::bad_signature,
                 ossl::verify(key->get(), pkcs1, as_bytes("message"), *signature));
    const SignatureScheme other_hash{KeyType::rsa, Hash::sha256, true};
    assert_error(Errc::bad_signature,
                 ossl::verify(key->get(), other_hash, as_bytes("message"), *signature));
}

void scheme_must_fit_the_key(void**) {
    auto key = ossl::generate_key("ec:P-256");
    assert_ok(key);
    const SignatureScheme wrong[] = {
        {KeyType::rsa, Hash::sha256, false}, {KeyType::ed25519, Hash::none, false},
        {KeyType::ec, Hash::none, false},    {KeyType::ec, Hash::sha256, true},
        {KeyType::ed448, Hash::none, false},
    };
    for (const SignatureScheme& scheme : wrong) {
        assert_error(Errc::unsupported, ossl::sign(key->get(), scheme, as_bytes("m")));
        assert_error(Errc::unsupported, ossl::verify(key->get(), scheme, as_bytes("m"), {}));
    }
    auto edwards = ossl::generate_key("ed25519");
    assert_ok(edwards);
    assert_error(
        Errc::unsupported,
        ossl::sign(edwards->get(), {KeyType::ed25519, Hash::sha256, false}, as_bytes("m")));
    assert_int_equal(ERR_peek_error(), 0);
}

void default_hash_follows_the_curve(void**) {
    const std::pair<const char*, SignatureScheme> expected[] = {
        {"ec:P-256", {KeyType::ec, Hash::sha256, false}},
        {"ec:P-384", {KeyType::ec, Hash::sha384, false}},
        {"ec:P-521", {KeyType::ec, Hash::sha512, false}},
        {"rsa:2048", {KeyType::rsa, Hash::sha256, false}},
        {"ed448", {KeyType::ed448, Hash::none, false}},
    };
    for (const auto& [spec, scheme] : expected) {
        auto key = ossl::generate_key(spec);
        assert_ok(key);
        const auto found = ossl::default_scheme(key->get());
        assert_ok(found);
        assert_true(*found == scheme);
    }
}

void foreign_curves_and_keys_have_no_scheme(void**) {
    const ossl::PkeyPtr curve(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "secp256k1"));
    assert_error(Errc::unsupported, ossl::default_scheme(curve.get()));
    const ossl::PkeyPtr exchange(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
    assert_error(Errc::unsupported, ossl::default_scheme(exchange.get()));
}

void weak_and_unknown_specs_are_refused(void**) {
    assert_error(Errc::weak_key, ossl::generate_key("rsa:1024"));
    assert_error(Errc::weak_key, ossl::generate_key("rsa:2047"));
    for (const char* spec : {"rsa:8193", "rsa:", "rsa:2048x", "rsa:-2048", "rsa", "ec:P-192",
                             "ec:p-256", "ec:", "dsa:2048", "ED25519", ""})
        assert_error(Errc::unsupported, ossl::generate_key(spec));
}

// The point must lie on its curve, or a signature by another curve's group could verify.
void point_off_the_curve_is_refused(void**) {
    const Buffer der = read_vector("spki/p256_off_curve.der");
    const auto spki = pki::x509::parse_spki(der);
    assert_ok(spki);
    assert_error(Errc::malformed, ossl::make_public_key(spki->key));
    assert_int_equal(ERR_peek_error(), 0);
}

void impossible_parts_are_refused(void**) {
    const Buffer octets(65, 0x04);
    assert_error(Errc::unsupported,
                 ossl::make_public_key({KeyType::ec, ossl::Curve::none, octets, {}, {}}));
    assert_error(Errc::malformed,
                 ossl::make_public_key({KeyType::ec, ossl::Curve::p384, octets, {}, {}}));
    assert_error(Errc::malformed,
                 ossl::make_public_key({KeyType::ed25519, ossl::Curve::none, octets, {}, {}}));
    assert_int_equal(ERR_peek_error(), 0);
}

void different_keys_are_not_the_same(void**) {
    auto a = ossl::generate_key("ec:P-256");
    auto b = ossl::generate_key("ec:P-256");
    auto c = ossl::generate_key("ed25519");
    assert_ok(a);
    assert_ok(b);
    assert_ok(c);
    assert_false(ossl::same_public_key(a->get(), b->get()));
    assert_false(ossl::same_public_key(a->get(), c->get()));
    assert_int_equal(ERR_peek_error(), 0);
}

void private_keys_survive_pem(void**) {
    for (const char* spec : {"ec:P-384", "ed25519"}) {
        auto key = ossl::generate_key(spec);
        assert_ok(key);
        const auto pem = ossl::write_private_key(key->get());
        assert_ok(pem);
        assert_true(pki::as_text(pem->view()).starts_with("-----BEGIN PRIVATE KEY-----\n"));
        auto again = ossl::read_private_key(pem->view());
        assert_ok(again);
        assert_true(ossl::same_public_key(key->get(), again->get()));
    }
}

void private_keys_survive_der(void**) {
    for (const char* spec : {"rsa:2048", "ec:P-384", "ed25519", "ed448"}) {
        auto key = ossl::generate_key(spec);
        assert_ok(key);
        const auto der = ossl::write_private_key_der(key->get());
        assert_ok(der);
        auto again = ossl::read_private_key_der(der->view());
        assert_ok(again);
        assert_int_equal(EVP_PKEY_eq(key->get(), again->get()), 1);
        Buffer longer = pki::to_buffer(der->view());
        longer.push_back(0);
        assert_error(Errc::malformed, ossl::read_private_key_der(longer));
        assert_error(Errc::malformed,
                     ossl::read_private_key_der(pki::Bytes(longer).first(der->size() - 1)));
        assert_int_equal(ERR_peek_error(), 0);
    }
    for (const char* text : {"", "3000", "3009 020100 3003 0601 2a 0400",
                             "3010 020100 300b 0609 2a864886f70d010101 0400"})
        assert_error(Errc::malformed, ossl::read_private_key_der(unit::hex(text)));
    const auto parts = ossl::public_key_der(ossl::generate_key("ed25519")->get());
    const auto spki = pki::x509::parse_spki(*parts);
    const auto public_key = ossl::make_public_key(spki->key);
    assert_error(Errc::internal, ossl::write_private_key_der(public_key->get()));
    assert_int_equal(ERR_peek_error(), 0);
}

void older_pem_forms_are_read(void**) {
    for (const char* name : {"key/pkcs8.pem", "key/sec1.pem", "key/pkcs1.pem"})
        assert_ok(ossl::read_private_key(read_vector(name)));
}

void encrypted_keys_are_refused_without_a_prompt(void**) {
    assert_error(Errc::unsupported, ossl::read_private_key(read_vector("key/encrypted.pem")));
    assert_int_equal(ERR_peek_error(), 0);
}

void what_follows_a_key_must_be_text(void**) {
    Buffer pem = read_vector("key/pkcs8.pem");
    pki::append(pem, as_bytes("\r\n\tBag Attributes: \xc3\xbc\n"));
    pki::append(pem, read_vector("cert/chain.pem"));
    assert_ok(ossl::read_private_key(pem));
    for (const std::uint8_t octet : {0x00, 0x1b, 0x7f}) {
        Buffer bad = read_vector("key/pkcs8.pem");
        bad.push_back(octet);
        assert_error(Errc::malformed, ossl::read_private_key(bad));
    }
}

void what_is_no_key_is_refused(void**) {
    for (const char* text : {"", "garbage", "-----BEGIN PRIVATE KEY-----\nMAA=\n",
                             "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"})
        assert_error(Errc::malformed, ossl::read_private_key(as_bytes(text)));
    assert_error(Errc::malformed, ossl::read_private_key(read_vector("cert/p256.der")));
    assert_int_equal(ERR_peek_error(), 0);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_key_type_signs_and_verifies),
        cmocka_unit_test(public_keys_sign_nothing),
        cmocka_unit_test(pss_is_not_pkcs1),
        cmocka_unit_test(scheme_must_fit_the_key),
        cmocka_unit_test(default_hash_follows_the_curve),
        cmocka_unit_test(foreign_curves_and_keys_have_no_scheme),
        cmocka_unit_test(weak_and_unknown_specs_are_refused),
        cmocka_unit_test(point_off_the_curve_is_refused),
        cmocka_unit_test(impossible_parts_are_refused),
        cmocka_unit_test(different_keys_are_not_the_same),
        cmocka_unit_test(private_keys_survive_pem),
        cmocka_unit_test(private_keys_survive_der),
        cmocka_unit_test(older_pem_forms_are_read),
        cmocka_unit_test(encrypted_keys_are_refused_without_a_prompt),
        cmocka_unit_test(what_follows_a_key_must_be_text),
        cmocka_unit_test(what_is_no_key_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
