// parse_csr against d2i_X509_REQ: what ours accepts, OpenSSL accepts and sees the same in it.
// Ours is stricter by intent: DER instead of BER, limits, known keys and curves, strings
// without control characters, no attribute or extension twice.
#include "libpki/base/limits.h"
#include "libpki/cms/capabilities.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/change_subject_name.h"
#include "libpki/x509/csr.h"
#include "libpki/x509/csr_decrypt_keys.h"
#include "libpki/x509/oids.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/openssl_view.h"

namespace {

using pki::Bytes;
using pki::equal;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

using RequestPtr = std::unique_ptr<X509_REQ, ossl::Deleter<X509_REQ_free>>;

// OpenSSL looks into the values of attributes and into parameters that ours leaves alone.
bool read_to_the_bottom(const x509::Csr& csr) {
    const auto known = [](Bytes type) {
        return equal(type, oid::kChallengePassword) || equal(type, oid::kExtensionRequest) ||
               equal(type, oid::kMicrosoftExtensionRequest);
    };
    return std::ranges::all_of(csr.attribute_types, known) &&
           x509::parse_signature_algorithm(csr.signature_algorithm).has_value();
}

void check_attributes(const x509::Csr& ours, X509_REQ* theirs) {
    const int count = std::max(X509_REQ_get_attr_count(theirs), 0);  // -1 without a SET
    PROPERTY(static_cast<std::size_t>(count) == ours.attribute_types.size());
    for (std::size_t i = 0; i < ours.attribute_types.size(); i++) {
        X509_ATTRIBUTE* const attribute = X509_REQ_get_attr(theirs, static_cast<int>(i));
        PROPERTY(equal(fuzz::octets(X509_ATTRIBUTE_get0_object(attribute)),
                       ours.attribute_types[i]));
    }
    const int challenge = X509_REQ_get_attr_by_NID(theirs, NID_pkcs9_challengePassword, -1);
    PROPERTY((challenge >= 0) == ours.challenge_password.has_value());
    if (challenge < 0) return;
    const ASN1_TYPE* const value =
        X509_ATTRIBUTE_get0_type(X509_REQ_get_attr(theirs, challenge), 0);
    PROPERTY(equal(fuzz::octets(value->value.asn1_string), *ours.challenge_password));
}

void check_key(const x509::Csr& ours, X509_REQ* theirs) {
    const auto key = ossl::make_public_key(ours.spki.key);
    PROPERTY(ERR_peek_error() == 0);
    EVP_PKEY* const other = X509_REQ_get0_pubkey(theirs);
    if (key) PROPERTY(other != nullptr && ossl::same_public_key(key->get(), other));
    if (x509::verify_possession(ours)) PROPERTY(X509_REQ_verify(theirs, other) == 1);
}

void check_same(const x509::Csr& ours, X509_REQ* theirs) {
    PROPERTY(X509_REQ_get_version(theirs) == X509_REQ_VERSION_1);
    PROPERTY(equal(fuzz::encoded(i2d_X509_NAME, X509_REQ_get_subject_name(theirs)),
                   ours.subject.encoding));
    PROPERTY(equal(fuzz::encoded(i2d_X509_PUBKEY, X509_REQ_get_X509_PUBKEY(theirs)),
                   ours.spki.encoding));
    const ASN1_BIT_STRING* signature = nullptr;
    const X509_ALGOR* algorithm = nullptr;
    X509_REQ_get0_signature(theirs, &signature, &algorithm);
    PROPERTY(equal(fuzz::octets(signature), ours.signature));
    if (x509::parse_signature_algorithm(ours.signature_algorithm))
        PROPERTY(equal(fuzz::encoded(i2d_X509_ALGOR, algorithm), ours.signature_algorithm));
    STACK_OF(X509_EXTENSION)* const extensions = X509_REQ_get_extensions(theirs);
    fuzz::check_extensions(ours.extensions, extensions);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    check_attributes(ours, theirs);
    check_key(ours, theirs);
}

// OpenSSL has no reader for these attributes: only their bounds are looked at.
void check_decrypt_keys(const x509::Csr& csr) {
    const auto keys = x509::parse_decrypt_keys(csr);
    if (!keys) {
        PROPERTY(keys.error().offset <= csr.encoding.size());
        return;
    }
    PROPERTY(!keys->symmetric || !keys->asymmetric);
    for (const auto& id : {keys->symmetric, keys->asymmetric})
        PROPERTY(!id || (!id->empty() && id->size() <= pki::limits::kCmpReference));
    const auto capabilities = pki::cms::Capabilities::parse(keys->capabilities);
    if (!capabilities) return;
    for (const auto& ciphers : {capabilities->for_agreement(), capabilities->for_transport(),
                                capabilities->for_wrapping(16), capabilities->for_wrapping(32)})
        PROPERTY(ciphers || ciphers.error().code == pki::Errc::unsupported);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto ours = x509::parse_csr({data, size});
    PROPERTY(ERR_peek_error() == 0);
    if (!ours) {
        PROPERTY(ours.error().offset <= size);
        return 0;
    }
    check_decrypt_keys(*ours);
    const auto change = x509::change_subject_name(*ours);
    PROPERTY(change || change.error().offset <= size);
    const unsigned char* end = data;
    const RequestPtr theirs(d2i_X509_REQ(nullptr, &end, static_cast<long>(size)));
    if (theirs) {
        PROPERTY(end == data + size);
        check_same(*ours, theirs.get());
    } else {
        PROPERTY(!read_to_the_bottom(*ours));
    }
    ERR_clear_error();
    return 0;
}
