// The reading side of the SQLite store. It runs on the event loop, so no verb may take long:
// a listing that has to look at too many rows is given up.
#pragma once

#include "signerd/store/sqlite_crl.h"
#include "signerd/store/sqlite_request.h"
#include "signerd/store/sqlite_revocation.h"
#include "signerd/store/sqlite_token.h"
#include "signerd/store/sqlite_transaction.h"
#include "signerd/store/sqlite_used.h"

namespace signerd::sqlite {

class Reader {
   public:
    static pki::Result<std::unique_ptr<Reader>> create(Connection database);

    pki::Result<std::optional<Answer>> find_answer(const pki::ossl::Sha256& key) const;
    pki::Result<std::optional<CertificateRecord>> find_certificate(
        const std::string& ca, const std::string& serial) const;
    pki::Result<std::vector<CertificateRecord>> certificates_with_serial(
        const std::string& serial) const;
    pki::Result<std::vector<CertificateRecord>> list_certificates(
        const CertificateFilter& filter) const;
    pki::Result<std::vector<AuditEntry>> audit_page(std::uint64_t after,
                                                    std::uint32_t limit) const;
    pki::Result<Counts> counts() const;

    const RevocationReader& revocations() const { return revocations_; }
    const CrlTable& crls() const { return crls_; }
    const UsedTable& uses() const { return uses_; }
    const RequestReader& requests() const { return requests_; }
    const TransactionReader& transactions() const { return transactions_; }
    const TokenReader& tokens() const { return tokens_; }

   private:
    struct Statements {
        Statement answer, certificate, serial, list, list_of_profile, audit, counts;
    };

    Reader(Connection database, Statements statements, RevocationReader revocations,
           CrlTable crls, RequestReader requests, TransactionReader transactions,
           TokenReader tokens, UsedTable uses)
        : database_(std::move(database)),
          statements_(std::move(statements)),
          revocations_(std::move(revocations)),
          crls_(std::move(crls)),
          requests_(std::move(requests)),
          transactions_(std::move(transactions)),
          tokens_(std::move(tokens)),
          uses_(std::move(uses)) {}

    Connection database_;  // before the statements, which must go first
    Statements statements_;
    RevocationReader revocations_;
    CrlTable crls_;
    RequestReader requests_;
    TransactionReader transactions_;
    TokenReader tokens_;
    UsedTable uses_;
};

}  // namespace signerd::sqlite
