// The conformance of the SQLite store about waiting requests, and what its schema adds.
#include <sqlite3.h>

#include "t/unit/pending_conformance.h"

namespace {

// Behind the store's back.
bool run_sql(const unit::StoreFolder& folder, const char* sql) {
    sqlite3* database = nullptr;
    sqlite3_open(folder.file().c_str(), &database);
    const int result = sqlite3_exec(database, sql, nullptr, nullptr, nullptr);
    sqlite3_close(database);
    return result == SQLITE_OK;
}

std::unique_ptr<signerd::Store> opened(const unit::StoreFolder& folder) {
    auto store = signerd::open_sqlite_store(folder.file());
    assert_ok(store);
    return *std::move(store);
}

void requests_resist_mistakes_by_hand(void**) {
    const unit::StoreFolder folder;
    assert_ok(unit::commit(*opened(folder),
                           {unit::ask(1), unit::ask(2), unit::deny(1), unit::issue(3)}));
    for (const char* mistake :
         {"DELETE FROM request", "UPDATE request SET csr = x'00' WHERE id = 2",
          "UPDATE request SET state = 0 WHERE id = 1",
          "UPDATE request SET state = 1 WHERE id = 2",
          "UPDATE request SET certificate = 1 WHERE id = 2",
          "UPDATE request SET expires = 0 WHERE id = 1"})
        assert_false(run_sql(folder, mistake));
    assert_text(unit::conformance::requests_listed(*opened(folder), {}), "2 ");
    folder.remove();
}

}  // namespace

int main() {
    const unit::StoreFolder folder;
    const auto wipe = [&] {
        for (const char* name : {"store.db", "store.db-wal", "store.db-shm"})
            std::filesystem::remove(folder.file(name));
    };
    const auto open = [&] { return signerd::open_sqlite_store(folder.file()); };
    const int failures = unit::conformance::run_pending(
        "sqlite", {wipe, open}, {cmocka_unit_test(requests_resist_mistakes_by_hand)});
    folder.remove();
    return failures;
}
