// parse_certs_only against d2i_PKCS7: the same certificates; and what is read can be written
// and read again. Ours is stricter by intent: DER instead of BER, nothing but certificates.
#include <openssl/pkcs7.h>

#include "libpki/x509/algorithm.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/certs_only.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/openssl_view.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::equal;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

using MessagePtr = std::unique_ptr<PKCS7, ossl::Deleter<PKCS7_free>>;

// Ours does not look into the certificates, nor into CRLs.
bool read_to_the_bottom(const std::vector<Bytes>& certificates, Bytes input) {
    return equal(x509::build_certs_only(certificates), input) &&
           std::ranges::all_of(certificates, [](Bytes der) {
               const auto certificate = x509::parse_certificate(der);
               return certificate &&
                      x509::parse_signature_algorithm(certificate->signature_algorithm);
           });
}

void check_same(const std::vector<Bytes>& ours, const PKCS7* theirs) {
    PROPERTY(PKCS7_type_is_signed(theirs));
    const STACK_OF(X509)* const certificates = theirs->d.sign->cert;
    PROPERTY(static_cast<std::size_t>(sk_X509_num(certificates)) == ours.size());
    for (std::size_t i = 0; i < ours.size(); i++) {
        const X509* const one = sk_X509_value(certificates, static_cast<int>(i));
        if (x509::parse_certificate(ours[i]))
            PROPERTY(equal(fuzz::encoded(i2d_X509, one), ours[i]));
    }
}

void check_round_trip(const std::vector<Bytes>& certificates) {
    const Buffer written = x509::build_certs_only(certificates);
    const auto again = x509::parse_certs_only(written);
    PROPERTY(again.has_value() && again->size() == certificates.size());
    for (std::size_t i = 0; i < certificates.size(); i++)
        PROPERTY(equal((*again)[i], certificates[i]));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto ours = x509::parse_certs_only({data, size});
    if (!ours) {
        PROPERTY(ours.error().offset <= size);
        return 0;
    }
    check_round_trip(*ours);
    const unsigned char* end = data;
    const MessagePtr theirs(d2i_PKCS7(nullptr, &end, static_cast<long>(size)));
    if (theirs) {
        PROPERTY(end == data + size);
        check_same(*ours, theirs.get());
    } else {
        PROPERTY(!read_to_the_bottom(*ours, {data, size}));
    }
    ERR_clear_error();
    return 0;
}
