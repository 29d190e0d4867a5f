#include "signerd/store/store.h"

#include "t/unit/store_conformance.h"

int main() {
    const unit::StoreFolder folder;
    const auto wipe = [&] {
        for (const char* name : {"store.db", "store.db-wal", "store.db-shm"})
            std::filesystem::remove(folder.file(name));
    };
    const auto open = [&] { return signerd::open_sqlite_store(folder.file()); };
    const int failures = unit::conformance::run("sqlite", {wipe, open});
    folder.remove();
    return failures;
}
