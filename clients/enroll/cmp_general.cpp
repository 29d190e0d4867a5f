// cmp genm: what a server tells beside certificates (RFC 9483 4.3).
#include <algorithm>

#include "clients/common/certificates.h"
#include "clients/common/files.h"
#include "clients/enroll/cmp_options.h"
#include "clients/enroll/cmp_template.h"
#include "clients/enroll/commands.h"
#include "clients/enroll/deliver.h"
#include "clients/enroll/verify.h"
#include "libpki/base/base64.h"
#include "libpki/base/limits.h"
#include "libpki/cmp/general_oids.h"
#include "libpki/x509/crl.h"

namespace enroll {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::fail;
using pki::Result;
using pki::Status;
namespace cmp = pki::cmp;
namespace x509 = pki::x509;

namespace {

constexpr std::size_t kMostCrl = std::size_t{4} * 1024 * 1024;

struct Question {
    std::string_view name;
    Bytes type;
    Bytes answer;                                         // the type of what comes back
    Result<Buffer> (*value)(const Arguments& arguments);  // nullptr: none
    Status (*show)(Bytes value, const CmpSession& session, const Arguments& arguments);
};

std::vector<Buffer> owned(const std::vector<Bytes>& views) {
    std::vector<Buffer> out;
    for (const Bytes view : views) out.push_back(pki::to_buffer(view));
    return out;
}

// --- what is asked ---

// RFC 9483 4.3.2: the root whose successor we want to know.
Result<Buffer> old_root(const Arguments& arguments) {
    if (!arguments.has("root")) return Buffer();
    PKI_TRY(const std::vector<Buffer> found, read_certificates(arguments.text("root")));
    return found.front();
}

Result<Buffer> read_crl(const std::string& path) {
    PKI_TRY(Buffer content, read_file(path, kMostCrl));
    constexpr std::string_view kBegin = "-----BEGIN X509 CRL-----";
    constexpr std::string_view kEnd = "-----END X509 CRL-----";
    const std::string_view text = pki::as_text(content);
    const std::size_t begin = text.find(kBegin);
    if (begin == std::string_view::npos) return content;
    const std::size_t start = begin + kBegin.size();
    const std::size_t end = text.find(kEnd, start);
    if (end == std::string_view::npos) return fail(Errc::malformed, "PEM: open armour", path);
    return pki::base64_decode(pki::as_bytes(text.substr(start, end - start)));
}

// RFC 9483 4.3.4: a newer one than --crl, or any of the CA's.
Result<Buffer> crl_status(const Arguments& arguments) {
    cmp::CrlStatus status;
    Buffer issuer;
    if (arguments.has("crl")) {
        PKI_TRY(const Buffer der, read_crl(arguments.text("crl")));
        PKI_TRY(const x509::Crl crl, x509::parse_crl(der));
        issuer = crl.facts.issuer;
        status.this_update = crl.facts.this_update;
    } else {
        PKI_TRY(const std::vector<Buffer> found, read_certificates(arguments.text("issuer")));
        PKI_TRY(const x509::Certificate ca, x509::parse_certificate(found.front()));
        issuer = pki::to_buffer(ca.tbs.subject.encoding);
    }
    status.issuer = issuer;
    return cmp::crl_status_list_value({status});
}

// --- what comes back ---

Status nothing(Report& report) {
    report.line("nothing");
    report.set("result", std::string("nothing"));
    return {};
}

Status show_certificates(Bytes value, const CmpSession& session, const Arguments& arguments) {
    Report& report = session.context.report;
    PKI_TRY(const std::vector<Bytes> found, from_server(report, cmp::parse_ca_certs(value)));
    return write_out(owned(found), arguments, report);
}

Status show_certificate(Bytes value, const CmpSession& session, const Arguments& arguments) {
    return write_out({pki::to_buffer(value)}, arguments, session.context.report);
}

// RFC 9810 4.4: who trusts the old root believes the new one because the old one signed it.
Status check_update(const cmp::RootUpdate& update, Bytes old_root) {
    if (update.new_with_old.empty())
        return fail(Errc::denied, "the old root has not signed the new one");
    PKI_TRY(const x509::Certificate old, x509::parse_certificate(old_root));
    PKI_TRY(const x509::Certificate bridge, x509::parse_certificate(update.new_with_old));
    PKI_TRY(const x509::Certificate next, x509::parse_certificate(update.new_with_new));
    PKI_CHECK(x509::verify_signature(bridge, old.tbs.spki));
    PKI_CHECK(x509::verify_signature(next, next.tbs.spki));
    if (!pki::equal(bridge.tbs.spki.encoding, next.tbs.spki.encoding))
        return fail(Errc::denied, "the old root has signed another key");
    return {};
}

// Without --root only the protection of the answer vouches for it.
Status show_update(Bytes value, const CmpSession& session, const Arguments& arguments) {
    Report& report = session.context.report;
    PKI_TRY(const cmp::RootUpdate update, from_server(report, cmp::parse_root_update(value)));
    PKI_TRY(const Buffer old, old_root(arguments));
    if (!old.empty()) {
        PKI_CHECK(from_server(report, check_update(update, old)));
        report.checked("the old root has signed the new one");
    }
    std::vector<Buffer> all{pki::to_buffer(update.new_with_new)};
    for (const Bytes one : {update.new_with_old, update.old_with_new})
        if (!one.empty()) all.push_back(pki::to_buffer(one));
    return write_out(all, arguments, report);
}

Status show_template(Bytes value, const CmpSession& session, const Arguments& arguments) {
    Report& report = session.context.report;
    PKI_TRY(const RequestTemplate wanted, from_server(report, read_template(value)));
    report.set("template", pki::base64_encode(value));
    report.set("subject", wanted.subject);
    report.line("subject: " + wanted.subject);
    for (const std::string& one : wanted.extensions) {
        report.add("extensions", one);
        report.line("extension: " + one);
    }
    for (const std::string& one : wanted.keys) {
        report.add("key_types", one);
        report.line("key: " + one);
    }
    if (!arguments.has("out")) return {};
    PKI_CHECK(write_files({{arguments.text("out"), value, kPublicMode}}, Existing::replace));
    report.wrote(arguments.text("out"));
    return {};
}

Status show_key_types(Bytes value, const CmpSession& session, const Arguments&) {
    Report& report = session.context.report;
    PKI_TRY(const std::vector<std::string> types, from_server(report, read_key_types(value)));
    for (const std::string& one : types) {
        report.add("key_types", one);
        report.line(one);
    }
    return {};
}

// What may have signed a CRL: of --ca, --issuer and the message, all that leads to --ca.
Status check_signer(const Buffer& crl, const CmpSession& session, const Arguments& arguments) {
    std::vector<Buffer> cas = session.trust.anchors;
    if (arguments.has("issuer")) {
        PKI_TRY(const std::vector<Buffer> issuers, read_certificates(arguments.text("issuer")));
        cas.insert(cas.end(), issuers.begin(), issuers.end());
    }
    for (const Buffer& der : cas) {
        const auto ca = x509::parse_certificate(der);
        if (ca && check_crl(crl, *ca)) return {};
    }
    return fail(Errc::denied, "no CA of --ca or --issuer has signed the CRL");
}

Status show_crls(const std::vector<Buffer>& crls, const CmpSession& session,
                 const Arguments& arguments) {
    Report& report = session.context.report;
    for (const Buffer& crl : crls)
        PKI_CHECK(from_server(report, check_signer(crl, session, arguments)));
    report.checked("the CA signed the CRL");
    return write_crls(crls, arguments, report);
}

Status show_current(Bytes value, const CmpSession& session, const Arguments& arguments) {
    return show_crls({pki::to_buffer(value)}, session, arguments);
}

Status show_newer(Bytes value, const CmpSession& session, const Arguments& arguments) {
    PKI_TRY(const std::vector<Bytes> found,
            from_server(session.context.report, cmp::parse_crls(value)));
    return show_crls(owned(found), session, arguments);
}

constexpr Question kQuestions[] = {
    {"cacerts", cmp::kCaCerts, cmp::kCaCerts, nullptr, show_certificates},
    {"rootupdate", cmp::kRootCaCert, cmp::kRootCaKeyUpdate, old_root, show_update},
    {"template", cmp::kCertReqTemplate, cmp::kCertReqTemplate, nullptr, show_template},
    {"crls", cmp::kCrlStatusList, cmp::kCrls, crl_status, show_newer},
    {"currentcrl", cmp::kCurrentCrl, cmp::kCurrentCrl, nullptr, show_current},
    {"keytypes", cmp::kSignKeyPairTypes, cmp::kSignKeyPairTypes, nullptr, show_key_types},
    {"enckeytypes", cmp::kEncKeyPairTypes, cmp::kEncKeyPairTypes, nullptr, show_key_types},
    {"encryptioncert", cmp::kCaProtEncCert, cmp::kCaProtEncCert, nullptr, show_certificate},
};

const Question* find_question(const std::string& name) {
    const auto* const found = std::ranges::find(kQuestions, name, &Question::name);
    return found == std::end(kQuestions) ? nullptr : found;
}

Status run(const Context& context, const Arguments& arguments) {
    Report& report = context.report;
    const Question& question = *find_question(arguments.operand());
    Buffer value;
    if (question.value != nullptr) {
        PKI_TRY(value, question.value(arguments));
    }
    PKI_TRY(CmpTalk talk, begin_cmp(context, arguments));
    CmpSession session = session_of(talk, context, arguments);
    const Buffer body = cmp::build_general({{question.type, value}});
    PKI_TRY(const CmpReply reply, cmp_exchange(session, cmp::BodyType::genm, body));
    if (reply.message().type == cmp::BodyType::error) return cmp_error(reply, report);
    PKI_TRY(const Bytes answer,
            from_server(report, cmp::read_general_answer(reply.message(),
                                                         {question.answer, question.type})));
    return answer.empty() ? nothing(report) : question.show(answer, session, arguments);
}

Status check(const Arguments& arguments) {
    PKI_CHECK(check_cmp(arguments));
    const std::string name = arguments.operand();
    if (find_question(name) == nullptr) return fail(Errc::malformed, "not a question", name);
    if (name == "crls" && !arguments.has("crl") && !arguments.has("issuer"))
        return fail(Errc::malformed, "an option is missing", "--crl or --issuer");
    return {};
}

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
    {.name = "key", .value = "FILE", .help = "private key of --cert, PEM"},
    {.name = "root", .value = "FILE", .help = "rootupdate: the root that is trusted now"},
    {.name = "issuer", .value = "FILE", .help = "crls, currentcrl: certificate of the CA"},
    {.name = "crl", .value = "FILE", .help = "crls: the one that is there"},
    option::kCertProfile,
    {.name = "out", .value = "FILE", .help = "where it goes, instead of standard output"},
    option::kWait,
    option::kTimeout,
};

}  // namespace

const Command kCmpGenm{
    .name = "cmp genm",
    .operand = "QUESTION",
    .summary =
        "ask: cacerts, rootupdate, template, crls, currentcrl, keytypes, enckeytypes, "
        "encryptioncert",
    .options = kOptions,
    .run = run,
    .check = check,
};

}  // namespace enroll
