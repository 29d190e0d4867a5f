#include "signerd/store/sqlite_crl.h"

#include "signerd/store/sqlite_certificate.h"

namespace signerd::sqlite {

namespace {

constexpr const char* kAll =
    "SELECT ca, \"partition\", delta, number, this_update, next_update, scheduled, change, "
    "base, entries, size, sha256, form, urls FROM crl ORDER BY ca, \"partition\", delta";

constexpr const char* kLast = "SELECT max(number) FROM crl WHERE ca = ?";

constexpr const char* kPut =
    "INSERT OR REPLACE INTO crl (ca, \"partition\", delta, number, this_update, next_update, "
    "scheduled, change, base, entries, size, sha256, form, urls) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

CrlRecord record_of(const Run& run) {
    const auto natural = [&](int column) {
        return static_cast<std::uint64_t>(run.integer_at(column));
    };
    CrlRecord record;
    record.ca = run.text_at(0);
    record.partition = static_cast<std::uint32_t>(run.integer_at(1));
    record.delta = run.integer_at(2) != 0;
    record.number = natural(3);
    record.this_update = run.integer_at(4);
    record.next_update = run.integer_at(5);
    record.scheduled = run.integer_at(6);
    record.change = natural(7);
    record.base = natural(8);
    record.entries = natural(9);
    record.size = natural(10);
    record.sha256 = run.sha256_at(11);
    record.form = run.sha256_at(12);
    record.urls = run.text_at(13);
    return record;
}

// The primary key is the order, so a million entries are read without sorting them.
constexpr const char* kComplete =
    "SELECT serial, time, reason FROM revocation "
    "WHERE ca = ?1 AND not_after >= ?2 AND (?3 = 0 OR \"partition\" = ?3) ORDER BY serial";

// The log is read from `since` on, by its numbers; the index would go through all of a CA. A
// released one has the date of its release.
constexpr const char* kDelta =
    "SELECT d.serial, coalesce(r.time, (SELECT l.time FROM revocation_log l WHERE l.ca = c.ca "
    "AND l.serial = c.serial ORDER BY l.change DESC LIMIT 1)), coalesce(r.reason, ?5) "
    "FROM (SELECT DISTINCT serial FROM revocation_log NOT INDEXED "
    "WHERE change > ?4 AND ca = ?1) d "
    "JOIN certificate c ON c.serial = d.serial AND c.ca = ?1 "
    "LEFT JOIN revocation r ON r.ca = c.ca AND r.serial = c.serial "
    "WHERE c.not_after >= ?2 AND (?3 = 0 OR c.\"partition\" = ?3) ORDER BY d.serial";

pki::Status give(Run& run, const CrlSource::OnEntry& on_entry) {
    for (;;) {
        PKI_TRY(const bool found, run.row());
        if (!found) return {};
        on_entry({run.blob_at(0), run.integer_at(1),
                  static_cast<pki::x509::CrlReason>(run.integer_at(2))});
    }
}

// One read transaction for its life: the writer goes on, and its log grows as long.
class SqliteCrlSource final : public CrlSource {
   public:
    explicit SqliteCrlSource(Connection database) : database_(std::move(database)) {}

    pki::Result<std::uint64_t> last_change() override {
        PKI_TRY(const std::int64_t last,
                query_integer(database_.get(), "SELECT max(change) FROM revocation_log"));
        return static_cast<std::uint64_t>(last);
    }
    pki::Status complete(const std::string& ca, std::uint32_t partition, std::int64_t alive,
                         const OnEntry& on_entry) override {
        PKI_TRY(const Statement statement, Statement::prepare(database_.get(), kComplete));
        Run run = statement.run();
        return give(run.text(ca).integer(alive).integer(partition), on_entry);
    }
    pki::Status delta(const std::string& ca, std::uint32_t partition, std::int64_t alive,
                      std::uint64_t since, const OnEntry& on_entry) override {
        PKI_TRY(const Statement statement, Statement::prepare(database_.get(), kDelta));
        Run run = statement.run();
        run.text(ca).integer(alive).integer(partition).integer(cursor(since));
        run.integer(static_cast<std::int64_t>(pki::x509::CrlReason::remove_from_crl));
        return give(run, on_entry);
    }

   private:
    Connection database_;
};

}  // namespace

pki::Result<CrlTable> CrlTable::create(sqlite3* database) {
    PKI_TRY(Statement all, Statement::prepare(database, kAll));
    PKI_TRY(Statement last, Statement::prepare(database, kLast));
    PKI_TRY(Statement put, Statement::prepare(database, kPut));
    return CrlTable({std::move(all), std::move(last), std::move(put)});
}

pki::Result<std::vector<CrlRecord>> CrlTable::all() const {
    Run run = statements_.all.run();
    std::vector<CrlRecord> records;
    for (;;) {
        PKI_TRY(const bool found, run.row());
        if (!found) return records;
        records.push_back(record_of(run));
    }
}

pki::Status CrlTable::put(const CrlRecord& record) const {
    Run last = statements_.last.run();
    PKI_TRY(const bool found, last.text(record.ca).row());
    if (found && static_cast<std::uint64_t>(last.integer_at(0)) > record.number)
        return pki::fail(pki::Errc::internal, "store: the number of a CRL goes down",
                         record.ca);
    return statements_.put.run()
        .text(record.ca)
        .integer(record.partition)
        .integer(record.delta)
        .integer(cursor(record.number))
        .integer(record.this_update)
        .integer(record.next_update)
        .integer(record.scheduled)
        .integer(cursor(record.change))
        .integer(cursor(record.base))
        .integer(cursor(record.entries))
        .integer(cursor(record.size))
        .blob(record.sha256)
        .blob(record.form)
        .text(record.urls)
        .done();
}

// BEGIN alone takes no view yet: the first statement that reads does.
pki::Result<std::unique_ptr<CrlSource>> make_crl_source(Connection database) {
    PKI_CHECK(execute(database.get(), "BEGIN"));
    auto source = std::make_unique<SqliteCrlSource>(std::move(database));
    PKI_CHECK(source->last_change());
    return std::unique_ptr<CrlSource>(std::move(source));
}

}  // namespace signerd::sqlite
