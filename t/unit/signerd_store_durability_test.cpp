// What commit() has acknowledged survives; what it has refused is not there.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "t/unit/failing_vfs.h"
#include "t/unit/store_fixture.h"
#include "t/unit/unit.h"

namespace {

using signerd::Store;
using unit::StoreFolder;

unit::FailingDisk disk;

std::atomic<int> slept = 0;  // microseconds: how long SQLite waited for locks

int count_sleep(sqlite3_vfs*, int duration) {
    slept += duration;
    return unit::failing_vfs::below->xSleep(unit::failing_vfs::below, duration);
}

std::unique_ptr<Store> opened(const StoreFolder& folder) {
    auto store = signerd::open_sqlite_store(folder.file());
    assert_ok(store);
    return *std::move(store);
}

// The rows from 1 to `count`, and nothing else.
void assert_holds(Store& store, std::uint64_t count) {
    assert_int_equal(unit::whole_chain(store), count);
    assert_int_equal(store.counts()->certificates, count);
    for (std::uint64_t number = 1; number <= count; number++) {
        assert_true(store.find_certificate("issuing", unit::serial_of(number))->has_value());
        assert_true(store.find_answer(unit::hash_of("key", number))->has_value());
    }
}

// After each commit: the database and as much of the log as was synced, in another folder.
void a_power_cut_loses_nothing_acknowledged(void**) {
    const StoreFolder folder;
    const auto store = opened(folder);
    for (std::uint64_t number = 1; number <= 5; number++) {
        assert_ok(unit::commit(*store, {unit::issue(number)}));
        const StoreFolder after;
        std::filesystem::copy_file(folder.file(), after.file());
        std::filesystem::copy_file(folder.file("store.db-wal"), after.file("store.db-wal"));
        std::filesystem::resize_file(after.file("store.db-wal"),
                                     static_cast<std::uintmax_t>(disk.log_synced.load()));
        assert_holds(*opened(after), number);
        after.remove();
    }
    folder.remove();
}

// A refused commit leaves nothing, readers go on, and the next one works.
void assert_refused_then_accepted(Store& store, const char* message) {
    const auto refused = unit::commit(store, {unit::issue(2), unit::issue(3)});
    assert_error(pki::Errc::unavailable, refused);
    assert_text(refused.error().message(), message);
    assert_holds(store, 1);
    assert_true(store.find_answer(unit::hash_of("key", 2))->has_value() == false);

    disk.write_result = SQLITE_OK;
    disk.sync_result = SQLITE_OK;
    assert_ok(unit::commit(store, {unit::issue(2), unit::issue(3)}));
    assert_holds(store, 3);
}

void a_full_disk(void**) {
    const StoreFolder folder;
    auto store = opened(folder);
    assert_ok(unit::commit(*store, {unit::issue(1)}));
    disk.write_result = SQLITE_FULL;
    assert_refused_then_accepted(*store, "store: statement failed: database or disk is full");
    store.reset();
    assert_holds(*opened(folder), 3);
    folder.remove();
}

void a_disk_that_does_not_sync(void**) {
    const StoreFolder folder;
    auto store = opened(folder);
    assert_ok(unit::commit(*store, {unit::issue(1)}));
    disk.sync_result = SQLITE_IOERR_FSYNC;
    assert_refused_then_accepted(*store, "store: statement failed: disk I/O error");
    store.reset();
    assert_holds(*opened(folder), 3);
    folder.remove();
}

void opening_on_a_full_disk(void**) {
    const StoreFolder folder;
    disk.write_result = SQLITE_FULL;
    assert_error(pki::Errc::unavailable, signerd::open_sqlite_store(folder.file()));
    disk.write_result = SQLITE_OK;
    assert_holds(*opened(folder), 0);
    folder.remove();
}

sqlite3* lock(const StoreFolder& folder) {
    sqlite3* other = nullptr;
    sqlite3_open(folder.file().c_str(), &other);
    assert_int_equal(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr),
                     SQLITE_OK);
    return other;
}

void a_lock_that_stays(void**) {
    const StoreFolder folder;
    const auto store = opened(folder);
    assert_ok(unit::commit(*store, {unit::issue(1)}));
    sqlite3* other = lock(folder);
    const auto refused = unit::commit(*store, {unit::issue(2)});
    assert_error(pki::Errc::unavailable, refused);
    assert_text(refused.error().message(), "store: statement failed: database is locked");
    assert_holds(*store, 1);
    sqlite3_close(other);
    assert_ok(unit::commit(*store, {unit::issue(2)}));
    assert_holds(*store, 2);
    folder.remove();
}

void a_short_lock_is_waited_for(void**) {
    const StoreFolder folder;
    const auto store = opened(folder);
    sqlite3* other = lock(folder);
    std::thread operator_leaves([&] {
        usleep(100'000);
        sqlite3_close(other);
    });
    const auto committed = unit::commit(*store, {unit::issue(1)});
    operator_leaves.join();
    assert_ok(committed);
    folder.remove();
}

// Whoever waited in vain does not make the next one wait as long.
void a_lock_that_stays_is_waited_for_once(void**) {
    const StoreFolder folder;
    const auto store = opened(folder);
    sqlite3* other = lock(folder);
    slept = 0;
    assert_error(pki::Errc::unavailable, unit::commit(*store, {unit::issue(1)}));
    const int first = slept.exchange(0);
    assert_error(pki::Errc::unavailable, unit::commit(*store, {unit::denial(1)}));
    const int second = slept.exchange(0);
    assert_true(second < first / 4);
    sqlite3_close(other);
    assert_ok(unit::commit(*store, {unit::issue(1)}));

    other = lock(folder);
    slept = 0;
    assert_error(pki::Errc::unavailable, unit::commit(*store, {unit::issue(2)}));
    assert_int_equal(slept, first);
    sqlite3_close(other);
    folder.remove();
}

// Each has its own view of what is in flight: two would answer one request twice.
void a_second_store_on_one_file_is_refused(void**) {
    const StoreFolder folder;
    auto first = opened(folder);
    std::filesystem::create_symlink(folder.file(), folder.file("link.db"));
    for (const char* name : {"store.db", "link.db"}) {
        const auto second = signerd::open_sqlite_store(folder.file(name));
        assert_error(pki::Errc::unavailable, second);
        assert_text(second.error().message(),
                    "store: in use by another signerd: " + folder.file(name) + ": pid " +
                        std::to_string(getpid()));
    }
    assert_ok(unit::commit(*first, {unit::issue(1)}));
    assert_holds(*first, 1);
    first.reset();
    assert_holds(*opened(folder), 1);
    folder.remove();
}

void assert_commit_refused(Store& store, const std::string& missing) {
    const auto refused = unit::commit(store, {unit::issue(2)});
    assert_error(pki::Errc::unavailable, refused);
    assert_text(refused.error().message(),
                "store: a file was moved or replaced, restart signerd: " + missing);
}

// What would be written then is what nobody finds again.
void a_file_that_is_not_in_its_place(void**) {
    for (const char* name : {"store.db", "store.db-wal", "store.db-shm", "store.db.lock"}) {
        const StoreFolder folder;
        auto store = opened(folder);
        assert_ok(unit::commit(*store, {unit::issue(1)}));
        std::filesystem::rename(folder.file(name), folder.file("away"));
        assert_commit_refused(*store, folder.file(name));
        std::filesystem::copy_file(folder.file("away"), folder.file(name));
        assert_commit_refused(*store, folder.file(name));
        std::filesystem::rename(folder.file("away"), folder.file(name));
        assert_ok(unit::commit(*store, {unit::issue(2)}));
        store.reset();
        assert_holds(*opened(folder), 2);
        folder.remove();
    }
}

void a_folder_that_is_not_in_its_place(void**) {
    const StoreFolder folder;
    const StoreFolder other;
    const auto store = opened(folder);
    std::filesystem::rename(folder.path(), other.path());
    assert_commit_refused(*store, folder.file());
    std::filesystem::rename(other.path(), folder.path());
    assert_ok(unit::commit(*store, {unit::issue(1)}));
    folder.remove();
}

// Commits and says so, until it is killed.
[[noreturn]] void commit_for_ever(const StoreFolder& folder, int acknowledgements) {
    auto store = signerd::open_sqlite_store(folder.file());
    if (!store) _exit(1);
    for (std::uint64_t next = (*store)->counts()->certificates + 1;; next += 2) {
        if (!unit::commit(**store, {unit::issue(next), unit::issue(next + 1)})) _exit(2);
        const std::uint64_t durable = next + 1;
        if (write(acknowledgements, &durable, sizeof durable) != sizeof durable) _exit(3);
    }
}

// What the child had acknowledged when it was killed.
std::uint64_t kill_while_committing(const StoreFolder& folder, int commits) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) commit_for_ever(folder, ends[1]);
    close(ends[1]);
    std::uint64_t durable = 0;
    for (int i = 0; i < commits; i++)
        assert_int_equal(read(ends[0], &durable, sizeof durable), sizeof durable);
    kill(child, SIGKILL);
    while (read(ends[0], &durable, sizeof durable) == sizeof durable) continue;
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    return durable;
}

void a_killed_process_loses_nothing_acknowledged(void**) {
    const StoreFolder folder;
    for (int round = 1; round <= 5; round++) {
        const std::uint64_t durable = kill_while_committing(folder, 7 * round);
        const auto store = opened(folder);
        const std::uint64_t found = store->counts()->certificates;
        // The last batch may have been committed without a word.
        assert_true(found == durable || found == durable + 2);
        assert_holds(*store, found);
    }
    folder.remove();
}

}  // namespace

int main() {
    unit::install(disk);
    sqlite3_vfs_find(nullptr)->xSleep = count_sleep;
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_power_cut_loses_nothing_acknowledged),
        cmocka_unit_test(a_full_disk),
        cmocka_unit_test(a_disk_that_does_not_sync),
        cmocka_unit_test(opening_on_a_full_disk),
        cmocka_unit_test(a_lock_that_stays),
        cmocka_unit_test(a_short_lock_is_waited_for),
        cmocka_unit_test(a_lock_that_stays_is_waited_for_once),
        cmocka_unit_test(a_second_store_on_one_file_is_refused),
        cmocka_unit_test(a_file_that_is_not_in_its_place),
        cmocka_unit_test(a_folder_that_is_not_in_its_place),
        cmocka_unit_test(a_killed_process_loses_nothing_acknowledged),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
