// The writer thread: batches, completions on the loop, and one bad item among good ones.
#include "signerd/writer.h"

#include "t/unit/store_fixture.h"

#include "t/unit/unit.h"

namespace {

using pki::Errc;

struct Fixture {
    unit::StoreFolder folder;
    std::unique_ptr<signerd::Store> store = *signerd::open_sqlite_store(folder.file());
    std::unique_ptr<signerd::EventLoop> loop = *signerd::EventLoop::create();
    std::unique_ptr<signerd::Writer> writer = *signerd::Writer::start(*loop, *store);
    std::vector<signerd::Decided> decided;
    std::vector<int> outcomes;  // by item: -1 none yet, 0 stored, else the Errc
    std::size_t completed = 0;

    // Commits all items and runs the loop until they are through.
    void run() {
        outcomes.assign(decided.size(), -1);
        for (std::size_t i = 0; i < decided.size(); i++)
            writer->commit(decided[i], [this, i](const pki::Status& status) {
                outcomes[i] = status ? 0 : static_cast<int>(status.error().code);
                if (++completed == decided.size()) loop->stop();
            });
        assert_int_equal(writer->queued(), decided.size());
        writer->flush();
        loop->run();
        assert_int_equal(writer->queued(), 0);
    }
};

void test_all_in_order(void**) {
    Fixture fixture;
    for (std::uint64_t i = 0; i < 1000; i++) fixture.decided.push_back(unit::issue(i));
    fixture.run();
    for (const int outcome : fixture.outcomes) assert_int_equal(outcome, 0);
    assert_int_equal(fixture.store->counts()->certificates, 1000);
    assert_int_equal(unit::whole_chain(*fixture.store), 1000);
    const auto entries = *fixture.store->audit_page(0, 1000);
    for (std::size_t i = 0; i < entries.size(); i++) {
        const auto row = *pki::wire::parse_canonical(entries[i].canonical);
        assert_text(row.serial, unit::serial_of(i));
    }
    fixture.folder.remove();
}

// The second use of a serial breaks a constraint of the store.
void test_one_bad_item(void**) {
    Fixture fixture;
    for (std::uint64_t i = 0; i < 10; i++) fixture.decided.push_back(unit::issue(i));
    fixture.decided[5] = unit::issue(3);
    fixture.run();
    for (std::size_t i = 0; i < fixture.outcomes.size(); i++)
        assert_int_equal(fixture.outcomes[i], i == 5 ? static_cast<int>(Errc::internal) : 0);
    assert_int_equal(fixture.store->counts()->certificates, 9);
    assert_int_equal(unit::whole_chain(*fixture.store), 9);
    fixture.folder.remove();
}

// What was accepted is committed even when nobody waits for it any more.
void test_end_with_a_queue(void**) {
    Fixture fixture;
    const signerd::Decided decided = unit::issue(1);
    fixture.writer->commit(decided, [](const pki::Status&) {});
    fixture.writer.reset();
    assert_int_equal(fixture.store->counts()->certificates, 1);
    fixture.folder.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_all_in_order),
        cmocka_unit_test(test_one_bad_item),
        cmocka_unit_test(test_end_with_a_queue),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
