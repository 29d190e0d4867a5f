// cmp ir, cr, kur and p10cr.
#include <unistd.h>

#include "clients/common/certificates.h"
#include "clients/enroll/cmp_options.h"
#include "clients/enroll/cmp_request.h"
#include "clients/enroll/commands.h"
#include "libpki/x509/crmf.h"
#include "libpki/x509/extension_write.h"
#include "libpki/x509/oids.h"

namespace enroll {

using pki::Buffer;
using pki::Errc;
using pki::fail;
using pki::Result;
using pki::Status;
namespace cmp = pki::cmp;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

namespace {

constexpr std::int64_t kPkcs10Id = -1;  // RFC 9810 5.3.4: it has no certReqId

// SEQUENCE OF Extension, or empty.
Buffer extensions_of(const RequestNames& names) {
    if (names.san.empty()) return {};
    pki::der::Writer w;
    w.sequence([&] {
        x509::write_extension(w, x509::oid::kSubjectAltName, false, [&] { w.raw(names.san); });
    });
    return std::move(w).take();
}

// The AlgorithmIdentifier of such keys; empty: whatever the server likes.
Result<Buffer> wanted_algorithm(const Arguments& arguments) {
    if (!arguments.has("key-type")) return Buffer();
    PKI_TRY(const ossl::PkeyPtr example, ossl::generate_key(arguments.text("key-type")));
    PKI_TRY(const Buffer spki, ossl::public_key_der(example.get()));
    PKI_TRY(pki::der::Reader fields, pki::der::Reader(spki).enter(pki::der::kSequence));
    PKI_TRY(const pki::der::Element algorithm, fields.element(pki::der::kSequence));
    return pki::to_buffer(algorithm.encoding);
}

// CertReqMessages of one request.
Result<Buffer> crmf_request(const Arguments& arguments, const RequestNames& names,
                            EVP_PKEY* key, const x509::CertId* renewed) {
    const Buffer extensions = extensions_of(names);
    Buffer public_key, algorithm;
    if (key != nullptr) {
        PKI_TRY(public_key, ossl::public_key_der(key));
    } else {
        PKI_TRY(algorithm, wanted_algorithm(arguments));
    }
    x509::CertRequestSpec spec;
    spec.algorithm = algorithm;
    spec.subject = names.subject;
    spec.public_key = public_key;
    spec.extensions = extensions;
    spec.old_cert_id = renewed;
    spec.key = key;
    PKI_TRY(const Buffer message, x509::build_cert_request(spec));
    return x509::build_cert_requests({message});
}

std::string key_path(const Arguments& arguments) {
    return arguments.text(arguments.has("new-key") ? "new-key" : "key");
}

// The one to be certified; nullptr: the server makes it.
Result<ossl::PkeyPtr> certified_key(const Arguments& arguments, Report& report) {
    if (arguments.has("central-key")) return ossl::PkeyPtr();
    return obtain_key(key_path(arguments), arguments.text("key-type"),
                      arguments.has("key-type"), report);
}

// Nothing was issued in vain when there is a place for the key.
Status check_new_key(const Arguments& arguments) {
    const std::string path = key_path(arguments);
    if (arguments.has("central-key") && access(path.c_str(), F_OK) == 0)
        return fail(Errc::denied, "there is a key already", path);
    return {};
}

Result<Buffer> body_of(cmp::BodyType type, const Arguments& arguments, const CmpTalk& talk,
                       EVP_PKEY* key, Report& report) {
    PKI_TRY(RequestNames names, names_from(arguments));
    if (type == cmp::BodyType::p10cr) return obtain_request(arguments, names, {}, key, report);
    if (type != cmp::BodyType::kur) return crmf_request(arguments, names, key, nullptr);
    const x509::Tbs& old = talk.identity.own.certificate.tbs;
    PKI_TRY(names, names_from(talk.identity.own.certificate));
    const x509::CertId renewed{old.issuer.encoding, old.serial};
    return crmf_request(arguments, names, key, &renewed);
}

Status run(const Context& context, const Arguments& arguments, cmp::BodyType type) {
    PKI_CHECK(check_new_key(arguments));
    PKI_TRY(CmpTalk talk, begin_cmp(context, arguments));
    PKI_TRY(const ossl::PkeyPtr key, certified_key(arguments, context.report));
    CmpRequest request;
    request.type = type;
    PKI_TRY(request.body, body_of(type, arguments, talk, key.get(), context.report));
    request.id = type == cmp::BodyType::p10cr ? kPkcs10Id : 0;
    request.key = key.get();
    request.new_key = key_path(arguments);
    request.implicit_confirm = arguments.has("implicit-confirm");
    request.to = {arguments.text("out"), arguments.text("chain-out")};
    CmpSession session = session_of(talk, context, arguments);
    return request_certificate(session, request);
}

Status run_ir(const Context& context, const Arguments& arguments) {
    return run(context, arguments, cmp::BodyType::ir);
}
Status run_cr(const Context& context, const Arguments& arguments) {
    return run(context, arguments, cmp::BodyType::cr);
}
Status run_kur(const Context& context, const Arguments& arguments) {
    return run(context, arguments, cmp::BodyType::kur);
}
Status run_p10cr(const Context& context, const Arguments& arguments) {
    return run(context, arguments, cmp::BodyType::p10cr);
}

Status check_keys(const Arguments& arguments) {
    if (arguments.has("central-key") && !arguments.has("new-key"))
        return fail(Errc::malformed, "an option is missing", "--new-key");
    if (!arguments.has("new-key") && !arguments.has("key"))
        return fail(Errc::malformed, "an option is missing", "--key");
    return {};
}

Status check_request(const Arguments& arguments) {
    PKI_CHECK(check_cmp(arguments));
    PKI_CHECK(check_keys(arguments));
    if (!arguments.has("subject") && !arguments.has("san") && !arguments.has("csr"))
        return fail(Errc::malformed, "an option is missing", "--subject or --san");
    PKI_CHECK(names_from(arguments));
    return {};
}

Status check_renewal(const Arguments& arguments) {
    PKI_CHECK(check_cmp(arguments));
    return check_keys(arguments);
}

constexpr Option kKey{.name = "key",
                      .value = "FILE",
                      .help = "private key; of --cert, or made when there is no such file"};
constexpr Option kKeyType{.name = "key-type",
                          .value = "SPEC",
                          .help = "of a new key: ec:P-256, ec:P-384, rsa:2048, ed25519",
                          .fallback = "ec:P-256"};
constexpr Option kCentralKey{.name = "central-key",
                             .help = "the server makes the key, which comes to --new-key"};
constexpr Option kImplicitConfirm{.name = "implicit-confirm",
                                  .help = "ask to do without a confirmation"};

constexpr Option kOptions[] = {
    option::kCmpUrl,
    option::kCmpCa,
    option::kServerCert,
    option::kTlsCa,
    option::kReference,
    option::kSecretFile,
    option::kMac,
    option::kIterations,
    option::kCmpCert,
    option::kOwnChain,
    kKey,
    option::kNewKey,
    kKeyType,
    kCentralKey,
    option::kSubject,
    option::kSan,
    option::kCertProfile,
    kImplicitConfirm,
    option::kOut,
    option::kChainOut,
    option::kWait,
    option::kTimeout,
};

constexpr Option kPkcs10Options[] = {
    option::kCmpUrl,
    option::kCmpCa,
    option::kServerCert,
    option::kTlsCa,
    option::kReference,
    option::kSecretFile,
    option::kMac,
    option::kIterations,
    option::kCmpCert,
    option::kOwnChain,
    kKey,
    option::kNewKey,
    kKeyType,
    option::kSubject,
    option::kSan,
    option::kCsr,
    option::kCertProfile,
    kImplicitConfirm,
    option::kOut,
    option::kChainOut,
    option::kWait,
    option::kTimeout,
};

constexpr Option kRenewalOptions[] = {
    option::kCmpUrl,
    option::kCmpCa,
    option::kServerCert,
    option::kTlsCa,
    {.name = "cert", .value = "FILE", .help = "the certificate to renew", .required = true},
    option::kOwnChain,
    option::kOldKey,
    option::kNewKey,
    kKeyType,
    kCentralKey,
    option::kCertProfile,
    kImplicitConfirm,
    option::kOut,
    option::kChainOut,
    option::kWait,
    option::kTimeout,
};

}  // namespace

const Command kCmpIr{
    .name = "cmp ir",
    .operand = {},
    .summary = "get the first certificate",
    .options = kOptions,
    .run = run_ir,
    .check = check_request,
};

const Command kCmpCr{
    .name = "cmp cr",
    .operand = {},
    .summary = "get one more certificate",
    .options = kOptions,
    .run = run_cr,
    .check = check_request,
};

const Command kCmpKur{
    .name = "cmp kur",
    .operand = {},
    .summary = "renew a certificate, for the same key or a new one",
    .options = kRenewalOptions,
    .run = run_kur,
    .check = check_renewal,
};

const Command kCmpP10cr{
    .name = "cmp p10cr",
    .operand = {},
    .summary = "get a certificate for a PKCS#10 request",
    .options = kPkcs10Options,
    .run = run_p10cr,
    .check = check_request,
};

}  // namespace enroll
