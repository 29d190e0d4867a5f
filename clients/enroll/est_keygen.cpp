#include <unistd.h>

#include "clients/common/certificates.h"
#include "clients/common/files.h"
#include "clients/enroll/commands.h"
#include "clients/enroll/deliver.h"
#include "clients/enroll/est_made_key.h"
#include "clients/enroll/verify.h"

namespace enroll {

using pki::Buffer;
using pki::Errc;
using pki::fail;
using pki::Result;
using pki::Status;
namespace ossl = pki::ossl;

namespace {

// Of a key that was sealed. What comes with it may be between, and vouches for nothing.
Status check_signer(const MadeKey& made, std::vector<Buffer> known, const EstTalk& talk,
                    const Context& context) {
    if (made.signer.empty()) return {};
    const std::vector<Buffer> roots = talk.anchors.empty() ? self_issued(known) : talk.anchors;
    known.insert(known.end(), made.signer_chain.begin(), made.signer_chain.end());
    PKI_CHECK(find_chain(made.signer, known, roots, context.clock.now()));
    context.report.checked("who signed the private key has a certificate of a trusted CA");
    return {};
}

Status keep_key(EVP_PKEY* key, const std::string& path, Report& report) {
    PKI_TRY(const pki::Secret pem, ossl::write_private_key(key));
    PKI_CHECK(write_files({{path, pem.view(), kKeyMode}}, Existing::refuse));
    report.wrote(path);
    return {};
}

// The key that signs the request tells the server what kind of key is wanted. It is certified
// by nobody, and opens the one that is made where that is asked for.
Result<HttpAnswer> ask(EstServer& server, RequestNames names, const KeyProtection& protection,
                       EVP_PKEY* key) {
    PKI_TRY(names.parts.attributes, protection_attributes(protection, key));
    const auto make = [&](const std::string& binding) {
        return make_request(names, binding, key);
    };
    return est_ask(server, "serverkeygen", make);
}

Status run(const Context& context, const Arguments& arguments) {
    Report& report = context.report;
    const std::string path = arguments.text("new-key");
    // Nothing is issued in vain when there is a place for the key.
    if (access(path.c_str(), F_OK) == 0)
        return fail(Errc::denied, "there is a key already", path);
    PKI_TRY(const KeyProtection protection, key_protection(arguments));
    PKI_TRY(RequestNames names, names_from(arguments));
    PKI_TRY(const auto key, ossl::generate_key(arguments.text("key-type")));
    PKI_TRY(EstTalk talk, begin_est(context, arguments));
    EstServer server = server_of(talk, context, arguments);
    PKI_TRY(const std::vector<Buffer> known, est_cacerts(server));
    PKI_TRY(HttpAnswer answer, ask(server, std::move(names), protection, key.get()));
    auto read = from_server(report, read_made_key(answer, protection, key.get()));
    OPENSSL_cleanse(answer.body.data(), answer.body.size());
    PKI_TRY(const MadeKey made, std::move(read));
    if (const auto status = check_signer(made, known, talk, context); !status) {
        report.errors_mean(Exit::bad_answer);
        return status;
    }
    PKI_TRY(const EstCertificate taken,
            take_certificate(made.certificates, known, made.key.get(), talk, context));
    PKI_CHECK(keep_key(made.key.get(), path, report));
    return deliver(taken.certificate, taken.chain,
                   {arguments.text("out"), arguments.text("chain-out")}, report);
}

Status check(const Arguments& arguments) {
    PKI_CHECK(check_est(arguments));
    if (!arguments.has("subject") && !arguments.has("san"))
        return fail(Errc::malformed, "an option is missing", "--subject or --san");
    if (arguments.has("decrypt-key-id") != arguments.has("decrypt-key-file"))
        return fail(Errc::malformed, "--decrypt-key-id and --decrypt-key-file go together");
    if (arguments.has("encrypt") && arguments.text("key-type").starts_with("ed"))
        return fail(Errc::malformed, "--encrypt makes no sense with a key that only signs",
                    arguments.text("key-type"));
    PKI_CHECK(names_from(arguments));
    return {};
}

constexpr Option kOptions[] = {
    option::kEstUrl,
    option::kCacert,
    option::kUser,
    option::kPasswordFile,
    option::kBearer,
    option::kTokenFile,
    option::kTlsCert,
    option::kTlsKey,
    {.name = "new-key", .value = "FILE", .help = "where the key goes", .required = true},
    option::kEstKeyType,
    {.name = "encrypt",
     .help = "have the key encrypted for one that is made for this request",
     .excludes = "decrypt-key-id"},
    {.name = "decrypt-key-id",
     .value = "NAME",
     .help = "have it encrypted with a key that the server knows by this name"},
    {.name = "decrypt-key-file", .value = "FILE", .help = "that key of AES, in hexadecimal"},
    option::kSubject,
    option::kSan,
    {.name = "channel-binding", .help = "tie the request to its TLS connection"},
    option::kOut,
    option::kChainOut,
    option::kWait,
    option::kTimeout,
};

}  // namespace

const Command kEstServerKeyGen{
    .name = "est serverkeygen",
    .operand = {},
    .summary = "get a certificate and a key that the server makes",
    .options = kOptions,
    .run = run,
    .check = check,
};

}  // namespace enroll
