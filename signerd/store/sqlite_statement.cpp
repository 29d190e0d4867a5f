#include "signerd/store/sqlite_statement.h"

#include "signerd/store/store.h"

namespace signerd::sqlite {

namespace {

// Of a primary result code, without the extension in the upper bits.
bool may_pass(int result) {
    switch (result) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_FULL:
        case SQLITE_IOERR:
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_NOMEM:
        case SQLITE_INTERRUPT: return true;
        default: return false;
    }
}

}  // namespace

pki::Error failure(sqlite3* database, const char* text) {
    const int result = sqlite3_errcode(database) & 0xff;
    const bool damaged = result == SQLITE_CORRUPT || result == SQLITE_NOTADB;
    return pki::fail(may_pass(result) ? pki::Errc::unavailable : pki::Errc::internal,
                     damaged ? kStoreDamaged : text, sqlite3_errmsg(database));
}

pki::Status execute(sqlite3* database, const char* sql) {
    if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        return failure(database, "store: statement failed");
    return {};
}

pki::Result<std::int64_t> query_integer(sqlite3* database, const char* sql) {
    PKI_TRY(const Statement statement, Statement::prepare(database, sql));
    Run run = statement.run();
    PKI_TRY(const bool found, run.row());
    return found ? run.integer_at(0) : 0;
}

pki::Result<std::string> query_text(sqlite3* database, const char* sql) {
    PKI_TRY(const Statement statement, Statement::prepare(database, sql));
    Run run = statement.run();
    PKI_TRY(const bool found, run.row());
    return found ? run.text_at(0) : std::string();
}

pki::Result<Statement> Statement::prepare(sqlite3* database, const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) !=
        SQLITE_OK)
        return failure(database, "store: statement not accepted");
    return Statement(statement);
}

Run::~Run() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

Run& Run::integer(std::int64_t value) {
    bound(sqlite3_bind_int64(statement_, ++parameter_, value));
    return *this;
}

// SQLite takes a null pointer for NULL, and an empty view may have one.
Run& Run::blob(pki::Bytes value) {
    const void* data = value.empty() ? "" : static_cast<const void*>(value.data());
    bound(sqlite3_bind_blob64(statement_, ++parameter_, data, value.size(), SQLITE_STATIC));
    return *this;
}

Run& Run::text(std::string_view value) {
    const char* data = value.empty() ? "" : value.data();
    bound(sqlite3_bind_text64(statement_, ++parameter_, data, value.size(), SQLITE_STATIC,
                              SQLITE_UTF8));
    return *this;
}

void Run::bound(int result) {
    if (failed_ == SQLITE_OK) failed_ = result;
}

pki::Result<bool> Run::row() {
    sqlite3* const database = sqlite3_db_handle(statement_);
    if (failed_ != SQLITE_OK)
        return pki::fail(pki::Errc::internal, "store: value not accepted",
                         sqlite3_errstr(failed_));
    const int result = sqlite3_step(statement_);
    if (result == SQLITE_ROW) return true;
    if (result == SQLITE_DONE) return false;
    return failure(database, "store: statement failed");
}

pki::Status Run::done() {
    PKI_TRY(const bool found, row());
    if (found) return pki::fail(pki::Errc::internal, "store: a row where none belongs");
    return {};
}

std::int64_t Run::integer_at(int column) const {
    return sqlite3_column_int64(statement_, column);
}

pki::Bytes Run::bytes_at(int column) const {
    const auto* data =
        static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

pki::Buffer Run::blob_at(int column) const { return pki::to_buffer(bytes_at(column)); }

pki::ossl::Sha256 Run::sha256_at(int column) const {
    pki::ossl::Sha256 hash{};
    const pki::Bytes bytes = bytes_at(column);
    std::ranges::copy(bytes.first(std::min(bytes.size(), hash.size())), hash.begin());
    return hash;
}

std::string Run::text_at(int column) const {
    return std::string(pki::as_text(bytes_at(column)));
}

bool Run::is_null_at(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

}  // namespace signerd::sqlite
