// Between steps 5 and 6 of the issue path: nothing is made for whom an earlier request decides,
// or whom a rule refuses.
#include "signerd/issue_key.h"

#include "signerd/issue.h"
#include "signerd/issue_transaction.h"

namespace signerd {

namespace x509 = pki::x509;
using pki::Errc;
using pki::fail;
using pki::Reason;

namespace {

bool makes_keys(const IssueJob& job) {
    if (!job.cmp) return job.profile->est.key_generation;
    return job.profile->cmp && job.profile->cmp->key_generation;
}

pki::Result<std::string> spec_of(const IssueJob& job) {
    if (job.cmp) return key_spec(job.profile->rules, *job.cmp->request);
    return key_spec(job.profile->rules, job.csr.spki);
}

}  // namespace

// A key that waited for a person would have to be kept.
pki::Status check_key_generation(const IssueJob& job) {
    if (!makes_keys(job))
        return fail(Errc::denied, Reason::not_authorized, "the profile makes no keys");
    if (job.profile->approval.manual)
        return fail(Errc::denied, Reason::not_authorized,
                    "no keys are made where a person decides");
    PKI_CHECK(spec_of(job));
    return {};
}

bool is_always_new(const IssueJob& job) { return job.request.make_key && !job.key.given; }

pki::Error key_is_gone(const IssueJob& job) {
    if (job.cmp) return transaction_in_use();
    return fail(Errc::conflict, "the private key went out with the first answer");
}

void Issuer::make_key(const IssueJobPtr& job) {
    const auto spec = spec_of(*job);
    if (!spec) return refuse(job, spec.error());
    if (key_maker_ == nullptr)
        return refuse(job, fail(Errc::unavailable, "key generation: nobody makes them"));
    key_maker_->make(*spec, [this, job](pki::Result<MadeKey> key) {
        if (!key) return refuse(job, key.error());
        on_key(job, *std::move(key));
    });
}

// From here on the request is as if the client had had this key.
void Issuer::on_key(const IssueJobPtr& job, MadeKey key) {
    MadeKey& made = job->made_key.emplace(std::move(key));
    const auto spki = x509::parse_spki(made.spki);
    if (!spki) return refuse(job, fail(Errc::internal, "key generation: no key came"));
    job->csr.spki = *spki;
    if (const auto status = check_policy(*job); !status) return refuse(job, status.error());
    sign(job);
}

}  // namespace signerd
