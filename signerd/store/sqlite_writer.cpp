#include "signerd/store/sqlite_writer.h"

#include "libpki/base/base64.h"
#include "signerd/fault.h"
#include "signerd/store/consistent.h"

namespace signerd::sqlite {

namespace {

// After a wait in vain: milliseconds.
constexpr int kNoPatience = 50;

constexpr std::int64_t kMicroseconds = 1'000'000;

constexpr const char* kHead = "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1";

constexpr const char* kInsertCertificate =
    "INSERT INTO certificate (ca, serial, tenant, profile, subject, sans, not_before, "
    "not_after, issued, protocol, csr_sha256, der, \"partition\") "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

constexpr const char* kPutAnswer =
    "INSERT OR REPLACE INTO answer (key, certificate, created, spki_sha256) "
    "VALUES (?, ?, ?, ?)";

constexpr const char* kAppendAudit =
    "INSERT INTO audit (sequence, canonical, hash) VALUES (?, ?, ?)";

}  // namespace

pki::Result<std::unique_ptr<Writer>> Writer::create(Connection database, Places places) {
    sqlite3* const db = database.get();
    PKI_TRY(Statement begin, Statement::prepare(db, "BEGIN IMMEDIATE"));
    PKI_TRY(Statement commit, Statement::prepare(db, "COMMIT"));
    PKI_TRY(Statement rollback, Statement::prepare(db, "ROLLBACK"));
    PKI_TRY(Statement head, Statement::prepare(db, kHead));
    PKI_TRY(Statement certificate, Statement::prepare(db, kInsertCertificate));
    PKI_TRY(Statement answer, Statement::prepare(db, kPutAnswer));
    PKI_TRY(Statement audit, Statement::prepare(db, kAppendAudit));
    PKI_TRY(RevocationWriter revocations, RevocationWriter::create(db));
    PKI_TRY(CrlTable crls, CrlTable::create(db));
    PKI_TRY(UsedTable uses, UsedTable::create(db));
    PKI_TRY(RequestWriter requests, RequestWriter::create(db));
    PKI_TRY(TransactionWriter transactions, TransactionWriter::create(db));
    PKI_TRY(TokenWriter tokens, TokenWriter::create(db));
    return std::unique_ptr<Writer>(new Writer(
        std::move(database),
        {std::move(begin), std::move(commit), std::move(rollback), std::move(head),
         std::move(certificate), std::move(answer), std::move(audit)},
        std::move(revocations), std::move(crls), std::move(requests), std::move(transactions),
        std::move(tokens), std::move(uses), std::move(places)));
}

// While the store is locked the record of a refusal follows each request, and others queue
// up: only the first of them waits long.
pki::Status Writer::commit(std::span<const Decided* const> batch) {
    if (batch.empty()) return {};
    pki::Status done = transact(batch);
    const bool away = !done && done.error().code == pki::Errc::unavailable;
    sqlite3_busy_timeout(database_.get(), away ? kNoPatience : kPatience);
    return done;
}

// The files are looked at last, so that little time is left to move one unnoticed.
pki::Status Writer::transact(std::span<const Decided* const> batch) {
    PKI_CHECK(statements_.begin.run().done());
    pki::Status done = write(batch);
    if (done) done = places_.check();
    SIGNERD_FAULT("commit:1");
    if (done) done = statements_.commit.run().done();
    // Some errors have ended the transaction already.
    if (!done && sqlite3_get_autocommit(database_.get()) == 0)
        static_cast<void>(statements_.rollback.run().done());
    return done;
}

// The head is read in the transaction rather than remembered: so it is right after a failed
// commit.
pki::Status Writer::write(std::span<const Decided* const> batch) {
    PKI_TRY(Head end, head());
    for (const Decided* decided : batch) {
        if (!consistent(*decided))
            return pki::fail(pki::Errc::internal, "store: the parts of a decision disagree",
                             decided->audit.serial);
        PKI_CHECK(write(*decided, end));
    }
    return {};
}

pki::Status Writer::write(const Decided& decided, Head& end) const {
    if (decided.certificate) PKI_CHECK(insert(*decided.certificate));
    if (decided.answer) PKI_CHECK(put(*decided.answer));
    PKI_CHECK(go_on(decided));
    if (decided.silent) return {};
    if (decided.pending_change) PKI_CHECK(requests_.apply(*decided.pending_change));
    if (decided.pending) PKI_CHECK(requests_.insert(*decided.pending));
    PKI_CHECK(change(decided));
    PKI_CHECK(append(decided.audit, end));
    for (const AuditRecord& record : decided.more) PKI_CHECK(append(record, end));
    return {};
}

// Transactions. Before the rows of others come, since the last one is the certificate's.
pki::Status Writer::go_on(const Decided& decided) const {
    const bool certified = decided.certificate.has_value();
    if (decided.transaction)
        PKI_CHECK(transactions_.insert(*decided.transaction, certified,
                                       decided.audit.time / kMicroseconds));
    if (decided.transaction_change)
        PKI_CHECK(transactions_.apply(*decided.transaction_change, certified));
    if (decided.forget_before == 0) return {};
    return transactions_.forget(decided.forget_before);
}

pki::Status Writer::change(const Decided& decided) const {
    for (std::size_t i = 0; i < decided.revocations.size(); i++)
        PKI_CHECK(revocations_.apply(decided.revocations[i],
                                     record_at(decided, i).time / kMicroseconds));
    for (const CrlRecord& record : decided.crls) PKI_CHECK(crls_.put(record));
    if (decided.token) PKI_CHECK(tokens_.insert(*decided.token));
    if (decided.token_revocation) PKI_CHECK(tokens_.revoke(*decided.token_revocation));
    return uses_.put(decided.used, decided.counted, decided.audit.time / kMicroseconds);
}

pki::Result<Writer::Head> Writer::head() const {
    Run run = statements_.head.run();
    PKI_TRY(const bool found, run.row());
    if (!found) return Head{};
    return Head{static_cast<std::uint64_t>(run.integer_at(0)), run.sha256_at(1)};
}

pki::Status Writer::insert(const CertificateRecord& record) const {
    PKI_TRY(const pki::Buffer serial, pki::hex_decode(record.serial));
    return statements_.certificate.run()
        .text(record.ca)
        .blob(serial)
        .text(record.tenant)
        .text(record.profile)
        .text(record.subject)
        .text(record.sans)
        .integer(record.not_before)
        .integer(record.not_after)
        .integer(record.issued)
        .integer(static_cast<std::int64_t>(record.protocol))
        .blob(record.csr_sha256)
        .blob(record.der)
        .integer(record.partition)
        .done();
}

// Of the certificate that was inserted just before.
pki::Status Writer::put(const Answer& answer) const {
    return statements_.answer.run()
        .blob(answer.key)
        .integer(sqlite3_last_insert_rowid(database_.get()))
        .integer(answer.created)
        .blob(answer.spki_sha256)
        .done();
}

pki::Status Writer::append(const AuditRecord& record, Head& head) const {
    const std::uint64_t sequence = head.sequence + 1;
    PKI_TRY(const pki::Buffer canonical, pki::wire::canonical(record.row(sequence)));
    head = {sequence, pki::ossl::sha256({head.hash, canonical})};
    return statements_.audit.run()
        .integer(static_cast<std::int64_t>(sequence))
        .blob(canonical)
        .blob(head.hash)
        .done();
}

}  // namespace signerd::sqlite
