// What frontends decided by themselves (401, 413, a rate limit) becomes audit records.
//
// One batch is one transaction, and its answer leaves when that is durable. A worker sends a
// batch again when the answer got lost: the last number of each reporter is remembered, and the
// same number makes no second records. After a restart of signerd nothing is remembered; then
// the transaction that each decision carries tells that two records are one.
#pragma once

#include <map>

#include "libpki/wire/report.h"
#include "signerd/clock.h"
#include "signerd/request.h"
#include "signerd/writer.h"

namespace signerd {

class Reports {
   public:
    // Workers that are remembered, old ones of earlier reloads included; the one that has been
    // silent the longest gives way.
    static constexpr std::size_t kReporters = 1024;

    // What one peer may report: so many records at once, and so many a second in the long run.
    // nginx paces its workers; this is for one that somebody else controls, who would fill the
    // disk, and with it stop everybody.
    struct Pace {
        double burst = 65'536;
        double per_second = 1024;
    };

    Reports(const Clock& clock, Committer& committer, Replies& replies)
        : Reports(clock, committer, replies, Pace{}) {}
    Reports(const Clock& clock, Committer& committer, Replies& replies, Pace pace)
        : clock_(clock), committer_(committer), replies_(replies), pace_(pace) {}

    // `others` is what else is in flight. unavailable when limits.queue is reached, or the peer
    // reports too much.
    void record(const Request& request, std::size_t others);

    // Records on their way to the disk.
    std::size_t waiting() const { return waiting_; }

   private:
    struct Reporter {
        std::uint64_t recorded = 0;    // the last batch that is durable
        std::uint64_t under_way = 0;   // the batch that is being made durable, or 0
        std::vector<ReplyTo> askers;   // who waits for it: more than one after a retry
        std::uint64_t last_heard = 0;  // in batches of all reporters
    };
    using ReporterKey = pki::Buffer;
    struct Allowance {
        double records = 0;
        std::int64_t counted = 0;  // when, in microseconds; 0: never
    };

    pki::Status take(const Request& request, std::size_t others);
    bool allow(const std::string& peer, std::size_t records);
    Reporter* reporter(const ReporterKey& key);
    bool settled_earlier(Reporter& from, std::uint64_t sequence, const ReplyTo& to);
    void commit(const ReporterKey& key, std::vector<AuditRecord> records);
    void on_committed(const ReporterKey& key, std::size_t records, const pki::Status& status);
    void answer(const ReplyTo& to, bool repeated);

    const Clock& clock_;
    Committer& committer_;
    Replies& replies_;
    const Pace pace_;
    std::map<ReporterKey, Reporter> reporters_;
    std::map<std::string, Allowance> allowances_;  // by peer
    std::uint64_t heard_ = 0;
    std::size_t waiting_ = 0;
};

}  // namespace signerd
