#include "signerd/cmp_revoke.h"

#include "signerd/issue_revoked.h"
#include "signerd/issuers.h"
#include "signerd/log.h"
#include "signerd/own_certificate.h"
#include "signerd/peer.h"
#include "signerd/reply.h"
#include "signerd/revocation_rules.h"

namespace signerd {

namespace wire = pki::wire;
namespace x509 = pki::x509;
using pki::Errc;
using pki::fail;
using pki::Reason;

struct CmpRevokeJob {
    std::shared_ptr<const Generation> generation;
    const Peer* peer = nullptr;
    ReplyTo to;
    std::int64_t received = 0;  // microseconds since 1970
    pki::Buffer fields;         // what the views of `asked` and `turn` look into
    wire::CmpRevokeRequest asked;
    CmpTurn turn;
    const Profile* profile = nullptr;  // none: the peer may not use it, or there is none
    pki::ossl::Sha256 key{};
    bool held = false;  // the transaction is ours
    pki::Buffer nonce;  // of the answer
    bool replayed = false;
    Decided decided;  // the writer reads it until it has committed

    std::int64_t now() const { return received / kMicroseconds; }
    wire::Operation operation() const {
        return asked.release ? wire::Operation::release : wire::Operation::revoke;
    }
    const Ca& ca() const { return generation->ca(*profile); }
    Occasion occasion() const {
        return {received, generation->config->id,
                profile != nullptr ? std::string_view(ca().tenant) : std::string_view(),
                peer->name};
    }
    // An RA, where the profile has them.
    bool by_ra() const { return turn.originator.ra && profile->cmp->ra; }
};

namespace {

pki::Error bad_cert_id() {
    return fail(Errc::not_found, Reason::bad_cert_id, "revoke: no such certificate");
}

// RFC 9483 4.2: the reasons of RFC 5280 5.3.1, and none with a release.
pki::Status check_reason(const wire::CmpRevokeRequest& asked) {
    if (!asked.release && reason_to_revoke(asked.reason)) return {};
    if (asked.release && asked.reason == 0) return {};
    return fail(Errc::malformed, Reason::bad_data_format, "revoke: no reason to revoke");
}

pki::Status check_profile(const CmpRevokeJob& job) {
    if (job.profile == nullptr) return fail(Errc::not_found, "no such profile");
    if (!job.profile->cmp) return fail(Errc::denied, "the profile is not for CMP");
    if (!job.profile->cmp->revocation)
        return fail(Errc::denied, Reason::not_authorized,
                    "revoke: the profile has no revocation by CMP");
    return {};
}

// RFC 9483 4.2: a secret tells nobody's certificate from another's.
pki::Status check_protection(const CmpRevokeJob& job) {
    if (job.turn.certificate) return {};
    return fail(Errc::bad_signature, Reason::wrong_integrity, "revoke: a signature is needed");
}

pki::Result<RevocationChange> make_change(const CmpRevokeJob& job,
                                          const CertificateRecord& certificate) {
    auto change =
        job.asked.release
            ? release(certificate)
            : signerd::revoke(certificate, *reason_to_revoke(job.asked.reason), job.now());
    if (!change && change.error().code == Errc::conflict)
        change.error().reason =
            certificate.revocation ? Reason::cert_revoked : Reason::bad_request;
    return change;
}

// RFC 9483 4.2: the owner signs with the very certificate, which is valid still.
pki::Status check_owner(Store& store, const CmpRevokeJob& job,
                        const CertificateRecord& certificate) {
    const x509::Certificate& signer = *job.turn.certificate;
    PKI_TRY(const auto own, find_own(store, *job.generation, job.ca().tenant, signer));
    if (!own || own->ca != certificate.ca || !pki::equal(own->der, certificate.der))
        return bad_cert_id();
    if (job.now() < signer.tbs.not_before || job.now() > signer.tbs.not_after)
        return fail(Errc::denied, Reason::signer_not_trusted,
                    "revoke: the certificate that signed is not valid now");
    return {};
}

void describe(AuditRecord& record, const CertificateRecord& certificate) {
    record.subject = certificate.subject;
    record.sans = certificate.sans;
    make_fit(record);
}

}  // namespace

void CmpRevoker::revoke(const Request& request) {
    const CmpRevokeJobPtr job = begin(request);
    if (const auto status = decode(*job); !status) return send_error(*job, status.error());
    if (const auto status = check_profile(*job); !status) return refuse(job, status.error());
    job->key =
        transaction_key(job->ca().tenant, job->asked.profile, job->turn.turn.transaction_id);
    proceed(job);
}

CmpRevokeJobPtr CmpRevoker::begin(const Request& request) const {
    auto job = std::make_shared<CmpRevokeJob>();
    job->generation = request.generation;
    job->peer = request.peer;
    job->to = request.to;
    job->received = clock_.now();
    job->fields = pki::to_buffer(request.frame.fields);
    return job;
}

// Sent by a program of ours: what does not fit together is a fault there, and nobody's request.
pki::Status CmpRevoker::decode(CmpRevokeJob& job) const {
    PKI_TRY(job.asked, wire::decode<wire::CmpRevokeRequest>(
                           {{wire::CmpRevokeRequest::kKind, job.to.id}, job.fields}));
    PKI_TRY(job.turn, read_turn(job.asked.turn, job.asked.originator));
    if (may_use(*job.peer, job.asked.profile))
        job.profile = job.generation->profile(job.asked.profile);
    job.nonce = pki::to_buffer(job.turn.turn.sender_nonce);
    job.decided.audit = record_turn(job.occasion(), job.asked.profile, job.operation(),
                                    job.turn, job.asked.client_address, job.asked.transaction);
    return {};
}

void CmpRevoker::proceed(const CmpRevokeJobPtr& job) {
    job->held = queue_.enter(job->key, [this, job] { proceed(job); });
    if (!job->held) return;
    const auto replayed = replay(*job);
    if (!replayed) return refuse(job, replayed.error());
    if (*replayed) return answer(*job);
    if (const auto status = prepare(*job); !status) return refuse(job, status.error());
    commit(job);
}

// It is no decision, and has no record.
pki::Result<bool> CmpRevoker::replay(CmpRevokeJob& job) const {
    PKI_TRY(const auto opened, find_opened(store_, job.key, job.turn, job.now()));
    if (!opened) return false;
    job.nonce = opened->first_nonce;
    job.replayed = true;
    return true;
}

pki::Status CmpRevoker::prepare(CmpRevokeJob& job) const {
    PKI_CHECK(check_protection(job));
    PKI_CHECK(check_reason(job.asked));
    PKI_CHECK(check_sender(job));
    PKI_TRY(const CertificateRecord certificate, find(job));
    describe(job.decided.audit, certificate);
    if (revoker_.busy(certificate))
        return fail(Errc::unavailable, "revoke: another change is on its way");
    PKI_TRY(RevocationChange change, make_change(job, certificate));
    const auto& reason = job.asked.release ? certificate.revocation : change.revocation;
    record_allow(job.decided.audit, certificate.serial, name(reason->reason));
    job.decided.revocations.push_back(std::move(change));
    job.decided.transaction = open_transaction(job.key, job.turn, job.now());
    return {};
}

// Who signs with a certificate of ours that is revoked, or on hold, is nobody any more; what an
// owner put on hold is an RA's to release.
pki::Status CmpRevoker::check_sender(const CmpRevokeJob& job) const {
    PKI_TRY(auto objection, object_to_client(store_, *job.turn.certificate));
    if (!objection) return {};
    objection->reason = Reason::cert_revoked;
    return *std::move(objection);
}

pki::Result<CertificateRecord> CmpRevoker::find(const CmpRevokeJob& job) const {
    if (!x509::parse_name(job.asked.issuer)) return bad_cert_id();
    PKI_TRY(auto found, find_issued(store_, job.generation->config->cas, job.ca(),
                                    job.asked.issuer, job.asked.serial));
    if (!found || found->profile != job.asked.profile) return bad_cert_id();
    if (!job.by_ra()) PKI_CHECK(check_owner(store_, job, *found));
    return *std::move(found);
}

void CmpRevoker::commit(const CmpRevokeJobPtr& job) {
    revoker_.hold(job->decided);
    committer_.commit(job->decided,
                      [this, job](const pki::Status& status) { on_committed(job, status); });
}

// Whatever ails the store, nothing has changed, and the same message may work later.
void CmpRevoker::on_committed(const CmpRevokeJobPtr& job, const pki::Status& status) {
    revoker_.let_go(job->decided, status.has_value());
    if (!status) return send_error(*job, fail(Errc::unavailable, "not recorded"));
    answer(*job);
}

void CmpRevoker::refuse(const CmpRevokeJobPtr& job, const pki::Error& error) {
    if (error.code == Errc::internal) log(Level::error, "revoke: %s", error.message().c_str());
    record_refusal(job->decided.audit, error);
    job->decided.revocations.clear();
    job->decided.transaction.reset();
    committer_.commit(job->decided, [this, job, error](const pki::Status& status) {
        send_error(*job, status ? error : fail(Errc::unavailable, "not recorded"));
    });
}

void CmpRevoker::answer(const CmpRevokeJob& job) {
    replies_.send(job.to,
                  reply_frame(wire::TransactionReply{job.nonce, job.replayed}, job.to.id));
    if (job.held) queue_.leave(job.key);
}

void CmpRevoker::send_error(const CmpRevokeJob& job, const pki::Error& error) {
    replies_.send(job.to, error_frame(error, job.to.id));
    if (job.held) queue_.leave(job.key);
}

}  // namespace signerd
