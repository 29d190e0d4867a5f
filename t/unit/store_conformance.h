// What every backend of signerd/store/store.h does, whatever is behind it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "t/unit/store_fixture.h"
#include "t/unit/unit.h"

namespace unit::conformance {

using signerd::CertificateFilter;
using signerd::CertificateRecord;
using signerd::Decided;

// What a backend brings to the suite.
struct Backend {
    std::function<void()> wipe;  // the next open() finds nothing
    std::function<pki::Result<std::unique_ptr<signerd::Store>>()> open;
};

inline Backend backend;

inline std::unique_ptr<signerd::Store> reopened() {
    auto store = backend.open();
    assert_ok(store);
    return *std::move(store);
}

inline std::unique_ptr<signerd::Store> emptied() {
    backend.wipe();
    return reopened();
}

inline void assert_same(const CertificateRecord& a, const CertificateRecord& b) {
    assert_text(a.ca, b.ca);
    assert_text(a.tenant, b.tenant);
    assert_text(a.profile, b.profile);
    assert_text(a.serial, b.serial);
    assert_text(pki::hex_encode(a.der), pki::hex_encode(b.der));
    assert_text(a.subject, b.subject);
    assert_text(a.sans, b.sans);
    assert_int_equal(a.not_before, b.not_before);
    assert_int_equal(a.not_after, b.not_after);
    assert_int_equal(a.issued, b.issued);
    assert_int_equal(a.protocol, b.protocol);
    assert_true(a.csr_sha256 == b.csr_sha256);
}

inline std::string listed(signerd::Store& store, const CertificateFilter& filter) {
    std::string rows;
    const auto records = store.list_certificates(filter);
    assert_ok(records);
    for (const CertificateRecord& record : *records)
        rows += std::to_string(record.row) + " ";
    return rows;
}

inline void an_empty_store(void**) {
    const auto store = emptied();
    assert_int_equal(store->counts()->certificates, 0);
    assert_int_equal(store->counts()->audit_records, 0);
    assert_false(store->find_answer(hash_of("key", 1))->has_value());
    assert_false(store->find_certificate("issuing", serial_of(1))->has_value());
    assert_true(store->certificates_with_serial(serial_of(1))->empty());
    assert_text(listed(*store, {}), "");
    assert_true(store->audit_page(0, 10)->empty());
    assert_ok(commit(*store, {}));
    assert_int_equal(store->counts()->audit_records, 0);
}

inline void a_certificate_comes_back_as_it_was(void**) {
    auto store = emptied();
    CertificateRecord record = certificate_record(7);
    record.ca = "ca \"two\"";
    record.profile = "x'); DROP TABLE certificate; --";
    record.subject = "CN=J\xc3\xbcrgen %_";
    record.sans = "";
    record.der.assign(pki::limits::kCertificate, 0);
    record.not_before = -1;
    record.not_after = 253'402'300'799;
    record.protocol = pki::wire::Protocol::scep;
    assert_ok(commit(*store, {issue(1), issue_of(record, hash_of("key", 7))}));

    const auto found = store->find_certificate(record.ca, record.serial);
    assert_true(found->has_value());
    assert_same(**found, record);
    assert_int_equal((*found)->row, 2);
    assert_same(store->certificates_with_serial(record.serial)->at(0), record);
    assert_same(store->list_certificates({.after = 1})->at(0), record);
    store.reset();
    assert_same(**reopened()->find_certificate(record.ca, record.serial), record);
}

inline void an_answer_is_found_by_its_key(void**) {
    const auto store = emptied();
    assert_ok(commit(*store, {issue(1), issue(2)}));
    const auto answer = store->find_answer(hash_of("key", 2));
    assert_true(answer->has_value());
    assert_true((*answer)->key == hash_of("key", 2));
    assert_true((*answer)->csr_sha256 == hash_of("csr", 2));
    assert_text((*answer)->ca, "issuing");
    assert_text((*answer)->serial, serial_of(2));
    assert_int_equal((*answer)->created, 1'790'000'300);
    assert_false(store->find_answer(hash_of("key", 3))->has_value());
}

inline void an_answer_replaces_the_one_with_its_key_only(void**) {
    const auto store = emptied();
    assert_ok(commit(*store, {issue(1), issue(2)}));
    Decided renewal = issue(3);
    renewal.answer->key = hash_of("key", 1);
    renewal.answer->created = 1'800'000'000;
    assert_ok(commit(*store, {renewal}));

    const auto replaced = store->find_answer(hash_of("key", 1));
    assert_text((*replaced)->serial, serial_of(3));
    assert_true((*replaced)->csr_sha256 == hash_of("csr", 3));
    assert_int_equal((*replaced)->created, 1'800'000'000);
    assert_text((*store->find_answer(hash_of("key", 2)))->serial, serial_of(2));
    assert_false(store->find_answer(hash_of("key", 3))->has_value());
    assert_true(store->find_certificate("issuing", serial_of(1))->has_value());
}

inline void serials_are_unique_per_ca(void**) {
    const auto store = emptied();
    CertificateRecord elsewhere = certificate_record(1);
    elsewhere.ca = "other";
    assert_ok(commit(*store, {issue(1), issue_of(elsewhere, hash_of("key", 2))}));
    const auto both = store->certificates_with_serial(serial_of(1));
    assert_int_equal(both->size(), 2);
    assert_text(both->at(0).ca, "issuing");
    assert_text(both->at(1).ca, "other");
    assert_int_equal((*store->find_certificate("other", serial_of(1)))->row, 2);

    assert_error(pki::Errc::internal,
                 commit(*store, {issue_of(certificate_record(1), hash_of("key", 3))}));
    assert_int_equal(store->counts()->certificates, 2);
}

inline void serials_that_are_none_are_not_found(void**) {
    const auto store = emptied();
    assert_ok(commit(*store, {issue(1)}));
    for (const char* serial : {"", "4", "zz", "4a", "' OR 1 --"}) {
        assert_false(store->find_certificate("issuing", serial)->has_value());
        assert_true(store->certificates_with_serial(serial)->empty());
    }
    assert_false(store->find_certificate("", serial_of(1))->has_value());
}

inline void a_batch_is_kept_whole_or_not_at_all(void**) {
    const auto store = emptied();
    assert_ok(commit(*store, {issue(1), denial(2)}));
    assert_error(pki::Errc::internal,
                 commit(*store, {denial(3), issue(4), issue(1), issue(5)}));
    assert_int_equal(store->counts()->certificates, 1);
    assert_int_equal(store->counts()->audit_records, 2);
    assert_false(store->find_answer(hash_of("key", 4))->has_value());
    assert_false(store->find_certificate("issuing", serial_of(4))->has_value());

    assert_ok(commit(*store, {issue(4), issue(5)}));
    assert_int_equal(whole_chain(*store), 4);
    assert_int_equal(store->counts()->certificates, 3);
}

// Too long for its field: whoever made the record has not called make_fit().
inline void an_unfit_record_is_refused(void**) {
    const auto store = emptied();
    Decided unfit = denial(1);
    unfit.audit.client_address.assign(pki::limits::kAddress + 1, '1');
    assert_error(pki::Errc::internal, commit(*store, {issue(1), unfit}));
    assert_int_equal(store->counts()->certificates, 0);
    assert_int_equal(whole_chain(*store), 0);
    assert_ok(commit(*store, {issue(1)}));
    assert_int_equal(whole_chain(*store), 1);
}

inline void parts_that_disagree_are_refused(void**) {
    const auto store = emptied();
    Decided unaudited = issue(1);
    unaudited.audit.decision = pki::wire::Decision::deny;
    Decided other_serial = issue(1);
    other_serial.audit.serial = serial_of(2);
    Decided answer_alone = denial(1);
    answer_alone.answer = issue(1).answer;
    Decided foreign_answer = issue(1);
    foreign_answer.answer->serial = serial_of(2);
    Decided foreign_ca = issue(1);
    foreign_ca.answer->ca = "other";
    Decided foreign_csr = issue(1);
    foreign_csr.answer->csr_sha256 = hash_of("csr", 2);
    for (const Decided& decided :
         {unaudited, other_serial, answer_alone, foreign_answer, foreign_ca, foreign_csr})
        assert_error(pki::Errc::internal, commit(*store, {decided}));
    assert_int_equal(store->counts()->audit_records, 0);
}

inline void listing_filters_and_pages(void**) {
    const auto store = emptied();
    CertificateRecord other = certificate_record(3);
    other.profile = "router";
    CertificateRecord nameless = certificate_record(4);
    nameless.subject = "";
    assert_ok(commit(*store, {issue(1), issue(2), issue_of(other, hash_of("key", 3)),
                              issue_of(nameless, hash_of("key", 4)), issue(12)}));

    assert_text(listed(*store, {}), "1 2 3 4 5 ");
    assert_text(listed(*store, {.limit = 2}), "1 2 ");
    assert_text(listed(*store, {.after = 2, .limit = 2}), "3 4 ");
    assert_text(listed(*store, {.after = 5}), "");
    assert_text(listed(*store, {.after = ~std::uint64_t{0}}), "");
    assert_text(listed(*store, {.limit = 0}), "");
    assert_text(listed(*store, {.profile = "router"}), "3 ");
    assert_text(listed(*store, {.profile = "device", .after = 1, .limit = 2}), "2 4 ");
    assert_text(listed(*store, {.profile = "none"}), "");
    assert_text(listed(*store, {.subject = "device-1"}), "1 5 ");
    assert_text(listed(*store, {.profile = "router", .subject = "device-1"}), "");
    assert_text(listed(*store, {.subject = "%"}), "");
    assert_text(listed(*store, {.subject = "device_1"}), "");
}

inline void audit_records_come_in_pages(void**) {
    const auto store = emptied();
    assert_ok(commit(*store, {denial(1), issue(2), denial(3)}));
    assert_int_equal(store->audit_page(0, 2)->size(), 2);
    assert_int_equal(store->audit_page(2, 2)->size(), 1);
    assert_true(store->audit_page(3, 2)->empty());
    assert_true(store->audit_page(~std::uint64_t{0}, 2)->empty());

    const auto page = store->audit_page(1, 1);
    const auto row = pki::wire::parse_canonical(page->at(0).canonical);
    assert_ok(row);
    assert_int_equal(row->sequence, 2);
    assert_int_equal(row->decision, pki::wire::Decision::allow);
    assert_text(row->serial, serial_of(2));
    assert_text(row->credential_name, "factory");
}

inline void the_chain_goes_on_after_a_restart(void**) {
    auto store = emptied();
    assert_ok(commit(*store, {issue(1), denial(2)}));
    assert_ok(commit(*store, {denial(3)}));
    const auto before = store->audit_page(0, 10);
    store.reset();

    store = reopened();
    assert_ok(commit(*store, {issue(4)}));
    assert_int_equal(whole_chain(*store), 4);
    for (std::size_t i = 0; i < before->size(); i++)
        assert_true(store->audit_page(0, 10)->at(i).hash == before->at(i).hash);
    assert_text((*store->find_answer(hash_of("key", 1)))->serial, serial_of(1));
}

inline void a_clock_may_be_set_back(void**) {
    const auto store = emptied();
    Decided past = denial(1);
    past.audit.time = -1;
    Decided renewal = issue(2);
    renewal.answer->key = hash_of("key", 1);
    renewal.answer->created = 0;
    assert_ok(commit(*store, {issue(1)}));
    assert_ok(commit(*store, {past, renewal}));
    assert_int_equal(whole_chain(*store), 3);
    assert_int_equal(pki::wire::parse_canonical(store->audit_page(1, 1)->at(0).canonical)->time,
                     -1);
    assert_int_equal((*store->find_answer(hash_of("key", 1)))->created, 0);
}

// commit() on a thread of its own, the rest here: what is seen is always whole batches.
inline void one_thread_writes_while_another_reads(void**) {
    constexpr std::uint64_t kBatches = 60;
    const auto store = emptied();
    std::atomic<std::uint64_t> durable = 0;
    std::atomic<bool> failed = false;
    std::thread writer([&] {
        for (std::uint64_t batch = 1; batch <= kBatches && !failed; batch++) {
            if (commit(*store, {issue(2 * batch), issue(2 * batch + 1)}))
                durable = batch;
            else
                failed = true;
        }
    });
    bool consistent = true;
    while (consistent && !failed && durable < kBatches) {
        const std::uint64_t known = durable;
        const auto counts = store->counts();
        const auto last = store->find_answer(hash_of("key", 2 * known + 1));
        consistent = counts && counts->certificates >= 2 * known &&
                     counts->certificates == counts->audit_records &&
                     counts->certificates % 2 == 0 && last && last->has_value() == (known > 0);
    }
    writer.join();
    assert_true(consistent);
    assert_false(failed);
    assert_int_equal(whole_chain(*store), 2 * kBatches);
}

// Runs the suite; for main().
inline int run(const char* name, Backend tested) {
    backend = std::move(tested);
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_store),
        cmocka_unit_test(a_certificate_comes_back_as_it_was),
        cmocka_unit_test(an_answer_is_found_by_its_key),
        cmocka_unit_test(an_answer_replaces_the_one_with_its_key_only),
        cmocka_unit_test(serials_are_unique_per_ca),
        cmocka_unit_test(serials_that_are_none_are_not_found),
        cmocka_unit_test(a_batch_is_kept_whole_or_not_at_all),
        cmocka_unit_test(an_unfit_record_is_refused),
        cmocka_unit_test(parts_that_disagree_are_refused),
        cmocka_unit_test(listing_filters_and_pages),
        cmocka_unit_test(audit_records_come_in_pages),
        cmocka_unit_test(the_chain_goes_on_after_a_restart),
        cmocka_unit_test(a_clock_may_be_set_back),
        cmocka_unit_test(one_thread_writes_while_another_reads),
    };
    return cmocka_run_group_tests_name(name, tests, nullptr, nullptr);
}

}  // namespace unit::conformance
