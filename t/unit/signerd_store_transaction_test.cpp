#include "t/unit/transaction_conformance.h"

using namespace unit::conformance;

int main() {
    const unit::StoreFolder folder;
    const auto wipe = [&] {
        for (const char* name : {"store.db", "store.db-wal", "store.db-shm"})
            std::filesystem::remove(folder.file(name));
    };
    backend = {wipe, [&] { return signerd::open_sqlite_store(folder.file()); }};
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_transaction_comes_back_as_it_was),
        cmocka_unit_test(a_transaction_goes_on),
        cmocka_unit_test(one_that_waits_gets_its_certificate),
        cmocka_unit_test(a_key_is_taken_until_its_transaction_is_over),
        cmocka_unit_test(those_that_are_due),
        cmocka_unit_test(what_is_over_is_forgotten),
        cmocka_unit_test(new_ones_push_old_ones_out),
        cmocka_unit_test(a_request_keeps_its_form),
        cmocka_unit_test(steps_that_nobody_may_take),
    };
    const int failures = cmocka_run_group_tests_name("sqlite", tests, nullptr, nullptr);
    folder.remove();
    return failures;
}
