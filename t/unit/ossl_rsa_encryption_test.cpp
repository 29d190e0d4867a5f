#include "libpki/ossl/rsa_encryption.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "t/unit/cms_fixture.h"
#include "t/unit/unit.h"

namespace {

using pki::as_bytes;
using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::ossl::Hash;
using pki::ossl::RsaPadding;
namespace ossl = pki::ossl;

const unit::CmsParty& party() {
    static const unit::CmsParty rsa("rsa");
    return rsa;
}
EVP_PKEY* key() { return party().key.get(); }

const Buffer kKey(16, 0x42);

void comes_back(const RsaPadding& padding) {
    for (const std::size_t size : {8u, 16u, 24u, 32u}) {
        const Buffer plain(size, 0x42);
        const auto encrypted = ossl::rsa_encrypt(key(), padding, plain);
        assert_ok(encrypted);
        const auto back = ossl::rsa_decrypt_key(key(), padding, *encrypted, size);
        assert_ok(back);
        assert_true(back->equals(plain));
    }
}

void keys_come_back(void**) {
    comes_back({});
    for (const Hash hash : {Hash::sha1, Hash::sha256, Hash::sha384, Hash::sha512})
        comes_back({true, hash, hash, {}});
    comes_back({true, Hash::sha256, Hash::sha1, as_bytes("label")});
}

// Something else of the same size comes out, and the same again for the same input.
void ends_in_another_key(const RsaPadding& padding, Bytes encrypted, std::size_t size = 16) {
    const auto out = ossl::rsa_decrypt_key(key(), padding, encrypted, size);
    assert_ok(out);
    assert_int_equal(out->size(), size);
    assert_false(out->equals(Buffer(size, 0x42)));
    assert_false(out->equals(Buffer(size, 0)));
    const auto again = ossl::rsa_decrypt_key(key(), padding, encrypted, size);
    assert_true(again->equals(out->view()));
    assert_int_equal(ERR_peek_error(), 0);
}

Buffer raw_encrypt(Bytes block) {
    const ossl::PkeyCtxPtr context(EVP_PKEY_CTX_new(key(), nullptr));
    Buffer out(256);
    std::size_t size = out.size();
    assert_int_equal(EVP_PKEY_encrypt_init(context.get()), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING), 1);
    assert_int_equal(
        EVP_PKEY_encrypt(context.get(), out.data(), &size, block.data(), block.size()), 1);
    return out;
}

// 00 02, padding, 00, the key.
Buffer type_2_block() {
    Buffer block(256, 0xaa);
    block[0] = 0;
    block[1] = 2;
    block[256 - 16 - 1] = 0;
    std::ranges::copy(kKey, block.end() - 16);
    return block;
}

void good_block_is_accepted(void**) {
    const auto out = ossl::rsa_decrypt_key(key(), {}, raw_encrypt(type_2_block()), 16);
    assert_ok(out);
    assert_true(out->equals(kKey));
}

void each_octet_of_a_block_is_checked(void**) {
    for (const std::size_t at : {0u, 1u, 2u, 9u, 100u, 238u, 239u}) {
        Buffer block = type_2_block();
        const bool inside = at >= 2 && at < 239;
        block[at] = inside ? 0 : 1;
        ends_in_another_key({}, raw_encrypt(block));
    }
    ends_in_another_key({}, raw_encrypt(Buffer(256, 0)));
}

void key_of_another_size_is_not_accepted(void**) {
    for (const RsaPadding& padding :
         {RsaPadding{}, RsaPadding{true, Hash::sha256, Hash::sha256, {}}}) {
        const auto encrypted = ossl::rsa_encrypt(key(), padding, kKey);
        ends_in_another_key(padding, *encrypted, 8);
        ends_in_another_key(padding, *encrypted, 24);
        ends_in_another_key(padding, *encrypted, 32);
        ends_in_another_key(padding, *encrypted, 250);
        ends_in_another_key(padding, *encrypted, 300);
    }
}

void other_padding_is_not_accepted(void**) {
    const RsaPadding oaep{true, Hash::sha1, Hash::sha1, {}};
    const RsaPadding labelled{true, Hash::sha1, Hash::sha1, as_bytes("label")};
    const RsaPadding sha256{true, Hash::sha256, Hash::sha256, {}};
    ends_in_another_key(oaep, *ossl::rsa_encrypt(key(), {}, kKey));
    ends_in_another_key({}, *ossl::rsa_encrypt(key(), oaep, kKey));
    ends_in_another_key(oaep, *ossl::rsa_encrypt(key(), labelled, kKey));
    ends_in_another_key(oaep, *ossl::rsa_encrypt(key(), sha256, kKey));
}

void input_of_any_size_is_taken(void**) {
    for (const RsaPadding& padding : {RsaPadding{}, RsaPadding{true, {}, {}, {}}}) {
        RsaPadding usable = padding;
        usable.hash = usable.mgf1 = Hash::sha256;
        ends_in_another_key(usable, {});
        ends_in_another_key(usable, Buffer(1, 1));
        ends_in_another_key(usable, Buffer(255, 1));
        ends_in_another_key(usable, Buffer(256, 0xff));
        ends_in_another_key(usable, Buffer(257, 1));
        ends_in_another_key(usable, Buffer(5000, 1));
    }
}

// Who learns one such key learns nothing about another ciphertext, or another key pair.
void other_keys_differ(void**) {
    const unit::CmsParty other("other");
    const auto one = ossl::rsa_decrypt_key(key(), {}, Buffer(256, 1), 32);
    const auto two = ossl::rsa_decrypt_key(key(), {}, Buffer(256, 2), 32);
    const auto three = ossl::rsa_decrypt_key(other.key.get(), {}, Buffer(256, 1), 32);
    assert_false(one->equals(two->view()));
    assert_false(one->equals(three->view()));
}

void other_types_of_key_are_refused(void**) {
    const unit::CmsParty ec("p256");
    assert_error(Errc::unsupported, ossl::rsa_encrypt(ec.key.get(), {}, kKey));
    assert_error(Errc::unsupported, ossl::rsa_decrypt_key(ec.key.get(), {}, kKey, 16));
    assert_error(Errc::weak_key, ossl::rsa_encrypt(key(), {}, Buffer(246, 1)));
    assert_int_equal(ERR_peek_error(), 0);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(keys_come_back),
        cmocka_unit_test(good_block_is_accepted),
        cmocka_unit_test(each_octet_of_a_block_is_checked),
        cmocka_unit_test(key_of_another_size_is_not_accepted),
        cmocka_unit_test(other_padding_is_not_accepted),
        cmocka_unit_test(input_of_any_size_is_taken),
        cmocka_unit_test(other_keys_differ),
        cmocka_unit_test(other_types_of_key_are_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
