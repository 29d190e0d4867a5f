// The schema of the SQLite store: numbered steps, kept in schema/, and what tells our files
// from others.
#pragma once

#include "signerd/store/sqlite_statement.h"

namespace signerd::sqlite {

// "sgnd" in ASCII: PRAGMA application_id of our files.
constexpr std::int64_t kApplicationId = 0x73676e64;

// Refuses a file of another application and one whose schema is newer than this program.
pki::Status check_schema(sqlite3* database);

// Brings the file to the current schema, each step in a transaction of its own.
pki::Status migrate(sqlite3* database);

}  // namespace signerd::sqlite
