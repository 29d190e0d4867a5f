#include "libpki/scep/signer.h"

#include "libpki/base/limits.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/nested.h"
#include "libpki/x509/oids.h"

namespace pki::scep {

namespace {

using x509::Certificate;
using x509::nested;

// md5WithRSAEncryption (RFC 3279 2.2.1), which no certificate that we issue or trust may have.
constexpr std::uint8_t kMd5WithRsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04};

// One without attributes when they cannot be read.
x509::Name lenient_name(Bytes encoding) {
    auto name = x509::parse_name(encoding);
    return name ? *std::move(name) : x509::Name{encoding, {}};
}

// TBSCertificate (RFC 5280 4.1) up to the key; what follows is not looked at.
Status read_tbs(x509::Tbs& tbs, der::Reader fields) {
    if (fields.next_is(der::constructed(0))) PKI_CHECK(fields.any());
    PKI_TRY(tbs.serial, fields.content(der::kInteger));
    PKI_TRY(const der::Element algorithm, fields.element(der::kSequence));
    tbs.signature_algorithm = algorithm.encoding;
    PKI_TRY(const der::Element issuer, fields.element(der::kSequence));
    tbs.issuer = lenient_name(issuer.encoding);
    PKI_CHECK(fields.element(der::kSequence));  // validity
    PKI_TRY(const der::Element subject, fields.element(der::kSequence));
    tbs.subject = lenient_name(subject.encoding);
    PKI_TRY(const der::Element spki, fields.element(der::kSequence));
    PKI_TRY(tbs.spki, nested(tbs.encoding, spki.encoding, x509::parse_spki(spki.encoding)));
    return {};
}

Result<Certificate> read_leniently(Bytes der) {
    der::Reader input(der);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    Certificate certificate;
    certificate.encoding = der;
    PKI_TRY(const der::Reader tbs, der::Reader(fields).enter(der::kSequence));
    PKI_TRY(const der::Element whole_tbs, fields.element(der::kSequence));
    certificate.tbs.encoding = whole_tbs.encoding;
    PKI_CHECK(read_tbs(certificate.tbs, tbs));
    PKI_TRY(const der::Element algorithm, fields.element(der::kSequence));
    certificate.signature_algorithm = algorithm.encoding;
    PKI_TRY(certificate.signature, fields.bit_string_octets());
    PKI_CHECK(fields.finish());
    return certificate;
}

Result<ossl::SignatureScheme> scheme_of(const Certificate& certificate) {
    PKI_TRY(const x509::Algorithm algorithm,
            x509::parse_algorithm(certificate.signature_algorithm));
    if (equal(algorithm.id, kMd5WithRsa) && x509::no_parameters(algorithm))
        return ossl::SignatureScheme{ossl::KeyType::rsa, ossl::Hash::md5, false};
    return x509::parse_signature_algorithm(certificate.signature_algorithm);
}

Status verify_itself(const Certificate& certificate) {
    PKI_TRY(const ossl::SignatureScheme scheme, scheme_of(certificate));
    PKI_TRY(const ossl::PkeyPtr key, ossl::make_public_key(certificate.tbs.spki.key));
    return ossl::verify(key.get(), scheme, certificate.tbs.encoding, certificate.signature);
}

// Names that could not be read have no attributes and are the same in their octets only.
bool same_names(const x509::Tbs& tbs) {
    if (equal(tbs.issuer.encoding, tbs.subject.encoding)) return true;
    return !tbs.issuer.empty() && x509::same_name(tbs.issuer, tbs.subject);
}

}  // namespace

Result<Certificate> parse_signer(Bytes der) {
    if (der.size() > limits::kCertificate)
        return fail(Errc::malformed, "certificate: too large");
    auto strict = x509::parse_certificate(der);
    return strict ? std::move(strict) : read_leniently(der);
}

bool self_issued(const Certificate& certificate) {
    return same_names(certificate.tbs) && verify_itself(certificate).has_value();
}

}  // namespace pki::scep
