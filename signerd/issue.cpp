#include "signerd/issue.h"

#include "libpki/base/base64.h"
#include "libpki/x509/tbs.h"
#include "signerd/approval.h"
#include "signerd/audit.h"
#include "signerd/crl_schedule.h"
#include "signerd/csr_attributes.h"
#include "signerd/fault.h"
#include "signerd/issue_challenge.h"
#include "signerd/issue_claims.h"
#include "signerd/issue_decode.h"
#include "signerd/issue_key.h"
#include "signerd/issue_limits.h"
#include "signerd/issue_originator.h"
#include "signerd/issue_renewal.h"
#include "signerd/issue_revoked.h"
#include "signerd/issue_token.h"
#include "signerd/issue_transaction.h"
#include "signerd/log.h"
#include "signerd/peer.h"
#include "signerd/reply.h"
#include "signerd/signature_check.h"

namespace signerd {

namespace wire = pki::wire;
namespace x509 = pki::x509;
using pki::Errc;
using pki::fail;

namespace {

// Somebody has to have verified it: a worker that does not, behind a peer entry that believes
// it did, would let a CSR with a foreign key through.
pki::Status check_possession(const IssueJob& job) {
    if (job.cmp) return check_cmp_possession(job);
    if (job.request.make_key) return {};  // RFC 7030 4.4.1: the signature counts for nothing
    if (job.peer->verify_possession)
        return job.crmf ? x509::verify_possession(*job.crmf) : x509::verify_possession(job.csr);
    if (job.request.possession_verified) return {};
    return fail(Errc::denied, "issue: nobody has verified the signature of the CSR");
}

// A profile that the peer may not use is one that does not exist: the names of others are not
// its business.
pki::Status check_profile(const IssueJob& job) {
    if (job.profile == nullptr || !may_use(*job.peer, job.request.profile))
        return fail(Errc::not_found, "no such profile");
    if (job.request.protocol == wire::Protocol::scep && !job.profile->scep)
        return fail(Errc::denied, "the profile is not for SCEP");
    if (job.cmp && !job.profile->cmp) return fail(Errc::denied, "the profile is not for CMP");
    return {};
}

// What a profile does not give is a matter of the CertTemplate (RFC 9810 5.2.3).
pki::Status check_request(const IssueJob& job) {
    const auto check = wants_key(job) ? x509::check_request_without_key : x509::check_request;
    auto status = check(job.profile->rules, job.csr);
    if (status && job.request.protocol == wire::Protocol::est)
        status = check_csr_attributes(*job.profile, job.csr);
    if (!status && job.cmp && status.error().reason == pki::Reason::none &&
        status.error().code == Errc::denied)
        status.error().reason = pki::Reason::bad_cert_template;
    return status;
}

// The largest signature, its algorithm, and the headers around all three.
constexpr std::size_t kSignatureRoom = pki::limits::kRsaMaxBits / 8 + 128;

// How large it gets is the client's doing, who asks for the names.
pki::Status check_size(pki::Bytes tbs) {
    if (tbs.size() + kSignatureRoom > pki::limits::kCertificate)
        return fail(Errc::denied, "the certificate would be too large");
    return {};
}

pki::Result<pki::Buffer> finish_certificate(const IssueJob& job, pki::Bytes signature) {
    EVP_PKEY* const key = job.generation->ca_keys.at(job.ca->name).get();
    PKI_CHECK(check_signature(key, job.ca->scheme, job.draft.tbs, signature, job.ca->name));
    return x509::assemble_certificate(job.draft.tbs, job.ca->scheme, signature);
}

CertificateRecord certificate_record(IssueJob& job, pki::Buffer der) {
    CertificateRecord record;
    record.ca = job.ca->name;
    record.tenant = job.ca->tenant;
    record.profile = job.request.profile;
    record.serial = pki::hex_encode(job.serial);
    record.der = std::move(der);
    record.subject = job.record().subject;
    record.sans = job.record().sans;
    record.not_before = job.draft.not_before;
    record.not_after = job.draft.not_after;
    record.issued = job.now();
    record.protocol = job.request.protocol;
    record.csr_sha256 = job.key.csr_sha256;
    record.partition = partition_of(*job.ca, job.serial);
    return record;
}

// What becomes durable in one transaction.
void decide_allow(IssueJob& job, pki::Buffer der) {
    job.decided.certificate = certificate_record(job, std::move(der));
    const std::string& serial = job.decided.certificate->serial;
    if (job.cmp)
        record_transaction(job);
    else if (!is_always_new(job))
        job.decided.answer = Answer{job.key.key, job.key.csr_sha256, job.ca->name,
                                    serial,      job.now(),          job.key.spki_sha256};
    record_claims(job);
    record_allow(job.record(), serial, beside_text(job));
    if (job.approval) approve(job);
}

}  // namespace

void Issuer::issue(const Request& request) {
    const IssueJobPtr job = accept(request);
    if (const auto status = examine(*job); !status) {
        const pki::Error& error = status.error();
        return refuse(job, error, job->discreet ? without_detail(error) : error);
    }
    proceed(job);
}

// From step 4 on.
void Issuer::proceed(const IssueJobPtr& job) {
    SIGNERD_FAULT("issue:4");
    if (settled_earlier(job)) return;
    if (job->challenge.refusal) return refuse_unknown(job);
    SIGNERD_FAULT("issue:5");
    if (const auto status = settle(claims_.take(store_, *job)); !status)
        return refuse(job, status.error());
    authorize(job);
}

// In the turn that claimed its key: an equal request with the right challenge must not share
// the refusal.
void Issuer::refuse_unknown(const IssueJobPtr& job) {
    release(*job);
    job->claimed = false;
    refuse(job, *job->challenge.refusal);
}

// Step 5, what only somebody outside can tell.
void Issuer::authorize(const IssueJobPtr& job) {
    if (!job->challenge.ask) return authorized(job);
    if (outside_ == nullptr)
        return refuse(job, fail(Errc::unavailable, "challenge: nobody is there to ask"));
    outside_->ask(
        *job->challenge.known, presented(*job),
        [this, job](const pki::Result<Finding>& finding) { on_authorized(job, finding); });
}

void Issuer::on_authorized(const IssueJobPtr& job, const pki::Result<Finding>& finding) {
    if (const auto status = settle_challenge(*job, finding); !status)
        return refuse(job, status.error());
    authorized(job);
}

void Issuer::authorized(const IssueJobPtr& job) {
    if (job->profile->approval.manual) return ask(job);
    if (wants_key(*job)) return make_key(job);
    sign(job);
}

// Steps 6 and 7.
void Issuer::sign(const IssueJobPtr& job) {
    SIGNERD_FAULT("issue:6");
    if (const auto status = prepare(*job); !status) return refuse(job, status.error());
    SIGNERD_FAULT("issue:7");
    signer_.sign(job->generation->number, job->ca->name, job->draft.tbs,
                 [this, job](const auto& signature) { on_signature(job, signature); });
}

IssueJobPtr Issuer::accept(const Request& request) {
    in_flight_++;
    auto job = std::make_shared<IssueJob>();
    job->generation = request.generation;
    job->peer = request.peer;
    job->to = request.to;
    job->received = clock_.now();
    job->fields = pki::to_buffer(request.frame.fields);
    return job;
}

// Steps 1 to 3.
pki::Status Issuer::examine(IssueJob& job) {
    SIGNERD_FAULT("issue:1");
    PKI_CHECK(decode(job));
    PKI_CHECK(check_load(job));
    PKI_CHECK(check_client(job));
    PKI_CHECK(check_possession(job));
    SIGNERD_FAULT("issue:2");
    PKI_CHECK(check_profile(job));
    PKI_CHECK(settle(object_to_renewal(store_, job)));
    PKI_CHECK(settle(object_to_originator(store_, job)));
    if (const auto known = check_challenge(job); !known) job.challenge.refusal = known.error();
    PKI_CHECK(settle(object_to_token(store_, job)));
    // Of the policy nobody hears whom no challenge knows.
    if (const auto status = check_policy(job); !status)
        return job.challenge.refusal ? *job.challenge.refusal : status.error();
    SIGNERD_FAULT("issue:3");
    find_limits(job);
    return {};
}

// Who signs with a certificate of ours that is revoked knows it from its CRL: with CMP he is
// told.
pki::Status Issuer::check_client(const IssueJob& job) {
    if (job.shown) return settle(object_to_client(store_, *job.shown));
    if (!job.cmp || !job.cmp->turn.certificate) return {};
    auto status = settle(object_to_client(store_, *job.cmp->turn.certificate));
    if (!status && status.error().code == Errc::unauthenticated)
        status.error().reason = pki::Reason::cert_revoked;
    return status;
}

pki::Status Issuer::check_policy(const IssueJob& job) {
    PKI_CHECK(check_request(job));
    if (wants_key(job)) return check_key_generation(job);
    return settle(object_to_key(store_, job.csr.spki));
}

// Steps 1 and 2 for what was kept. Its signature was verified and its challenge known when it
// came.
pki::Status Issuer::examine_again(IssueJob& job) {
    PKI_CHECK(read_request(job));
    restore_challenge(job);
    PKI_CHECK(read_certificates(job));
    PKI_CHECK(check_client(job));
    PKI_CHECK(check_profile(job));
    PKI_CHECK(settle(object_to_renewal(store_, job)));
    PKI_CHECK(settle(object_to_originator(store_, job)));
    return check_policy(job);
}

// Before the signature is verified: what is turned away for load must cost less than what is
// served.
pki::Status Issuer::check_load(const IssueJob& job) const {
    if (draining_) return fail(Errc::unavailable, "shutting down");
    if (in_flight_ > job.generation->config->limits.queue)
        return fail(Errc::unavailable, "limits.queue reached");
    return {};
}

// Without the store nobody can say that nothing is revoked.
pki::Status Issuer::settle(const pki::Result<std::optional<pki::Error>>& objection) {
    if (!objection) return reading_failed(objection.error());
    reading_.note({});
    if (*objection) return **objection;
    return {};
}

// A store that is away comes back for everybody; one row that is damaged does not.
pki::Error Issuer::reading_failed(const pki::Error& error) {
    (error.code == Errc::unavailable ? reading_ : damage_).note(error);
    return store_failed(error);
}

// Step 6.
pki::Status Issuer::prepare(IssueJob& job) const {
    PKI_TRY(job.serial, new_serial(job.received));
    PKI_TRY(job.draft, make_tbs(*job.ca, job.profile->rules, job.csr, job.serial, job.now()));
    return check_size(job.draft.tbs);
}

// Steps 7 and 8.
void Issuer::on_signature(const IssueJobPtr& job, const pki::Result<pki::Buffer>& signature) {
    if (!signature) return refuse(job, signature.error());
    auto der = finish_certificate(*job, *signature);
    if (!der) return refuse(job, der.error());
    decide_allow(*job, *std::move(der));
    SIGNERD_FAULT("issue:8");
    committer_.commit(job->decided,
                      [this, job](const pki::Status& status) { on_committed(job, status); });
}

// Step 9.
void Issuer::on_committed(const IssueJobPtr& job, const pki::Status& status) {
    if (!status) return refuse(job, store_failed(status.error()));
    SIGNERD_FAULT("issue:9");
    const pki::Buffer& certificate = job->decided.certificate->der;
    tell_outside(*job, {certificate, nullptr});
    if (job->approval)
        answer_decision(*job);
    else
        answer(*job, certificate, job->ca, false);
    for (const IssueJobPtr& waiting : release(*job)) {
        if (job->approval && job->cmp) {
            proceed(waiting);  // who fetches it has to confirm it
            continue;
        }
        if (wants_key(*waiting)) {
            refuse(waiting, key_is_gone(*waiting));  // there is one copy of it
            continue;
        }
        share_answer(*waiting, *job);
        answer(*waiting, certificate, job->ca, true);
    }
}

void Issuer::refuse(const IssueJobPtr& job, const pki::Error& error, const pki::Error& told) {
    if (error.code == Errc::internal) log(Level::error, "issue: %s", error.message().c_str());
    record_refusal(job->record(), error);
    if (job->approval) stays_undecided(*job);
    job->decided.certificate.reset();
    job->decided.answer.reset();
    job->decided.used.clear();
    job->decided.counted.clear();
    job->decided.pending.reset();
    job->decided.pending_change.reset();
    job->decided.transaction.reset();
    job->decided.transaction_change.reset();
    job->decided.silent = false;
    committer_.commit(job->decided, [this, job, error, told](const pki::Status& status) {
        if (status) return answer_error(*job, error, told);
        const pki::Error failed = store_failed(status.error());
        answer_error(*job, failed, failed);
    });
}

// Who waited for this outcome shares it, each with a record of its own. What an operator could
// not do is no answer to a client.
void Issuer::answer_error(const IssueJob& job, const pki::Error& error,
                          const pki::Error& told) {
    in_flight_--;
    tell_outside(job, {{}, &error});
    replies_.send(job.to, error_frame(told, job.to.id, job.retry_after));
    for (const IssueJobPtr& waiting : release(job)) {
        waiting->retry_after = job.retry_after;
        if (job.approval)
            proceed(waiting);
        else
            refuse(waiting, error, told);
    }
}

void Issuer::answer(const IssueJob& job, pki::Bytes certificate, const Ca* issuer,
                    bool replayed) {
    in_flight_--;
    wire::IssueReply reply;
    reply.certificate = certificate;
    reply.replayed = replayed;
    if (job.cmp) {
        reply.sender_nonce = job.cmp->nonce;
        reply.confirm_until = job.cmp->confirm_by;
    }
    if (job.made_key) reply.private_key = job.made_key->pkcs8.view();
    if (job.request.want_chain) reply.chain = {issuer->chain.begin(), issuer->chain.end()};
    replies_.send(job.to, reply_frame(reply, job.to.id));
}

void Issuer::tell_outside(const IssueJob& job, const Outcome& outcome) {
    if (job.challenge.asked) outside_->tell(*job.challenge.known, presented(job), outcome);
}

// Who waits for the same outcome. Those of another public key begin step 4 anew.
std::vector<IssueJobPtr> Issuer::release(const IssueJob& job) {
    claims_.give_back(job);
    if (!job.claimed) return {};
    auto waiting = working_.release(job.key.key);
    if (const auto behind = behind_.extract(job.key.key); !behind.empty())
        for (const IssueJobPtr& other : behind.mapped()) proceed(other);
    return waiting;
}

}  // namespace signerd
