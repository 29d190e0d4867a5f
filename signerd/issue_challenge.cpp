#include "signerd/issue_challenge.h"

#include <openssl/crypto.h>

#include "libpki/x509/string_type.h"
#include "signerd/audit.h"

namespace signerd {

using pki::Errc;
using pki::fail;
using pki::wire::Operation;

namespace {

pki::Error refused(std::string cause) {
    return fail(Errc::unauthenticated, "challenge refused", std::move(cause));
}

bool is_renewal(const IssueJob& job) { return job.request.operation == Operation::renew; }

// Left empty where there is none. Any string type: devices have their own ideas of it.
pki::Status take_password(IssueJob& job) {
    const auto& password = job.csr.challenge_password;
    if (!password || password->empty()) return {};
    auto text = pki::x509::whole_text(job.csr.challenge_tag, *password);
    if (!text) return refused("challengePassword is not text of its string type");
    job.challenge.password = pki::Secret(pki::as_bytes(*text));
    OPENSSL_cleanse(text->data(), text->size());
    return {};
}

// Who has a certificate beside it is known by that.
void identify(IssueJob& job, const std::string& challenge, const std::string& key) {
    if (job.record().credential == pki::wire::Credential::certificate)
        job.challenge.beside = "challenge " + challenge + (key.empty() ? "" : "/" + key);
    else
        identify_by(job.record(), challenge, key);
}

// Of a renewal the certificate is what counts: the secret of long ago uses nothing up.
void accept(IssueJob& job, const Challenge& challenge, const Finding& finding) {
    job.challenge.known = &challenge;
    if (is_renewal(job)) return;
    job.challenge.claims = finding.claims;
    identify(job, challenge.name(), finding.key);
}

// In the order of the profile, until one knows it.
pki::Status find_challenge(IssueJob& job) {
    std::string causes;
    for (const ChallengePtr& challenge : job.profile->scep->challenges) {
        const Finding finding = challenge->check(presented(job));
        if (finding.verdict == Verdict::accepted) {
            accept(job, *challenge, finding);
            return {};
        }
        if (finding.verdict == Verdict::ask) {
            job.challenge.known = challenge.get();
            job.challenge.ask = true;
            return {};
        }
        const std::string cause = challenge->name() + ": " + finding.cause;
        if (finding.verdict == Verdict::refused) return refused(cause);
        causes += (causes.empty() ? "" : "; ") + cause;
    }
    return refused(causes.empty() ? "the profile takes none" : causes);
}

}  // namespace

Presented presented(const IssueJob& job) {
    Presented made;
    made.password = pki::as_text(job.challenge.password.view());
    made.profile = job.request.profile;
    made.csr = &job.csr;
    made.now = job.now();
    made.renewal = is_renewal(job);
    made.transaction = job.request.transaction;
    made.client_address = job.request.client_address;
    return made;
}

pki::Status check_challenge(IssueJob& job) {
    if (job.request.protocol != pki::wire::Protocol::scep || job.profile->scep->open) return {};
    PKI_CHECK(take_password(job));
    if (job.challenge.password.size() != 0) return find_challenge(job);
    if (is_renewal(job)) return {};
    return refused("no challengePassword");
}

pki::Status settle_challenge(IssueJob& job, const pki::Result<Finding>& finding) {
    const Challenge& challenge = *job.challenge.known;
    if (!finding) {
        pki::Error error = finding.error();
        error.detail = challenge.name() + (error.detail.empty() ? "" : ": ") + error.detail;
        return error;
    }
    // His own refusal is nothing that he has to be told.
    if (finding->verdict != Verdict::accepted)
        return refused(challenge.name() + ": " + finding->cause);
    job.challenge.asked = true;
    accept(job, challenge, *finding);
    return {};
}

}  // namespace signerd
