// Bulk revocation, a page for each request: the caller goes on where the last one ended, until
// the row that was the newest when it began.
#include <algorithm>

#include "libpki/x509/profile.h"
#include "signerd/certificate_json.h"
#include "signerd/reply.h"
#include "signerd/revocation_rules.h"
#include "signerd/revoke_job.h"

namespace signerd {

namespace wire = pki::wire;
using pki::Errc;
using pki::fail;

namespace {

// Comparing takes the product of the lengths of pattern and subject for each row, on the event
// loop: a long pattern gets fewer rows.
constexpr std::size_t kPatternWork = 1'000'000;
constexpr std::size_t kFewestRows = 2000;

pki::Status check(const wire::RevokeManyRequest& asked) {
    PKI_CHECK(reason_to_revoke(asked.reason));
    if (asked.profile.empty() && asked.tenant.empty() && asked.ca.empty() &&
        asked.protocol == wire::Protocol::none && asked.subject.empty() &&
        asked.issued_from == 0 && asked.issued_to == 0)
        return fail(Errc::malformed, "revoke: no condition: this would be every certificate");
    if (asked.issued_to != 0 && asked.issued_from > asked.issued_to)
        return fail(Errc::malformed, "revoke: the time of issue ends before it begins");
    return {};
}

// The pattern is the caller's, for as long as the filter is used.
BulkFilter filter_of(const wire::RevokeManyRequest& asked) {
    BulkFilter filter;
    filter.profile = asked.profile;
    filter.tenant = asked.tenant;
    filter.ca = asked.ca;
    filter.protocol = asked.protocol;
    filter.issued_from = asked.issued_from;
    filter.issued_to = asked.issued_to;
    filter.limit = Revoker::kPage;
    if (!asked.subject.empty())
        filter.subject = [pattern = asked.subject](std::string_view subject) {
            return pki::x509::name_match(pattern, subject);
        };
    return filter;
}

std::uint32_t window_of(const wire::RevokeManyRequest& asked) {
    if (asked.subject.empty()) return Revoker::kWindow;
    return static_cast<std::uint32_t>(std::clamp<std::size_t>(
        kPatternWork / asked.subject.size(), kFewestRows, Revoker::kWindow));
}

std::string tail(std::uint64_t after, std::uint64_t until) {
    return ",\"after\":" + std::to_string(after) + ",\"until\":" + std::to_string(until) +
           ",\"more\":" + (after < until ? "true" : "false");
}

}  // namespace

void Revoker::revoke_many(const Request& request) {
    const auto asked = wire::decode<wire::RevokeManyRequest>(request.frame);
    if (!asked) return send_error(request.to, asked.error());
    const RevokeJobPtr job = begin(request, wire::Operation::revoke);
    if (const auto status = prepare(*job, *asked); !status) return refuse(job, status.error());
    if (!job->decided.revocations.empty()) return commit(job);
    replies_.send(job->to, std::move(job->answer));
}

// As many of those found as fit the answer.
pki::Status Revoker::prepare(RevokeJob& job, const wire::RevokeManyRequest& asked) const {
    PKI_CHECK(check(asked));
    PKI_TRY(const Counts counts, store_.counts());
    const std::uint64_t until =
        asked.until != 0 ? std::min(asked.until, counts.certificates) : counts.certificates;
    PKI_TRY(auto page, store_.find_bulk(filter_of(asked), asked.after, until, window_of(asked),
                                        job.now()));
    JsonList list;
    std::uint64_t taken = asked.after;
    for (CertificateRecord& certificate : page.records) {
        if (!asked.dry_run && busy(certificate))
            return fail(Errc::unavailable, "another change of a certificate is on its way",
                        certificate.serial);
        PKI_TRY(RevocationChange change,
                signerd::revoke(certificate, *reason_to_revoke(asked.reason), job.now()));
        CertificateRecord shown = certificate;
        if (!asked.dry_run) shown.revocation = change.revocation;
        if (!list.add(certificate_json(shown, job.now()))) {
            page.last = taken;
            break;
        }
        taken = certificate.row;
        if (!asked.dry_run) job.add(std::move(change), certificate);
    }
    PKI_TRY(job.answer, list.reply(tail(page.last, until), job.to.id));
    return {};
}

}  // namespace signerd
