// What is good once, and what is counted: their tables, in the transactions of the writer and
// as the event loop sees them.
#pragma once

#include <vector>

#include "signerd/store/sqlite_statement.h"
#include "signerd/store/used.h"

namespace signerd::sqlite {

// Uses the connection of who makes it, which must outlive it.
class UsedTable {
   public:
    static pki::Result<UsedTable> create(sqlite3* database);

    pki::Result<bool> is_used(const UsedValue& value) const;
    pki::Result<Counted> count(const pki::ossl::Sha256& hash, std::int64_t now,
                               std::uint32_t limit) const;

    // Within a transaction. internal when a value is there already. Takes some of the rows away
    // that have expired: more than it adds, so the tables do not grow for ever.
    pki::Status put(const std::vector<UsedValue>& used,
                    const std::vector<CountedValue>& counted, std::int64_t now) const;

   private:
    struct Statements {
        Statement find, count, until, use, add, prune_used, prune_counted;
    };

    explicit UsedTable(Statements statements) : statements_(std::move(statements)) {}

    Statements statements_;
};

}  // namespace signerd::sqlite
