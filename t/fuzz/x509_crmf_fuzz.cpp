// parse_cert_request against d2i_OSSL_CRMF_MSG: what ours accepts, OpenSSL accepts and sees the
// same in it. Ours is stricter by intent: DER instead of BER, limits, known keys, strings
// without control characters, no control or extension twice, no negative certReqId, serial
// numbers that a certificate can have, nothing in the template that is the CA's.
#include <openssl/crmf.h>

#include "libpki/x509/algorithm.h"
#include "libpki/x509/crmf.h"
#include "libpki/x509/crmf_oids.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/openssl_view.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::equal;
namespace der = pki::der;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

using MessagePtr = std::unique_ptr<OSSL_CRMF_MSG, ossl::Deleter<OSSL_CRMF_MSG_free>>;

bool has_reg_info(const x509::CertRequest& request) {
    der::Reader fields = *der::Reader(request.encoding).enter(der::kSequence);
    (void)fields.any();
    if (request.possession != x509::Possession::none) (void)fields.any();
    return !fields.at_end();
}

// OpenSSL looks into controls, names, proofs and parameters that ours leaves alone.
bool read_to_the_bottom(const x509::CertRequest& request) {
    const auto known = [](Bytes type) {
        return equal(type, oid::kRegToken) || equal(type, oid::kRegAuthenticator) ||
               equal(type, oid::kRegOldCertId) || equal(type, oid::kRegRsaKeyLen);
    };
    const bool signature = request.possession == x509::Possession::signature;
    return std::ranges::all_of(request.controls, known) && !has_reg_info(request) &&
           (!request.old_cert_id || !request.old_cert_id->issuer.empty()) &&
           request.possession != x509::Possession::unsupported && request.pop_input.empty() &&
           request.wanted_algorithm.empty() &&
           (!signature || x509::parse_signature_algorithm(request.pop_algorithm));
}

void check_name(Bytes ours, const X509_NAME* theirs) {
    PROPERTY(equal(fuzz::encoded(i2d_X509_NAME, theirs), ours));
}

// `content` is that of an INTEGER that is not negative.
void check_serial(Bytes content, const ASN1_INTEGER* theirs) {
    PROPERTY(theirs->type == V_ASN1_INTEGER);
    PROPERTY(equal(fuzz::octets(theirs), content.subspan(content[0] == 0 ? 1 : 0)));
}

void check_old_cert_id(const x509::CertRequest& ours, const OSSL_CRMF_MSG* theirs) {
    const OSSL_CRMF_CERTID* const id = OSSL_CRMF_MSG_get0_regCtrl_oldCertID(theirs);
    PROPERTY((id != nullptr) == ours.old_cert_id.has_value());
    if (id == nullptr) return;
    check_serial(ours.old_cert_id->serial, OSSL_CRMF_CERTID_get0_serialNumber(id));
    const X509_NAME* const issuer = OSSL_CRMF_CERTID_get0_issuer(id);
    PROPERTY((issuer != nullptr) == !ours.old_cert_id->issuer.empty());
    if (issuer != nullptr) check_name(ours.old_cert_id->issuer, issuer);
}

void check_text(const std::optional<Bytes>& ours, const ASN1_UTF8STRING* theirs) {
    PROPERTY((theirs != nullptr) == ours.has_value());
    if (theirs != nullptr) PROPERTY(equal(fuzz::octets(theirs), *ours));
}

void check_same(const x509::CertRequest& ours, const OSSL_CRMF_MSG* theirs) {
    PROPERTY(OSSL_CRMF_MSG_get_certReqId(theirs) == ours.id);
    const OSSL_CRMF_CERTTEMPLATE* const wanted = OSSL_CRMF_MSG_get0_tmpl(theirs);
    const X509_NAME* const subject = OSSL_CRMF_CERTTEMPLATE_get0_subject(wanted);
    if (subject == nullptr) PROPERTY(ours.csr.subject.empty());
    if (subject != nullptr) check_name(ours.csr.subject.encoding, subject);
    const X509_NAME* const issuer = OSSL_CRMF_CERTTEMPLATE_get0_issuer(wanted);
    if (!ours.issuer.empty()) check_name(ours.issuer, issuer);
    PROPERTY(OSSL_CRMF_CERTTEMPLATE_get0_serialNumber(wanted) == nullptr);
    fuzz::check_extensions(ours.csr.extensions, OSSL_CRMF_CERTTEMPLATE_get0_extensions(wanted));
    check_text(ours.reg_token, OSSL_CRMF_MSG_get0_regCtrl_regToken(theirs));
    check_text(ours.authenticator, OSSL_CRMF_MSG_get0_regCtrl_authenticator(theirs));
    check_old_cert_id(ours, theirs);
}

// OpenSSL wants a subject in what is signed; ours may have a SAN instead.
void check_possession(const x509::CertRequest& ours) {
    const bool proven = x509::verify_possession(ours).has_value();
    PROPERTY(ERR_peek_error() == 0);
    if (!proven || ours.csr.subject.empty()) return;
    const Buffer messages = x509::build_cert_requests({ours.encoding});
    const unsigned char* in = messages.data();
    OSSL_CRMF_MSGS* const theirs =
        d2i_OSSL_CRMF_MSGS(nullptr, &in, static_cast<long>(messages.size()));
    PROPERTY(theirs != nullptr);
    PROPERTY(OSSL_CRMF_MSGS_verify_popo(theirs, 0, 0, nullptr, nullptr) == 1);
    sk_OSSL_CRMF_MSG_pop_free(theirs, OSSL_CRMF_MSG_free);
}

// What was found makes a request in which the same is found.
void check_round_trip(const x509::CertRequest& ours) {
    x509::CertRequestSpec spec;
    spec.id = ours.id;
    spec.subject = ours.csr.subject.encoding;
    spec.public_key = ours.csr.spki.encoding;
    spec.algorithm = ours.wanted_algorithm;
    spec.extensions = ours.extensions_der;
    const bool old = ours.old_cert_id && !ours.old_cert_id->issuer.empty();
    if (old) spec.old_cert_id = &*ours.old_cert_id;
    const auto built = x509::build_cert_request(spec);
    PROPERTY(built.has_value());
    const auto again = x509::parse_cert_request(*built);
    PROPERTY(again && again->id == ours.id);
    PROPERTY(equal(again->csr.subject.encoding, ours.csr.subject.encoding));
    PROPERTY(equal(again->csr.spki.encoding, ours.csr.spki.encoding));
    PROPERTY(again->extensions_der == ours.extensions_der);
    if (ours.csr.spki.encoding.empty())
        PROPERTY(equal(again->wanted_algorithm, ours.wanted_algorithm));
    PROPERTY(again->old_cert_id.has_value() == old);
    if (old) PROPERTY(equal(again->old_cert_id->serial, ours.old_cert_id->serial));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto described = x509::parse_cert_template({data, size});
    if (!described) PROPERTY(described.error().offset <= size);
    const auto ours = x509::parse_cert_request({data, size});
    PROPERTY(ERR_peek_error() == 0);
    if (!ours) {
        PROPERTY(ours.error().offset <= size);
        return 0;
    }
    const unsigned char* end = data;
    const MessagePtr theirs(d2i_OSSL_CRMF_MSG(nullptr, &end, static_cast<long>(size)));
    ERR_clear_error();
    if (theirs) {
        PROPERTY(end == data + size);
        check_same(*ours, theirs.get());
        check_possession(*ours);
    } else {
        PROPERTY(!read_to_the_bottom(*ours));
    }
    check_round_trip(*ours);
    ERR_clear_error();
    return 0;
}
