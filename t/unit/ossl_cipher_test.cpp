#include "libpki/ossl/cipher.h"

#include <openssl/err.h>

#include "libpki/ossl/handles.h"
#include "libpki/ossl/pbkdf2.h"
#include "t/unit/unit.h"

namespace {

using pki::as_bytes;
using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::ossl::Cipher;
using unit::hex;
namespace ossl = pki::ossl;

constexpr Cipher kAll[] = {Cipher::aes128, Cipher::aes192, Cipher::aes256, Cipher::des3,
                           Cipher::des};

void known_block(Cipher cipher, const char* key, const char* iv, const char* plain,
                 const char* expected) {
    const auto text = ossl::encrypt_blocks(cipher, hex(key), hex(iv), hex(plain));
    assert_ok(text);
    assert_hex(text->view(), expected);
    const auto back = ossl::decrypt_blocks(cipher, hex(key), hex(iv), text->view());
    assert_ok(back);
    assert_hex(back->view(), plain);
}

// SP 800-38A F.2, and FIPS 81 for DES, which 3DES with three equal keys is too.
void known_answers(void**) {
    const char* iv = "000102030405060708090a0b0c0d0e0f";
    const char* plain = "6bc1bee22e409f96e93d7e117393172a";
    known_block(Cipher::aes128, "2b7e151628aed2a6abf7158809cf4f3c", iv, plain,
                "7649abac8119b246cee98e9b12e9197d");
    known_block(Cipher::aes192, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", iv, plain,
                "4f021db243bc633d7178183a9fa071e8");
    known_block(Cipher::aes256,
                "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", iv, plain,
                "f58c4c04d6e5f1ba779eabfb5f7bfbd6");
    known_block(Cipher::des, "0123456789abcdef", "1234567890abcdef", "4e6f772069732074",
                "e5c7cdde872bf27c");
    known_block(Cipher::des3, "0123456789abcdef0123456789abcdef0123456789abcdef",
                "1234567890abcdef", "4e6f772069732074", "e5c7cdde872bf27c");
}

void every_length_comes_back(void**) {
    for (const Cipher cipher : kAll) {
        const Buffer key(ossl::key_size(cipher), 7), iv(ossl::iv_size(cipher), 9);
        for (std::size_t size = 0; size <= 2 * iv.size(); size++) {
            const Buffer plain(size, 0x5a);
            const auto text = ossl::encrypt_cbc(cipher, key, iv, plain);
            assert_ok(text);
            assert_int_equal(text->size(), (size / iv.size() + 1) * iv.size());
            const auto back = ossl::decrypt_cbc(cipher, key, iv, *text);
            assert_ok(back);
            assert_true(back->equals(plain));
        }
    }
}

void refused(Cipher cipher, Bytes key, Bytes iv, Bytes text) {
    const auto out = ossl::decrypt_cbc(cipher, key, iv, text);
    assert_error(Errc::bad_signature, out);
    assert_text(out.error().message(), "cipher: cannot be decrypted");
    assert_int_equal(ERR_peek_error(), 0);
}

// Everything that can be wrong in the last block.
void padding_is_checked(void**) {
    const Buffer key(16, 7), iv(16, 9);
    for (const char* last :
         {"00000000000000000000000000000000", "11111111111111111111111111111111",
          "00000000000000000000000000000102", "00000000000000000000000000020302",
          "0f101010101010101010101010101010", "101010101010101010101010101010ff",
          "00000000000000000000000000000080"}) {
        const auto text = ossl::encrypt_blocks(Cipher::aes128, key, iv, hex(last));
        refused(Cipher::aes128, key, iv, text->view());
    }
    for (const char* last :
         {"00000000000000000000000000000001", "00000000000000000000000000030303",
          "10101010101010101010101010101010"}) {
        const auto text = ossl::encrypt_blocks(Cipher::aes128, key, iv, hex(last));
        assert_ok(ossl::decrypt_cbc(Cipher::aes128, key, iv, text->view()));
    }
}

void lengths_are_checked(void**) {
    const Buffer key(16, 7), iv(16, 9), text(32, 1);
    refused(Cipher::aes128, key, iv, {});
    refused(Cipher::aes128, key, iv, Bytes(text).first(31));
    refused(Cipher::aes256, key, iv, text);
    refused(Cipher::aes128, key, Bytes(iv).first(8), text);
    refused(Cipher::des3, key, Bytes(iv).first(8), text);
}

// The legacy provider is for us alone.
void des_stays_in_its_own_context(void**) {
    const Buffer key(8, 7), iv(8, 9);
    assert_ok(ossl::encrypt_cbc(Cipher::des, key, iv, {}));
    assert_null(EVP_CIPHER_fetch(nullptr, "DES-CBC", nullptr));
    ERR_clear_error();
}

// RFC 6070, and RFC 7914 11 for SHA-256.
void pbkdf2_of_known_passwords(void**) {
    const auto one =
        ossl::pbkdf2(ossl::Hash::sha1, as_bytes("password"), as_bytes("salt"), 4096, 20);
    assert_ok(one);
    assert_hex(one->view(), "4b007901b765489abead49d926f721d065a429c1");
    const auto two =
        ossl::pbkdf2(ossl::Hash::sha256, as_bytes("passwd"), as_bytes("salt"), 1, 16);
    assert_ok(two);
    assert_hex(two->view(), "55ac046e56e3089fec1691c22544b605");
    assert_error(Errc::unsupported, ossl::pbkdf2(ossl::Hash::sha1, {}, {}, 0, 16));
    assert_error(Errc::unsupported, ossl::pbkdf2(ossl::Hash::none, {}, {}, 1, 16));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(every_length_comes_back),
        cmocka_unit_test(padding_is_checked),
        cmocka_unit_test(lengths_are_checked),
        cmocka_unit_test(des_stays_in_its_own_context),
        cmocka_unit_test(pbkdf2_of_known_passwords),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
