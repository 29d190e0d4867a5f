#include "clients/enroll/cmp_request.h"

#include <algorithm>

#include "clients/common/certificates.h"
#include "clients/common/files.h"
#include "clients/enroll/common.h"
#include "clients/enroll/verify.h"
#include "libpki/cms/key_package.h"
#include "libpki/x509/oids.h"

namespace enroll {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::fail;
using pki::Result;
using pki::Status;
namespace cmp = pki::cmp;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

namespace {

// Of a server that says nothing; some say "0".
constexpr std::int64_t kLeastPause = 1;

struct Issued {
    CmpReply reply;
    cmp::CertificateAnswer answer;
};

Result<Issued> ask(CmpSession& session, const CmpRequest& request, cmp::BodyType type,
                   Bytes body) {
    const bool implicit = request.implicit_confirm && type == request.type;
    Issued issued;
    PKI_TRY(issued.reply, cmp_exchange(session, type, body, implicit));
    PKI_TRY(issued.answer,
            from_server(session.context.report,
                        cmp::read_certificate_answer(issued.reply.message(), request.id)));
    return issued;
}

pki::Error still_waiting(const Issued& issued, std::int64_t pause, Report& report) {
    report.errors_mean(Exit::pending);
    report.set("retry_after", pause);
    if (!issued.answer.status.text.empty()) report.set("fail_text", issued.answer.status.text);
    return fail(Errc::unavailable, "the request is pending",
                "poll again in " + std::to_string(pause) + " s, with --wait");
}

// RFC 9483 4.4: the first pollReq comes at once, the next ones when the server says.
Result<Issued> decided(CmpSession& session, const CmpRequest& request) {
    PKI_TRY(Issued issued, ask(session, request, request.type, request.body));
    const Buffer poll = cmp::build_poll_req(request.id);
    while (issued.answer.waiting()) {
        if (issued.reply.message().type == cmp::BodyType::poll_rep) {
            const std::int64_t pause = std::max(issued.answer.check_after, kLeastPause);
            session.context.report.progress("the request is pending; it says to come back in " +
                                            std::to_string(pause) + " s");
            if (!session.patience.wait(static_cast<std::uint64_t>(pause)))
                return still_waiting(issued, pause, session.context.report);
        }
        PKI_TRY(issued, ask(session, request, cmp::BodyType::poll_req, poll));
    }
    if (!issued.answer.accepted())
        return cmp_refusal(issued.reply, issued.answer.status, session.context.report);
    return issued;
}

std::vector<Buffer> all_of(const CmpSession& session, const Issued& issued) {
    std::vector<Buffer> all = issued.answer.ca_pubs;
    all.insert(all.end(), session.known.begin(), session.known.end());
    return all;
}

// Without --ca the roots that came under the protection of the secret (RFC 9483 4.1.1).
std::vector<Buffer> roots_of(const CmpSession& session, const Issued& issued) {
    return session.trust.anchors.empty() ? self_issued(issued.answer.ca_pubs)
                                         : session.trust.anchors;
}

// RFC 9483 4.1.6: signed by who is there to make keys, or by the CA itself.
Result<ossl::PkeyPtr> open_key(const CmpSession& session, const Issued& issued) {
    const CmpIdentity& identity = session.identity;
    pki::cms::KeyOpener opener;
    if (identity.key == nullptr) {
        opener.password = identity.secret.view();
    } else {
        opener.certificate = identity.own.chain.front();
        opener.key = identity.key.get();
    }
    if (issued.answer.private_key.empty())
        return fail(Errc::not_found, "the answer has no private key");
    PKI_TRY(const pki::cms::DeliveredKey delivered,
            pki::cms::open_private_key(issued.answer.private_key, opener));
    std::vector<Buffer> between = all_of(session, issued);
    between.insert(between.end(), delivered.certificates.begin(), delivered.certificates.end());
    const CmpTrust trust{roots_of(session, issued), {}};
    PKI_CHECK(check_cmp_role(delivered.signer, between, trust, {x509::oid::kCmKga},
                             session.context.clock.now()));
    session.context.report.checked("the private key is from who may make keys");
    return ossl::read_private_key_der(delivered.private_key.view());
}

Result<std::vector<Buffer>> verified_chain(const CmpSession& session, const Issued& issued,
                                           EVP_PKEY* key) {
    Report& report = session.context.report;
    const Buffer& certificate = issued.answer.certificate;
    PKI_CHECK(find_issued({certificate}, key));
    report.checked("the certificate is for our key");
    PKI_TRY(std::vector<Buffer> chain,
            find_chain(certificate, all_of(session, issued), roots_of(session, issued),
                       session.context.clock.now()));
    report.checked(session.trust.anchors.empty()
                       ? "its chain leads to a root that the server names"
                       : "its chain leads to --ca");
    return chain;
}

Status keep_key(EVP_PKEY* key, const std::string& path, Report& report) {
    PKI_TRY(const pki::Secret pem, ossl::write_private_key(key));
    PKI_CHECK(write_files({{path, pem.view(), kKeyMode}}, Existing::refuse));
    report.wrote(path);
    return {};
}

struct Taken {
    std::vector<Buffer> chain;
    ossl::PkeyPtr made;  // by the server
};

Result<Taken> take(const CmpSession& session, const CmpRequest& request, const Issued& issued) {
    Taken taken;
    if (request.key == nullptr) {
        PKI_TRY(taken.made, open_key(session, issued));
    }
    EVP_PKEY* const key = request.key ? request.key : taken.made.get();
    PKI_TRY(taken.chain, verified_chain(session, issued, key));
    return taken;
}

Status confirm(CmpSession& session, const CmpRequest& request, const Issued& issued,
               bool rejected) {
    PKI_TRY(const x509::Certificate certificate,
            x509::parse_certificate(issued.answer.certificate));
    PKI_TRY(const cmp::Confirmation confirmation,
            cmp::build_confirmation(certificate, request.id, rejected));
    PKI_TRY(const CmpReply reply, cmp_exchange(session, cmp::BodyType::cert_conf,
                                               confirmation.body, false, confirmation.pvno));
    if (reply.message().type == cmp::BodyType::error)
        return cmp_error(reply, session.context.report);
    return {};
}

}  // namespace

Status request_certificate(CmpSession& session, const CmpRequest& request) {
    Report& report = session.context.report;
    PKI_TRY(const Issued issued, decided(session, request));
    const bool implicit =
        request.implicit_confirm && issued.reply.message().header.implicit_confirm;
    const auto taken = from_server(report, take(session, request, issued));
    if (!taken) {
        // Nobody waits for what comes of it: the certificate is not taken either way.
        if (!implicit) (void)confirm(session, request, issued, true);
        return taken.error();
    }
    // Before the confirmation: the server makes no such key again.
    if (taken->made) PKI_CHECK(keep_key(taken->made.get(), request.new_key, report));
    if (!implicit) {
        PKI_CHECK(confirm(session, request, issued, false));
        report.checked("the server has the confirmation");
    }
    return deliver(issued.answer.certificate, taken->chain, request.to, report);
}

}  // namespace enroll
