#include "clients/signerctl/ca_next.h"

#include <ctime>
#include <filesystem>

#include "clients/signerctl/ca_files.h"
#include "clients/signerctl/ca_identity.h"
#include "clients/signerctl/commands.h"
#include "libpki/base/limits.h"

namespace signerctl {

using pki::Buffer;
namespace x509 = pki::x509;

namespace {

constexpr std::uint64_t kMostDays = 36500;

pki::Result<Buffer> read_certificate(const std::string& path) {
    PKI_TRY(std::vector<Buffer> certificates, read_certificates(path));
    return std::move(certificates.front());
}

pki::Result<Buffer> name_or(const Arguments& arguments, const char* option, Buffer fallback) {
    if (arguments.has(option)) return ca_name(arguments.text(option));
    return fallback;
}

// Of the issuing CA.
pki::Result<Buffer> name_of_next(const Arguments& arguments, const x509::Certificate& issuing) {
    if (arguments.has("name")) return ca_name(arguments.text("name"));
    return next_name(issuing.tbs.subject);
}

// As the old one, unless told otherwise.
std::string key_of_next(const Arguments& arguments, const x509::Certificate& old) {
    return arguments.has("key") ? arguments.text("key") : old.tbs.spki.describe();
}

pki::Result<NextSpec> spec_of(const Arguments& arguments, const OldCa& old) {
    NextSpec spec;
    PKI_TRY(spec.root_name,
            name_or(arguments, "root-name", pki::to_buffer(old.root.tbs.subject.encoding)));
    PKI_TRY(spec.name, name_of_next(arguments, old.issuing));
    spec.root_key = key_of_next(arguments, old.root);
    spec.key = key_of_next(arguments, old.issuing);
    spec.root_days = static_cast<std::int64_t>(arguments.number("root-days"));
    spec.life.days = static_cast<std::int64_t>(arguments.number("days"));
    spec.life.cut = !arguments.has("days");
    return spec;
}

// What belongs into signerd.json. The paths are absolute: the file may be anywhere.
JsonPtr snippet(const std::string& folder, bool has_cross) {
    std::error_code failed;  // no working folder: then as it was given
    const std::filesystem::path absolute = std::filesystem::absolute(folder, failed);
    const auto place = [&](const char* file) {
        return ((failed ? std::filesystem::path(folder) : absolute) / file)
            .lexically_normal()
            .string();
    };
    JsonPtr successor(json_pack("{s:s}", "ca", "NEW"));
    if (has_cross)
        json_object_set_new(successor.get(), "cross", json_string(place(kCrossFile).c_str()));
    const std::string key = "file:" + place(kIssuingKeyFile);
    return JsonPtr(json_pack("{s:{s:{s:o},s:{s:s,s:s,s:s}}}", "cas", "OLD", "successor",
                             successor.release(), "NEW", "tenant", "TENANT", "certificate",
                             place(kChainFile).c_str(), "key", key.c_str()));
}

// Folder, files and report; `files` are named without the folder.
pki::Status write_next(const Context& context, const std::string& folder,
                       std::vector<FileContent> files, std::vector<pki::Bytes> certificates) {
    bool has_cross = false;
    for (FileContent& file : files) {
        has_cross |= file.path == kCrossFile;
        file.path = folder + "/" + file.path;
    }
    PKI_CHECK(make_folder(folder));
    return write_new(files, std::move(certificates), context.json,
                     snippet(folder, has_cross).get());
}

pki::Status next_offline(const Context& context, const Arguments& arguments) {
    PKI_TRY(const Buffer der, read_certificate(arguments.text("dir") + "/" + kIssuingFile));
    PKI_TRY(const auto issuing, x509::parse_certificate(der));
    PKI_TRY(Buffer name, name_of_next(arguments, issuing));
    PKI_TRY(const NewRequest made,
            make_request(std::move(name), key_of_next(arguments, issuing)));
    const std::string csr = x509::to_pem("CERTIFICATE REQUEST", made.csr);
    return write_next(context, arguments.text("out"),
                      {{kIssuingKeyFile, made.key.view(), kKeyMode},
                       {kIssuingRequestFile, pki::as_bytes(csr), kPublicMode}},
                      {});
}

pki::Status next_below_root(const Context& context, const Arguments& arguments,
                            const OldCa& old, const NextSpec& spec) {
    PKI_TRY(const NewCa made, make_next_issuing(old, spec, std::time(nullptr)));
    const std::string issuing = x509::certificate_to_pem(made.certificate);
    const std::string chain = issuing + x509::certificate_to_pem(old.root.encoding);
    return write_next(context, arguments.text("out"),
                      {{kIssuingKeyFile, made.key.view(), kKeyMode},
                       {kIssuingFile, pki::as_bytes(issuing), kPublicMode},
                       {kChainFile, pki::as_bytes(chain), kPublicMode}},
                      {made.certificate});
}

pki::Status next_with_root(const Context& context, const Arguments& arguments, const OldCa& old,
                           const NextSpec& spec) {
    PKI_TRY(const NextCa made, make_next_ca(old, spec, std::time(nullptr)));
    const std::string root = x509::certificate_to_pem(made.ca.root);
    const std::string issuing = x509::certificate_to_pem(made.ca.certificate);
    const std::string chain = issuing + root;
    const std::string cross = x509::certificate_to_pem(made.cross.old_with_new) +
                              x509::certificate_to_pem(made.cross.new_with_old);
    return write_next(
        context, arguments.text("out"),
        {{kRootKeyFile, made.ca.root_key.view(), kKeyMode},
         {kRootFile, pki::as_bytes(root), kPublicMode},
         {kIssuingKeyFile, made.ca.key.view(), kKeyMode},
         {kIssuingFile, pki::as_bytes(issuing), kPublicMode},
         {kChainFile, pki::as_bytes(chain), kPublicMode},
         {kCrossFile, pki::as_bytes(cross), kPublicMode}},
        {made.ca.root, made.ca.certificate, made.cross.old_with_new, made.cross.new_with_old});
}

pki::Status run_next(const Context& context, const Arguments& arguments) {
    if (arguments.has("offline-root")) return next_offline(context, arguments);
    const std::string folder = arguments.text("dir") + "/";
    PKI_TRY(const Buffer root, read_certificate(folder + kRootFile));
    PKI_TRY(const Buffer issuing, read_certificate(folder + kIssuingFile));
    PKI_TRY(const pki::ossl::PkeyPtr key, read_key(folder + kRootKeyFile));
    OldCa old;
    PKI_TRY(old.root, x509::parse_certificate(root));
    PKI_TRY(old.issuing, x509::parse_certificate(issuing));
    old.root_key = key.get();
    PKI_TRY(const NextSpec spec, spec_of(arguments, old));
    return arguments.has("keep-root") ? next_below_root(context, arguments, old, spec)
                                      : next_with_root(context, arguments, old, spec);
}

constexpr Option kOptions[] = {
    {.name = "dir",
     .value = "DIR",
     .help = "the folder of 'ca init', with the CA as it is",
     .required = true},
    {.name = "out",
     .value = "DIR",
     .help = "where the files go; made when it is missing",
     .required = true},
    {.name = "name",
     .value = "NAME",
     .help = "subject of the new issuing CA; the old one's with \"G2\" and so on"},
    {.name = "key",
     .value = "SPEC",
     .help = "kind of the new keys, as for 'ca init'; that of the old ones"},
    {.name = "days",
     .value = "N",
     .help = "life of the issuing certificate, or until the root ends",
     .fallback = "3650",
     .least = 1,
     .most = kMostDays,
     .excludes = "offline-root"},
    {.name = "root-name",
     .value = "NAME",
     .help = "subject of the new root; that of the old one",
     .excludes = "offline-root",
     .excludes_too = "keep-root"},
    {.name = "root-days",
     .value = "N",
     .help = "life of the new root",
     .fallback = "7300",
     .least = 1,
     .most = kMostDays,
     .excludes = "offline-root",
     .excludes_too = "keep-root"},
    {.name = "keep-root",
     .help = "no new root: only an issuing CA below the old one",
     .excludes = "offline-root"},
    {.name = "offline-root", .help = "no root: write a CSR, to be carried to a root elsewhere"},
};

}  // namespace

const Command kCaNext{
    .name = "ca next",
    .operand = {},
    .summary = "make the CA that takes another one's place",
    .options = kOptions,
    .run = run_next,
};

}  // namespace signerctl
