#include "ngx_enroll_module/ocsp_cache.h"

#include <cstdlib>
#include <map>
#include <vector>

#include "t/unit/unit.h"

namespace ngx_enroll {

// What a worker leaves that was killed while it moved links.
struct OcspCacheTest {
    static void interrupt(OcspCache& table) {
        for (std::uint32_t i = 0; i < table.entry_count_; i++) {
            table.buckets_[i] = i;
            table.entries_[i].chain = i;
        }
        table.free_entry_ = table.free_block_ = 0;
        table.changing_ = 1;
    }
};

}  // namespace ngx_enroll

namespace {

using ngx_enroll::OcspCache;
using ngx_enroll::OcspFacts;
using ngx_enroll::OcspKey;

constexpr std::uint64_t kSigner = 77;

struct Table {
    std::vector<std::uint64_t> memory;
    OcspCache* table;

    explicit Table(std::size_t bytes = 64 * 1024)
        : memory(bytes / sizeof(std::uint64_t)),
          table(OcspCache::make(memory.data(), bytes, 42)) {}

    OcspCache* operator->() { return table; }

    bool put(std::string_view serial, std::string_view id, std::string_view response,
             std::uint64_t change = 0, std::int64_t next_update = 1000, std::int64_t now = 100,
             std::uint64_t signer = kSigner) {
        const OcspFacts facts{50, next_update, 9};
        return table->insert({signer, pki::as_bytes(serial), pki::as_bytes(id)}, facts, change,
                             pki::as_bytes(response), now);
    }

    // "" for a miss.
    std::string get(std::string_view serial, std::string_view id, std::int64_t until = 100,
                    std::uint64_t signer = kSigner) {
        const auto hit = table->find({signer, pki::as_bytes(serial), pki::as_bytes(id)}, until);
        if (!hit) return {};
        std::string out(hit->size, '\0');
        table->copy(*hit, reinterpret_cast<std::uint8_t*>(out.data()));
        return out;
    }
};

void what_was_put_is_found_under_its_key_alone(void**) {
    Table table;
    assert_true(table.put("s1", "id1", "one"));
    assert_true(table.put("s1", "id2", "the same certificate, another hash"));
    assert_text(table.get("s1", "id1"), "one");
    assert_text(table.get("s1", "id2"), "the same certificate, another hash");
    assert_text(table.get("s1", "id3"), "");
    assert_text(table.get("s2", "id1"), "");
    assert_text(table.get("s1", "id1", 100, kSigner + 1), "");
    const auto hit = table->find({kSigner, pki::as_bytes("s1"), pki::as_bytes("id1")}, 100);
    assert_int_equal(hit->facts.this_update, 50);
    assert_int_equal(hit->facts.next_update, 1000);
    assert_int_equal(hit->facts.tag, 9);
    assert_true(table.put("s1", "id1", "newer"));
    assert_text(table.get("s1", "id1"), "newer");
    assert_int_equal(table->used(), 2);
}

void responses_of_any_length_come_back_whole(void**) {
    Table table(512 * 1024);
    const std::string id(pki::limits::kCertId, 'k');
    for (const std::size_t size : {1, 59, 60, 61, 252, 311, 312, 313, 564, 4000, 64 * 1024}) {
        std::string response;
        for (std::size_t i = 0; i < size; i++) response += static_cast<char>(i * 7 + i / 256);
        assert_true(table.put("s", id, response));
        assert_true(table.get("s", id) == response);
    }
    assert_int_equal(table->used(), 1);
}

void a_response_is_good_until_its_time(void**) {
    Table table;
    assert_true(table.put("s", "id", "x", 0, 1000));
    assert_text(table.get("s", "id", 999), "x");
    assert_text(table.get("s", "id", 1000), "");
    assert_false(table.put("t", "id", "x", 0, 100, 100));
    assert_false(table.put("t", "id", "x", 0, 0, 100));
}

void what_is_too_large_is_not_taken(void**) {
    Table table;
    assert_false(table.put("s", "id", std::string(40 * 1024, 'x')));
    assert_false(table.put(std::string(21, 's'), "id", "x"));
    assert_false(table.put("s", std::string(193, 'k'), "x"));
    assert_int_equal(table->used(), 0);
    std::vector<std::uint64_t> small(8);
    assert_null(OcspCache::make(small.data(), sizeof(small[0]) * small.size(), 1));
}

void a_revocation_drops_what_it_touches(void**) {
    Table table;
    table.put("s1", "id1", "x");
    table.put("s1", "id2", "x");
    table.put("s2", "id3", "x");
    table.put("s1", "id1", "x", 0, 1000, 100, kSigner + 1);
    table->drop(kSigner, pki::as_bytes("s1"));
    assert_text(table.get("s1", "id1"), "");
    assert_text(table.get("s1", "id2"), "");
    assert_text(table.get("s2", "id3"), "x");
    assert_text(table.get("s1", "id1", 100, kSigner + 1), "x");
    table->clear(kSigner);
    assert_text(table.get("s2", "id3"), "");
    assert_text(table.get("s1", "id1", 100, kSigner + 1), "x");
}

void an_answer_from_before_a_revocation_is_not_taken(void**) {
    Table table;
    assert_int_equal(table->change(kSigner), 0);
    table->set_change(kSigner, 5);
    assert_false(table.put("s", "id", "old", 4));
    assert_true(table.put("s", "id", "as old as the revocation", 5));
    assert_false(table.put("s", "id", "old", 4));
    assert_text(table.get("s", "id"), "as old as the revocation");
    // Another signer has numbers of its own.
    assert_true(table.put("s", "id", "other", 1, 1000, 100, kSigner + 1));
    assert_int_equal(table->change(kSigner), 5);
    assert_int_equal(table->change(kSigner + 1), 0);
}

void signers_beyond_number_begin_anew(void**) {
    Table table;
    table->set_change(1, 9);
    table.put("s", "id", "x", 9, 1000, 100, 1);
    for (std::uint64_t signer = 2; signer <= OcspCache::kSigners; signer++)
        table->set_change(signer, signer);
    assert_int_equal(table->change(1), 9);
    assert_int_equal(table->change(OcspCache::kSigners + 1), 0);
    assert_text(table.get("s", "id", 100, 1), "");
    assert_int_equal(table->change(1), 0);
}

std::string number(int i) { return std::to_string(i); }

void what_is_asked_for_stays(void**) {
    Table table;
    const std::string response(700, 'r');
    assert_true(table.put("hot", "hot", "hot"));
    for (int i = 0; i < 1000; i++) {
        assert_true(table.put(number(i), "id" + number(i), response));
        assert_text(table.get("hot", "hot"), "hot");
    }
    assert_text(table.get("999", "id999"), response);
    assert_text(table.get("0", "id0"), "");
    assert_true(table->used() > 20);
    assert_true(table->used() <= table->capacity());
}

// Against a map, whatever the table has thrown out.
void a_long_mixture_stays_consistent(void**) {
    Table table(32 * 1024);
    std::map<std::string, std::string> model;
    std::srand(1);
    for (int i = 0; i < 20000; i++) {
        const std::string serial = number(std::rand() % 60);
        switch (std::rand() % 8) {
            case 0:
                table->drop(kSigner, pki::as_bytes(serial));
                model.erase(serial);
                break;
            case 1:
            case 2:
            case 3: {
                const std::string response = serial + std::string(std::rand() % 1500, 'x');
                if (table.put(serial, "id" + serial, response)) model[serial] = response;
                break;
            }
            default: {
                const std::string found = table.get(serial, "id" + serial);
                if (!found.empty()) assert_true(found == model[serial]);
            }
        }
        if (i % 5000 == 4999) {
            table->clear(kSigner);
            model.clear();
            assert_int_equal(table->used(), 0);
        }
    }
    // All room has come back.
    for (int i = 0; i < 25; i++)
        assert_true(table.put(number(i), "id" + number(i), std::string(600, 'y')));
    for (int i = 0; i < 25; i++)
        assert_int_equal(table.get(number(i), "id" + number(i)).size(), 600);
}

void a_worker_that_was_killed_leaves_an_empty_table(void**) {
    Table table;
    table.put("s", "id", "x");
    table->set_change(kSigner, 3);
    ngx_enroll::OcspCacheTest::interrupt(*table.table);
    assert_text(table.get("s", "id"), "");
    assert_int_equal(table->used(), 0);
    assert_int_equal(table->change(kSigner), 3);
    assert_true(table.put("s", "id", "y", 3));
    assert_text(table.get("s", "id"), "y");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_found_under_its_key_alone),
        cmocka_unit_test(responses_of_any_length_come_back_whole),
        cmocka_unit_test(a_response_is_good_until_its_time),
        cmocka_unit_test(what_is_too_large_is_not_taken),
        cmocka_unit_test(a_revocation_drops_what_it_touches),
        cmocka_unit_test(an_answer_from_before_a_revocation_is_not_taken),
        cmocka_unit_test(signers_beyond_number_begin_anew),
        cmocka_unit_test(what_is_asked_for_stays),
        cmocka_unit_test(a_long_mixture_stays_consistent),
        cmocka_unit_test(a_worker_that_was_killed_leaves_an_empty_table),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
