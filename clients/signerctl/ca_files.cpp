#include "clients/signerctl/ca_files.h"

#include "clients/signerctl/output.h"
#include "libpki/base/base64.h"
#include "libpki/base/limits.h"
#include "libpki/base/time.h"
#include "libpki/ossl/digest.h"
#include "libpki/x509/cert.h"

namespace signerctl {

namespace x509 = pki::x509;

namespace {

constexpr std::size_t kMostKeyFile = pki::limits::kCertificate;
constexpr std::size_t kMostPemFile = 2 * pki::limits::kChain * pki::limits::kCertificate;

struct Facts {
    std::string subject, serial, not_after, sha256;
};

Facts facts_of(pki::Bytes der) {
    Facts facts;
    facts.sha256 = pki::hex_encode(pki::ossl::sha256(der));
    if (const auto certificate = x509::parse_certificate(der)) {
        facts.subject = x509::name_text(certificate->tbs.subject);
        facts.serial = x509::serial_text(certificate->tbs);
        facts.not_after = pki::format_iso8601(certificate->tbs.not_after);
    }
    return facts;
}

void report_json(const Written& written, json_t* signerd_json) {
    const JsonPtr document(json_pack("{s:[],s:[]}", "files", "certificates"));
    json_t* files = json_object_get(document.get(), "files");
    for (const std::string& file : written.files)
        json_array_append_new(files, json_string(file.c_str()));
    json_t* certificates = json_object_get(document.get(), "certificates");
    for (const pki::Bytes der : written.certificates) {
        const Facts facts = facts_of(der);
        json_array_append_new(
            certificates, json_pack("{s:s,s:s,s:s,s:s}", "subject", facts.subject.c_str(),
                                    "serial", facts.serial.c_str(), "not_after",
                                    facts.not_after.c_str(), "sha256", facts.sha256.c_str()));
    }
    if (signerd_json != nullptr) json_object_set(document.get(), "signerd_json", signerd_json);
    print(json_indented(document.get()) + "\n");
}

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

void report(const Written& written, bool json, json_t* signerd_json) {
    if (json) return report_json(written, signerd_json);
    for (const pki::Bytes der : written.certificates) {
        const Facts facts = facts_of(der);
        print(fields({{"Subject", facts.subject},
                      {"Serial", facts.serial},
                      {"Not after", facts.not_after},
                      {"SHA-256", facts.sha256}}) +
              "\n");
    }
    for (const std::string& file : written.files) print("wrote " + terminal_safe(file) + "\n");
    if (signerd_json == nullptr) return;
    print("\nFor signerd.json, with names of yours for OLD, NEW and TENANT:\n\n" +
          json_indented(signerd_json) + "\n");
}

pki::Status write_new(const std::vector<FileContent>& files,
                      std::vector<pki::Bytes> certificates, bool json, json_t* signerd_json) {
    PKI_CHECK(write_files(files, Existing::refuse));
    Written written{{}, std::move(certificates)};
    for (const FileContent& file : files) written.files.push_back(file.path);
    report(written, json, signerd_json);
    return {};
}

}  // namespace signerctl
