// The writing side of the SQLite store: one transaction for a batch of decisions.
#pragma once

#include <span>

#include "signerd/store/sqlite_crl.h"
#include "signerd/store/sqlite_files.h"
#include "signerd/store/sqlite_request.h"
#include "signerd/store/sqlite_revocation.h"
#include "signerd/store/sqlite_token.h"
#include "signerd/store/sqlite_transaction.h"
#include "signerd/store/sqlite_used.h"

namespace signerd::sqlite {

class Writer {
   public:
    // How long it waits for a lock: milliseconds.
    static constexpr int kPatience = 2000;

    static pki::Result<std::unique_ptr<Writer>> create(Connection database, Places places);

    pki::Status commit(std::span<const Decided* const> batch);

   private:
    // The end of the chain of audit records.
    struct Head {
        std::uint64_t sequence = 0;
        pki::ossl::Sha256 hash{};
    };

    struct Statements {
        Statement begin, commit, rollback, head, certificate, answer, audit;
    };

    Writer(Connection database, Statements statements, RevocationWriter revocations,
           CrlTable crls, RequestWriter requests, TransactionWriter transactions,
           TokenWriter tokens, UsedTable uses, Places places)
        : database_(std::move(database)),
          statements_(std::move(statements)),
          revocations_(std::move(revocations)),
          crls_(std::move(crls)),
          requests_(std::move(requests)),
          transactions_(std::move(transactions)),
          tokens_(std::move(tokens)),
          uses_(std::move(uses)),
          places_(std::move(places)) {}

    pki::Status transact(std::span<const Decided* const> batch);
    pki::Status write(std::span<const Decided* const> batch);
    pki::Status write(const Decided& decided, Head& end) const;
    pki::Status go_on(const Decided& decided) const;
    pki::Result<Head> head() const;
    pki::Status insert(const CertificateRecord& record) const;
    pki::Status put(const Answer& answer) const;
    pki::Status change(const Decided& decided) const;
    pki::Status append(const AuditRecord& record, Head& head) const;

    Connection database_;  // before the statements, which must go first
    Statements statements_;
    RevocationWriter revocations_;
    CrlTable crls_;
    RequestWriter requests_;
    TransactionWriter transactions_;
    TokenWriter tokens_;
    UsedTable uses_;
    Places places_;
};

}  // namespace signerd::sqlite
