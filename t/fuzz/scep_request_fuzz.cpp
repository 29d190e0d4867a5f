// Requests, in BER as they come: what parse_request accepts has what an answer needs, and gets
// one that says so; verify_request leaves one of the two kinds of content.
#include <openssl/err.h>

#include "libpki/base/limits.h"
#include "libpki/cms/ber.h"
#include "libpki/scep/cert_rep.h"
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

const scep::Rules kAll{{true, true}, {true, true}, true};

// Issuer and serial number are all that an answer takes of it.
Buffer ra_certificate() {
    pki::der::Writer w;
    w.sequence([&] {
        w.sequence([&] {
            w.integer(1);
            w.sequence([] {});
            w.sequence([] {});
        });
    });
    return std::move(w).take();
}

struct Ra {
    ossl::PkeyPtr key = *ossl::generate_key("ec:P-256");
    Buffer certificate = ra_certificate();
};

void check_attribute(const cms::SignerInfo& signer, Bytes type, std::uint8_t tag,
                     Bytes content) {
    const cms::Attribute* const found = signer.find(type);
    PROPERTY(found != nullptr);
    const auto value = pki::der::only(found->value, tag);
    PROPERTY(value && pki::equal(value->content, content));
}

void check_answer(const scep::Request& request) {
    static const Ra ra;
    const scep::Signing signing{ra.key.get(), ra.certificate};
    const auto reply = scep::build_cert_rep(request, {}, signing);
    PROPERTY(reply);
    const auto read = cms::parse_signed_data(*reply);
    PROPERTY(read && read->signer && read->content && read->content->empty());
    check_attribute(*read->signer, oid::kScepTransactionId, request.transaction_tag,
                    request.transaction_id);
    check_attribute(*read->signer, oid::kScepRecipientNonce, pki::der::kOctetString,
                    request.sender_nonce);
}

void check_request(const scep::Request& request) {
    PROPERTY(!request.transaction_id.empty() &&
             request.transaction_id.size() <= limits::kScepTransaction);
    PROPERTY(request.sender_nonce.size() >= 8 &&
             request.sender_nonce.size() <= limits::kScepNonce);
    PROPERTY(request.type != scep::MessageType::cert_rep);
    PROPERTY(scep::transaction_text(request).size() <= limits::kTransaction);
    PROPERTY(scep::transaction_key(request).size() == 64);
    (void)scep::self_issued(request.signer);
    check_answer(request);
    if (!scep::verify_request(request, kAll)) return;
    PROPERTY(request.lightweight != request.envelope.has_value());
    PROPERTY(!request.content_error);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto message = cms::der_from_ber({data, size}, limits::kScepMessage);
    if (message) {
        const auto request = scep::parse_request(*message);
        if (request) check_request(*request);
    }
    PROPERTY(ERR_peek_error() == 0);
    return 0;
}
