// Rows of certificates, with what became of them: common to all statements that read them.
#pragma once

#include "signerd/store/sqlite_statement.h"
#include "signerd/store/store.h"

namespace signerd::sqlite {

// "SELECT ..." of what certificate_of() wants, and behind it `rest`, "WHERE ..." say, in which
// c is the certificate and r its revocation, if any.
pki::Result<Statement> select_certificates(sqlite3* database, const char* rest);

CertificateRecord certificate_of(const Run& run);
// All rows that are left.
pki::Result<std::vector<CertificateRecord>> certificates_of(Run& run);

// From two columns, NULL where nothing is revoked.
std::optional<Revocation> revocation_at(const Run& run, int reason_column, int time_column);

// Cursors are unsigned, SQLite's integers are not.
std::int64_t cursor(std::uint64_t after);

}  // namespace signerd::sqlite
