#include <ctime>

#include "clients/signerctl/ca.h"
#include "clients/signerctl/ca_files.h"
#include "clients/signerctl/commands.h"

namespace signerctl {

namespace x509 = pki::x509;

namespace {

constexpr std::uint64_t kMostDays = 36500;

pki::Status init_offline(const Context& context, const Arguments& arguments) {
    const std::string folder = arguments.text("dir") + "/";
    PKI_TRY(const NewRequest made, make_request(arguments.text("name"), arguments.text("key")));
    const std::string csr = x509::to_pem("CERTIFICATE REQUEST", made.csr);
    PKI_CHECK(make_folder(arguments.text("dir")));
    return write_new({{folder + kIssuingKeyFile, made.key.view(), kKeyMode},
                      {folder + kIssuingRequestFile, pki::as_bytes(csr), kPublicMode}},
                     {}, context.json);
}

pki::Status init_both(const Context& context, const Arguments& arguments) {
    const std::string folder = arguments.text("dir") + "/";
    const std::string key = arguments.text("key");
    const CaSpec spec{
        .root_name = arguments.text("root-name"),
        .root_key = arguments.has("root-key") ? arguments.text("root-key") : key,
        .root_days = static_cast<std::int64_t>(arguments.number("root-days")),
        .name = arguments.text("name"),
        .key = key,
        .days = static_cast<std::int64_t>(arguments.number("days")),
    };
    PKI_TRY(const NewCa made, make_ca(spec, std::time(nullptr)));
    const std::string root = x509::certificate_to_pem(made.root);
    const std::string issuing = x509::certificate_to_pem(made.certificate);
    const std::string chain = issuing + root;
    PKI_CHECK(make_folder(arguments.text("dir")));
    return write_new({{folder + kRootKeyFile, made.root_key.view(), kKeyMode},
                      {folder + kRootFile, pki::as_bytes(root), kPublicMode},
                      {folder + kIssuingKeyFile, made.key.view(), kKeyMode},
                      {folder + kIssuingFile, pki::as_bytes(issuing), kPublicMode},
                      {folder + kChainFile, pki::as_bytes(chain), kPublicMode}},
                     {made.root, made.certificate}, context.json);
}

pki::Status run_init(const Context& context, const Arguments& arguments) {
    return arguments.has("offline-root") ? init_offline(context, arguments)
                                         : init_both(context, arguments);
}

constexpr Option kOptions[] = {
    {.name = "dir",
     .value = "DIR",
     .help = "where the files go; made when it is missing",
     .required = true},
    {.name = "name",
     .value = "NAME",
     .help = "subject of the issuing CA",
     .fallback = "O=Example,CN=Example Issuing CA"},
    {.name = "key",
     .value = "SPEC",
     .help = "ec:P-256, ec:P-384, ec:P-521, rsa:BITS, ed25519 or ed448",
     .fallback = "ec:P-256"},
    {.name = "days",
     .value = "N",
     .help = "life of the issuing certificate",
     .fallback = "3650",
     .least = 1,
     .most = kMostDays,
     .excludes = "offline-root"},
    {.name = "root-name",
     .value = "NAME",
     .help = "subject of the root",
     .fallback = "O=Example,CN=Example Root CA",
     .excludes = "offline-root"},
    {.name = "root-key",
     .value = "SPEC",
     .help = "the root's key; as --key when it is not given",
     .excludes = "offline-root"},
    {.name = "root-days",
     .value = "N",
     .help = "life of the root",
     .fallback = "7300",
     .least = 1,
     .most = kMostDays,
     .excludes = "offline-root"},
    {.name = "offline-root", .help = "no root: write a CSR, to be carried to a root elsewhere"},
};

}  // namespace

const Command kCaInit{
    .name = "ca init",
    .operand = {},
    .summary = "make a root and an issuing CA below it, or a CSR for an offline root",
    .options = kOptions,
    .run = run_init,
};

}  // namespace signerctl
