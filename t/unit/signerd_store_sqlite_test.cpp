// What opening does with a file: its mode, its schema, damage, tampering.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signerd/store/sqlite_schema.h"
#include "t/unit/store_fixture.h"
#include "t/unit/unit.h"

namespace {

using signerd::open_sqlite_store;
using unit::StoreFolder;

// Behind the store's back, as an operator with the sqlite3 command.
bool run_sql(const StoreFolder& folder, const char* sql) {
    sqlite3* database = nullptr;
    sqlite3_open(folder.file().c_str(), &database);
    const int result = sqlite3_exec(database, sql, nullptr, nullptr, nullptr);
    sqlite3_close(database);
    return result == SQLITE_OK;
}

void fill(const StoreFolder& folder) {
    auto store = open_sqlite_store(folder.file());
    assert_ok(store);
    for (std::uint64_t number = 1; number <= 40; number++)
        assert_ok(unit::commit(**store, {unit::issue(number), unit::denial(number)}));
}

// Opening fails, and the message has the path and this text.
void assert_refused(const StoreFolder& folder, const char* text) {
    const auto store = open_sqlite_store(folder.file());
    assert_error(pki::Errc::internal, store);
    const std::string message = store.error().message();
    if (message.find(text) == message.npos) assert_text(message, text);
    assert_true(message.find(folder.file()) != message.npos);
}

mode_t mode_of(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

void files_are_for_their_owner_only(void**) {
    for (const mode_t mask : {0, 022, 0277}) {
        const StoreFolder folder;
        const mode_t before = umask(mask);
        const auto store = open_sqlite_store(folder.file());
        umask(before);
        assert_ok(store);
        assert_ok(unit::commit(**store, {unit::issue(1)}));
        assert_int_equal(mode_of(folder.file()), 0600);
        assert_int_equal(mode_of(folder.file("store.db-wal")), 0600);
        assert_int_equal(mode_of(folder.file("store.db-shm")), 0600);
        assert_int_equal(mode_of(folder.file("store.db.lock")), 0600);
        folder.remove();
    }
}

void a_folder_that_is_not_there(void**) {
    const auto store = open_sqlite_store("/nonexistent/store.db");
    assert_error(pki::Errc::unavailable, store);
    assert_text(store.error().message(),
                "store: cannot create the database: /nonexistent/store.db: No such file or "
                "directory");
}

// root may write everywhere, so it has to be somebody else for a moment.
pki::Result<std::unique_ptr<signerd::Store>> open_as_nobody(const StoreFolder& folder) {
    constexpr uid_t kNobody = 65534;
    const bool root = geteuid() == 0;
    if (root) assert_int_equal(seteuid(kNobody), 0);
    auto store = open_sqlite_store(folder.file());
    if (root) assert_int_equal(seteuid(0), 0);
    return store;
}

void a_folder_without_permission_to_write(void**) {
    const StoreFolder folder;
    chmod(folder.path().c_str(), 0555);
    assert_error(pki::Errc::unavailable, open_as_nobody(folder));
    assert_int_equal(mode_of(folder.file()), 0);
    chmod(folder.path().c_str(), 0755);
    folder.remove();
}

void a_file_without_permission_to_write(void**) {
    const StoreFolder folder;
    fill(folder);
    chmod(folder.path().c_str(), 0755);
    chmod(folder.file().c_str(), 0444);
    const auto store = open_as_nobody(folder);
    assert_error(pki::Errc::unavailable, store);
    assert_text(store.error().text, "store: no permission to write the database");
    folder.remove();
}

// It would have signerd overwrite what the link names.
void a_lock_that_is_a_link_is_refused(void**) {
    const StoreFolder folder;
    std::filesystem::create_symlink(folder.file("victim"), folder.file("store.db.lock"));
    const auto store = open_sqlite_store(folder.file());
    assert_error(pki::Errc::unavailable, store);
    assert_text(store.error().text, "store: cannot create the lock");
    assert_int_equal(mode_of(folder.file("victim")), 0);
    folder.remove();
}

// What a crash between making the file and making the schema leaves.
void an_empty_file_is_a_new_store(void**) {
    const StoreFolder folder;
    close(open(folder.file().c_str(), O_CREAT | O_WRONLY, 0600));
    fill(folder);
    assert_int_equal((*open_sqlite_store(folder.file()))->counts()->certificates, 40);
    folder.remove();
}

void a_newer_schema_is_refused(void**) {
    const StoreFolder folder;
    fill(folder);
    assert_true(run_sql(folder, "PRAGMA user_version = 1000"));
    assert_refused(folder, "newer signerd");
    folder.remove();
}

void a_database_of_another_application_is_refused(void**) {
    const StoreFolder folder;
    assert_true(run_sql(folder, "CREATE TABLE note (text TEXT)"));
    assert_refused(folder, "not a database of signerd");
    assert_false(run_sql(folder, "SELECT 1 FROM audit"));
    folder.remove();
}

void overwrite(const StoreFolder& folder, off_t offset, std::size_t size) {
    const std::string junk(size, '\x5a');
    const int file = open(folder.file().c_str(), O_WRONLY);
    assert_int_equal(pwrite(file, junk.data(), size, offset), size);
    close(file);
}

void what_is_no_database_is_refused(void**) {
    const StoreFolder folder;
    fill(folder);
    overwrite(folder, 0, 100);
    assert_refused(folder, "restore the database from a backup");
    folder.remove();
}

// Whichever it is, also one that nothing reads at start.
void a_damaged_page_is_refused(void**) {
    constexpr off_t kPage = 4096;
    const StoreFolder whole;
    fill(whole);
    const auto size = static_cast<off_t>(std::filesystem::file_size(whole.file()));
    assert_true(size > 10 * kPage);
    for (off_t page = 0; page < size; page += kPage) {
        const StoreFolder folder;
        std::filesystem::copy_file(whole.file(), folder.file());
        overwrite(folder, page, kPage);
        assert_refused(folder, "restore the database from a backup");
        folder.remove();
    }
    whole.remove();
}

void a_file_that_lost_its_end_is_refused(void**) {
    const StoreFolder folder;
    fill(folder);
    const auto size = static_cast<off_t>(std::filesystem::file_size(folder.file()));
    assert_int_equal(truncate(folder.file().c_str(), size - 2 * 4096), 0);
    assert_refused(folder, "restore the database from a backup");
    folder.remove();
}

const char* const kWithoutTriggers =
    "DROP TRIGGER audit_keeps_values; DROP TRIGGER audit_keeps_rows;";

// Well formed, but not what was hashed.
void a_last_record_that_says_something_else_is_refused(void**) {
    const StoreFolder folder;
    fill(folder);
    pki::Buffer canonical =
        (*open_sqlite_store(folder.file()))->audit_page(79, 1)->at(0).canonical;
    canonical.back() ^= 1;
    assert_ok(pki::wire::parse_canonical(canonical));
    assert_true(run_sql(folder, kWithoutTriggers));
    const std::string change = "UPDATE audit SET canonical = x'" + pki::hex_encode(canonical) +
                               "' WHERE sequence = 80";
    assert_true(run_sql(folder, change.c_str()));
    assert_refused(folder,
                   "last audit record does not match its hash; keep its files and restore");
    folder.remove();
}

void a_last_record_out_of_place_is_refused(void**) {
    for (const char* change : {"UPDATE audit SET canonical = x'00' WHERE sequence = 80",
                               "UPDATE audit SET hash = zeroblob(32) WHERE sequence = 80",
                               "UPDATE audit SET hash = zeroblob(32) WHERE sequence = 79",
                               "UPDATE audit SET sequence = 90 WHERE sequence = 80",
                               "DELETE FROM audit WHERE sequence = 79"}) {
        const StoreFolder folder;
        fill(folder);
        assert_true(run_sql(folder, kWithoutTriggers));
        assert_true(run_sql(folder, change));
        assert_refused(folder,
                       "last audit record does not match its hash; keep its files and restore");
        folder.remove();
    }
}

// The chain of hashes alone would not tell: what comes before the first record is zeros.
void an_only_record_with_another_number_is_refused(void**) {
    const StoreFolder folder;
    assert_ok(unit::commit(**open_sqlite_store(folder.file()), {unit::denial(1)}));
    assert_true(run_sql(folder, kWithoutTriggers));
    assert_true(run_sql(folder, "UPDATE audit SET sequence = 5"));
    assert_refused(folder,
                   "last audit record does not match its hash; keep its files and restore");
    folder.remove();
}

void records_resist_mistakes_by_hand(void**) {
    const StoreFolder folder;
    fill(folder);
    for (const char* mistake : {"DELETE FROM audit", "DELETE FROM certificate WHERE id = 1",
                                "UPDATE audit SET hash = zeroblob(32) WHERE sequence = 1",
                                "UPDATE certificate SET serial = x'01' WHERE id = 1",
                                "UPDATE certificate SET der = x'01' WHERE id = 1",
                                "INSERT INTO audit VALUES (1, x'00', zeroblob(32))",
                                "INSERT INTO audit VALUES (81, x'00', x'00')"})
        assert_false(run_sql(folder, mistake));
    const auto store = open_sqlite_store(folder.file());
    assert_int_equal(unit::whole_chain(**store), 80);
    assert_int_equal((*store)->counts()->certificates, 40);
    folder.remove();
}

// Bounded, since it holds up the event loop.
void a_search_through_too_many_rows_is_given_up(void**) {
    const StoreFolder folder;
    const auto store = open_sqlite_store(folder.file());
    assert_ok(unit::commit(**store, {unit::issue(1)}));
    assert_true(run_sql(
        folder,
        "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) "
        "INSERT INTO certificate SELECT i, 'issuing', CAST(i AS BLOB), '', 'many', '', '', 0, "
        "0, "
        "0, 0, zeroblob(32), x'', 0 FROM n"));
    assert_error(pki::Errc::limited, (*store)->list_certificates({.subject = "nobody"}));
    assert_ok((*store)->list_certificates({.subject = "nobody", .after = 290'000}));
    assert_ok((*store)->list_certificates({.profile = "device", .subject = "nobody"}));
    for (int i = 0; i < 2000; i++) assert_ok((*store)->list_certificates({}));
    folder.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(files_are_for_their_owner_only),
        cmocka_unit_test(a_folder_that_is_not_there),
        cmocka_unit_test(a_folder_without_permission_to_write),
        cmocka_unit_test(a_file_without_permission_to_write),
        cmocka_unit_test(a_lock_that_is_a_link_is_refused),
        cmocka_unit_test(an_empty_file_is_a_new_store),
        cmocka_unit_test(a_newer_schema_is_refused),
        cmocka_unit_test(a_database_of_another_application_is_refused),
        cmocka_unit_test(what_is_no_database_is_refused),
        cmocka_unit_test(a_damaged_page_is_refused),
        cmocka_unit_test(a_file_that_lost_its_end_is_refused),
        cmocka_unit_test(a_last_record_that_says_something_else_is_refused),
        cmocka_unit_test(a_last_record_out_of_place_is_refused),
        cmocka_unit_test(an_only_record_with_another_number_is_refused),
        cmocka_unit_test(records_resist_mistakes_by_hand),
        cmocka_unit_test(a_search_through_too_many_rows_is_given_up),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
