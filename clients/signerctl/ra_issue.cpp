#include <filesystem>
#include <optional>

#include "clients/signerctl/ca_files.h"
#include "clients/signerctl/commands.h"
#include "clients/signerctl/connection.h"
#include "clients/signerctl/ra.h"
#include "libpki/wire/registration.h"

namespace signerctl {

namespace wire = pki::wire;

namespace {

constexpr const char* kKeyType = "rsa:2048";

// One that was there, or a new one with its file, which is nowhere until it is published.
struct RaKey {
    pki::ossl::PkeyPtr key;
    std::optional<NewFile> file;
};

bool exists(const std::string& path) {
    std::error_code failed;
    return std::filesystem::symlink_status(path, failed).type() !=
           std::filesystem::file_type::not_found;
}

pki::Result<RaKey> existing_key(const std::string& path, const Arguments& arguments) {
    RaKey found;
    PKI_TRY(found.key, read_key(path));
    if (arguments.has("key-type"))
        PKI_CHECK(check_kind(found.key.get(), arguments.text("key-type")));
    return found;
}

pki::Result<RaKey> new_key(const std::string& path, const std::string& kind) {
    RaKey made;
    PKI_TRY(made.key, pki::ossl::generate_key(kind));
    PKI_TRY(const pki::Secret pem, pki::ossl::write_private_key(made.key.get()));
    PKI_TRY(NewFile file, NewFile::create(path, Existing::refuse, kKeyMode));
    PKI_CHECK(file.write(pem.view()));
    PKI_CHECK(file.sync());
    made.file.emplace(std::move(file));
    return made;
}

pki::Result<RaKey> key_for(const Arguments& arguments) {
    const std::string path = arguments.text("key");
    if (exists(path)) return existing_key(path, arguments);
    return new_key(path, arguments.text("key-type"));
}

// Before signerd is asked both files are there to be written, so that nothing is issued that
// has no place; when it refuses, nothing of them is left.
pki::Status run_issue(const Context& context, const Arguments& arguments) {
    wire::RaIssueRequest asked;
    PKI_TRY(asked.validity, parse_validity(arguments.text("validity")));
    asked.cmp = arguments.has("cmp");
    asked.key_generation = arguments.has("key-generation");
    const std::string ca = arguments.text("ca");
    PKI_TRY(NewFile out, NewFile::create(arguments.text("out"), Existing::refuse, kPublicMode));
    PKI_TRY(RaKey key, key_for(arguments));
    PKI_TRY(const pki::Buffer csr, make_ra_request(arguments.text("subject"), key.key.get()));
    PKI_TRY(Connection connection, Connection::open(context.socket));
    asked.ca = ca;
    asked.csr = csr;
    PKI_TRY(const auto reply, connection.call<wire::IssueReply>(asked));
    PKI_TRY(const std::string pem, ra_pem(reply, key.key.get()));
    PKI_CHECK(out.write(pki::as_bytes(pem)));
    PKI_CHECK(out.sync());

    Written written{{}, {reply.certificate}};
    if (key.file) {
        PKI_CHECK(key.file->publish());
        written.files.push_back(arguments.text("key"));
    }
    PKI_CHECK(out.publish());
    written.files.push_back(arguments.text("out"));
    report(written, context.json);
    return {};
}

pki::Status check_options(const Arguments& arguments) {
    PKI_CHECK(parse_validity(arguments.text("validity")));
    if (arguments.has("key-generation") && !arguments.has("cmp"))
        return pki::fail(pki::Errc::malformed, "--key-generation goes with --cmp");
    return {};
}

constexpr Option kOptions[] = {
    {.name = "subject",
     .value = "NAME",
     .help = "of the certificate, with a CN: 'O=Example,CN=SCEP RA'",
     .required = true},
    {.name = "key",
     .value = "FILE",
     .help = "the private key; made when it is missing",
     .required = true},
    {.name = "out",
     .value = "FILE",
     .help = "where certificate and chain go, PEM; may not exist",
     .required = true},
    {.name = "ca", .value = "NAME", .help = "that signs it; may be left out when there is one"},
    {.name = "key-type",
     .value = "SPEC",
     .help = "of a new key: rsa:BITS, ec:P-256, ec:P-384 or ec:P-521; for CMP also ed25519",
     .fallback = kKeyType},
    {.name = "validity",
     .value = "TIME",
     .help = "a number and s, m, h or d, within the CA's",
     .fallback = "730d"},
    {.name = "cmp", .help = "protects the answers of CMP, not those of SCEP"},
    {.name = "key-generation", .help = "with --cmp: signs keys that are made for clients"},
};

}  // namespace

const Command kRaIssue{
    .name = "ra issue",
    .operand = {},
    .summary = "make a key here and have it certified for a registration authority",
    .options = kOptions,
    .run = run_issue,
    .check = check_options,
};

}  // namespace signerctl
