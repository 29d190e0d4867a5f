#include "libpki/ossl/key_wrap.h"

#include <openssl/err.h>

#include "libpki/ossl/key.h"
#include "libpki/ossl/key_agreement.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::ossl::Cipher;
using pki::ossl::Hash;
using unit::hex;
namespace ossl = pki::ossl;

const char* const kKek = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

void wraps(Cipher cipher, const char* key, const char* expected) {
    const Buffer kek = hex(kKek);
    const Bytes own = Bytes(kek).first(ossl::key_size(cipher));
    const auto wrapped = ossl::wrap_key(cipher, own, hex(key));
    assert_ok(wrapped);
    assert_hex(*wrapped, expected);
    const auto back = ossl::unwrap_key(cipher, own, *wrapped);
    assert_ok(back);
    assert_hex(back->view(), key);
}

// RFC 3394 4.1, 4.2, 4.3 and 4.6.
void known_answers(void**) {
    const char* key = "00112233445566778899aabbccddeeff";
    wraps(Cipher::aes128, key, "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
    wraps(Cipher::aes192, key, "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d");
    wraps(Cipher::aes256, key, "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7");
    wraps(Cipher::aes256, "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
          "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21");
}

void every_change_is_seen(void**) {
    const Buffer kek(16, 1), key(32, 2);
    const Buffer wrapped = *ossl::wrap_key(Cipher::aes128, kek, key);
    for (std::size_t i = 0; i < wrapped.size(); i++) {
        Buffer changed = wrapped;
        changed[i] ^= 1;
        assert_error(Errc::bad_signature, ossl::unwrap_key(Cipher::aes128, kek, changed));
        assert_error(Errc::bad_signature,
                     ossl::unwrap_key(Cipher::aes128, kek, Bytes(wrapped).first(i)));
    }
    assert_error(Errc::bad_signature, ossl::unwrap_key(Cipher::aes128, Buffer(16, 3), wrapped));
    assert_int_equal(ERR_peek_error(), 0);
}

void sizes_have_to_fit(void**) {
    const Buffer kek(16, 1);
    for (const std::size_t size : {0, 8, 15, 17, 2048})
        assert_error(Errc::unsupported, ossl::wrap_key(Cipher::aes128, kek, Buffer(size, 1)));
    assert_error(Errc::unsupported, ossl::wrap_key(Cipher::aes256, kek, kek));
    assert_error(Errc::unsupported, ossl::wrap_key(Cipher::des3, Buffer(24, 1), kek));
}

// CAVS 12.0 "ANS X9.63-2001", SHA-256, and with shared info.
void x963_known_answers(void**) {
    const auto key = ossl::x963_kdf(
        Hash::sha256, hex("96c05619d56c328ab95fe84b18264b08725b85e33fd34f08"), {}, 16);
    assert_ok(key);
    assert_hex(key->view(), "443024c3dae66b95e6f5670601558f71");
    const auto with_info =
        ossl::x963_kdf(Hash::sha256, hex("22518b10e70f2a3f243810ae3254139efbee04aa57c7af7d"),
                       hex("75eef81aa3041e33b80971203d2c0c52"), 128);
    assert_ok(with_info);
    assert_hex(with_info->view().first(32),
               "c498af77161cc59f2962b9a713e2b215152d139766ce34a776df11866a69bf2e");
    assert_error(Errc::unsupported, ossl::x963_kdf(Hash::none, {}, {}, 16));
}

void two_agree_on_one_key(void**) {
    for (const char* spec : {"ec:P-256", "ec:P-384", "ec:P-521"}) {
        const auto a = *ossl::generate_key(spec), b = *ossl::generate_key(spec);
        const auto from_a = ossl::agree(a.get(), b.get());
        const auto from_b = ossl::agree(b.get(), a.get());
        assert_ok(from_a);
        assert_ok(from_b);
        assert_true(from_a->equals(from_b->view()));
        assert_int_equal(from_a->size(), ossl::public_point(a.get())->size() / 2);
    }
}

void other_keys_do_not_agree(void**) {
    const auto p256 = *ossl::generate_key("ec:P-256"), p384 = *ossl::generate_key("ec:P-384");
    const auto ed25519 = *ossl::generate_key("ed25519");
    assert_error(Errc::unsupported, ossl::agree(p256.get(), p384.get()));
    assert_error(Errc::unsupported, ossl::agree(ed25519.get(), ed25519.get()));
    assert_error(Errc::unsupported, ossl::public_point(ed25519.get()));
    assert_int_equal(ERR_peek_error(), 0);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),        cmocka_unit_test(every_change_is_seen),
        cmocka_unit_test(sizes_have_to_fit),    cmocka_unit_test(x963_known_answers),
        cmocka_unit_test(two_agree_on_one_key), cmocka_unit_test(other_keys_do_not_agree),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
