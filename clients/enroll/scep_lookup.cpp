// scep getcert and getcrl: what the CA has on file (RFC 8894 3.3.4).
#include "clients/common/certificates.h"
#include "clients/enroll/commands.h"
#include "clients/enroll/deliver.h"
#include "clients/enroll/scep_options.h"
#include "clients/enroll/verify.h"
#include "libpki/base/base64.h"
#include "libpki/ossl/digest.h"
#include "libpki/scep/contents.h"

namespace enroll {

using pki::Buffer;
using pki::Errc;
using pki::fail;
using pki::Result;
using pki::Status;
namespace scep = pki::scep;
namespace x509 = pki::x509;

namespace {

// Asks about one certificate of the CA; the client shows who it is with its own.
Result<scep::Response> ask(ScepSession& session, scep::MessageType type, pki::Bytes serial,
                           const ScepSigner& signer) {
    PKI_TRY(const x509::Certificate ca, x509::parse_certificate(session.ca.issuer));
    const Buffer content = scep::build_issuer_and_serial(ca.tbs.subject.encoding, serial);
    std::array<std::uint8_t, 16> id{};
    PKI_CHECK(pki::ossl::random_bytes(id));
    PKI_TRY(scep::Response response,
            scep_exchange(session, signer, {type, pki::hex_encode(id), content}));
    if (response.status != scep::PkiStatus::success)
        return scep_refusal(response, session.server.report);
    return response;
}

Status deliver_certificate(const scep::Response& response, pki::Bytes serial,
                           const ScepSession& session, const Arguments& arguments) {
    Report& report = session.server.report;
    PKI_TRY(const x509::Certificate ca, x509::parse_certificate(session.ca.issuer));
    for (const Buffer& der : response.certificates) {
        const auto one = x509::parse_certificate(der);
        if (!one || x509::serial_text(one->tbs) != pki::hex_encode(serial)) continue;
        if (!x509::verify_signature(*one, ca.tbs.spki)) continue;
        report.checked("the CA signed a certificate with this serial");
        return write_out({der}, arguments, report);
    }
    report.errors_mean(Exit::bad_answer);
    return fail(Errc::not_found, "the answer has no certificate of the CA with this serial");
}

Status deliver_crl(const scep::Response& response, const ScepSession& session,
                   const Arguments& arguments) {
    Report& report = session.server.report;
    if (response.crls.empty()) {
        report.errors_mean(Exit::bad_answer);
        return fail(Errc::not_found, "the answer has no CRL");
    }
    const Buffer& der = response.crls.front();
    PKI_TRY(const x509::Certificate ca, x509::parse_certificate(session.ca.issuer));
    PKI_CHECK(from_server(report, check_crl(der, ca)));
    report.checked("the CA signed the CRL");
    return write_crls({der}, arguments, report);
}

Status run(const Context& context, const Arguments& arguments, scep::MessageType type) {
    const ScepState state = state_from(arguments);
    PKI_TRY(const auto key, read_key(arguments.text("key")));
    PKI_TRY(const OwnCertificate own, read_own(arguments.text("cert"), key.get()));
    PKI_TRY(const Buffer serial,
            serial_from(arguments.has("serial") ? arguments.text("serial")
                                                : x509::serial_text(own.certificate.tbs)));
    PKI_TRY(const pki::Secret challenge, obtain_challenge(arguments));
    PKI_TRY(const auto transport, connect_scep(state, arguments, context));
    Patience patience(context.clock, arguments.number("wait"));
    PKI_TRY(ScepSession session, begin_session(*transport, state, patience, context));
    const ScepSigner signer{key.get(), own.chain.front(),
                            challenge.size() ? &challenge : nullptr};
    PKI_TRY(const scep::Response response, ask(session, type, serial, signer));
    return type == scep::MessageType::get_crl
               ? deliver_crl(response, session, arguments)
               : deliver_certificate(response, serial, session, arguments);
}

Status run_getcert(const Context& context, const Arguments& arguments) {
    return run(context, arguments, scep::MessageType::get_cert);
}

Status run_getcrl(const Context& context, const Arguments& arguments) {
    return run(context, arguments, scep::MessageType::get_crl);
}

Status check(const Arguments& arguments) {
    PKI_CHECK(check_trust(arguments));
    if (arguments.has("serial")) PKI_CHECK(serial_from(arguments.text("serial")));
    return check_scep(arguments);
}

constexpr Option kCert{.name = "cert",
                       .value = "FILE",
                       .help = "our certificate, which signs the question",
                       .required = true};
constexpr Option kOut{
    .name = "out", .value = "FILE", .help = "where it goes, instead of standard output"};

constexpr Option kOptions[] = {
    option::kScepUrl,
    option::kScepCacert,
    option::kFingerprint,
    option::kAnyRa,
    option::kTlsCacert,
    option::kCaName,
    option::kChallenge,
    kCert,
    option::kOldKey,
    {.name = "serial",
     .value = "HEX",
     .help = "of the certificate that it is about, instead of --cert's"},
    kOut,
    option::kWait,
    option::kDigest,
    option::kCipher,
    option::kGet,
    option::kTimeout,
};

}  // namespace

const Command kScepGetCert{
    .name = "scep getcert",
    .operand = {},
    .summary = "get a certificate that was issued earlier",
    .options = kOptions,
    .run = run_getcert,
    .check = check,
};

const Command kScepGetCrl{
    .name = "scep getcrl",
    .operand = {},
    .summary = "get the CRL that is about a certificate",
    .options = kOptions,
    .run = run_getcrl,
    .check = check,
};

}  // namespace enroll
