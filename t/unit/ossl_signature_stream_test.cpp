// A signature over pieces is one over the whole.
#include "libpki/ossl/signature_stream.h"

#include <openssl/err.h>

#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
namespace ossl = pki::ossl;

const Buffer kMessage(1000, 0x5a);

template <class Stream>
void feed(Stream& stream, std::size_t piece) {
    for (Bytes rest = kMessage; !rest.empty();
         rest = rest.subspan(std::min(piece, rest.size())))
        assert_ok(stream.update(rest.first(std::min(piece, rest.size()))));
    assert_ok(stream.update({}));
}

void check_key(EVP_PKEY* key, const ossl::SignatureScheme& scheme, std::size_t piece) {
    auto signing = ossl::SignatureStream::begin(key, scheme);
    assert_ok(signing);
    feed(*signing, piece);
    const auto signature = signing->finish();
    assert_ok(signature);
    assert_ok(ossl::verify(key, scheme, kMessage, *signature));

    auto verifying = ossl::VerificationStream::begin(key, scheme);
    assert_ok(verifying);
    feed(*verifying, piece);
    assert_ok(verifying->finish(*ossl::sign(key, scheme, kMessage)));

    auto other = ossl::VerificationStream::begin(key, scheme);
    assert_ok(other);
    feed(*other, piece);
    assert_ok(other->update(Bytes(kMessage).first(1)));
    assert_error(Errc::bad_signature, other->finish(*signature));
    assert_int_equal(ERR_peek_error(), 0);
}

void test_every_key_type(void**) {
    for (const char* spec :
         {"rsa:2048", "ec:P-256", "ec:P-384", "ec:P-521", "ed25519", "ed448"}) {
        const auto key = ossl::generate_key(spec);
        assert_ok(key);
        for (const std::size_t piece : {1, 999, 1000})
            check_key(key->get(), *ossl::default_scheme(key->get()), piece);
    }
}

void test_pss(void**) {
    const auto key = ossl::generate_key("rsa:2048");
    assert_ok(key);
    check_key(key->get(), {ossl::KeyType::rsa, ossl::Hash::sha384, true}, 100);
}

// The key may go before the stream does.
void test_holds_the_key(void**) {
    auto key = ossl::generate_key("ec:P-256");
    assert_ok(key);
    const auto scheme = *ossl::default_scheme(key->get());
    auto stream = ossl::SignatureStream::begin(key->get(), scheme);
    key->reset();
    assert_ok(stream);
    feed(*stream, 100);
    assert_ok(stream->finish());
}

void test_key_and_scheme_do_not_match(void**) {
    const auto key = ossl::generate_key("ec:P-256");
    assert_ok(key);
    const ossl::SignatureScheme rsa{ossl::KeyType::rsa, ossl::Hash::sha256, false};
    assert_error(Errc::unsupported, ossl::SignatureStream::begin(key->get(), rsa));
    assert_error(Errc::unsupported, ossl::VerificationStream::begin(key->get(), rsa));
}

void test_no_signature(void**) {
    const auto key = ossl::generate_key("ec:P-256");
    assert_ok(key);
    auto stream =
        ossl::VerificationStream::begin(key->get(), *ossl::default_scheme(key->get()));
    assert_ok(stream);
    assert_error(Errc::bad_signature, stream->finish({}));
    assert_int_equal(ERR_peek_error(), 0);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key_type),
        cmocka_unit_test(test_pss),
        cmocka_unit_test(test_holds_the_key),
        cmocka_unit_test(test_key_and_scheme_do_not_match),
        cmocka_unit_test(test_no_signature),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
