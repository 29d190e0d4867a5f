// The table of tokens: in the transactions of the writer, and as the event loop sees it.
#pragma once

#include <optional>
#include <vector>

#include "signerd/store/sqlite_statement.h"
#include "signerd/store/token.h"

namespace signerd::sqlite {

// Both use the connection of who makes them, which must outlive them.
class TokenWriter {
   public:
    static pki::Result<TokenWriter> create(sqlite3* database);

    // Within a transaction. Takes some rows away that are over for kTokenKept: more than it
    // adds, so the table does not grow for ever.
    pki::Status insert(const Token& token) const;
    // Nothing when it is revoked already, or gone.
    pki::Status revoke(const TokenRevocation& revocation) const;

   private:
    struct Statements {
        Statement prune, insert, revoke;
    };

    explicit TokenWriter(Statements statements) : statements_(std::move(statements)) {}

    Statements statements_;
};

class TokenReader {
   public:
    static pki::Result<TokenReader> create(sqlite3* database);

    pki::Result<std::optional<Token>> find(const pki::ossl::Sha256& sha256) const;
    pki::Result<std::optional<Token>> find(std::uint64_t id) const;
    pki::Result<std::vector<Token>> list(const TokenFilter& filter) const;

   private:
    struct Statements {
        Statement by_hash, by_id, list, list_good;
    };

    explicit TokenReader(Statements statements) : statements_(std::move(statements)) {}

    Statements statements_;
};

}  // namespace signerd::sqlite
