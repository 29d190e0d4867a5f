#include "t/unit/used_conformance.h"

int main() {
    using namespace unit::conformance;
    const unit::StoreFolder folder;
    const auto wipe = [&] {
        for (const char* name : {"store.db", "store.db-wal", "store.db-shm"})
            std::filesystem::remove(folder.file(name));
    };
    backend = {wipe, [&] { return signerd::open_sqlite_store(folder.file()); }};
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_was_used_is_known),
        cmocka_unit_test(a_value_is_used_once),
        cmocka_unit_test(nothing_is_used_up_by_a_refusal),
        cmocka_unit_test(what_is_counted_expires),
        cmocka_unit_test(it_is_known_when_there_is_room),
        cmocka_unit_test(expired_values_go),
        cmocka_unit_test(an_answer_knows_its_public_key),
    };
    const int failures = cmocka_run_group_tests_name("sqlite", tests, nullptr, nullptr);
    folder.remove();
    return failures;
}
