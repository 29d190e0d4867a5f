#include "signerd/store/sqlite_revocation.h"

#include "libpki/base/base64.h"
#include "signerd/store/sqlite_certificate.h"

namespace signerd::sqlite {

namespace {

// From the certificate's row, so that nothing is revoked that was not issued.
constexpr const char* kRevoke =
    "INSERT INTO revocation (ca, serial, reason, time, not_after, \"partition\") "
    "SELECT ca, serial, ?, ?, not_after, \"partition\" FROM certificate "
    "WHERE serial = ? AND ca = ? "
    "ON CONFLICT (ca, serial) DO UPDATE SET reason = excluded.reason, time = excluded.time";

constexpr const char* kRelease = "DELETE FROM revocation WHERE ca = ? AND serial = ?";

// Rows are never removed, so SQLite's next number is the last one and 1.
constexpr const char* kLog =
    "INSERT INTO revocation_log (ca, serial, revoked, time) VALUES (?, ?, ?, ?)";

constexpr const char* kBlock =
    "INSERT OR IGNORE INTO blocked_key (spki_sha256, change) VALUES (?, ?)";

constexpr const char* kStatus =
    "SELECT c.not_after, r.reason, r.time FROM certificate c "
    "LEFT JOIN revocation r ON r.ca = c.ca AND r.serial = c.serial "
    "WHERE c.serial = ? AND c.ca = ?";

constexpr const char* kBlocked = "SELECT 1 FROM blocked_key WHERE spki_sha256 = ?";

// One statement for all conditions: what is not asked for is empty or 0.
// What nobody has asked for, the certificates of OCSP responders, is hit by its profile alone.
constexpr const char* kBulk =
    "WHERE c.id > ?1 AND c.id <= ?2 AND c.not_after > ?3 AND r.time IS NULL "
    "AND (?4 = '' OR c.profile = ?4) AND (?5 = '' OR c.tenant = ?5) AND (?6 = '' OR c.ca = ?6) "
    "AND (?7 = 0 OR c.protocol = ?7) AND (c.protocol <> 0 OR c.profile = ?4) AND (?8 = 0 OR "
    "c.issued >= ?8) "
    "AND (?9 = 0 OR c.issued <= ?9) ORDER BY c.id";

constexpr const char* kLastChange = "SELECT max(change) FROM revocation_log";

constexpr const char* kChanges =
    "SELECT change, ca, serial FROM revocation_log WHERE change > ? ORDER BY change LIMIT ?";

}  // namespace

pki::Result<RevocationWriter> RevocationWriter::create(sqlite3* database) {
    PKI_TRY(Statement revoke, Statement::prepare(database, kRevoke));
    PKI_TRY(Statement release, Statement::prepare(database, kRelease));
    PKI_TRY(Statement log, Statement::prepare(database, kLog));
    PKI_TRY(Statement block, Statement::prepare(database, kBlock));
    return RevocationWriter(
        database, {std::move(revoke), std::move(release), std::move(log), std::move(block)});
}

pki::Status RevocationWriter::apply(const RevocationChange& wanted, std::int64_t time) const {
    PKI_TRY(const pki::Buffer serial, pki::hex_decode(wanted.serial));
    PKI_CHECK(change(wanted, serial));
    if (sqlite3_changes(database_) != 1)
        return pki::fail(pki::Errc::internal,
                         "store: no such certificate to revoke or to release", wanted.serial);
    PKI_CHECK(log(wanted, serial, wanted.revocation ? wanted.revocation->time : time));
    if (!wanted.blocked_key) return {};
    const std::int64_t number = sqlite3_last_insert_rowid(database_);
    return statements_.block.run().blob(*wanted.blocked_key).integer(number).done();
}

pki::Status RevocationWriter::change(const RevocationChange& change, pki::Bytes serial) const {
    if (!change.revocation)
        return statements_.release.run().text(change.ca).blob(serial).done();
    return statements_.revoke.run()
        .integer(static_cast<std::int64_t>(change.revocation->reason))
        .integer(change.revocation->time)
        .blob(serial)
        .text(change.ca)
        .done();
}

pki::Status RevocationWriter::log(const RevocationChange& change, pki::Bytes serial,
                                  std::int64_t time) const {
    return statements_.log.run()
        .text(change.ca)
        .blob(serial)
        .integer(change.revocation.has_value())
        .integer(time)
        .done();
}

pki::Result<RevocationReader> RevocationReader::create(sqlite3* database) {
    PKI_TRY(Statement status, Statement::prepare(database, kStatus));
    PKI_TRY(Statement blocked, Statement::prepare(database, kBlocked));
    PKI_TRY(Statement bulk, select_certificates(database, kBulk));
    PKI_TRY(Statement last_change, Statement::prepare(database, kLastChange));
    PKI_TRY(Statement changes, Statement::prepare(database, kChanges));
    return RevocationReader({std::move(status), std::move(blocked), std::move(bulk),
                             std::move(last_change), std::move(changes)});
}

pki::Result<std::optional<SerialStatus>> RevocationReader::find_status(
    const std::string& ca, pki::Bytes serial) const {
    Run run = statements_.status.run();
    PKI_TRY(const bool found, run.blob(serial).text(ca).row());
    if (!found) return std::optional<SerialStatus>();
    return std::optional<SerialStatus>({run.integer_at(0), revocation_at(run, 1, 2)});
}

pki::Result<bool> RevocationReader::is_blocked(const pki::ossl::Sha256& spki_sha256) const {
    Run run = statements_.blocked.run();
    return run.blob(spki_sha256).row();
}

pki::Result<Store::BulkPage> RevocationReader::find_bulk(const BulkFilter& filter,
                                                         std::uint64_t after,
                                                         std::uint64_t until,
                                                         std::uint32_t window,
                                                         std::int64_t now) const {
    Store::BulkPage page;
    page.last = until - std::min(until, after) > window ? after + window : until;
    Run run = statements_.bulk.run();
    run.integer(cursor(after)).integer(cursor(page.last)).integer(now);
    run.text(filter.profile).text(filter.tenant).text(filter.ca);
    run.integer(static_cast<std::int64_t>(filter.protocol));
    run.integer(filter.issued_from).integer(filter.issued_to);
    for (;;) {
        PKI_TRY(const bool found, run.row());
        if (!found) return page;
        CertificateRecord record = certificate_of(run);
        if (filter.subject && !filter.subject(record.subject)) continue;
        page.records.push_back(std::move(record));
        if (page.records.size() < filter.limit) continue;
        page.last = page.records.back().row;
        return page;
    }
}

pki::Result<std::uint64_t> RevocationReader::last_change() const {
    Run run = statements_.last_change.run();
    PKI_TRY(const bool found, run.row());
    return found ? static_cast<std::uint64_t>(run.integer_at(0)) : 0;
}

pki::Result<std::vector<Change>> RevocationReader::changes(std::uint64_t after,
                                                           std::uint32_t limit) const {
    Run run = statements_.changes.run();
    run.integer(cursor(after)).integer(limit);
    std::vector<Change> changes;
    for (;;) {
        PKI_TRY(const bool found, run.row());
        if (!found) return changes;
        changes.push_back({static_cast<std::uint64_t>(run.integer_at(0)), run.text_at(1),
                           pki::hex_encode(run.blob_at(2))});
    }
}

}  // namespace signerd::sqlite
