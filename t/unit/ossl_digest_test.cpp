#include "libpki/ossl/digest.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "libpki/ossl/errors.h"
#include "libpki/ossl/hash.h"
#include "t/unit/unit.h"

namespace {

using pki::as_bytes;
using pki::Errc;
namespace ossl = pki::ossl;

// FIPS 180-4, the examples of NIST.
void sha256_of_known_messages(void**) {
    assert_hex(ossl::sha256(as_bytes("abc")),
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_hex(ossl::sha256({}),
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

void sha256_joins_its_parts(void**) {
    const auto whole = ossl::sha256(as_bytes("abc"));
    assert_true(whole == ossl::sha256({as_bytes("a"), {}, as_bytes("bc")}));
    assert_false(whole == ossl::sha256({as_bytes("bc"), as_bytes("a")}));
}

void sha1_of_known_message(void**) {
    assert_hex(ossl::sha1(as_bytes("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

// FIPS 180-4, the examples of NIST.
void longer_hashes_of_known_message(void**) {
    assert_hex(ossl::sha384(as_bytes("abc")),
               "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
               "8086072ba1e7cc2358baeca134c825a7");
    assert_hex(ossl::sha512(as_bytes("abc")),
               "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
               "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

// RFC 1321 A.5 for MD5.
void digest_by_name(void**) {
    using ossl::Hash;
    const auto abc = [](Hash hash) { return *ossl::digest(hash, as_bytes("abc")); };
    assert_hex(abc(Hash::md5), "900150983cd24fb0d6963f7d28e17f72");
    assert_hex(abc(Hash::sha1), pki::hex_encode(ossl::sha1(as_bytes("abc"))));
    assert_hex(abc(Hash::sha256), pki::hex_encode(ossl::sha256(as_bytes("abc"))));
    assert_hex(abc(Hash::sha384), pki::hex_encode(ossl::sha384(as_bytes("abc"))));
    assert_hex(abc(Hash::sha512), pki::hex_encode(ossl::sha512(as_bytes("abc"))));
    assert_error(Errc::unsupported, ossl::digest(Hash::none, {}));
}

// RFC 4231, test case 2; and the empty key, which HMAC allows.
void hmac_of_known_messages(void**) {
    assert_hex(ossl::hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?")),
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_hex(ossl::hmac_sha256({}, {}),
               "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

void random_bytes_differ(void**) {
    std::array<std::uint8_t, 32> a{}, b{};
    assert_ok(ossl::random_bytes(a));
    assert_ok(ossl::random_bytes(b));
    assert_false(a == b);
    assert_ok(ossl::random_bytes({}));
}

void drained_names_the_first_reason_and_empties_the_queue(void**) {
    ERR_raise(ERR_LIB_X509, X509_R_KEY_TYPE_MISMATCH);
    ERR_raise(ERR_LIB_X509, X509_R_NO_CERT_SET_FOR_US_TO_VERIFY);
    const pki::Error error = ossl::drained(Errc::malformed, "text");
    assert_int_equal(error.code, Errc::malformed);
    assert_text(error.message(), "text: key type mismatch");
    assert_int_equal(ERR_peek_error(), 0);
}

void drained_without_a_reason_has_no_detail(void**) {
    assert_text(ossl::drained(Errc::internal, "text").message(), "text");
    ERR_raise(ERR_LIB_SYS, ENOENT);
    assert_true(ossl::drained(Errc::internal, "text").detail.find("No such file") !=
                std::string::npos);
}

void guard_empties_the_queue(void**) {
    {
        const ossl::ErrorGuard guard;
        ERR_raise(ERR_LIB_X509, X509_R_KEY_TYPE_MISMATCH);
    }
    assert_int_equal(ERR_peek_error(), 0);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(sha256_of_known_messages),
        cmocka_unit_test(sha256_joins_its_parts),
        cmocka_unit_test(sha1_of_known_message),
        cmocka_unit_test(longer_hashes_of_known_message),
        cmocka_unit_test(digest_by_name),
        cmocka_unit_test(hmac_of_known_messages),
        cmocka_unit_test(random_bytes_differ),
        cmocka_unit_test(drained_names_the_first_reason_and_empties_the_queue),
        cmocka_unit_test(drained_without_a_reason_has_no_detail),
        cmocka_unit_test(guard_empties_the_queue),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
