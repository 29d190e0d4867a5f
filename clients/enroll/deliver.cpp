#include "clients/enroll/deliver.h"

#include "clients/common/certificates.h"
#include "clients/common/files.h"
#include "libpki/base/time.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/crl.h"

namespace enroll {

namespace {

std::string pem_of(const std::vector<pki::Buffer>& certificates) {
    std::string text;
    for (const pki::Buffer& der : certificates) text += pki::x509::certificate_to_pem(der);
    return text;
}

// As --out says; on standard output without it.
pki::Status put_out(const std::string& pem, const Arguments& arguments, Report& report) {
    const std::string path = arguments.text("out");
    if (path.empty()) {
        report.raw(pem);
        return {};
    }
    PKI_CHECK(write_files({{path, pki::as_bytes(pem), kPublicMode}}, Existing::replace));
    report.wrote(path);
    return {};
}

}  // namespace

pki::Status write_out(const std::vector<pki::Buffer>& certificates, const Arguments& arguments,
                      Report& report) {
    for (const pki::Buffer& der : certificates) report.certificate("certificates", der);
    return put_out(pem_of(certificates), arguments, report);
}

pki::Status write_crls(const std::vector<pki::Buffer>& crls, const Arguments& arguments,
                       Report& report) {
    std::string pem;
    for (const pki::Buffer& der : crls) {
        PKI_TRY(const pki::x509::Crl crl, pki::x509::parse_crl(der));
        pem += pki::x509::to_pem("X509 CRL", der);
        report.set("next_update", pki::format_iso8601(crl.facts.next_update));
    }
    report.set("crl", pem);
    return put_out(pem, arguments, report);
}

pki::Status deliver(const pki::Buffer& certificate, const std::vector<pki::Buffer>& chain,
                    const Destination& to, Report& report) {
    const std::string pem = pem_of({certificate});
    const std::string above = pem_of(chain);
    std::vector<FileContent> files;
    if (!to.out.empty()) files.push_back({to.out, pki::as_bytes(pem), kPublicMode});
    if (!to.chain_out.empty())
        files.push_back({to.chain_out, pki::as_bytes(above), kPublicMode});
    report.certificate("certificates", certificate);
    for (const pki::Buffer& der : chain) report.certificate("chain", der);
    PKI_CHECK(write_files(files, Existing::replace));
    for (const FileContent& file : files) report.wrote(file.path);
    if (to.out.empty()) report.raw(pem);
    return {};
}

}  // namespace enroll
