#include "signerd/issue_claims.h"

#include <algorithm>

#include "signerd/issue_limits.h"
#include "signerd/issue_token.h"

namespace signerd {

using pki::Errc;
using pki::fail;

namespace {

pki::Error refused(UsedKind kind, const char* cause) {
    if (kind == UsedKind::token) return token_refused(cause);
    return fail(Errc::unauthenticated, "challenge refused", cause);
}

}  // namespace

Objection HeldClaims::object_to_use(Store& store, const UsedValue& value) const {
    if (used_.contains({value.kind, value.hash}))
        return std::optional(
            refused(value.kind, "used by another request that is being worked on"));
    PKI_TRY(const bool used, store.is_used(value));
    if (used) return std::optional(refused(value.kind, "used already"));
    return std::optional<pki::Error>();
}

std::uint64_t HeldClaims::on_their_way(const pki::ossl::Sha256& hash) const {
    const auto held = counted_.find(hash);
    return held == counted_.end() ? 0 : held->second;
}

// Not `limited`: that would ask the client to come again in a moment, not tomorrow.
Objection HeldClaims::object_to_count(Store& store, const Claims& claims,
                                      std::int64_t now) const {
    PKI_TRY(const Counted counted,
            store.count(claims.counted->hash, now, std::max(claims.limit, 1u)));
    if (counted.count + on_their_way(claims.counted->hash) < claims.limit)
        return std::optional<pki::Error>();
    return std::optional(
        fail(Errc::denied, "challenge: too many certificates for this device"));
}

// What is on its way may fail yet: where only that is too many, the client asks again soon.
Objection HeldClaims::object_to_limit(Store& store, const LimitClaim& claim,
                                      IssueJob& job) const {
    PKI_TRY(const Counted counted,
            store.count(claim.counted.hash, job.now(), claim.limit.count));
    if (counted.count + on_their_way(claim.counted.hash) < claim.limit.count)
        return std::optional<pki::Error>();
    if (counted.until > job.now())
        job.retry_after = static_cast<std::uint32_t>(counted.until - job.now());
    return std::optional(limit_reached(claim));
}

Objection HeldClaims::object(Store& store, IssueJob& job) const {
    const Claims& claims = job.challenge.claims;
    Objection objection = std::optional<pki::Error>();
    if (claims.once) objection = object_to_use(store, *claims.once);
    if (objection && !*objection && claims.counted)
        objection = object_to_count(store, claims, job.now());
    for (const LimitClaim& claim : job.limits) {
        if (!objection || *objection) break;
        objection = object_to_limit(store, claim, job);
    }
    return objection;
}

Objection HeldClaims::take(Store& store, IssueJob& job) {
    auto objection = object(store, job);
    if (!objection || *objection) return objection;
    const Claims& claims = job.challenge.claims;
    if (claims.once) used_.emplace(claims.once->kind, claims.once->hash);
    if (claims.counted) counted_[claims.counted->hash]++;
    for (const LimitClaim& claim : job.limits) counted_[claim.counted.hash]++;
    job.held = true;
    return objection;
}

void HeldClaims::give_back(const IssueJob& job) {
    if (!job.held) return;
    const Claims& claims = job.challenge.claims;
    if (claims.once) used_.erase({claims.once->kind, claims.once->hash});
    if (claims.counted) drop(claims.counted->hash);
    for (const LimitClaim& claim : job.limits) drop(claim.counted.hash);
}

void HeldClaims::drop(const pki::ossl::Sha256& hash) {
    const auto held = counted_.find(hash);
    if (held != counted_.end() && --held->second == 0) counted_.erase(held);
}

void record_claims(IssueJob& job) {
    const Claims& claims = job.challenge.claims;
    if (claims.once) job.decided.used = {*claims.once};
    if (claims.counted) job.decided.counted = {*claims.counted};
    for (const LimitClaim& claim : job.limits) job.decided.counted.push_back(claim.counted);
}

}  // namespace signerd
