// A million revoked certificates, a store from before there were any, and the rest of what
// SQLite does about revocation.
#include <sqlite3.h>

#include "t/unit/revocation_conformance.h"

namespace {

constexpr const char* kFirstSchema =
#include "signerd/store/schema/0001.sql"
    ;

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

void a_store_of_the_first_schema_is_upgraded(void**) {
    const unit::StoreFolder folder;
    assert_true(run_sql(folder, kFirstSchema));
    assert_true(run_sql(folder, "PRAGMA application_id = 1936158308; PRAGMA user_version = 1"));
    const std::string row = "INSERT INTO certificate VALUES (1, 'issuing', x'" +
                            unit::serial_of(1) +
                            "', 'demo', 'device', 'CN=device-1', '', 5, 1800000000, 7, 1, "
                            "zeroblob(32), x'3000')";
    assert_true(run_sql(folder, row.c_str()));
    assert_true(run_sql(folder, "INSERT INTO answer VALUES (zeroblob(32), 1, 9)"));
    for (int start = 1; start <= 2; start++) {
        const auto store = opened(folder);
        const auto found = store->find_certificate("issuing", unit::serial_of(1));
        assert_text((*found)->subject, "CN=device-1");
        assert_hex((*found)->der, "3000");
        assert_int_equal((*found)->partition, 0);
        assert_int_equal((*found)->revocation.has_value(), start == 2);
        assert_text((*store->find_answer({}))->serial, unit::serial_of(1));
        assert_int_equal(store->counts()->revoked, start - 1);
        if (start == 1) assert_ok(unit::commit(*store, {unit::issue(2), unit::revoke(1)}));
    }
    assert_false(run_sql(folder, "UPDATE certificate SET \"partition\" = 1"));
    folder.remove();
}

void changes_resist_mistakes_by_hand(void**) {
    const unit::StoreFolder folder;
    assert_ok(unit::commit(*opened(folder), {unit::issue(1), unit::revoke(1)}));
    for (const char* mistake :
         {"DELETE FROM revocation_log", "UPDATE revocation_log SET change = 7",
          "UPDATE revocation_log SET revoked = 0", "INSERT INTO blocked_key VALUES (x'00', 1)"})
        assert_false(run_sql(folder, mistake));
    assert_text(unit::conformance::changes(*opened(folder)), "1=issuing/1 ");
    folder.remove();
}

// Behind its back, since issuing as many takes minutes. Their count comes from triggers.
void a_million_entries_are_one_scan(void**) {
    constexpr std::uint64_t kEntries = 1'000'000;
    const unit::StoreFolder folder;
    const auto store = opened(folder);
    assert_true(run_sql(
        folder,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) "
        "INSERT INTO revocation SELECT 'issuing', CAST(printf('%08x', i) AS BLOB), 4, "
        "1795000000, 1800000000, i % 4 FROM n"));
    const auto source = store->crl_source();
    std::uint64_t count = 0;
    bool ascending = true;
    pki::Buffer last;
    assert_ok((*source)->complete("issuing", 0, 0, [&](const auto& entry) {
        ascending = ascending && last < entry.serial;
        last = entry.serial;
        count++;
    }));
    assert_int_equal(count, kEntries);
    assert_true(ascending);
    count = 0;
    assert_ok((*source)->complete("issuing", 3, 0, [&](const auto&) { count++; }));
    assert_int_equal(count, kEntries / 4);
    assert_int_equal(store->counts()->revoked, kEntries);
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
    const int failures = unit::conformance::run_revocation(
        "sqlite", {wipe, open},
        {cmocka_unit_test(a_store_of_the_first_schema_is_upgraded),
         cmocka_unit_test(changes_resist_mistakes_by_hand),
         cmocka_unit_test(a_million_entries_are_one_scan)});
    folder.remove();
    return failures;
}
