// Requests that a person decides about ("approval": "manual"): what is kept of one, and what
// comes of it later.
#pragma once

#include "signerd/issue_job.h"
#include "signerd/issue_revoked.h"

namespace signerd {

// What is kept of a request that has passed the policy of its profile.
pki::Result<PendingRequest> pending_request(const IssueJob& job);

// What an earlier request with the same key means for this one. Its number when it waits;
// nullopt when it settles nothing; conflict, or denied with what the operator said as detail,
// which is not for the client.
pki::Result<std::optional<std::uint64_t>> weigh(const PendingRequest& earlier,
                                                const IssueJob& job);
pki::Error denied_by_person(const PendingRequest& request);
pki::Error without_detail(pki::Error error);

// conflict when it does not wait any more at `now`, in seconds since 1970.
pki::Status check_waits(const PendingRequest& request, std::int64_t now);

// Makes the job one of its `approval`: request and key are those of the client, as they came.
void take_over(IssueJob& job);

// What the audit record of an operator's decision says of the request.
void describe(IssueJob& job);

// The CSR is kept without its challengePassword, and a profile may require one
// ("required_attributes"): it was there when the signature is not (csr.h).
void restore_challenge(IssueJob& job);

// A certificate was issued for it since it was put before somebody: the profile was automatic
// then. With CMP also: its transaction is over.
Objection object_to_second(Store& store, const IssueJob& job);

// What a request that waits used up is its own when it comes again and nobody has to decide any
// more: `job` has no claims then, unless a certificate was issued for it meanwhile, be it
// revoked by now. No objection, ever; an Error is one of the store.
Objection use_up_no_more(Store& store, const PendingRequest& request, IssueJob& job);

// An approval or a denial that failed, in the words of the record of its refusal: whether the
// request waits on is there too.
void stays_undecided(IssueJob& job);

// The certificate in `decided` is the answer to the request that waited. The client has the
// time of a request to fetch it, and the window of its retries begins when that ends.
void approve(IssueJob& job);
// What becomes of it else: `reason` in the words of the operator, or empty.
void deny(IssueJob& job, std::string_view reason);

}  // namespace signerd
