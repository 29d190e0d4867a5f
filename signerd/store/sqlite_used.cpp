#include "signerd/store/sqlite_used.h"

namespace signerd::sqlite {

namespace {

constexpr const char* kFind = "SELECT 1 FROM used WHERE kind = ? AND hash = ?";

constexpr const char* kCount = "SELECT count(*) FROM counted WHERE hash = ? AND expires > ?";

// Of `count` rows the one with which fewer than the limit are left.
constexpr const char* kUntil =
    "SELECT expires FROM counted WHERE hash = ? AND expires > ? ORDER BY expires "
    "LIMIT 1 OFFSET ?";

constexpr const char* kUse = "INSERT INTO used (kind, hash, expires) VALUES (?, ?, ?)";

constexpr const char* kAdd = "INSERT INTO counted (hash, expires) VALUES (?, ?)";

// A few at a time, so that no commit waits for many; of what is counted more than is added.
constexpr std::int64_t kPruned = 8;

constexpr const char* kPruneUsed =
    "DELETE FROM used WHERE (kind, hash) IN "
    "(SELECT kind, hash FROM used WHERE expires <= ? ORDER BY expires LIMIT ?)";

constexpr const char* kPruneCounted =
    "DELETE FROM counted WHERE id IN "
    "(SELECT id FROM counted WHERE expires <= ? ORDER BY expires LIMIT ?)";

}  // namespace

pki::Result<UsedTable> UsedTable::create(sqlite3* database) {
    PKI_TRY(Statement find, Statement::prepare(database, kFind));
    PKI_TRY(Statement count, Statement::prepare(database, kCount));
    PKI_TRY(Statement until, Statement::prepare(database, kUntil));
    PKI_TRY(Statement use, Statement::prepare(database, kUse));
    PKI_TRY(Statement add, Statement::prepare(database, kAdd));
    PKI_TRY(Statement prune_used, Statement::prepare(database, kPruneUsed));
    PKI_TRY(Statement prune_counted, Statement::prepare(database, kPruneCounted));
    return UsedTable({std::move(find), std::move(count), std::move(until), std::move(use),
                      std::move(add), std::move(prune_used), std::move(prune_counted)});
}

pki::Result<bool> UsedTable::is_used(const UsedValue& value) const {
    Run run = statements_.find.run();
    return run.integer(static_cast<std::int64_t>(value.kind)).blob(value.hash).row();
}

pki::Result<Counted> UsedTable::count(const pki::ossl::Sha256& hash, std::int64_t now,
                                      std::uint32_t limit) const {
    Counted counted;
    Run run = statements_.count.run();
    PKI_TRY(const bool found, run.blob(hash).integer(now).row());
    if (found) counted.count = static_cast<std::uint64_t>(run.integer_at(0));
    if (counted.count < limit) return counted;
    Run rest = statements_.until.run();
    rest.blob(hash).integer(now).integer(static_cast<std::int64_t>(counted.count - limit));
    PKI_TRY(const bool more, rest.row());
    if (more) counted.until = rest.integer_at(0);
    return counted;
}

pki::Status UsedTable::put(const std::vector<UsedValue>& used,
                           const std::vector<CountedValue>& counted, std::int64_t now) const {
    if (!used.empty())
        PKI_CHECK(statements_.prune_used.run().integer(now).integer(kPruned).done());
    if (!counted.empty())
        PKI_CHECK(statements_.prune_counted.run()
                      .integer(now)
                      .integer(kPruned + static_cast<std::int64_t>(counted.size()))
                      .done());
    for (const UsedValue& value : used)
        PKI_CHECK(statements_.use.run()
                      .integer(static_cast<std::int64_t>(value.kind))
                      .blob(value.hash)
                      .integer(value.expires)
                      .done());
    for (const CountedValue& value : counted)
        PKI_CHECK(statements_.add.run().blob(value.hash).integer(value.expires).done());
    return {};
}

}  // namespace signerd::sqlite
