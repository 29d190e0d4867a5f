#include "clients/enroll/cmp_session.h"

#include <algorithm>

#include "clients/common/chain.h"
#include "clients/enroll/common.h"
#include "clients/enroll/verify.h"
#include "libpki/base/base64.h"
#include "libpki/base/limits.h"
#include "libpki/est/body.h"
#include "libpki/x509/oids.h"

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

constexpr std::string_view kMediaType = "application/pkixcmp";  // RFC 9811 3.3
constexpr std::size_t kMostKnown = 3 * pki::limits::kChain;

// An answer need not repeat what came with one before it (RFC 9483 3.3), or with --cert.
void remember(CmpSession& session, const cmp::Message& message) {
    std::vector<Buffer>& known = session.known;
    if (known.empty()) known = session.identity.own.chain;
    for (const Bytes der : message.extra_certs) {
        if (known.size() == kMostKnown) return;
        Buffer one = pki::to_buffer(der);
        if (std::ranges::find(known, one) == known.end()) known.push_back(std::move(one));
    }
}

cmp::Protector protector_of(const CmpIdentity& identity) {
    cmp::Protector protector;
    if (identity.key == nullptr) {
        protector.mac = &identity.mac;
        protector.mac_key = identity.mac_key.view();
        protector.reference = pki::as_bytes(identity.reference);
        return protector;
    }
    protector.key = identity.key.get();
    protector.certificate = identity.own.chain.front();
    protector.chain.assign(identity.own.chain.begin() + 1, identity.own.chain.end());
    return protector;
}

bool is_ca(const x509::Certificate& certificate) {
    const auto* found = certificate.tbs.extensions.find(x509::oid::kBasicConstraints);
    if (!found) return false;
    const auto constraints = x509::parse_basic_constraints(found->value);
    return constraints && constraints->ca;
}

bool has_purpose(const x509::Certificate& certificate, const std::vector<Bytes>& wanted) {
    const auto* found = certificate.tbs.extensions.find(x509::oid::kExtendedKeyUsage);
    if (!found) return false;
    const auto purposes = x509::parse_extended_key_usage(found->value);
    return purposes && std::ranges::any_of(*purposes, [&](Bytes purpose) {
               return std::ranges::any_of(wanted,
                                          [&](Bytes one) { return pki::equal(purpose, one); });
           });
}

// Whoever has a certificate of a device must not be the server.
Status check_server(const CmpSession& session, const cmp::Answer& answer) {
    if (!answer.signer) return {};
    const std::int64_t now = session.context.clock.now();
    const Buffer& known = session.trust.server_certificate;
    if (known.empty())
        return check_cmp_role(answer.signer->encoding, session.known, session.trust,
                              {x509::oid::kCmcRa, x509::oid::kCmcCa}, now);
    if (!pki::equal(answer.signer->encoding, known))
        return fail(Errc::denied, "the answer is not signed by --server-cert",
                    x509::name_text(answer.signer->tbs.subject));
    return check_date(*answer.signer, now);
}

Result<Buffer> post(CmpSession& session, Bytes message) {
    HttpRequest request;
    request.post = true;
    request.url = session.url;
    request.content_type = kMediaType;
    request.body = message;
    Report& report = session.context.report;
    PKI_TRY(HttpAnswer answer,
            send_patiently(session.transport, request, session.patience, report));
    // RFC 9811 3.5: an error may come with a status of HTTP that says so, too.
    if (pki::est::media_type_is(answer.content_type, kMediaType)) return std::move(answer.body);
    if (answer.status != 200) return refusal(answer, report);
    report.errors_mean(Exit::bad_answer);
    return fail(Errc::malformed, "the answer is not application/pkixcmp", answer.content_type);
}

Result<cmp::Answer> read(CmpSession& session, Bytes bytes, cmp::BodyType request) {
    cmp::AnswerRules rules;
    rules.request = request;
    rules.transaction_id = session.transaction.id;
    rules.nonce = session.transaction.nonce;
    if (session.identity.key == nullptr) rules.secret = session.identity.secret.view();
    rules.server_certificate = session.trust.server_certificate;
    PKI_TRY(cmp::Answer answer, cmp::read_answer(bytes, rules));
    remember(session, answer.message);
    const Status trusted = check_server(session, answer);
    if (!trusted && answer.message.type != cmp::BodyType::error) return trusted.error();
    answer.unverified = answer.unverified || !trusted;
    return answer;
}

void tell_checked(const cmp::Answer& answer, Report& report) {
    if (answer.unverified) return;
    report.checked(answer.signer ? "the answer is signed by " +
                                       x509::name_text(answer.signer->tbs.subject)
                                 : std::string("the answer is from who holds the secret"));
}

}  // namespace

Status check_cmp_role(Bytes certificate, const std::vector<Buffer>& between,
                      const CmpTrust& trust, const std::vector<Bytes>& purposes,
                      std::int64_t now) {
    PKI_CHECK(find_chain(certificate, between, trust.anchors, now));
    PKI_TRY(const x509::Certificate parsed, x509::parse_certificate(certificate));
    if (is_ca(parsed) || has_purpose(parsed, purposes)) return {};
    return fail(Errc::denied, "the certificate is not for servers of CMP",
                x509::name_text(parsed.tbs.subject));
}

Result<CmpReply> cmp_exchange(CmpSession& session, cmp::BodyType type, Bytes body,
                              bool implicit_confirm, std::uint64_t pvno) {
    Report& report = session.context.report;
    cmp::ClientMessage message;
    message.type = type;
    message.body = body;
    message.now = session.context.clock.now();
    message.pvno = pvno;
    message.implicit_confirm = implicit_confirm;
    message.cert_profile = session.profile;
    message.sender = session.identity.sender;
    PKI_TRY(const Buffer bytes, cmp::build_client_message(session.transaction, message,
                                                          protector_of(session.identity)));
    report.set("transaction_id", pki::hex_encode(session.transaction.id));
    report.progress("sending " + std::string(cmp::name(type)));
    CmpReply reply;
    PKI_TRY(reply.bytes, post(session, bytes));
    PKI_TRY(reply.answer, from_server(report, read(session, reply.bytes, type)));
    report.progress("the answer is " + std::string(cmp::name(reply.message().type)));
    tell_checked(reply.answer, report);
    const auto& nonce = reply.message().header.sender_nonce;
    session.transaction.their_nonce = nonce ? pki::to_buffer(*nonce) : Buffer();
    return reply;
}

pki::Error cmp_refusal(const CmpReply& reply, const cmp::PkiStatusInfo& status,
                       Report& report) {
    const std::string cause = status.fail_info ? std::string(cmp::name(*status.fail_info))
                                               : std::string("no failInfo");
    if (status.fail_info) report.set("fail_info", cause);
    if (!status.text.empty()) report.set("fail_text", status.text);
    std::string detail = status.text.empty() ? cause : cause + ", " + status.text;
    if (reply.answer.unverified) detail += " (nothing proves that the server says so)";
    if (status.fail_info == cmp::FailInfo::system_unavail)
        return fail(Errc::unavailable, "the server cannot serve the request now", detail);
    return fail(Errc::denied, "the server refuses", detail);
}

pki::Error cmp_error(const CmpReply& reply, Report& report) {
    const auto error = cmp::parse_error(reply.message().body);
    if (!error) {
        report.errors_mean(Exit::bad_answer);
        return error.error();
    }
    cmp::PkiStatusInfo status = error->status;
    if (status.text.empty()) status.text = error->details;
    return cmp_refusal(reply, status, report);
}

}  // namespace enroll
