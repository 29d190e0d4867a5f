#include "signerd/store/sqlite_request.h"

#include "libpki/base/base64.h"
#include "signerd/store/sqlite_certificate.h"

namespace signerd::sqlite {

namespace {

// What stands in the way of a new one stays, and the unique index refuses the new one.
constexpr const char* kRetire =
    "UPDATE request SET live = 0 WHERE key = ? AND live = 1 AND (state = 1 OR expires <= ?)";

constexpr const char* kInsert =
    "INSERT INTO request (key, live, tenant, profile, protocol, operation, csr, csr_sha256, "
    "spki_sha256, subject, sans, client_address, credential, credential_name, "
    "client_certificate, signer_certificate, \"transaction\", created, expires, state, "
    "decided, decided_by, reason, form, originator) "
    "VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, '', '', ?, ?)";

constexpr const char* kChange =
    "UPDATE request SET state = ?1, decided = ?2, expires = ?3, decided_by = ?4, reason = ?5, "
    "certificate = CASE ?1 WHEN 1 THEN ?6 END WHERE id = ?7 AND live = 1 AND state = 0";

constexpr const char* kSelect =
    "SELECT q.id, q.key, q.tenant, q.profile, q.protocol, q.operation, q.csr, q.csr_sha256, "
    "q.spki_sha256, q.subject, q.sans, q.client_address, q.credential, q.credential_name, "
    "q.client_certificate, q.signer_certificate, q.\"transaction\", q.created, q.expires, "
    "q.state, q.decided, q.decided_by, q.reason, c.ca, c.serial, q.form, q.originator "
    "FROM request q LEFT JOIN certificate c ON c.id = q.certificate ";

constexpr const char* kByKey = "WHERE q.key = ? AND q.live = 1";
constexpr const char* kById = "WHERE q.id = ?";
constexpr const char* kList = "WHERE q.id > ? ORDER BY q.id LIMIT ?";
constexpr const char* kListOfProfile = "WHERE q.id > ? AND q.profile = ? ORDER BY q.id LIMIT ?";
// The inner one is answered from the index of those that wait, however many others there are.
constexpr const char* kWaiting =
    "WHERE q.id IN (SELECT id FROM request WHERE state = 0 AND expires > ?1 AND id > ?2 "
    "AND (?3 = '' OR profile = ?3)) ORDER BY q.id LIMIT ?4";

// The condition that the index has is written out, or it is not used.
constexpr const char* kCount = "SELECT count(*) FROM request WHERE state = 0 AND expires > ?";
constexpr const char* kCountOfProfile =
    "SELECT count(*) FROM request WHERE state = 0 AND expires > ? AND profile = ?";

pki::Result<Statement> select_requests(sqlite3* database, const char* rest) {
    return Statement::prepare(database, (std::string(kSelect) + rest).c_str());
}

template <class Enum>
Enum enum_at(const Run& run, int column) {
    return static_cast<Enum>(run.integer_at(column));
}

// The columns of kSelect from the 19th on.
void read_outcome(const Run& run, PendingRequest& request) {
    request.state = enum_at<PendingState>(run, 19);
    request.decided = run.integer_at(20);
    request.decided_by = run.text_at(21);
    request.reason = run.text_at(22);
    request.ca = run.text_at(23);
    request.serial = pki::hex_encode(run.blob_at(24));
    request.form = enum_at<pki::wire::RequestForm>(run, 25);
    request.originator = run.blob_at(26);
}

PendingRequest request_of(const Run& run) {
    PendingRequest request;
    request.id = static_cast<std::uint64_t>(run.integer_at(0));
    request.key = run.sha256_at(1);
    request.tenant = run.text_at(2);
    request.profile = run.text_at(3);
    request.protocol = enum_at<pki::wire::Protocol>(run, 4);
    request.operation = enum_at<pki::wire::Operation>(run, 5);
    request.csr = run.blob_at(6);
    request.csr_sha256 = run.sha256_at(7);
    request.spki_sha256 = run.sha256_at(8);
    request.subject = run.text_at(9);
    request.sans = run.text_at(10);
    request.client_address = run.text_at(11);
    request.credential = enum_at<pki::wire::Credential>(run, 12);
    request.credential_name = run.text_at(13);
    request.client_certificate = run.blob_at(14);
    request.signer_certificate = run.blob_at(15);
    request.transaction = run.text_at(16);
    request.created = run.integer_at(17);
    request.expires = run.integer_at(18);
    read_outcome(run, request);
    return request;
}

pki::Result<std::optional<PendingRequest>> one_of(Run& run) {
    PKI_TRY(const bool found, run.row());
    if (!found) return std::optional<PendingRequest>();
    return std::optional(request_of(run));
}

}  // namespace

pki::Result<RequestWriter> RequestWriter::create(sqlite3* database) {
    PKI_TRY(Statement retire, Statement::prepare(database, kRetire));
    PKI_TRY(Statement insert, Statement::prepare(database, kInsert));
    PKI_TRY(Statement change, Statement::prepare(database, kChange));
    return RequestWriter(database, {std::move(retire), std::move(insert), std::move(change)});
}

pki::Status RequestWriter::insert(const PendingRequest& request) const {
    PKI_CHECK(statements_.retire.run().blob(request.key).integer(request.created).done());
    return statements_.insert.run()
        .blob(request.key)
        .text(request.tenant)
        .text(request.profile)
        .integer(static_cast<std::int64_t>(request.protocol))
        .integer(static_cast<std::int64_t>(request.operation))
        .blob(request.csr)
        .blob(request.csr_sha256)
        .blob(request.spki_sha256)
        .text(request.subject)
        .text(request.sans)
        .text(request.client_address)
        .integer(static_cast<std::int64_t>(request.credential))
        .text(request.credential_name)
        .blob(request.client_certificate)
        .blob(request.signer_certificate)
        .text(request.transaction)
        .integer(request.created)
        .integer(request.expires)
        .integer(static_cast<std::int64_t>(request.form))
        .blob(request.originator)
        .done();
}

// A number that no request can have is none that exists.
pki::Status RequestWriter::apply(const PendingChange& change) const {
    PKI_CHECK(statements_.change.run()
                  .integer(static_cast<std::int64_t>(change.state))
                  .integer(change.decided)
                  .integer(change.expires)
                  .text(change.decided_by)
                  .text(change.reason)
                  .integer(sqlite3_last_insert_rowid(database_))
                  .integer(cursor(change.id))
                  .done());
    if (sqlite3_changes(database_) == 1) return {};
    return pki::fail(pki::Errc::internal, "store: no such request waits",
                     std::to_string(change.id));
}

pki::Result<RequestReader> RequestReader::create(sqlite3* database) {
    PKI_TRY(Statement by_key, select_requests(database, kByKey));
    PKI_TRY(Statement by_id, select_requests(database, kById));
    PKI_TRY(Statement list, select_requests(database, kList));
    PKI_TRY(Statement list_of_profile, select_requests(database, kListOfProfile));
    PKI_TRY(Statement waiting, select_requests(database, kWaiting));
    PKI_TRY(Statement count, Statement::prepare(database, kCount));
    PKI_TRY(Statement count_of_profile, Statement::prepare(database, kCountOfProfile));
    return RequestReader({std::move(by_key), std::move(by_id), std::move(list),
                          std::move(list_of_profile), std::move(waiting), std::move(count),
                          std::move(count_of_profile)});
}

pki::Result<std::optional<PendingRequest>> RequestReader::find(
    const pki::ossl::Sha256& key) const {
    Run run = statements_.by_key.run();
    run.blob(key);
    return one_of(run);
}

pki::Result<std::optional<PendingRequest>> RequestReader::find(std::uint64_t id) const {
    Run run = statements_.by_id.run();
    run.integer(cursor(id));
    return one_of(run);
}

pki::Result<std::vector<PendingRequest>> RequestReader::list(
    const PendingFilter& filter) const {
    const bool any = filter.profile.empty();
    Run run = (!filter.all ? statements_.waiting
               : any       ? statements_.list
                           : statements_.list_of_profile)
                  .run();
    if (!filter.all) run.integer(filter.now);
    run.integer(cursor(filter.after));
    if (!filter.all || !any) run.text(filter.profile);
    run.integer(filter.limit);
    std::vector<PendingRequest> requests;
    for (;;) {
        PKI_TRY(const bool found, run.row());
        if (!found) return requests;
        requests.push_back(request_of(run));
    }
}

pki::Result<std::uint64_t> RequestReader::waiting(const std::string& profile,
                                                  std::int64_t now) const {
    const bool any = profile.empty();
    Run run = any ? statements_.count.run() : statements_.count_of_profile.run();
    run.integer(now);
    if (!any) run.text(profile);
    PKI_TRY(const bool found, run.row());
    return found ? static_cast<std::uint64_t>(run.integer_at(0)) : 0;
}

}  // namespace signerd::sqlite
