// Answers, as a server could sign them: attributes and content of the input are signed anew, so
// that the client reads on behind the signature.
#include <openssl/err.h>

#include "libpki/base/limits.h"
#include "libpki/cms/ber.h"
#include "libpki/scep/client.h"
#include "libpki/x509/oids.h"
#include "t/fuzz/fuzz.h"

namespace {

using pki::Buffer;
using pki::Bytes;
namespace cms = pki::cms;
namespace limits = pki::limits;
namespace oid = pki::x509::oid;
namespace ossl = pki::ossl;
namespace scep = pki::scep;

struct Ra {
    ossl::PkeyPtr key = *ossl::generate_key("ec:P-256");
    Buffer certificate = *scep::build_self_signed(key.get(), Buffer{0x30, 0}, 0, 1);
    pki::x509::Certificate parsed = *pki::x509::parse_certificate(certificate);
};

const Ra& ra() {
    static const Ra only;
    return only;
}

pki::Result<Buffer> sign_anew(const cms::SignedData& message) {
    cms::SigningSpec spec;
    spec.key = ra().key.get();
    spec.certificate = ra().certificate;
    spec.content_type = message.content_type;
    spec.content = message.content;
    for (const cms::Attribute& attribute : message.signer->attributes)
        if (!pki::equal(attribute.type, oid::kContentType) &&
            !pki::equal(attribute.type, oid::kMessageDigest))
            spec.attributes.push_back(cms::build_attribute(attribute.type, attribute.value));
    return cms::build_signed_data(spec);
}

// The octets of the attribute, as if the request had had them.
Bytes content_of(const cms::SignedData& message, Bytes type) {
    const cms::Attribute* const found = message.signer->find(type);
    return found == nullptr ? Bytes() : pki::der::Reader(found->value).any()->content;
}

void check_response(const scep::Response& response) {
    const bool failure = response.status == scep::PkiStatus::failure;
    PROPERTY(response.fail_info.has_value() == failure);
    PROPERTY(failure || response.fail_text.empty());
    if (response.status != scep::PkiStatus::success)
        PROPERTY(response.certificates.empty() && response.crls.empty());
    PROPERTY(response.certificates.size() <= limits::kChain);
    PROPERTY(response.crls.size() <= limits::kChain);
}

void check_message(Bytes der) {
    const auto message = cms::parse_signed_data(der);
    if (!message || !message->signer) return;
    const auto own = sign_anew(*message);
    if (!own || own->size() > limits::kScepMessage) return;
    std::vector<pki::Secret> passwords;
    passwords.emplace_back(pki::as_bytes("password"));
    const scep::ResponseRules rules{pki::as_text(content_of(*message, oid::kScepTransactionId)),
                                    content_of(*message, oid::kScepRecipientNonce),
                                    {},
                                    {true, false}};
    const auto response = scep::read_response(*own, ra().parsed, {}, passwords, rules);
    if (response) check_response(*response);
    (void)scep::read_next_ca(*own, ra().parsed, {});
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto message = cms::der_from_ber({data, size}, limits::kScepMessage);
    if (message) check_message(*message);
    PROPERTY(ERR_peek_error() == 0);
    return 0;
}
