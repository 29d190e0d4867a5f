// Transactions of CMP: their table, in the transactions of the writer and as the event loop
// sees them. Both sides use the connection of who makes them, which must outlive them.
#pragma once

#include <vector>

#include "signerd/store/sqlite_statement.h"
#include "signerd/store/transaction.h"

namespace signerd::sqlite {

class TransactionWriter {
   public:
    static pki::Result<TransactionWriter> create(sqlite3* database);

    // Within a transaction of the database. `certified`: it gets the certificate that was
    // inserted last. internal when another one has the key and is not over at `now`, seconds
    // since 1970; when the one to change is not there or in another state.
    pki::Status insert(const Transaction& opened, bool certified, std::int64_t now) const;
    pki::Status apply(const TransactionChange& change, bool certified) const;
    // A few of those that are over.
    pki::Status forget(std::int64_t now) const;

   private:
    struct Statements {
        Statement retire, insert, move, answer, confirm_by, expire, forget;
    };

    TransactionWriter(sqlite3* database, Statements statements)
        : database_(database), statements_(std::move(statements)) {}
    pki::Status one(const pki::Status& done) const;

    sqlite3* database_;
    Statements statements_;
};

class TransactionReader {
   public:
    static pki::Result<TransactionReader> create(sqlite3* database);

    pki::Result<std::optional<Transaction>> find(const pki::ossl::Sha256& key) const;
    pki::Result<std::vector<Transaction>> due(std::int64_t now, std::uint32_t limit) const;
    pki::Result<bool> has_old(std::int64_t now) const;

   private:
    struct Statements {
        Statement find, due, old;
    };

    explicit TransactionReader(Statements statements) : statements_(std::move(statements)) {}

    Statements statements_;
};

}  // namespace signerd::sqlite
