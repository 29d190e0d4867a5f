#include "clients/signerctl/ca_files.h"

#include "clients/common/output.h"

namespace signerctl {

namespace {

void report_json(const Written& written, json_t* signerd_json) {
    const JsonPtr document(json_pack("{s:[],s:[]}", "files", "certificates"));
    json_t* files = json_object_get(document.get(), "files");
    for (const std::string& file : written.files)
        json_array_append_new(files, json_string(file.c_str()));
    json_t* certificates = json_object_get(document.get(), "certificates");
    for (const pki::Bytes der : written.certificates) {
        const CertificateFacts facts = facts_of(der);
        json_array_append_new(
            certificates, json_pack("{s:s,s:s,s:s,s:s}", "subject", facts.subject.c_str(),
                                    "serial", facts.serial.c_str(), "not_after",
                                    facts.not_after.c_str(), "sha256", facts.sha256.c_str()));
    }
    if (signerd_json != nullptr) json_object_set(document.get(), "signerd_json", signerd_json);
    print(json_indented(document.get()) + "\n");
}

}  // namespace

void report(const Written& written, bool json, json_t* signerd_json) {
    if (json) return report_json(written, signerd_json);
    for (const pki::Bytes der : written.certificates) {
        const CertificateFacts facts = facts_of(der);
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
