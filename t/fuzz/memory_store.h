// A store without a disk, for targets that run the issue path.
#pragma once

#include <map>

#include "libpki/base/base64.h"
#include "signerd/store/store.h"
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
        return signerd::Counts{certificates_.size(), audit_.size()};
    }
    // Between two inputs: what one left must not be the other's memory.
    void forget() {
        answers_.clear();
        certificates_.clear();
        audit_.clear();
    }

   private:
    void add(const signerd::Decided& decided) {
        const auto row = pki::wire::canonical(decided.audit.row(audit_.size() + 1));
        PROPERTY(row.has_value());
        audit_.push_back({*row, {}});
        if (!decided.certificate) return;
        auto& record = certificates_[decided.certificate->serial] = *decided.certificate;
        record.row = certificates_.size();
        if (decided.answer) answers_[decided.answer->key] = *decided.answer;
    }

    std::map<pki::ossl::Sha256, signerd::Answer> answers_;
    std::map<std::string, signerd::CertificateRecord> certificates_;
    std::vector<signerd::AuditEntry> audit_;
};

}  // namespace fuzz
