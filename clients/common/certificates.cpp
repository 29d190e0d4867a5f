#include "clients/common/certificates.h"

#include "clients/common/files.h"
#include "libpki/base/base64.h"
#include "libpki/base/limits.h"
#include "libpki/base/time.h"
#include "libpki/ossl/digest.h"
#include "libpki/x509/cert.h"

namespace clients {

namespace x509 = pki::x509;

namespace {

constexpr std::size_t kMostKeyFile = pki::limits::kCertificate;
constexpr std::size_t kMostPemFile = 2 * pki::limits::kChain * pki::limits::kCertificate;

}  // namespace

pki::Result<std::vector<pki::Buffer>> read_certificates(const std::string& path) {
    PKI_TRY(pki::Buffer content, read_file(path, kMostPemFile));
    if (!content.empty() && content[0] == pki::der::kSequence)
        return std::vector<pki::Buffer>{std::move(content)};
    auto certificates = x509::certificates_from_pem(pki::as_text(content));
    if (!certificates) certificates.error().detail = path;
    return certificates;
}

pki::Result<pki::ossl::PkeyPtr> read_key(const std::string& path) {
    PKI_TRY(const pki::Secret pem, read_secret(path, kMostKeyFile));
    return pki::ossl::read_private_key(pem.view());
}

CertificateFacts facts_of(pki::Bytes der) {
    CertificateFacts facts;
    facts.sha256 = pki::hex_encode(pki::ossl::sha256(der));
    if (const auto certificate = x509::parse_certificate(der)) {
        facts.subject = x509::name_text(certificate->tbs.subject);
        facts.serial = x509::serial_text(certificate->tbs);
        facts.not_before = pki::format_iso8601(certificate->tbs.not_before);
        facts.not_after = pki::format_iso8601(certificate->tbs.not_after);
    }
    return facts;
}

}  // namespace clients
