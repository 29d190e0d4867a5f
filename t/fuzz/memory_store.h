// A store without a disk, for targets that run the issue path.
#pragma once

#include <algorithm>
#include <map>
#include <set>

#include "libpki/base/base64.h"
#include "signerd/clock.h"
#include "signerd/store/consistent.h"
#include "t/fuzz/fuzz.h"

namespace fuzz {

class MemoryStore : public signerd::Store {
   public:
    pki::Status commit(std::span<const signerd::Decided* const> batch) override {
        for (const signerd::Decided* decided : batch) add(*decided);
        return {};
    }
    pki::Result<std::optional<signerd::Answer>> find_answer(
        const pki::ossl::Sha256& key) override {
        const auto found = answers_.find(key);
        return found == answers_.end() ? std::nullopt : std::optional(found->second);
    }
    pki::Result<std::optional<signerd::CertificateRecord>> find_certificate(
        const std::string&, const std::string& serial) override {
        const auto found = certificates_.find(serial);
        return found == certificates_.end() ? std::nullopt : std::optional(found->second);
    }
    pki::Result<std::vector<signerd::CertificateRecord>> certificates_with_serial(
        const std::string& serial) override {
        const auto found = certificates_.find(serial);
        if (found == certificates_.end()) return std::vector<signerd::CertificateRecord>();
        return std::vector{found->second};
    }
    pki::Result<std::vector<signerd::CertificateRecord>> list_certificates(
        const signerd::CertificateFilter& filter) override {
        std::vector<signerd::CertificateRecord> page;
        for (const auto& [serial, record] : certificates_)
            if (record.row > filter.after && page.size() < filter.limit) page.push_back(record);
        return page;
    }
    pki::Result<std::vector<signerd::AuditEntry>> audit_page(std::uint64_t after,
                                                             std::uint32_t limit) override {
        std::vector<signerd::AuditEntry> page;
        for (; after < audit_.size() && page.size() < limit; after++)
            page.push_back(audit_[after]);
        return page;
    }
    pki::Result<signerd::Counts> counts() override {
        return signerd::Counts{certificates_.size(), audit_.size(), revoked()};
    }
    pki::Result<std::optional<signerd::SerialStatus>> find_status(const std::string& ca,
                                                                  pki::Bytes serial) override {
        const auto found = certificates_.find(pki::hex_encode(serial));
        if (found == certificates_.end() || found->second.ca != ca)
            return std::optional<signerd::SerialStatus>();
        return std::optional(
            signerd::SerialStatus{found->second.not_after, found->second.revocation});
    }
    pki::Result<bool> is_blocked(const pki::ossl::Sha256& spki_sha256) override {
        return blocked_.contains(spki_sha256);
    }
    pki::Result<bool> is_used(const signerd::UsedValue& value) override {
        return std::ranges::any_of(used_, [&](const auto& used) { return used.same(value); });
    }
    pki::Result<signerd::Counted> count(const pki::ossl::Sha256& hash, std::int64_t now,
                                        std::uint32_t limit) override {
        std::vector<std::int64_t> ends;
        for (const signerd::CountedValue& one : counted_)
            if (one.hash == hash && one.expires > now) ends.push_back(one.expires);
        std::ranges::sort(ends);
        return signerd::Counted{ends.size(),
                                ends.size() < limit ? 0 : ends[ends.size() - limit]};
    }
    pki::Result<std::optional<signerd::Token>> find_token(
        const pki::ossl::Sha256& sha256) override {
        for (const signerd::Token& token : tokens_)
            if (token.sha256 == sha256) return std::optional(as_it_is(token));
        return std::optional<signerd::Token>();
    }
    pki::Result<std::optional<signerd::Token>> find_token(std::uint64_t id) override {
        if (id == 0 || id > tokens_.size()) return std::optional<signerd::Token>();
        return std::optional(as_it_is(tokens_[id - 1]));
    }
    pki::Result<std::vector<signerd::Token>> list_tokens(
        const signerd::TokenFilter& filter) override {
        std::vector<signerd::Token> page;
        for (const signerd::Token& token : tokens_)
            if (token.id > filter.after && page.size() < filter.limit &&
                (filter.all || as_it_is(token).good(filter.now)))
                page.push_back(as_it_is(token));
        return page;
    }
    // One page has all.
    pki::Result<BulkPage> find_bulk(const signerd::BulkFilter& filter, std::uint64_t after,
                                    std::uint64_t until, std::uint32_t,
                                    std::int64_t now) override {
        BulkPage page{{}, until};
        for (const auto& [serial, record] : certificates_)
            if (record.row > after && record.row <= until && !record.revocation &&
                record.not_after > now && (!filter.subject || filter.subject(record.subject)) &&
                page.records.size() < filter.limit)
                page.records.push_back(record);
        return page;
    }
    pki::Result<std::uint64_t> last_change() override { return changes_.size(); }
    pki::Result<std::vector<signerd::Change>> changes(std::uint64_t after,
                                                      std::uint32_t limit) override {
        std::vector<signerd::Change> page;
        for (; after < changes_.size() && page.size() < limit; after++)
            page.push_back(changes_[after]);
        return page;
    }
    pki::Result<std::vector<signerd::CrlRecord>> crls() override { return crls_; }
    pki::Result<std::unique_ptr<signerd::CrlSource>> crl_source() override {
        return pki::fail(pki::Errc::unsupported, "a store without a disk");
    }
    pki::Result<std::optional<signerd::PendingRequest>> find_request(
        const pki::ossl::Sha256& key) override {
        const auto found = std::find_if(requests_.rbegin(), requests_.rend(),
                                        [&](const auto& entry) { return entry.key == key; });
        return found == requests_.rend() ? std::nullopt : std::optional(*found);
    }
    pki::Result<std::optional<signerd::PendingRequest>> find_request(
        std::uint64_t id) override {
        if (id == 0 || id > requests_.size()) return std::optional<signerd::PendingRequest>();
        return std::optional(requests_[id - 1]);
    }
    pki::Result<std::vector<signerd::PendingRequest>> list_requests(
        const signerd::PendingFilter& filter) override {
        std::vector<signerd::PendingRequest> page;
        for (const signerd::PendingRequest& request : requests_)
            if (request.id > filter.after && page.size() < filter.limit)
                page.push_back(request);
        return page;
    }
    pki::Result<std::uint64_t> waiting_requests(const std::string&, std::int64_t now) override {
        std::uint64_t count = 0;
        for (const signerd::PendingRequest& request : requests_)
            count += request.state == signerd::PendingState::waiting && !request.expired(now);
        return count;
    }
    pki::Result<std::optional<signerd::Transaction>> find_transaction(
        const pki::ossl::Sha256& key) override {
        const auto found = transactions_.find(key);
        return found == transactions_.end() ? std::nullopt : std::optional(found->second);
    }
    pki::Result<std::vector<signerd::Transaction>> due_transactions(
        std::int64_t now, std::uint32_t limit) override {
        std::vector<signerd::Transaction> due;
        for (const auto& [key, transaction] : transactions_)
            if (transaction.late(now) && due.size() < limit) due.push_back(transaction);
        return due;
    }
    pki::Result<bool> has_old_transactions(std::int64_t now) override {
        return std::ranges::any_of(transactions_,
                                   [&](const auto& entry) { return entry.second.over(now); });
    }
    // Between two inputs: what one left must not be the other's memory.
    void forget() {
        answers_.clear();
        certificates_.clear();
        audit_.clear();
        changes_.clear();
        blocked_.clear();
        crls_.clear();
        used_.clear();
        counted_.clear();
        requests_.clear();
        transactions_.clear();
        tokens_.clear();
    }

   private:
    void add(const signerd::Decided& decided) {
        PROPERTY(signerd::consistent(decided));
        if (decided.transaction) add(*decided.transaction, decided);
        if (decided.transaction_change) apply(*decided.transaction_change, decided);
        if (decided.silent) return;
        append(decided.audit);
        for (const signerd::AuditRecord& record : decided.more) append(record);
        for (const signerd::RevocationChange& change : decided.revocations) apply(change);
        crls_.insert(crls_.end(), decided.crls.begin(), decided.crls.end());
        for (const signerd::UsedValue& value : decided.used) PROPERTY(!*is_used(value));
        used_.insert(used_.end(), decided.used.begin(), decided.used.end());
        counted_.insert(counted_.end(), decided.counted.begin(), decided.counted.end());
        if (decided.token) add(*decided.token);
        if (decided.token_revocation) apply(*decided.token_revocation);
        if (decided.pending) add(*decided.pending);
        if (decided.pending_change) apply(*decided.pending_change, decided);
        if (!decided.certificate) return;
        auto& record = certificates_[decided.certificate->serial] = *decided.certificate;
        record.row = certificates_.size();
        if (decided.answer) answers_[decided.answer->key] = *decided.answer;
    }
    void add(const signerd::Transaction& opened, const signerd::Decided& decided) {
        const auto before = transactions_.find(opened.key);
        PROPERTY(before == transactions_.end() ||
                 before->second.over(decided.audit.time / signerd::kMicroseconds));
        signerd::Transaction& kept = transactions_[opened.key] = opened;
        certify(kept, decided);
    }
    void apply(const signerd::TransactionChange& change, const signerd::Decided& decided) {
        const auto found = transactions_.find(change.key);
        PROPERTY(found != transactions_.end());
        signerd::Transaction& kept = found->second;
        PROPERTY(change.from == change.to || kept.state == change.from);
        if (change.from != change.to) kept.state = change.to;
        if (change.answered) {
            kept.last_message = change.answered->message;
            kept.last_nonce = change.answered->nonce;
        }
        if (change.confirm_by) kept.confirm_by = *change.confirm_by;
        if (change.expires) kept.expires = *change.expires;
        certify(kept, decided);
    }
    static void certify(signerd::Transaction& kept, const signerd::Decided& decided) {
        if (!decided.certificate) return;
        PROPERTY(kept.serial.empty());
        kept.ca = decided.certificate->ca;
        kept.serial = decided.certificate->serial;
    }
    void append(const signerd::AuditRecord& record) {
        const auto row = pki::wire::canonical(record.row(audit_.size() + 1));
        PROPERTY(row.has_value());
        audit_.push_back({*row, {}});
    }
    void apply(const signerd::RevocationChange& change) {
        const auto found = certificates_.find(change.serial);
        PROPERTY(found != certificates_.end() && found->second.ca == change.ca);
        PROPERTY(change.revocation || found->second.revocation);
        found->second.revocation = change.revocation;
        changes_.push_back({changes_.size() + 1, change.ca, change.serial});
        if (change.blocked_key) blocked_.insert(*change.blocked_key);
    }
    void add(const signerd::PendingRequest& request) {
        requests_.push_back(request);
        requests_.back().id = requests_.size();
    }
    void apply(const signerd::PendingChange& change, const signerd::Decided& decided) {
        PROPERTY(change.id != 0 && change.id <= requests_.size());
        signerd::PendingRequest& request = requests_[change.id - 1];
        PROPERTY(request.state == signerd::PendingState::waiting);
        request.state = change.state;
        request.decided = change.decided;
        request.expires = change.expires;
        request.decided_by = change.decided_by;
        request.reason = change.reason;
        if (!decided.certificate) return;
        request.ca = decided.certificate->ca;
        request.serial = decided.certificate->serial;
    }
    void add(const signerd::Token& token) {
        tokens_.push_back(token);
        tokens_.back().id = tokens_.size();
    }
    void apply(const signerd::TokenRevocation& revocation) {
        PROPERTY(revocation.id != 0 && revocation.id <= tokens_.size());
        signerd::Token& token = tokens_[revocation.id - 1];
        if (!token.revoked) token.revoked = revocation.time;
    }
    signerd::Token as_it_is(signerd::Token token) {
        token.used = token.once && *is_used({signerd::UsedKind::token, token.sha256, 0});
        return token;
    }
    std::uint64_t revoked() const {
        std::uint64_t count = 0;
        for (const auto& [serial, record] : certificates_)
            count += record.revocation.has_value();
        return count;
    }

    std::map<pki::ossl::Sha256, signerd::Answer> answers_;
    std::map<std::string, signerd::CertificateRecord> certificates_;
    std::vector<signerd::AuditEntry> audit_;
    std::vector<signerd::Change> changes_;
    std::set<pki::ossl::Sha256> blocked_;
    std::vector<signerd::CrlRecord> crls_;
    std::vector<signerd::UsedValue> used_;
    std::vector<signerd::CountedValue> counted_;
    std::vector<signerd::PendingRequest> requests_;
    std::map<pki::ossl::Sha256, signerd::Transaction> transactions_;
    std::vector<signerd::Token> tokens_;
};

}  // namespace fuzz
