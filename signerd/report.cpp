#include "signerd/report.h"

#include <algorithm>
#include <utility>

#include "signerd/audit.h"
#include "signerd/peer.h"
#include "signerd/reply.h"

namespace signerd {

namespace wire = pki::wire;
using pki::Errc;
using pki::fail;

namespace {

// Sent by a program of ours, so what does not fit together is a fault there.
pki::Status check(const wire::ReportRequest& report) {
    if (report.reporter.size() != pki::limits::kReporter || report.sequence == 0)
        return fail(Errc::malformed, "report: reporter or sequence missing");
    if (report.decisions.empty() && report.lost == 0)
        return fail(Errc::malformed, "report: nothing is reported");
    if (report.lost_from > report.lost_to)
        return fail(Errc::malformed, "report: the gap ends before it begins");
    return {};
}

// A decision that nginx made has the status that it sent, which tells its record from one of a
// decision of ours.
pki::Status check(const wire::ReportedDecision& decision) {
    if (decision.http_status == 0) return fail(Errc::malformed, "report: http_status missing");
    const std::size_t hash = decision.csr_sha256.size();
    if (hash != 0 && hash != sizeof(pki::ossl::Sha256))
        return fail(Errc::malformed, "report: csr_sha256 is no SHA-256");
    return {};
}

// A profile that the peer may not use is not its to name: the record has the peer alone.
AuditRecord record_of(Occasion occasion, const Request& request,
                      wire::ReportedDecision decision) {
    const Profile* profile = request.generation->profile(decision.profile);
    if (profile != nullptr && may_use(*request.peer, decision.profile))
        occasion.tenant = request.generation->ca(*profile).tenant;
    else
        decision.profile = {};
    return record_report(occasion, decision);
}

pki::Result<std::vector<AuditRecord>> records_of(const Request& request, std::int64_t now,
                                                 const wire::ReportRequest& report) {
    const Occasion occasion{now, request.generation->config->id, {}, request.peer->name};
    std::vector<AuditRecord> records;
    for (const pki::Bytes encoded : report.decisions) {
        PKI_TRY(const auto decision, wire::decode_decision(encoded));
        PKI_CHECK(check(decision));
        records.push_back(record_of(occasion, request, decision));
    }
    if (report.lost != 0)
        records.push_back(record_gap(occasion, report.lost, report.lost_from, report.lost_to));
    return records;
}

}  // namespace

void Reports::record(const Request& request, std::size_t others) {
    if (const auto status = take(request, others); !status)
        replies_.send(request.to, error_frame(status.error(), request.to.id));
}

pki::Status Reports::take(const Request& request, std::size_t others) {
    PKI_TRY(const auto report, wire::decode<wire::ReportRequest>(request.frame));
    PKI_CHECK(check(report));
    PKI_TRY(auto records, records_of(request, clock_.now(), report));
    const ReporterKey key = pki::to_buffer(report.reporter);
    Reporter* from = reporter(key);
    if (from == nullptr) return fail(Errc::unavailable, "too many reporters at once");
    if (settled_earlier(*from, report.sequence, request.to)) return {};
    if (from->under_way != 0)
        return fail(Errc::unavailable, "the batch before is not recorded yet");
    if (others + waiting_ >= request.generation->config->limits.queue)
        return fail(Errc::unavailable, "limits.queue reached");
    if (!allow(request.peer->name, records.size()))
        return fail(Errc::unavailable, "too many reports");
    from->under_way = report.sequence;
    from->askers = {request.to};
    commit(key, std::move(records));
    return {};
}

// A clock that was set back gives nothing and takes nothing.
bool Reports::allow(const std::string& peer, std::size_t records) {
    Allowance& allowance = allowances_[peer];
    const std::int64_t now = clock_.now();
    const auto passed = static_cast<double>(std::max<std::int64_t>(now - allowance.counted, 0));
    allowance.counted = now;
    allowance.records =
        std::min(allowance.records + passed / kMicroseconds * pace_.per_second, pace_.burst);
    if (allowance.records < static_cast<double>(records)) return false;
    allowance.records -= static_cast<double>(records);
    return true;
}

// nullptr when there is no room: each of the others has a batch under way.
Reports::Reporter* Reports::reporter(const ReporterKey& key) {
    auto found = reporters_.find(key);
    if (found == reporters_.end()) {
        if (reporters_.size() >= kReporters) {
            const auto oldest = std::ranges::min_element(reporters_, {}, [](const auto& entry) {
                return std::pair(entry.second.under_way != 0, entry.second.last_heard);
            });
            if (oldest->second.under_way != 0) return nullptr;
            reporters_.erase(oldest);
        }
        found = reporters_.emplace(key, Reporter{}).first;
    }
    found->second.last_heard = ++heard_;
    return &found->second;
}

// True when the batch came before: its answer is given again, or will be.
bool Reports::settled_earlier(Reporter& from, std::uint64_t sequence, const ReplyTo& to) {
    if (sequence == from.under_way)
        from.askers.push_back(to);
    else if (sequence <= from.recorded)
        answer(to, true);
    else
        return false;
    return true;
}

void Reports::commit(const ReporterKey& key, std::vector<AuditRecord> records) {
    const std::size_t count = records.size();
    const auto decided = std::make_shared<Decided>();
    decided->audit = std::move(records.front());
    decided->more.assign(std::make_move_iterator(records.begin() + 1),
                         std::make_move_iterator(records.end()));
    waiting_ += count;
    committer_.commit(*decided, [this, decided, key, count](const pki::Status& status) {
        on_committed(key, count, status);
    });
}

void Reports::on_committed(const ReporterKey& key, std::size_t records,
                           const pki::Status& status) {
    waiting_ -= records;
    Reporter& from = reporters_.at(key);
    const std::uint64_t sequence = std::exchange(from.under_way, 0);
    if (status) from.recorded = sequence;
    bool repeated = false;
    for (const ReplyTo& to : std::exchange(from.askers, {})) {
        if (status)
            answer(to, std::exchange(repeated, true));
        else  // whatever ails the store, the worker keeps the batch and comes again
            replies_.send(to, error_frame(fail(Errc::unavailable, "not recorded"), to.id));
    }
}

void Reports::answer(const ReplyTo& to, bool repeated) {
    wire::ReportReply reply;
    reply.repeated = repeated;
    replies_.send(to, reply_frame(reply, to.id));
}

}  // namespace signerd
