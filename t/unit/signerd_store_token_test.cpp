#include "t/unit/token_conformance.h"

int main() {
    using namespace unit::conformance;
    const unit::StoreFolder folder;
    const auto wipe = [&] {
        for (const char* name : {"store.db", "store.db-wal", "store.db-shm"})
            std::filesystem::remove(folder.file(name));
    };
    backend = {wipe, [&] { return signerd::open_sqlite_store(folder.file()); }};
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_token_comes_back_as_it_was),
        cmocka_unit_test(a_token_is_revoked_once),
        cmocka_unit_test(a_token_is_used_up),
        cmocka_unit_test(those_that_are_good_are_listed),
        cmocka_unit_test(a_token_needs_its_record),
        cmocka_unit_test(old_tokens_go),
    };
    const int failures = cmocka_run_group_tests_name("sqlite", tests, nullptr, nullptr);
    folder.remove();
    return failures;
}
