// Which CRLs there are, and what goes into the next ones.
#pragma once

#include "signerd/store/sqlite_statement.h"
#include "signerd/store/store.h"

namespace signerd::sqlite {

// The newest of each kind. Uses the connection of who makes it, which must outlive it.
class CrlTable {
   public:
    static pki::Result<CrlTable> create(sqlite3* database);

    pki::Result<std::vector<CrlRecord>> all() const;
    // Within a transaction. internal when the CA has a list with a higher number.
    pki::Status put(const CrlRecord& record) const;

   private:
    struct Statements {
        Statement all, last, put;
    };

    explicit CrlTable(Statements statements) : statements_(std::move(statements)) {}

    Statements statements_;
};

// Its view is that of this moment.
pki::Result<std::unique_ptr<CrlSource>> make_crl_source(Connection database);

}  // namespace signerd::sqlite
