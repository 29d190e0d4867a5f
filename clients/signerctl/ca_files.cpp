#include "clients/signerctl/ca_files.h"

#include "clients/signerctl/json.h"
#include "clients/signerctl/output.h"
#include "libpki/base/base64.h"
#include "libpki/base/time.h"
#include "libpki/ossl/digest.h"
#include "libpki/x509/cert.h"

namespace signerctl {

namespace x509 = pki::x509;

namespace {

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

void report_json(const Written& written) {
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
    print(json_indented(document.get()) + "\n");
}

}  // namespace

void report(const Written& written, bool json) {
    if (json) return report_json(written);
    for (const pki::Bytes der : written.certificates) {
        const Facts facts = facts_of(der);
        print(fields({{"Subject", facts.subject},
                      {"Serial", facts.serial},
                      {"Not after", facts.not_after},
                      {"SHA-256", facts.sha256}}) +
              "\n");
    }
    for (const std::string& file : written.files) print("wrote " + terminal_safe(file) + "\n");
}

}  // namespace signerctl
