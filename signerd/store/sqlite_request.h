// Requests that wait for a person: their table, in the transactions of the writer and as the
// event loop sees it. Both sides use the connection of who makes them, which must outlive them.
#pragma once

#include "signerd/store/sqlite_statement.h"
#include "signerd/store/store.h"

namespace signerd::sqlite {

class RequestWriter {
   public:
    static pki::Result<RequestWriter> create(sqlite3* database);

    // Within a transaction; the certificate of a change is the one that was inserted last.
    // internal when another request with this key waits or was denied and has not expired, or
    // when the one to change does not wait.
    pki::Status insert(const PendingRequest& request) const;
    pki::Status apply(const PendingChange& change) const;

   private:
    struct Statements {
        Statement retire, insert, change;
    };

    RequestWriter(sqlite3* database, Statements statements)
        : database_(database), statements_(std::move(statements)) {}

    sqlite3* database_;
    Statements statements_;
};

class RequestReader {
   public:
    static pki::Result<RequestReader> create(sqlite3* database);

    pki::Result<std::optional<PendingRequest>> find(const pki::ossl::Sha256& key) const;
    pki::Result<std::optional<PendingRequest>> find(std::uint64_t id) const;
    pki::Result<std::vector<PendingRequest>> list(const PendingFilter& filter) const;
    pki::Result<std::uint64_t> waiting(const std::string& profile, std::int64_t now) const;

   private:
    struct Statements {
        Statement by_key, by_id, list, list_of_profile, waiting, count, count_of_profile;
    };

    explicit RequestReader(Statements statements) : statements_(std::move(statements)) {}

    Statements statements_;
};

}  // namespace signerd::sqlite
