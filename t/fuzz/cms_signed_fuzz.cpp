// parse_signed_data against d2i_CMS_ContentInfo: the same content, signer and number of
// certificates; and whatever was read can be looked at by those who verify. Ours is stricter by
// intent: DER, one signer, attributes with one value. Theirs looks into certificates, CRLs and
// attributes, which ours leaves to others.
#include <openssl/cms.h>

#include "libpki/cms/signed_data.h"
#include "libpki/x509/cert.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/openssl_view.h"

namespace {

using pki::Bytes;
using pki::equal;
namespace cms = pki::cms;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

using MessagePtr = std::unique_ptr<CMS_ContentInfo, ossl::Deleter<CMS_ContentInfo_free>>;

void free_certificates(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }

void check_signer(const cms::SignerInfo& ours, CMS_SignerInfo* theirs) {
    PROPERTY(equal(fuzz::octets(CMS_SignerInfo_get0_signature(theirs)), ours.signature));
    PROPERTY(CMS_signed_get_attr_count(theirs) == static_cast<int>(ours.attributes.size()) ||
             ours.attributes.empty());
    for (const cms::Attribute& attribute : ours.attributes) {
        PROPERTY(ours.find(attribute.type) == &attribute);
        PROPERTY(attribute.value.size() >= 2);
    }
    ASN1_OCTET_STRING* identifier = nullptr;
    X509_NAME* issuer = nullptr;
    ASN1_INTEGER* serial = nullptr;
    PROPERTY(CMS_SignerInfo_get0_signer_id(theirs, &identifier, &issuer, &serial) == 1);
    PROPERTY((identifier != nullptr) == !ours.id.key_identifier.empty());
    if (identifier != nullptr)
        PROPERTY(equal(fuzz::octets(identifier), ours.id.key_identifier));
}

void check_same(const cms::SignedData& ours, CMS_ContentInfo* theirs) {
    PROPERTY(equal(fuzz::octets(CMS_get0_eContentType(theirs)), ours.content_type));
    ASN1_OCTET_STRING** const content = CMS_get0_content(theirs);
    PROPERTY(content != nullptr && (*content != nullptr) == ours.content.has_value());
    if (ours.content) PROPERTY(equal(fuzz::octets(*content), *ours.content));
    const std::unique_ptr<STACK_OF(X509), ossl::Deleter<free_certificates>> certificates(
        CMS_get1_certs(theirs));
    const int count = certificates ? sk_X509_num(certificates.get()) : 0;
    PROPERTY(static_cast<std::size_t>(count) == ours.certificates.size());
    STACK_OF(CMS_SignerInfo)* const signers = CMS_get0_SignerInfos(theirs);
    PROPERTY(sk_CMS_SignerInfo_num(signers) == (ours.signer ? 1 : 0));
    if (ours.signer) check_signer(*ours.signer, sk_CMS_SignerInfo_value(signers, 0));
}

// With the certificate that the message brings, as a server does.
void verify(const cms::SignedData& data) {
    const auto der = cms::signer_certificate(data);
    if (!der) return;
    const auto certificate = x509::parse_certificate(*der);
    if (!certificate) return;
    const auto status = cms::verify_signed_data(data, certificate->tbs.spki, {true, true});
    PROPERTY(ERR_peek_error() == 0);
    if (!status) return;
    PROPERTY(data.signer && data.signer->attributes.size() >= 2);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto ours = cms::parse_signed_data({data, size});
    if (!ours) {
        PROPERTY(ours.error().offset <= size);
        return 0;
    }
    verify(*ours);
    const unsigned char* end = data;
    const MessagePtr theirs(d2i_CMS_ContentInfo(nullptr, &end, static_cast<long>(size)));
    if (theirs) {
        PROPERTY(end == data + size);
        check_same(*ours, theirs.get());
    }
    ERR_clear_error();
    return 0;
}
