#include <ctime>

#include "clients/signerctl/ca.h"
#include "clients/signerctl/ca_files.h"
#include "clients/signerctl/commands.h"
#include "libpki/base/limits.h"

namespace signerctl {

using pki::Buffer;
using pki::Errc;
using pki::fail;
namespace limits = pki::limits;
namespace x509 = pki::x509;

namespace {

// The issuing certificate, then the rest. A chain file may start with the issuing certificate.
pki::Result<std::vector<Buffer>> read_chain(const Arguments& arguments) {
    PKI_TRY(std::vector<Buffer> chain, read_certificates(arguments.text("certificate")));
    if (arguments.has("chain")) {
        PKI_TRY(std::vector<Buffer> rest, read_certificates(arguments.text("chain")));
        const bool repeated = rest.front() == chain.front();
        chain.resize(1);
        std::move(rest.begin() + (repeated ? 1 : 0), rest.end(), std::back_inserter(chain));
    }
    if (chain.size() > limits::kChain) return fail(Errc::malformed, "the chain is too long");
    return chain;
}

pki::Result<std::vector<x509::Certificate>> parse_all(const std::vector<Buffer>& ders) {
    std::vector<x509::Certificate> parsed;
    for (const Buffer& der : ders) {
        PKI_TRY(x509::Certificate certificate, x509::parse_certificate(der));
        parsed.push_back(std::move(certificate));
    }
    return parsed;
}

pki::Status write_chain(const std::string& folder, const std::vector<Buffer>& chain,
                        const Context& context, Existing existing) {
    const std::string issuing = x509::certificate_to_pem(chain.front());
    std::string all;
    for (const Buffer& der : chain) all += x509::certificate_to_pem(der);
    PKI_CHECK(write_files({{folder + kIssuingFile, pki::as_bytes(issuing), kPublicMode},
                           {folder + kChainFile, pki::as_bytes(all), kPublicMode}},
                          existing));
    report({{folder + kIssuingFile, folder + kChainFile}, {chain.begin(), chain.end()}},
           context.json);
    return {};
}

pki::Status run_import(const Context& context, const Arguments& arguments) {
    const std::string folder = arguments.text("dir") + "/";
    PKI_TRY(const auto key, read_key(folder + kIssuingKeyFile));
    PKI_TRY(const std::vector<Buffer> chain, read_chain(arguments));
    PKI_TRY(const auto certificates, parse_all(chain));
    PKI_CHECK(check_key(certificates.front(), key.get()));
    PKI_CHECK(check_ca_chain(certificates, std::time(nullptr)));
    return write_chain(folder, chain, context,
                       arguments.has("replace") ? Existing::replace : Existing::refuse);
}

constexpr Option kOptions[] = {
    {.name = "dir",
     .value = "DIR",
     .help = "the folder of 'ca init --offline-root'",
     .required = true},
    {.name = "certificate",
     .value = "FILE",
     .help = "the issuing CA's certificate, PEM or DER",
     .required = true},
    {.name = "chain",
     .value = "FILE",
     .help = "the certificates above it up to the root, in order"},
    {.name = "replace", .help = "replace the files of an earlier import"},
};

}  // namespace

const Command kCaImport{
    .name = "ca import",
    .operand = {},
    .summary = "check and keep the certificate that an offline root made",
    .options = kOptions,
    .run = run_import,
};

}  // namespace signerctl
