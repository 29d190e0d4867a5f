// HMAC and iterated hashes, against the test vectors of others and against OpenSSL's parts.
#include "libpki/ossl/hmac.h"

#include <openssl/err.h>

#include "libpki/ossl/iterated_hash.h"
#include "t/unit/unit.h"

namespace {

using pki::as_bytes;
using pki::Buffer;
using pki::Errc;
using unit::hex;
namespace ossl = pki::ossl;

using ossl::Hash;

// RFC 2202 3 (2), RFC 4231 4.3: the second test case of each.
void known_answers(void**) {
    const auto mac = [](Hash hash) {
        return *ossl::hmac(hash, as_bytes("Jefe"), as_bytes("what do ya want for nothing?"));
    };
    assert_hex(mac(Hash::sha1), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    assert_hex(mac(Hash::sha256),
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_hex(mac(Hash::sha384),
               "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
               "8e2240ca5e69e2c78b3239ecfab21649");
    assert_hex(mac(Hash::sha512),
               "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
               "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
}

// The second call must not take the key of the first.
void an_empty_key_is_a_key(void**) {
    assert_ok(ossl::hmac(Hash::sha256, as_bytes("key"), as_bytes("message")));
    assert_hex(*ossl::hmac(Hash::sha256, {}, {}),
               "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

void without_a_hash(void**) {
    assert_error(Errc::unsupported, ossl::hmac(Hash::none, {}, {}));
    assert_error(Errc::unsupported, ossl::iterated_hash(Hash::none, {}, {}, 1));
    assert_error(Errc::unsupported, ossl::iterated_hash(Hash::sha256, {}, {}, 0));
    assert_int_equal(ERR_peek_error(), 0);
}

// RFC 4211 4.4, written out.
void iterations(void**) {
    for (const Hash hash : {Hash::sha1, Hash::sha256, Hash::sha384, Hash::sha512}) {
        Buffer expected = *ossl::digest(hash, as_bytes("secretsalt"));
        for (std::uint64_t n = 1; n <= 100; n++) {
            const auto key = ossl::iterated_hash(hash, as_bytes("secret"), as_bytes("salt"), n);
            assert_ok(key);
            assert_true(key->equals(expected));
            expected = *ossl::digest(hash, expected);
        }
    }
    assert_int_equal(ERR_peek_error(), 0);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(an_empty_key_is_a_key),
        cmocka_unit_test(without_a_hash),
        cmocka_unit_test(iterations),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
