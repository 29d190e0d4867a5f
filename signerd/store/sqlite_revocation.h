// What is revoked: its tables, in the transactions of the writer and as the event loop sees
// them. Both sides use the connection of who makes them, which must outlive them.
#pragma once

#include "signerd/store/sqlite_statement.h"
#include "signerd/store/store.h"

namespace signerd::sqlite {

class RevocationWriter {
   public:
    static pki::Result<RevocationWriter> create(sqlite3* database);

    // Within a transaction. `time`, seconds since 1970, is when somebody decided. internal when
    // there is no such certificate, or it is to be released and is not revoked.
    pki::Status apply(const RevocationChange& change, std::int64_t time) const;

   private:
    struct Statements {
        Statement revoke, release, log, block;
    };

    RevocationWriter(sqlite3* database, Statements statements)
        : database_(database), statements_(std::move(statements)) {}

    pki::Status change(const RevocationChange& change, pki::Bytes serial) const;
    pki::Status log(const RevocationChange& change, pki::Bytes serial, std::int64_t time) const;

    sqlite3* database_;
    Statements statements_;
};

class RevocationReader {
   public:
    static pki::Result<RevocationReader> create(sqlite3* database);

    pki::Result<std::optional<SerialStatus>> find_status(const std::string& ca,
                                                         pki::Bytes serial) const;
    pki::Result<bool> is_blocked(const pki::ossl::Sha256& spki_sha256) const;
    pki::Result<Store::BulkPage> find_bulk(const BulkFilter& filter, std::uint64_t after,
                                           std::uint64_t until, std::uint32_t window,
                                           std::int64_t now) const;
    pki::Result<std::uint64_t> last_change() const;
    pki::Result<std::vector<Change>> changes(std::uint64_t after, std::uint32_t limit) const;

   private:
    struct Statements {
        Statement status, blocked, bulk, last_change, changes;
    };

    explicit RevocationReader(Statements statements) : statements_(std::move(statements)) {}

    Statements statements_;
};

}  // namespace signerd::sqlite
