// parse_certificate against d2i_X509: what ours accepts, OpenSSL accepts and sees the same in
// it. Ours is stricter by intent: DER instead of BER, limits, known keys and curves, positive
// serial numbers, dates in the form of RFC 5280, no extension twice, strings without control
// characters.
#include <ctime>

#include "libpki/x509/algorithm.h"
#include "libpki/x509/cert.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/openssl_view.h"

namespace {

using pki::equal;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

std::int64_t seconds(const ASN1_TIME* time) {
    std::tm broken_down{};
    PROPERTY(ASN1_TIME_to_tm(time, &broken_down) == 1);
    return timegm(&broken_down);
}

void check_key(const x509::Certificate& ours, X509* theirs) {
    const auto key = ossl::make_public_key(ours.tbs.spki.key);
    EVP_PKEY* const other = X509_get0_pubkey(theirs);
    if (key) PROPERTY(other != nullptr && ossl::same_public_key(key->get(), other));
    if (x509::verify_signature(ours, ours.tbs.spki)) PROPERTY(X509_verify(theirs, other) == 1);
}

void check_same(const x509::Certificate& ours, X509* theirs) {
    const x509::Tbs& tbs = ours.tbs;
    PROPERTY(X509_get_version(theirs) == X509_VERSION_3 ||
             (X509_get_version(theirs) == X509_VERSION_1 && tbs.extensions.list.empty()));
    const pki::Buffer serial = fuzz::encoded(i2d_ASN1_INTEGER, X509_get0_serialNumber(theirs));
    PROPERTY(equal(pki::Bytes(serial).subspan(2), tbs.serial));
    PROPERTY(
        equal(fuzz::encoded(i2d_X509_NAME, X509_get_issuer_name(theirs)), tbs.issuer.encoding));
    PROPERTY(equal(fuzz::encoded(i2d_X509_NAME, X509_get_subject_name(theirs)),
                   tbs.subject.encoding));
    PROPERTY(seconds(X509_get0_notBefore(theirs)) == tbs.not_before);
    PROPERTY(seconds(X509_get0_notAfter(theirs)) == tbs.not_after);
    PROPERTY(
        equal(fuzz::encoded(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(theirs)), tbs.spki.encoding));
    fuzz::check_extensions(tbs.extensions, X509_get0_extensions(theirs));
    const ASN1_BIT_STRING* signature = nullptr;
    const X509_ALGOR* algorithm = nullptr;
    X509_get0_signature(&signature, &algorithm, theirs);
    PROPERTY(equal(fuzz::octets(signature), ours.signature));
    if (x509::parse_signature_algorithm(ours.signature_algorithm))
        PROPERTY(equal(fuzz::encoded(i2d_X509_ALGOR, algorithm), ours.signature_algorithm));
    check_key(ours, theirs);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto ours = x509::parse_certificate({data, size});
    PROPERTY(ERR_peek_error() == 0);
    if (!ours) {
        PROPERTY(ours.error().offset <= size);
        return 0;
    }
    (void)x509::certificate_san(*ours);
    const unsigned char* end = data;
    const ossl::X509Ptr theirs(d2i_X509(nullptr, &end, static_cast<long>(size)));
    if (theirs) {
        PROPERTY(end == data + size);
        check_same(*ours, theirs.get());
    } else {
        // Ours leaves the parameters of algorithms that it does not know unread.
        PROPERTY(!x509::parse_signature_algorithm(ours->signature_algorithm));
    }
    ERR_clear_error();
    return 0;
}
