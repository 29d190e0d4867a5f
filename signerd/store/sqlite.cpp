// The SQLite store: opening and checking the file, and the two sides put together.
#include "signerd/store/sqlite_files.h"
#include "signerd/store/sqlite_reader.h"
#include "signerd/store/sqlite_schema.h"
#include "signerd/store/sqlite_writer.h"

namespace signerd {

namespace {

using sqlite::Connection;

// The writer has a thread of its own and waits for a lock that somebody took by hand; the
// event loop cannot.
constexpr int kReaderPatience = 50;  // milliseconds

// FULL makes each commit of the write-ahead log wait for the disk. Pages that a commit needs
// are scattered, since the keys of answers are random: hence the writer's cache (KiB), and a
// log of 16 MiB, in which many commits write the same page before it reaches the database.
constexpr const char* kWriterSettings =
    "PRAGMA synchronous = FULL;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA cache_size = -16384;"
    "PRAGMA wal_autocheckpoint = 4096;"
    "PRAGMA journal_size_limit = 67108864;";

constexpr const char* kReaderSettings =
    "PRAGMA query_only = ON;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA cache_size = -4096;";

pki::Result<Connection> connect(const std::string& path, int patience, const char* settings) {
    sqlite3* handle = nullptr;
    const int result = sqlite3_open_v2(path.c_str(), &handle,
                                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    Connection database(handle);
    if (result != SQLITE_OK) return sqlite::failure(handle, "store: cannot open the database");
    // SQLite falls back to reading when it may not write.
    if (sqlite3_db_readonly(handle, "main") != 0)
        return pki::fail(pki::Errc::unavailable, "store: no permission to write the database");
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, patience);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    PKI_CHECK(sqlite::execute(handle, settings));
    return database;
}

pki::Status check_integrity(sqlite3* database) {
    const auto finding = sqlite::query_text(database, "PRAGMA quick_check(1)");
    if (!finding) return finding.error();
    if (*finding == "ok") return {};
    return pki::fail(pki::Errc::internal, kStoreDamaged, *finding);
}

pki::Status enter_wal(sqlite3* database) {
    const auto mode = sqlite::query_text(database, "PRAGMA journal_mode = WAL");
    if (!mode) return mode.error();
    if (*mode == "wal") return {};
    return pki::fail(pki::Errc::internal,
                     "store: no write-ahead log on this file system; use a local one", *mode);
}

// The last record only, so that starting does not take longer with each record.
pki::Status check_chain_end(sqlite3* database) {
    PKI_TRY(const sqlite::Statement statement,
            sqlite::Statement::prepare(
                database,
                "SELECT a.sequence, a.canonical, a.hash, p.hash FROM audit a "
                "LEFT JOIN audit p ON p.sequence = a.sequence - 1 "
                "ORDER BY a.sequence DESC LIMIT 1"));
    sqlite::Run run = statement.run();
    PKI_TRY(const bool found, run.row());
    if (!found) return {};
    const pki::Buffer canonical = run.blob_at(1);
    const auto row = pki::wire::parse_canonical(canonical);
    if (row && row->sequence == static_cast<std::uint64_t>(run.integer_at(0)) &&
        run.sha256_at(2) == pki::ossl::sha256({run.sha256_at(3), canonical}))
        return {};
    return pki::fail(
        pki::Errc::internal,
        "store: the last audit record does not match its hash; keep its files and restore the "
        "database from a backup, see \"When the store is broken\" in operations.md",
        "sequence " + std::to_string(run.integer_at(0)));
}

pki::Status check_and_migrate(sqlite3* database) {
    PKI_CHECK(sqlite::check_schema(database));
    PKI_CHECK(check_integrity(database));
    PKI_CHECK(enter_wal(database));
    PKI_CHECK(sqlite::migrate(database));
    return check_chain_end(database);
}

class SqliteStore final : public Store {
   public:
    SqliteStore(std::string path, sqlite::Lock lock, std::unique_ptr<sqlite::Writer> writer,
                std::unique_ptr<sqlite::Reader> reader)
        : path_(std::move(path)),
          lock_(std::move(lock)),
          writer_(std::move(writer)),
          reader_(std::move(reader)) {}

    pki::Status commit(std::span<const Decided* const> batch) override {
        return writer_->commit(batch);
    }
    pki::Result<std::optional<Answer>> find_answer(const pki::ossl::Sha256& key) override {
        return reader_->find_answer(key);
    }
    pki::Result<std::optional<CertificateRecord>> find_certificate(
        const std::string& ca, const std::string& serial) override {
        return reader_->find_certificate(ca, serial);
    }
    pki::Result<std::vector<CertificateRecord>> certificates_with_serial(
        const std::string& serial) override {
        return reader_->certificates_with_serial(serial);
    }
    pki::Result<std::vector<CertificateRecord>> list_certificates(
        const CertificateFilter& filter) override {
        return reader_->list_certificates(filter);
    }
    pki::Result<std::vector<AuditEntry>> audit_page(std::uint64_t after,
                                                    std::uint32_t limit) override {
        return reader_->audit_page(after, limit);
    }
    pki::Result<Counts> counts() override { return reader_->counts(); }
    pki::Result<std::optional<SerialStatus>> find_status(const std::string& ca,
                                                         pki::Bytes serial) override {
        return reader_->revocations().find_status(ca, serial);
    }
    pki::Result<bool> is_blocked(const pki::ossl::Sha256& spki_sha256) override {
        return reader_->revocations().is_blocked(spki_sha256);
    }
    pki::Result<bool> is_used(const UsedValue& value) override {
        return reader_->uses().is_used(value);
    }
    pki::Result<Counted> count(const pki::ossl::Sha256& hash, std::int64_t now,
                               std::uint32_t limit) override {
        return reader_->uses().count(hash, now, limit);
    }
    pki::Result<BulkPage> find_bulk(const BulkFilter& filter, std::uint64_t after,
                                    std::uint64_t until, std::uint32_t window,
                                    std::int64_t now) override {
        return reader_->revocations().find_bulk(filter, after, until, window, now);
    }
    pki::Result<std::uint64_t> last_change() override {
        return reader_->revocations().last_change();
    }
    pki::Result<std::vector<Change>> changes(std::uint64_t after,
                                             std::uint32_t limit) override {
        return reader_->revocations().changes(after, limit);
    }
    pki::Result<std::vector<CrlRecord>> crls() override { return reader_->crls().all(); }
    pki::Result<std::optional<PendingRequest>> find_request(
        const pki::ossl::Sha256& key) override {
        return reader_->requests().find(key);
    }
    pki::Result<std::optional<PendingRequest>> find_request(std::uint64_t id) override {
        return reader_->requests().find(id);
    }
    pki::Result<std::vector<PendingRequest>> list_requests(
        const PendingFilter& filter) override {
        return reader_->requests().list(filter);
    }
    pki::Result<std::uint64_t> waiting_requests(const std::string& profile,
                                                std::int64_t now) override {
        return reader_->requests().waiting(profile, now);
    }
    pki::Result<std::optional<Token>> find_token(const pki::ossl::Sha256& sha256) override {
        return reader_->tokens().find(sha256);
    }
    pki::Result<std::optional<Token>> find_token(std::uint64_t id) override {
        return reader_->tokens().find(id);
    }
    pki::Result<std::vector<Token>> list_tokens(const TokenFilter& filter) override {
        return reader_->tokens().list(filter);
    }
    pki::Result<std::optional<Transaction>> find_transaction(
        const pki::ossl::Sha256& key) override {
        return reader_->transactions().find(key);
    }
    pki::Result<std::vector<Transaction>> due_transactions(std::int64_t now,
                                                           std::uint32_t limit) override {
        return reader_->transactions().due(now, limit);
    }
    pki::Result<bool> has_old_transactions(std::int64_t now) override {
        return reader_->transactions().has_old(now);
    }
    // Of the lock that somebody took by hand it has as much patience as the writer: it is not
    // for the event loop.
    pki::Result<std::unique_ptr<CrlSource>> crl_source() override {
        PKI_TRY(Connection database,
                connect(path_, sqlite::Writer::kPatience, kReaderSettings));
        return sqlite::make_crl_source(std::move(database));
    }

   private:
    const std::string path_;
    sqlite::Lock lock_;  // before the connections, which must go first
    std::unique_ptr<sqlite::Writer> writer_;
    std::unique_ptr<sqlite::Reader> reader_;
};

// SQLite's name for the file has no links in it: two names of one store have one lock.
pki::Result<std::unique_ptr<Store>> open_at(const std::string& path) {
    PKI_CHECK(sqlite::create_file(path));
    PKI_TRY(Connection writing, connect(path, sqlite::Writer::kPatience, kWriterSettings));
    const std::string file = sqlite3_db_filename(writing.get(), "main");
    PKI_TRY(sqlite::Lock lock, sqlite::Lock::take(file + ".lock"));
    PKI_CHECK(check_and_migrate(writing.get()));
    PKI_TRY(Connection reading, connect(path, kReaderPatience, kReaderSettings));
    PKI_TRY(sqlite::Places places,
            sqlite::Places::of({file, file + "-wal", file + "-shm", file + ".lock"}));
    PKI_TRY(auto writer, sqlite::Writer::create(std::move(writing), std::move(places)));
    PKI_TRY(auto reader, sqlite::Reader::create(std::move(reading)));
    return std::unique_ptr<Store>(std::make_unique<SqliteStore>(
        file, std::move(lock), std::move(writer), std::move(reader)));
}

}  // namespace

pki::Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path) {
    auto store = open_at(path);
    if (store) return store;
    pki::Error error = std::move(store).error();
    error.detail = error.detail.empty() ? path : path + ": " + error.detail;
    return error;
}

}  // namespace signerd
