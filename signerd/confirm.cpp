#include "signerd/confirm.h"

#include "libpki/cmp/certificate.h"
#include "libpki/x509/algorithm.h"
#include "signerd/confirm_profile.h"
#include "signerd/fault.h"
#include "signerd/issue_job.h"
#include "signerd/issue_revoked.h"
#include "signerd/issue_transaction.h"
#include "signerd/log.h"
#include "signerd/reply.h"
#include "signerd/revocation_rules.h"
#include "signerd/stored.h"

namespace signerd {

namespace wire = pki::wire;
namespace x509 = pki::x509;
using pki::Errc;
using pki::fail;
using pki::Reason;
using pki::ossl::Hash;

namespace {

pki::Status read(ConfirmJob& job, const wire::Frame& frame) {
    if (frame.header.kind == wire::Kind::poll_request) {
        PKI_TRY(job.poll, wire::decode<wire::PollRequest>({frame.header, job.fields}));
        return {};
    }
    PKI_TRY(job.confirm, wire::decode<wire::ConfirmRequest>({frame.header, job.fields}));
    if (job.confirm->empty && job.confirm->accepted)
        return fail(Errc::malformed, "confirm: nothing is accepted");
    return {};
}

// What was confirmed, or needs not be, is not confirmed again (RFC 9810 5.2.3, certConfirmed).
pki::Status check_state(const Transaction& transaction, std::int64_t now) {
    switch (transaction.state) {
        case TransactionState::confirmed:
        case TransactionState::rejected:
            return fail(Errc::conflict, Reason::cert_confirmed,
                        "the certificate was confirmed or rejected before");
        case TransactionState::closed:
            if (transaction.serial.empty()) break;
            return fail(Errc::conflict, Reason::cert_confirmed,
                        "the certificate is confirmed implicitly");
        case TransactionState::unconfirmed:
            if (!transaction.late(now)) return {};
            return fail(Errc::denied, Reason::bad_request, "it is too late to confirm");
        case TransactionState::waiting:
        case TransactionState::ready: break;
        case TransactionState::lapsed:
            return fail(Errc::denied, Reason::bad_request, "it is too late to confirm");
    }
    return fail(Errc::denied, Reason::bad_request, "there is nothing to confirm");
}

// That of the certificate's signature, or another one that is no weaker than those.
pki::Result<Hash> hash_for(std::uint8_t named, const x509::Certificate& certificate) {
    if (named != 0) {
        for (const Hash hash : {Hash::sha256, Hash::sha384, Hash::sha512})
            if (named == static_cast<std::uint8_t>(hash)) return hash;
        return fail(Errc::unsupported, Reason::bad_alg, "confirm: hashAlg");
    }
    PKI_TRY(const auto scheme,
            x509::parse_signature_algorithm(certificate.signature_algorithm));
    return pki::cmp::confirmation_hash(scheme);
}

// RFC 9810 5.3.18.
pki::Status check_hash(const wire::ConfirmRequest& asked, pki::Bytes der) {
    PKI_TRY(const auto certificate, x509::parse_certificate(der));
    PKI_TRY(const Hash hash, hash_for(asked.hash, certificate));
    PKI_TRY(const pki::Buffer expected, pki::ossl::digest(hash, der));
    if (pki::equal(expected, asked.cert_hash)) return {};
    return fail(Errc::denied, Reason::bad_cert_id, "certHash is not that of the certificate");
}

pki::Status check_status(const wire::ConfirmRequest& asked, const Transaction& transaction,
                         pki::Bytes der) {
    if (asked.empty) return {};
    if (asked.cert_req_id != transaction.cert_req_id)
        return fail(Errc::malformed, Reason::bad_request, "no certificate has this certReqId");
    return check_hash(asked, der);
}

std::string rejection_text(const wire::ConfirmRequest& asked) {
    std::string text = asked.gave_up ? "given up by the client" : "rejected by the client";
    if (!asked.reason.empty()) text.append(": ").append(asked.reason);
    return text;
}

// The record names what it is about.
void describe(AuditRecord& record, const CertificateRecord& certificate) {
    record.subject = certificate.subject;
    record.sans = certificate.sans;
}

TransactionChange change_to(const ConfirmJob& job, TransactionState state) {
    TransactionChange change;
    change.key = job.key;
    change.from = job.transaction.state;
    change.to = state;
    change.answered = answered_by(job.turn);
    change.expires = transaction_end(*job.profile, 0, job.now());
    return change;
}

}  // namespace

void Confirmer::confirm(const Request& request) {
    const ConfirmJobPtr job = begin(request);
    auto status = read(*job, request.frame);
    if (status) status = enter(*job);
    if (!status) return refuse(job, status.error());
    go_on(job);
}

void Confirmer::poll(const Request& request) { confirm(request); }

ConfirmJobPtr Confirmer::begin(const Request& request) const {
    auto job = std::make_shared<ConfirmJob>();
    job->generation = request.generation;
    job->peer = request.peer;
    job->to = request.to;
    job->received = clock_.now();
    job->fields = pki::to_buffer(request.frame.fields);
    const Occasion occasion{
        job->received, request.generation->config->id, {}, request.peer->name};
    job->decided.audit = record_change(occasion, wire::Operation::confirm, {});
    job->decided.audit.protocol = wire::Protocol::cmp;
    return job;
}

// Who it is and which transaction he means. As in the issue path: a client whose certificate is
// revoked is nobody.
pki::Status Confirmer::enter(ConfirmJob& job) const {
    const auto visit = [&](const auto& asked) -> pki::Status {
        PKI_TRY(job.turn, read_turn(asked.turn, asked.originator));
        const MeantProfile meant =
            meant_profile(store_, job, asked.profile, asked.other_profiles);
        job.profile = meant.profile;
        const Occasion occasion{job.received, job.generation->config->id, meant.tenant,
                                job.peer->name};
        job.decided.audit = record_turn(occasion, meant.name, wire::Operation::confirm,
                                        job.turn, asked.client_address, asked.transaction);
        if (job.profile == nullptr) return fail(Errc::not_found, "no such profile");
        if (!job.profile->cmp) return fail(Errc::denied, "the profile is not for CMP");
        job.key = transaction_key(meant.tenant, meant.name, job.turn.turn.transaction_id);
        return {};
    };
    PKI_CHECK(job.poll ? visit(*job.poll) : visit(*job.confirm));
    if (!job.turn.certificate) return {};
    PKI_TRY(auto revoked, object_to_client(store_, *job.turn.certificate));
    if (!revoked) return {};
    revoked->reason = Reason::cert_revoked;
    return *revoked;
}

void Confirmer::go_on(const ConfirmJobPtr& job) {
    job->entered = queue_.enter(job->key, [this, job] { go_on(job); });
    if (!job->entered) return;
    auto status = find(*job);
    if (status) status = job->poll ? decide_poll(*job) : decide(*job);
    if (!status) return refuse(job, status.error());
    if (job->replayed) return finish(job, std::move(job->answer));
    commit(job);
}

pki::Status Confirmer::find(ConfirmJob& job) const {
    PKI_TRY(auto found, find_live(store_, job.key, job.now()));
    if (!found) return no_such_transaction();
    job.transaction = *std::move(found);
    PKI_CHECK(check_originator(job.transaction, job.turn));
    job.replayed = job.transaction.last_message == job.turn.message;
    return {};
}

pki::Status Confirmer::find_certificate(ConfirmJob& job) const {
    PKI_TRY(job.certificate, certificate_of(store_, job.transaction, *job.generation));
    describe(job.decided.audit, job.certificate);
    return {};
}

pki::Status Confirmer::decide(ConfirmJob& job) {
    const bool settled = job.transaction.state == TransactionState::confirmed ||
                         job.transaction.state == TransactionState::rejected;
    job.replayed = job.replayed && settled;
    job.answer = reply_frame(wire::TransactionReply{job.nonce(), job.replayed}, job.to.id);
    if (job.replayed) return {};
    if (job.confirm->gave_up) return give_up(job);
    PKI_CHECK(check_state(job.transaction, job.now()));
    PKI_CHECK(check_nonce(job.transaction, job.turn));
    PKI_CHECK(find_certificate(job));
    PKI_CHECK(check_status(*job.confirm, job.transaction, job.certificate.der));
    return job.confirm->accepted ? accept(job) : reject(job);
}

pki::Status Confirmer::accept(ConfirmJob& job) const {
    if (job.certificate.revocation)
        return fail(Errc::denied, Reason::cert_revoked, "the certificate is revoked",
                    revocation_text(*job.certificate.revocation));
    record_allow(job.decided.audit, job.certificate.serial);
    job.decided.transaction_change = change_to(job, TransactionState::confirmed);
    return {};
}

// One that is revoked already stays so, for the reason that it has.
pki::Status Confirmer::reject(ConfirmJob& job) {
    if (revoker_.busy(job.certificate))
        return fail(Errc::unavailable, "another change of this certificate is on its way");
    if (!job.certificate.revocation) {
        PKI_TRY(RevocationChange change,
                revoke(job.certificate, x509::CrlReason::cessation_of_operation, job.now()));
        job.decided.audit.operation = wire::Operation::revoke;
        job.decided.revocations.push_back(std::move(change));
    }
    record_allow(job.decided.audit, job.certificate.serial, rejection_text(*job.confirm));
    job.decided.transaction_change = change_to(job, TransactionState::rejected);
    return {};
}

// RFC 9810 5.3.21, RFC 9483 3.6.1: what the client could not make sense of has no nonce that it
// could give back.
pki::Status Confirmer::give_up(ConfirmJob& job) {
    if (job.transaction.state != TransactionState::ready)
        PKI_CHECK(check_state(job.transaction, job.now()));
    if (!job.turn.turn.recip_nonce.empty()) PKI_CHECK(check_nonce(job.transaction, job.turn));
    PKI_CHECK(find_certificate(job));
    if (!job.profile->cmp->keep_unconfirmed) return reject(job);
    record_refusal(job.decided.audit, fail(Errc::denied, "the certificate stays as it is",
                                           rejection_text(*job.confirm)));
    job.decided.audit.serial = job.certificate.serial;
    job.decided.transaction_change = change_to(job, TransactionState::rejected);
    return {};
}

void Confirmer::commit(const ConfirmJobPtr& job) {
    revoker_.hold(job->decided);
    SIGNERD_FAULT("confirm:1");
    committer_.commit(job->decided,
                      [this, job](const pki::Status& status) { on_committed(job, status); });
}

void Confirmer::on_committed(const ConfirmJobPtr& job, const pki::Status& status) {
    revoker_.let_go(job->decided, status.has_value());
    if (!status) return refuse(job, store_failed(status.error()));
    SIGNERD_FAULT("confirm:2");
    finish(job, std::move(job->answer));
}

void Confirmer::refuse(const ConfirmJobPtr& job, const pki::Error& error) {
    if (error.code == Errc::internal) log(Level::error, "confirm: %s", error.message().c_str());
    Decided refusal;
    refusal.audit = std::move(job->decided.audit);
    record_refusal(refusal.audit, error);
    job->decided = std::move(refusal);
    committer_.commit(job->decided, [this, job, error](const pki::Status& status) {
        finish(job, error_frame(status ? error : store_failed(status.error()), job->to.id));
    });
}

// Whoever waits for his turn in the transaction has it now.
void Confirmer::finish(const ConfirmJobPtr& job, pki::Buffer frame) {
    replies_.send(job->to, std::move(frame));
    if (job->entered) queue_.leave(job->key);
}

}  // namespace signerd
