#include "signerd/store/sqlite_transaction.h"

#include "libpki/base/base64.h"

namespace signerd::sqlite {

namespace {

// The partial indices have this condition, which has to be written out or they are not used.
#define SIGNERD_DUE "state IN (1, 2)"
#define SIGNERD_NOT_DUE "state NOT IN (1, 2)"

constexpr const char* kRetire =
    "DELETE FROM cmp_transaction WHERE key = ? AND expires <= ? AND " SIGNERD_NOT_DUE;

constexpr const char* kInsert =
    "INSERT INTO cmp_transaction (certificate, key, opened_by, originator, credential, "
    "first_nonce, last_message, last_nonce, state, implicit_confirm, cert_req_id, confirm_by, "
    "expires) VALUES (CASE ? WHEN 1 THEN ? END, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

constexpr const char* kMove =
    "UPDATE cmp_transaction SET certificate = CASE ? WHEN 1 THEN ? ELSE certificate END, "
    "state = ? WHERE key = ? AND state = ?";

constexpr const char* kAnswer =
    "UPDATE cmp_transaction SET last_message = ?, last_nonce = ? WHERE key = ?";

constexpr const char* kConfirmBy = "UPDATE cmp_transaction SET confirm_by = ? WHERE key = ?";

constexpr const char* kExpire = "UPDATE cmp_transaction SET expires = ? WHERE key = ?";

// A few at a time, so that no commit waits for many.
constexpr std::int64_t kForgotten = 64;
constexpr std::int64_t kFewForgotten = 4;  // with each that comes

constexpr const char* kForget =
    "DELETE FROM cmp_transaction WHERE key IN (SELECT key FROM cmp_transaction "
    "WHERE expires <= ? AND " SIGNERD_NOT_DUE " ORDER BY expires LIMIT ?)";

constexpr const char* kSelect =
    "SELECT t.key, t.opened_by, t.originator, t.credential, t.first_nonce, t.last_message, "
    "t.last_nonce, t.state, t.implicit_confirm, t.cert_req_id, t.confirm_by, t.expires, c.ca, "
    "c.serial FROM cmp_transaction t LEFT JOIN certificate c ON c.id = t.certificate ";

constexpr const char* kByKey = "WHERE t.key = ?";

constexpr const char* kDue =
    "WHERE t.key IN (SELECT key FROM cmp_transaction WHERE confirm_by < ? AND " SIGNERD_DUE
    " ORDER BY confirm_by LIMIT ?) ORDER BY t.confirm_by";

constexpr const char* kOld =
    "SELECT 1 FROM cmp_transaction WHERE expires <= ? AND " SIGNERD_NOT_DUE " LIMIT 1";

#undef SIGNERD_DUE
#undef SIGNERD_NOT_DUE

pki::Result<Statement> select_transactions(sqlite3* database, const char* rest) {
    return Statement::prepare(database, (std::string(kSelect) + rest).c_str());
}

std::int64_t number(TransactionState state) { return static_cast<std::int64_t>(state); }

Transaction transaction_of(const Run& run) {
    Transaction found;
    found.key = run.sha256_at(0);
    found.opened_by = run.sha256_at(1);
    found.originator = run.sha256_at(2);
    found.credential = static_cast<pki::wire::Credential>(run.integer_at(3));
    found.first_nonce = run.blob_at(4);
    found.last_message = run.sha256_at(5);
    found.last_nonce = run.blob_at(6);
    found.state = static_cast<TransactionState>(run.integer_at(7));
    found.implicit_confirm = run.integer_at(8) != 0;
    found.cert_req_id = run.integer_at(9);
    found.confirm_by = run.integer_at(10);
    found.expires = run.integer_at(11);
    found.ca = run.text_at(12);
    found.serial = pki::hex_encode(run.blob_at(13));
    return found;
}

}  // namespace

pki::Result<TransactionWriter> TransactionWriter::create(sqlite3* database) {
    PKI_TRY(Statement retire, Statement::prepare(database, kRetire));
    PKI_TRY(Statement insert, Statement::prepare(database, kInsert));
    PKI_TRY(Statement move, Statement::prepare(database, kMove));
    PKI_TRY(Statement answer, Statement::prepare(database, kAnswer));
    PKI_TRY(Statement confirm_by, Statement::prepare(database, kConfirmBy));
    PKI_TRY(Statement expire, Statement::prepare(database, kExpire));
    PKI_TRY(Statement forget, Statement::prepare(database, kForget));
    return TransactionWriter(
        database, {std::move(retire), std::move(insert), std::move(move), std::move(answer),
                   std::move(confirm_by), std::move(expire), std::move(forget)});
}

// Some that are over go as well: more than come, so the table does not grow for ever.
pki::Status TransactionWriter::insert(const Transaction& opened, bool certified,
                                      std::int64_t now) const {
    const std::int64_t certificate = sqlite3_last_insert_rowid(database_);
    PKI_CHECK(statements_.retire.run().blob(opened.key).integer(now).done());
    PKI_CHECK(statements_.forget.run().integer(now).integer(kFewForgotten).done());
    return statements_.insert.run()
        .integer(certified ? 1 : 0)
        .integer(certificate)
        .blob(opened.key)
        .blob(opened.opened_by)
        .blob(opened.originator)
        .integer(static_cast<std::int64_t>(opened.credential))
        .blob(opened.first_nonce)
        .blob(opened.last_message)
        .blob(opened.last_nonce)
        .integer(number(opened.state))
        .integer(opened.implicit_confirm ? 1 : 0)
        .integer(opened.cert_req_id)
        .integer(opened.confirm_by)
        .integer(opened.expires)
        .done();
}

pki::Status TransactionWriter::apply(const TransactionChange& change, bool certified) const {
    if (change.from != change.to)
        PKI_CHECK(one(statements_.move.run()
                          .integer(certified ? 1 : 0)
                          .integer(sqlite3_last_insert_rowid(database_))
                          .integer(number(change.to))
                          .blob(change.key)
                          .integer(number(change.from))
                          .done()));
    if (change.answered)
        PKI_CHECK(one(statements_.answer.run()
                          .blob(change.answered->message)
                          .blob(change.answered->nonce)
                          .blob(change.key)
                          .done()));
    if (change.confirm_by)
        PKI_CHECK(one(
            statements_.confirm_by.run().integer(*change.confirm_by).blob(change.key).done()));
    if (!change.expires) return {};
    return one(statements_.expire.run().integer(*change.expires).blob(change.key).done());
}

// The statement before has changed its row.
pki::Status TransactionWriter::one(const pki::Status& done) const {
    if (!done || sqlite3_changes(database_) == 1) return done;
    return pki::fail(pki::Errc::internal, "store: no such transaction in this state");
}

pki::Status TransactionWriter::forget(std::int64_t now) const {
    return statements_.forget.run().integer(now).integer(kForgotten).done();
}

pki::Result<TransactionReader> TransactionReader::create(sqlite3* database) {
    PKI_TRY(Statement find, select_transactions(database, kByKey));
    PKI_TRY(Statement due, select_transactions(database, kDue));
    PKI_TRY(Statement old, Statement::prepare(database, kOld));
    return TransactionReader({std::move(find), std::move(due), std::move(old)});
}

pki::Result<std::optional<Transaction>> TransactionReader::find(
    const pki::ossl::Sha256& key) const {
    Run run = statements_.find.run();
    PKI_TRY(const bool found, run.blob(key).row());
    if (!found) return std::optional<Transaction>();
    return std::optional(transaction_of(run));
}

pki::Result<std::vector<Transaction>> TransactionReader::due(std::int64_t now,
                                                             std::uint32_t limit) const {
    Run run = statements_.due.run();
    run.integer(now).integer(limit);
    std::vector<Transaction> transactions;
    for (;;) {
        PKI_TRY(const bool found, run.row());
        if (!found) return transactions;
        transactions.push_back(transaction_of(run));
    }
}

pki::Result<bool> TransactionReader::has_old(std::int64_t now) const {
    Run run = statements_.old.run();
    return run.integer(now).row();
}

}  // namespace signerd::sqlite
