#include "clients/enroll/identity.h"

#include <unistd.h>

#include <cerrno>

#include "clients/common/certificates.h"
#include "clients/common/chain.h"
#include "clients/common/files.h"
#include "libpki/base/limits.h"
#include "libpki/est/body.h"
#include "libpki/x509/csr.h"
#include "libpki/x509/oids.h"

namespace enroll {

using pki::Buffer;
using pki::Errc;
using pki::fail;
using pki::Result;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

namespace {

// A link that leads nowhere and a folder that may not be searched are no reason to make a file.
bool is_missing(const std::string& path) {
    return access(path.c_str(), F_OK) != 0 && errno == ENOENT;
}

Result<ossl::PkeyPtr> make_key(const std::string& path, const std::string& type,
                               Report& report) {
    report.progress("making a key, " + type);
    PKI_TRY(ossl::PkeyPtr key, ossl::generate_key(type));
    PKI_TRY(const pki::Secret pem, ossl::write_private_key(key.get()));
    PKI_CHECK(write_files({{path, pem.view(), kKeyMode}}, Existing::refuse));
    report.wrote(path);
    return key;
}

pki::Status check_type(EVP_PKEY* key, const std::string& type) {
    PKI_TRY(const Buffer encoding, ossl::public_key_der(key));
    PKI_TRY(const x509::Spki spki, x509::parse_spki(encoding));
    if (spki.describe() != type)
        return fail(Errc::denied, "the key that is there is of another type", spki.describe());
    return {};
}

Result<Buffer> read_request(const std::string& path, EVP_PKEY* key) {
    PKI_TRY(const Buffer text, read_file(path, pki::limits::kBody));
    PKI_TRY(Buffer der, pki::est::decode_csr_body(text));
    PKI_TRY(const x509::Csr csr, x509::parse_csr(der));
    PKI_TRY(const ossl::PkeyPtr of_request, ossl::make_public_key(csr.spki.key));
    if (!ossl::same_public_key(of_request.get(), key))
        return fail(Errc::denied, "the request is for another key", path);
    return der;
}

}  // namespace

Result<ossl::PkeyPtr> obtain_key(const std::string& path, const std::string& type,
                                 bool type_given, Report& report) {
    if (is_missing(path)) return make_key(path, type, report);
    auto key = read_key(path);
    if (!key) {
        if (key.error().detail.empty()) key.error().detail = path;
        return key;
    }
    if (type_given) PKI_CHECK(check_type(key->get(), type));
    return key;
}

Result<RequestNames> names_from(const Arguments& arguments) {
    RequestNames names;
    PKI_TRY(names.subject, x509::name_from_text(arguments.text("subject")));
    if (const auto sans = arguments.list("san"); !sans.empty()) {
        PKI_TRY(names.san, x509::build_san(sans));
    }
    return names;
}

Result<RequestNames> names_from(const x509::Certificate& certificate) {
    RequestNames names{pki::to_buffer(certificate.tbs.subject.encoding), {}};
    if (const auto* san = certificate.tbs.extensions.find(x509::oid::kSubjectAltName))
        names.san = pki::to_buffer(san->value);
    return names;
}

Result<Buffer> make_request(const RequestNames& names, const std::string& challenge,
                            EVP_PKEY* key) {
    x509::CsrSpec spec;
    spec.subject = names.subject;
    spec.san = names.san;
    spec.challenge_password = challenge;
    return x509::build_csr(spec, names.parts, key);
}

Result<Buffer> obtain_request(const Arguments& arguments, const RequestNames& names,
                              const std::string& challenge, EVP_PKEY* key, Report& report) {
    const std::string path = arguments.text("csr");
    if (!path.empty() && !is_missing(path)) return read_request(path, key);
    PKI_TRY(Buffer der, make_request(names, challenge, key));
    if (path.empty()) return der;
    const std::string pem = x509::to_pem("CERTIFICATE REQUEST", der);
    // It may hold a challenge.
    PKI_CHECK(write_files({{path, pki::as_bytes(pem), kKeyMode}}, Existing::refuse));
    report.wrote(path);
    return der;
}

Result<OwnCertificate> read_own(const std::string& path, EVP_PKEY* key) {
    OwnCertificate own;
    PKI_TRY(own.chain, read_certificates(path));
    PKI_TRY(own.certificate, x509::parse_certificate(own.chain.front()));
    PKI_CHECK(check_key(own.certificate, key));
    return own;
}

}  // namespace enroll
