#include "signerd/crl_publisher.h"

#include <algorithm>
#include <utility>

#include "signerd/audit.h"
#include "signerd/crl_schedule.h"
#include "signerd/fault.h"
#include "signerd/log.h"

namespace signerd {

using pki::Errc;

namespace {

constexpr std::chrono::seconds kTick{1};
constexpr std::uint32_t kPage = 1000;  // changes looked at in one go
constexpr std::int64_t kLongestPause = 60;
constexpr int kMostDoublings = 6;

std::int64_t pause_after(int failures) {
    return std::min<std::int64_t>(std::int64_t{1} << std::min(failures, kMostDoublings),
                                  kLongestPause);
}

// While lists are made on demand, three quarters of the time belong to others.
std::int64_t pause_after_round(std::int64_t seconds) { return seconds * 3; }

AuditRecord audit_record(const Generation& generation, const Ca& ca, std::int64_t time,
                         const std::vector<CrlRecord>& records) {
    AuditRecord record;
    record.time = time;
    record.signerd = generation.config->id;
    record.tenant = ca.tenant;
    record.operation = pki::wire::Operation::crl;
    record.decision = pki::wire::Decision::allow;
    const CrlRecord& first = records.front();
    record.detail = "CA " + ca.name + ": " + (first.delta ? "delta CRL " : "CRL ") +
                    std::to_string(first.number) + ", " + std::to_string(first.entries) +
                    " entries";
    if (records.size() > 1)
        record.detail += ", and " + std::to_string(records.size() - 1) + " other lists";
    make_fit(record);
    return record;
}

}  // namespace

pki::Status CrlPublisher::load() {
    PKI_TRY(const std::vector<CrlRecord> records, store_.crls());
    PKI_CHECK(files_.prepare(records));
    PKI_TRY(seen_, store_.last_change());
    version_ = static_cast<std::uint64_t>(clock_.now());  // unlike that of an earlier process
    for (const CrlRecord& record : records) {
        CrlLine& line = lines_[record.ca];
        line.number = std::max(line.number, record.number);
        if (!files_.has(record)) {
            line.anew = true;
            continue;
        }
        line.newest[{record.partition, record.delta}] = record;
        PKI_TRY(const auto since, store_.changes(record.change, kPage));
        if (since.size() == kPage ||
            std::ranges::find(since, record.ca, &Change::ca) != since.end())
            line.demanded = true;
    }
    return {};
}

void CrlPublisher::use(std::shared_ptr<const Generation> generation) {
    generation_ = std::move(generation);
    // Without its successors a delta hides what was revoked since.
    for (const auto& [name, ca] : generation_->config->cas)
        if (ca.crl.delta_every == 0) lines_[name].newest.erase({0, true});
    std::exchange(ticking_, true) ? look() : tick();
}

// Once a second is often enough for a schedule in minutes.
void CrlPublisher::tick() {
    look();
    after_(kTick, [this] { tick(); });
}

void CrlPublisher::changed() {
    note_changes();
    look();
}

void CrlPublisher::note_changes() {
    while (true) {
        const auto changes = store_.changes(seen_, kPage);
        if (!changes) {
            reading_.note(changes.error());
            return;
        }
        for (const Change& change : *changes) lines_[change.ca].demanded = true;
        if (changes->empty()) return;
        seen_ = changes->back().number;
        if (changes->size() < kPage) return;
    }
}

void CrlPublisher::publish(const std::string& ca, Done done) {
    if (draining_ || !generation_) return done(pki::fail(Errc::unavailable, "no new CRLs now"));
    const auto found = generation_->config->cas.find(ca);
    if (found == generation_->config->cas.end())
        return done(pki::fail(Errc::not_found, "no such CA", ca));
    if (!found->second.crl.enabled)
        return done(pki::fail(Errc::denied, "this CA makes no CRLs", ca));
    CrlLine& line = lines_[ca];
    line.anew = true;
    line.failures = 0;
    line.not_before = 0;
    line.waiting.push_back(std::move(done));
    look();
}

void CrlPublisher::drain() {
    draining_ = true;
    for (auto& [name, line] : lines_)
        for (const Done& done : std::exchange(line.waiting, {}))
            done(pki::fail(Errc::unavailable, "shutting down"));
}

// Begins a round unless one is under way.
void CrlPublisher::look() {
    if (round_ || draining_ || !generation_) return;
    const auto& cas = generation_->config->cas;
    // Behind the one that was last: nobody waits for the others for ever.
    auto ca = cas.upper_bound(last_);
    for (std::size_t i = 0; i < cas.size(); i++) {
        if (ca == cas.end()) ca = cas.begin();
        if (begin(ca->second, lines_[ca->first])) {
            last_ = ca->first;
            return;
        }
        ca++;
    }
}

bool CrlPublisher::begin(const Ca& ca, CrlLine& line) {
    const std::int64_t now = clock_.now() / kMicroseconds;
    const CrlDue due = crl_due(ca, line, now);
    if (due.kinds.empty()) return false;
    round_ = std::make_shared<Round>();
    round_->generation = generation_;
    round_->ca = ca.name;
    round_->started = now;
    round_->waiting = std::exchange(line.waiting, {});
    line.number++;
    for (const CrlKind& kind : due.kinds)
        round_->drafts.push_back(crl_draft(ca, line, kind, due.scheduled, now));
    line.demanded = false;
    line.anew = false;
    open_view(round_);
    return true;
}

// Step 1. All lists of a round tell of the same moment.
void CrlPublisher::open_view(const RoundPtr& round) {
    in_background_(
        [this, round] {
            round->status = [&]() -> pki::Status {
                PKI_TRY(round->source, store_.crl_source());
                PKI_TRY(const std::uint64_t change, round->source->last_change());
                for (CrlDraft& draft : round->drafts) draft.record.change = change;
                return {};
            }();
        },
        [this, round] {
            round->status ? next_list(round) : fail(round, round->status.error());
        });
}

// Step 2.
void CrlPublisher::next_list(const RoundPtr& round) {
    if (round->next == round->drafts.size()) return commit(round);
    in_background_(
        [this, round] {
            round->status = gather_entries(*round->source, files_, round->drafts[round->next]);
        },
        [this, round] {
            round->status ? sign_list(round) : fail(round, round->status.error());
        });
}

void CrlPublisher::sign_list(const RoundPtr& round) {
    const CrlDraft& draft = round->drafts[round->next];
    auto opened = TbsCrl::open(files_, draft);
    if (!opened) return fail(round, opened.error());
    const auto tbs = std::make_shared<TbsCrl>(*std::move(opened));
    SIGNERD_FAULT("crl:1");
    signer_.sign_crl(
        round->generation->number, round->ca, draft.tbs_size(),
        [tbs](std::uint64_t offset, std::size_t max) { return tbs->read(offset, max); },
        [this, round](const pki::Result<pki::Buffer>& signature) {
            signature ? write_list(round, *signature) : fail(round, signature.error());
        });
}

void CrlPublisher::write_list(const RoundPtr& round, const pki::Buffer& signature) {
    EVP_PKEY* const key = round->drafts[round->next].scheme.type == pki::ossl::KeyType::rsa
                              ? round->generation->ca_keys.at(round->ca).get()
                              : nullptr;
    in_background_(
        [this, round, signature, key] {
            round->status = write_crl(files_, round->drafts[round->next], signature, key);
        },
        [this, round] {
            if (!round->status) return fail(round, round->status.error());
            round->next++;
            next_list(round);
        });
}

// Step 3.
void CrlPublisher::commit(const RoundPtr& round) {
    round->source.reset();
    for (const CrlDraft& draft : round->drafts) round->decided.crls.push_back(draft.record);
    round->decided.audit =
        audit_record(*round->generation, round->generation->config->cas.at(round->ca),
                     clock_.now(), round->decided.crls);
    SIGNERD_FAULT("crl:3");
    committer_.commit(round->decided, [this, round](const pki::Status& status) {
        status ? finish(round) : fail(round, status.error());
    });
}

// Step 4.
void CrlPublisher::finish(const RoundPtr& round) {
    SIGNERD_FAULT("crl:4");
    CrlLine& line = lines_[round->ca];
    for (const CrlRecord& old : std::exchange(line.before, {})) files_.remove(old);
    for (const CrlRecord& record : round->decided.crls) {
        auto& newest = line.newest[{record.partition, record.delta}];
        if (newest.number != 0) line.before.push_back(newest);
        newest = record;
    }
    version_++;
    const std::int64_t now = clock_.now() / kMicroseconds;
    line.not_before = now + pause_after_round(std::max<std::int64_t>(now - round->started, 0));
    line.failures = 0;
    outage_of(round->ca).note({});
    end_round(round, {});
    published_();
}

void CrlPublisher::fail(const RoundPtr& round, const pki::Error& error) {
    for (const CrlDraft& draft : round->drafts) files_.remove(draft.record);
    CrlLine& line = lines_[round->ca];
    line.not_before = clock_.now() / kMicroseconds + pause_after(line.failures++);
    line.demanded = true;
    if (std::ranges::any_of(round->drafts, [](const auto& d) { return !d.record.delta; }))
        line.anew = true;
    outage_of(round->ca).note(
        pki::fail(error.code, "crl: no new list", round->ca + ": " + error.message()));
    end_round(round, error);
}

void CrlPublisher::end_round(const RoundPtr& round, const pki::Status& status) {
    round_.reset();
    for (const Done& done : std::exchange(round->waiting, {})) done(status);
    look();
}

Outage& CrlPublisher::outage_of(const std::string& ca) {
    return outages_.try_emplace(ca, "crl").first->second;
}

const CrlRecord* CrlPublisher::find(const std::string& ca, CrlKind kind,
                                    std::uint64_t number) const {
    const auto line = lines_.find(ca);
    if (line == lines_.end()) return nullptr;
    const auto newest = line->second.newest.find(kind);
    if (newest == line->second.newest.end()) return nullptr;
    if (number == 0 || newest->second.number == number) return &newest->second;
    for (const CrlRecord& old : line->second.before)
        if (old.number == number && old.partition == kind.partition && old.delta == kind.delta)
            return &old;
    return nullptr;
}

std::vector<CrlRecord> CrlPublisher::newest() const {
    std::vector<CrlRecord> records;
    for (const auto& [ca, line] : lines_)
        for (const auto& [kind, record] : line.newest) records.push_back(record);
    return records;
}

}  // namespace signerd
