// The part of the issue path that a person decides: a request is put before him in the place of
// steps 6 and 7, and taken up again there when he approves.
#include "libpki/wire/pending.h"
#include "signerd/approval.h"
#include "signerd/audit.h"
#include "signerd/fault.h"
#include "signerd/issue.h"
#include "signerd/issue_claims.h"
#include "signerd/issue_decode.h"
#include "signerd/issue_transaction.h"
#include "signerd/reply.h"
#include "signerd/request_list.h"

namespace signerd {

namespace wire = pki::wire;
using pki::Errc;
using pki::fail;

// Step 4. True when an earlier request waits, and so this one does. What a person has denied
// stays denied when the profile has become automatic.
pki::Result<bool> Issuer::settled_by_person(const IssueJobPtr& job) {
    const auto found = store_.find_request(job->key.key);
    if (!found) return reading_failed(found.error());
    if (!*found) return false;
    PKI_TRY(const std::optional<std::uint64_t> waiting, weigh(**found, *job));
    if (!waiting) return false;
    // Whom no challenge knows any more waits on for the person.
    if (!job->profile->approval.manual && !job->challenge.refusal) {
        PKI_CHECK(settle(use_up_no_more(store_, **found, *job)));
        return false;
    }
    release(*job);  // in the turn that claimed it: nobody waits
    answer_pending(*job, *waiting);
    return true;
}

void Issuer::ask(const IssueJobPtr& job) {
    if (const auto status = keep(*job); !status) return refuse(job, status.error());
    SIGNERD_FAULT("issue:8");
    committer_.commit(job->decided,
                      [this, job](const pki::Status& status) { on_asked(job, status); });
}

// The limit is that of what has become durable: a batch may exceed it.
pki::Status Issuer::keep(IssueJob& job) {
    const auto waiting = store_.waiting_requests(std::string(job.request.profile), job.now());
    if (!waiting) return reading_failed(waiting.error());
    if (*waiting >= job.profile->approval.limit)
        return fail(Errc::limited, "too many requests wait for approval");
    PKI_TRY(job.decided.pending, pending_request(job));
    if (job.cmp) keep_transaction(job);
    record_claims(job);
    record_pending(job.record(), beside_text(job));
    return {};
}

// Its number is the store's to give.
void Issuer::on_asked(const IssueJobPtr& job, const pki::Status& status) {
    if (!status) return refuse(job, store_failed(status.error()));
    SIGNERD_FAULT("issue:9");
    const auto kept = store_.find_request(job->key.key);
    if (!kept || !*kept) {
        const pki::Error failed =
            reading_failed(kept ? fail(Errc::internal, kStoreDamaged) : kept.error());
        return answer_error(*job, failed, failed);
    }
    answer_pending(*job, (*kept)->id);
    for (const IssueJobPtr& waiting : release(*job)) {
        share_answer(*waiting, *job);
        answer_pending(*waiting, (*kept)->id);
    }
}

void Issuer::answer_pending(const IssueJob& job, std::uint64_t request) {
    in_flight_--;
    wire::PendingReply reply{request, job.profile->approval.retry};
    if (job.cmp) reply.sender_nonce = job.cmp->nonce;
    replies_.send(job.to, reply_frame(reply, job.to.id));
}

void Issuer::decide(const Request& request) {
    const IssueJobPtr job = accept(request);
    find_profile(*job);  // none yet, but a record of what is refused
    const auto asked = wire::decode<wire::RequestDecideRequest>(
        {{wire::RequestDecideRequest::kKind, job->to.id}, job->fields});
    auto status = asked ? take_up(*job, asked->request) : pki::Status(asked.error());
    if (status && asked->approve) status = object_to_approval(*job);
    if (!status) return refuse(job, status.error());
    if (asked->approve) return sign(job);
    deny(job, asked->reason);
}

// One decision about it at a time, and no request of the client beside it.
pki::Status Issuer::take_up(IssueJob& job, std::uint64_t request) {
    auto found = store_.find_request(request);
    if (!found) return reading_failed(found.error());
    if (!*found) return fail(Errc::not_found, "no such request", std::to_string(request));
    job.approval = **std::move(found);
    take_over(job);
    find_profile(job);
    describe(job);
    PKI_CHECK(check_waits(*job.approval, job.now()));
    if (const auto status = restore_cmp(store_, job); !status)
        return reading_failed(status.error());
    job.claimed = working_.claim(job.key) == Claim::ours;
    if (!job.claimed)
        return fail(Errc::conflict, "the request is being worked on", std::to_string(request));
    return {};
}

// Of the client's certificate, which may be revoked by now, the operator may know.
pki::Status Issuer::object_to_approval(IssueJob& job) {
    if (const auto status = examine_again(job); !status) {
        pki::Error error = status.error();
        if (error.code == Errc::unauthenticated) error.code = Errc::denied;
        return error;
    }
    if (job.ca->tenant != job.approval->tenant)
        return fail(Errc::conflict, "the profile has another tenant by now", job.ca->tenant);
    return settle(object_to_second(store_, job));
}

void Issuer::deny(const IssueJobPtr& job, std::string_view reason) {
    signerd::deny(*job, reason);
    committer_.commit(job->decided,
                      [this, job](const pki::Status& status) { on_denied(job, status); });
}

// A client that asked meanwhile hears it from the store.
void Issuer::on_denied(const IssueJobPtr& job, const pki::Status& status) {
    if (!status) return refuse(job, store_failed(status.error()));
    answer_decision(*job);
    for (const IssueJobPtr& waiting : release(*job)) proceed(waiting);
}

// The request as it is now. Should it not be readable, it is decided all the same.
void Issuer::answer_decision(const IssueJob& job) {
    in_flight_--;
    const auto decided = store_.find_request(job.approval->id);
    const PendingRequest& request = decided && *decided ? **decided : *job.approval;
    replies_.send(job.to, request_frame(request, job.now(), job.to.id));
}

}  // namespace signerd
