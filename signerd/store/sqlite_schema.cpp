#include "signerd/store/sqlite_schema.h"

#include <array>

namespace signerd::sqlite {

namespace {

// Released steps are never edited: a change of the schema is a new step at the end.
constexpr std::array kSteps{
#include "signerd/store/schema/0001.sql"
    ,
#include "signerd/store/schema/0002.sql"
    ,
#include "signerd/store/schema/0003.sql"
    ,
#include "signerd/store/schema/0004.sql"
    ,
#include "signerd/store/schema/0005.sql"
    ,
#include "signerd/store/schema/0006.sql"
};

// The version is read inside the transaction: another signerd may be starting as well.
pki::Status apply_next_step(sqlite3* database) {
    PKI_TRY(const std::int64_t version, query_integer(database, "PRAGMA user_version"));
    if (version >= static_cast<std::int64_t>(kSteps.size())) return {};
    PKI_CHECK(execute(database, kSteps[static_cast<std::size_t>(version)]));
    const std::string mark = "PRAGMA application_id = " + std::to_string(kApplicationId) +
                             "; PRAGMA user_version = " + std::to_string(version + 1);
    return execute(database, mark.c_str());
}

}  // namespace

pki::Status check_schema(sqlite3* database) {
    PKI_TRY(const std::int64_t application, query_integer(database, "PRAGMA application_id"));
    PKI_TRY(const std::int64_t version, query_integer(database, "PRAGMA user_version"));
    PKI_TRY(const std::int64_t objects,
            query_integer(database, "SELECT count(*) FROM sqlite_schema"));
    const bool fresh = application == 0 && version == 0 && objects == 0;
    if (!fresh && application != kApplicationId)
        return pki::fail(pki::Errc::internal,
                         "store: not a database of signerd; give \"store\" another path");
    if (version > static_cast<std::int64_t>(kSteps.size()))
        return pki::fail(
            pki::Errc::internal,
            "store: written by a newer signerd; start that version, or restore the "
            "backup from before the upgrade",
            "schema " + std::to_string(version) + ", known up to " +
                std::to_string(kSteps.size()));
    return {};
}

pki::Status migrate(sqlite3* database) {
    for (std::size_t step = 0; step < kSteps.size(); step++) {
        PKI_CHECK(execute(database, "BEGIN IMMEDIATE"));
        pki::Status done = apply_next_step(database);
        if (done) done = execute(database, "COMMIT");
        if (!done) {
            sqlite3_exec(database, "ROLLBACK", nullptr, nullptr, nullptr);
            return done;
        }
    }
    return {};
}

}  // namespace signerd::sqlite
