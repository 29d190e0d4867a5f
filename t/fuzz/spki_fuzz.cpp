// parse_spki and make_public_key against d2i_PUBKEY: a key that ours makes is the one that
// OpenSSL makes. Ours is stricter by intent: DER instead of BER, few algorithms, named curves,
// uncompressed points, RSA within bounds.
#include "libpki/x509/spki.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/openssl_view.h"

namespace {

using pki::equal;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

void check_same(const ossl::PublicKeyParts& a, const ossl::PublicKeyParts& b) {
    PROPERTY(a.type == b.type && a.curve == b.curve);
    PROPERTY(equal(a.point, b.point));
    PROPERTY(equal(a.modulus, b.modulus) && equal(a.exponent, b.exponent));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto spki = x509::parse_spki({data, size});
    if (!spki) {
        PROPERTY(spki.error().offset <= size);
        return 0;
    }
    const auto ours = ossl::make_public_key(spki->key);
    PROPERTY(ERR_peek_error() == 0);
    const unsigned char* end = data;
    const ossl::PkeyPtr theirs(d2i_PUBKEY(nullptr, &end, static_cast<long>(size)));
    PROPERTY(ours.has_value() == (theirs != nullptr));
    ERR_clear_error();
    if (!ours) return 0;
    PROPERTY(end == data + size);
    PROPERTY(ossl::same_public_key(ours->get(), theirs.get()));
    const auto written = ossl::public_key_der(ours->get());
    PROPERTY(written.has_value());
    const auto again = x509::parse_spki(*written);
    PROPERTY(again.has_value());
    check_same(again->key, spki->key);
    return 0;
}
