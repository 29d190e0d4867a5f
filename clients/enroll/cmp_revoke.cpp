// cmp rr.
#include "clients/common/certificates.h"
#include "clients/enroll/cmp_options.h"
#include "clients/enroll/commands.h"
#include "clients/enroll/verify.h"
#include "libpki/cmp/revocation.h"

namespace enroll {

using pki::Buffer;
using pki::Errc;
using pki::fail;
using pki::Result;
using pki::Status;
namespace cmp = pki::cmp;
namespace x509 = pki::x509;

namespace {

struct Target {
    Buffer issuer;  // Name
    Buffer serial;  // INTEGER content
};

Target target_of(const x509::Certificate& certificate) {
    return {pki::to_buffer(certificate.tbs.issuer.encoding),
            pki::to_buffer(certificate.tbs.serial)};
}

// INTEGER content of a magnitude: not a negative one.
Buffer integer_of(Buffer magnitude) {
    if (magnitude.front() >= 0x80) magnitude.insert(magnitude.begin(), 0);
    return magnitude;
}

Result<Buffer> issuer_name(const std::string& path) {
    PKI_TRY(const std::vector<Buffer> found, read_certificates(path));
    PKI_TRY(const x509::Certificate issuer, x509::parse_certificate(found.front()));
    return pki::to_buffer(issuer.tbs.subject.encoding);
}

// --old-cert, or --serial of its issuer, or the certificate that we ask with.
Result<Target> target_from(const Arguments& arguments, const CmpIdentity& identity) {
    if (arguments.has("old-cert")) {
        PKI_TRY(const std::vector<Buffer> found, read_certificates(arguments.text("old-cert")));
        PKI_TRY(const x509::Certificate certificate, x509::parse_certificate(found.front()));
        return target_of(certificate);
    }
    Target target = target_of(identity.own.certificate);
    if (!arguments.has("serial")) return target;
    PKI_TRY(Buffer serial, serial_from(arguments.text("serial")));
    target.serial = integer_of(std::move(serial));
    if (arguments.has("issuer")) {
        PKI_TRY(target.issuer, issuer_name(arguments.text("issuer")));
    }
    return target;
}

Status run(const Context& context, const Arguments& arguments) {
    Report& report = context.report;
    PKI_TRY(CmpTalk talk, begin_cmp(context, arguments));
    PKI_TRY(const Target target, target_from(arguments, talk.identity));
    cmp::RevocationDetails details;
    details.issuer = target.issuer;
    details.serial = target.serial;
    details.reason = *x509::crl_reason_from_name(arguments.text("reason"));
    CmpSession session = session_of(talk, context, arguments);
    const Buffer body = cmp::build_rev_req(details);
    PKI_TRY(const CmpReply reply, cmp_exchange(session, cmp::BodyType::rr, body));
    if (reply.message().type == cmp::BodyType::error) return cmp_error(reply, report);
    PKI_TRY(const cmp::RevocationReply answer,
            from_server(report, cmp::parse_rev_rep(reply.message().body)));
    // A warning says that it will be revoked (RFC 9810 5.2.3), so it is not yet.
    const cmp::PkiStatus status = answer.status.status;
    if (status != cmp::PkiStatus::accepted && status != cmp::PkiStatus::granted_with_mods)
        return cmp_refusal(reply, answer.status, report);
    const bool released = details.reason == x509::CrlReason::remove_from_crl;
    report.set("result", std::string(released ? "released" : "revoked"));
    report.line(released ? "released" : "revoked");
    return {};
}

Status check(const Arguments& arguments) {
    PKI_CHECK(check_cmp(arguments));
    if (arguments.has("serial")) PKI_CHECK(serial_from(arguments.text("serial")));
    if (arguments.has("issuer") && !arguments.has("serial"))
        return fail(Errc::malformed, "--issuer makes sense only with --serial");
    if (!x509::crl_reason_from_name(arguments.text("reason")))
        return fail(Errc::malformed, "not a reason for a revocation", arguments.text("reason"));
    return {};
}

constexpr Option kOptions[] = {
    option::kCmpUrl,
    option::kCmpCa,
    option::kServerCert,
    option::kTlsCa,
    {.name = "cert",
     .value = "FILE",
     .help = "our certificate: signs the message, and is revoked if nothing else is named",
     .required = true},
    option::kOwnChain,
    option::kOldKey,
    {.name = "old-cert",
     .value = "FILE",
     .help = "the certificate that is revoked",
     .excludes = "serial"},
    {.name = "serial", .value = "HEX", .help = "its serial number, instead"},
    {.name = "issuer",
     .value = "FILE",
     .help = "certificate of the CA that issued --serial; else --cert's issuer"},
    {.name = "reason",
     .value = "NAME",
     .help = "keyCompromise, superseded ...; removeFromCRL ends certificateHold",
     .fallback = "unspecified"},
    option::kWait,
    option::kTimeout,
};

}  // namespace

const Command kCmpRr{
    .name = "cmp rr",
    .operand = {},
    .summary = "revoke a certificate, or release it from hold",
    .options = kOptions,
    .run = run,
    .check = check,
};

}  // namespace enroll
