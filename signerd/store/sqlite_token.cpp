#include "signerd/store/sqlite_token.h"

#include "signerd/store/sqlite_certificate.h"
#include "signerd/store/used.h"

namespace signerd::sqlite {

namespace {

constexpr char kBetween = ' ';  // no name of a profile has it

// A few at a time, so that no commit waits for many.
constexpr std::int64_t kPruned = 8;

constexpr const char* kPrune =
    "DELETE FROM token WHERE id IN "
    "(SELECT id FROM token WHERE expires <= ? ORDER BY expires LIMIT ?)";

constexpr const char* kInsert =
    "INSERT INTO token (sha256, name, identity, profiles, once, created, expires, created_by) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

constexpr const char* kRevoke = "UPDATE token SET revoked = ? WHERE id = ? AND revoked IS NULL";

// The number is UsedKind::token.
constexpr const char* kSelect =
    "SELECT t.id, t.sha256, t.name, t.identity, t.profiles, t.once, t.created, t.expires, "
    "t.created_by, t.revoked, u.hash FROM token t "
    "LEFT JOIN used u ON t.once = 1 AND u.kind = 3 AND u.hash = t.sha256 ";
static_assert(static_cast<int>(UsedKind::token) == 3);

constexpr const char* kByHash = "WHERE t.sha256 = ?";
constexpr const char* kById = "WHERE t.id = ?";
constexpr const char* kList = "WHERE t.id > ? ORDER BY t.id LIMIT ?";
// Those that are over are in the table for a while: they are not many beside the others.
constexpr const char* kListGood =
    "WHERE t.id > ? AND t.expires > ? AND t.revoked IS NULL AND u.hash IS NULL "
    "ORDER BY t.id LIMIT ?";

pki::Result<Statement> select_tokens(sqlite3* database, const char* rest) {
    return Statement::prepare(database, (std::string(kSelect) + rest).c_str());
}

std::string joined(const std::vector<std::string>& profiles) {
    std::string text;
    for (const std::string& profile : profiles) {
        if (!text.empty()) text += kBetween;
        text += profile;
    }
    return text;
}

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> profiles;
    std::size_t begin = 0;
    for (;;) {
        const std::size_t end = text.find(kBetween, begin);
        profiles.push_back(text.substr(begin, end - begin));
        if (end == std::string::npos) return profiles;
        begin = end + 1;
    }
}

Token token_of(const Run& run) {
    Token token;
    token.id = static_cast<std::uint64_t>(run.integer_at(0));
    token.sha256 = run.sha256_at(1);
    token.name = run.text_at(2);
    token.identity = run.text_at(3);
    token.profiles = split(run.text_at(4));
    token.once = run.integer_at(5) != 0;
    token.created = run.integer_at(6);
    token.expires = run.integer_at(7);
    token.created_by = run.text_at(8);
    if (!run.is_null_at(9)) token.revoked = run.integer_at(9);
    token.used = !run.is_null_at(10);
    return token;
}

pki::Result<std::optional<Token>> one_of(Run& run) {
    PKI_TRY(const bool found, run.row());
    if (!found) return std::optional<Token>();
    return std::optional(token_of(run));
}

}  // namespace

pki::Result<TokenWriter> TokenWriter::create(sqlite3* database) {
    PKI_TRY(Statement prune, Statement::prepare(database, kPrune));
    PKI_TRY(Statement insert, Statement::prepare(database, kInsert));
    PKI_TRY(Statement revoke, Statement::prepare(database, kRevoke));
    return TokenWriter({std::move(prune), std::move(insert), std::move(revoke)});
}

pki::Status TokenWriter::insert(const Token& token) const {
    PKI_CHECK(
        statements_.prune.run().integer(token.created - kTokenKept).integer(kPruned).done());
    const std::string profiles = joined(token.profiles);
    return statements_.insert.run()
        .blob(token.sha256)
        .text(token.name)
        .text(token.identity)
        .text(profiles)
        .integer(token.once ? 1 : 0)
        .integer(token.created)
        .integer(token.expires)
        .text(token.created_by)
        .done();
}

pki::Status TokenWriter::revoke(const TokenRevocation& revocation) const {
    return statements_.revoke.run()
        .integer(revocation.time)
        .integer(cursor(revocation.id))
        .done();
}

pki::Result<TokenReader> TokenReader::create(sqlite3* database) {
    PKI_TRY(Statement by_hash, select_tokens(database, kByHash));
    PKI_TRY(Statement by_id, select_tokens(database, kById));
    PKI_TRY(Statement list, select_tokens(database, kList));
    PKI_TRY(Statement list_good, select_tokens(database, kListGood));
    return TokenReader(
        {std::move(by_hash), std::move(by_id), std::move(list), std::move(list_good)});
}

pki::Result<std::optional<Token>> TokenReader::find(const pki::ossl::Sha256& sha256) const {
    Run run = statements_.by_hash.run();
    run.blob(sha256);
    return one_of(run);
}

pki::Result<std::optional<Token>> TokenReader::find(std::uint64_t id) const {
    Run run = statements_.by_id.run();
    run.integer(cursor(id));
    return one_of(run);
}

pki::Result<std::vector<Token>> TokenReader::list(const TokenFilter& filter) const {
    Run run = (filter.all ? statements_.list : statements_.list_good).run();
    run.integer(cursor(filter.after));
    if (!filter.all) run.integer(filter.now);
    run.integer(filter.limit);
    std::vector<Token> tokens;
    for (;;) {
        PKI_TRY(const bool found, run.row());
        if (!found) return tokens;
        tokens.push_back(token_of(run));
    }
}

}  // namespace signerd::sqlite
