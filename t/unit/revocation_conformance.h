// What every backend does about revocation: a part of store_conformance.h.
#pragma once

#include "t/unit/store_conformance.h"

namespace unit::conformance {

using pki::x509::CrlReason;
using signerd::BulkFilter;
using signerd::CrlRecord;
using signerd::RevocationChange;
using signerd::Store;

inline pki::Buffer octets(std::uint64_t number) { return *pki::hex_decode(serial_of(number)); }

inline pki::Buffer der(std::uint64_t number) { return certificate_record(number).der; }

// "3:superseded 4:removeFromCRL ", with "@" and the date where that is not kRevoked.
inline std::string text(const std::vector<signerd::CrlSource::Entry>& entries) {
    std::string text;
    for (const auto& entry : entries) {
        text += std::to_string(entry.serial.back()) + ":" + std::string(name(entry.reason));
        if (entry.time != kRevoked) text += "@" + std::to_string(entry.time);
        text += " ";
    }
    return text;
}

inline std::string complete(signerd::CrlSource& source, std::uint32_t partition = 0,
                            std::int64_t alive = 0, const std::string& ca = "issuing") {
    std::vector<signerd::CrlSource::Entry> entries;
    assert_ok(source.complete(ca, partition, alive,
                              [&](const auto& entry) { entries.push_back(entry); }));
    return text(entries);
}

inline std::string complete(Store& store, std::uint32_t partition = 0, std::int64_t alive = 0,
                            const std::string& ca = "issuing") {
    const auto source = store.crl_source();
    assert_ok(source);
    return complete(**source, partition, alive, ca);
}

inline std::string delta(Store& store, std::uint64_t since, std::uint32_t partition = 0,
                         std::int64_t alive = 0) {
    const auto source = store.crl_source();
    assert_ok(source);
    std::vector<signerd::CrlSource::Entry> entries;
    assert_ok((*source)->delta("issuing", partition, alive, since,
                               [&](const auto& entry) { entries.push_back(entry); }));
    return text(entries);
}

inline std::string changes(Store& store, std::uint64_t after = 0, std::uint32_t limit = 100) {
    const auto changes = store.changes(after, limit);
    assert_ok(changes);
    std::string text;
    for (const signerd::Change& change : *changes)
        text += std::to_string(change.number) + "=" + change.ca + "/" +
                std::to_string(pki::hex_decode(change.serial)->back()) + " ";
    return text;
}

inline void nothing_is_revoked_at_first(void**) {
    const auto store = emptied();
    assert_ok(commit(*store, {issue(1)}));
    assert_int_equal(store->counts()->revoked, 0);
    assert_int_equal(*store->last_change(), 0);
    assert_text(changes(*store), "");
    const auto status = store->find_status("issuing", octets(1));
    assert_int_equal((*status)->not_after, 1'800'000'000);
    assert_false((*status)->revocation.has_value());
    assert_false(store->find_status("other", octets(1))->has_value());
    assert_false(store->find_status("issuing", octets(2))->has_value());
    assert_false(*store->is_blocked(hash_of("spki", 1)));
    assert_true(store->crls()->empty());
    assert_text(complete(*store), "");
    assert_int_equal(*(*store->crl_source())->last_change(), 0);
}

// Every verb that shows a certificate shows what became of it.
inline void assert_revoked(Store& store, std::uint64_t number, CrlReason reason) {
    const std::string serial = serial_of(number);
    const auto listed =
        store.list_certificates({.subject = "device-" + std::to_string(number)});
    for (const auto& revocation :
         {(*store.find_certificate("issuing", serial))->revocation,
          store.certificates_with_serial(serial)->at(0).revocation, listed->at(0).revocation,
          (*store.find_status("issuing", octets(number)))->revocation}) {
        assert_true(revocation.has_value());
        assert_int_equal(revocation->reason, reason);
        assert_int_equal(revocation->time, kRevoked);
    }
}

inline void a_revocation_is_everywhere(void**) {
    auto store = emptied();
    assert_ok(commit(*store, {issue(1), issue(2), revoke(1, CrlReason::unspecified)}));
    assert_revoked(*store, 1, CrlReason::unspecified);
    assert_false((*store->find_certificate("issuing", serial_of(2)))->revocation.has_value());
    assert_int_equal(store->counts()->revoked, 1);
    assert_text(changes(*store), "1=issuing/1 ");
    assert_text(complete(*store), "1:unspecified ");
    assert_int_equal(whole_chain(*store), 3);
    store.reset();
    store = reopened();
    assert_revoked(*store, 1, CrlReason::unspecified);
    assert_int_equal(store->counts()->revoked, 1);
}

inline void only_this_very_certificate_is_revoked(void**) {
    const auto store = emptied();
    CertificateRecord elsewhere = certificate_record(1);
    elsewhere.ca = "other";
    elsewhere.der = der(9);
    assert_ok(commit(*store, {issue(1), issue_of(elsewhere, hash_of("key", 2)), revoke(1)}));
    assert_true((*store->find_status("issuing", octets(1)))->revocation.has_value());
    assert_false((*store->find_status("other", octets(1)))->revocation.has_value());
    assert_false((*store->find_certificate("other", serial_of(1)))->revocation.has_value());

    assert_ok(commit(*store, {change_of({revocation_of(elsewhere)})}));
    assert_true((*store->find_status("other", octets(1)))->revocation.has_value());
    assert_text(complete(*store, 0, 0, "other"), "1:superseded ");
    assert_text(complete(*store, 0, 0, "none"), "");
    assert_text(changes(*store), "1=issuing/1 2=other/1 ");
}

inline void a_release_takes_it_back(void**) {
    auto store = emptied();
    assert_ok(commit(*store, {issue(1), revoke(1, CrlReason::certificate_hold), release(1)}));
    assert_false((*store->find_certificate("issuing", serial_of(1)))->revocation.has_value());
    assert_int_equal(store->counts()->revoked, 0);
    assert_text(complete(*store), "");
    assert_text(changes(*store), "1=issuing/1 2=issuing/1 ");

    assert_ok(commit(*store, {revoke(1, CrlReason::key_compromise)}));
    store.reset();
    store = reopened();
    assert_revoked(*store, 1, CrlReason::key_compromise);
    assert_int_equal(*store->last_change(), 3);
}

inline void another_reason_replaces_the_first(void**) {
    const auto store = emptied();
    assert_ok(commit(*store, {issue(1), revoke(1, CrlReason::certificate_hold),
                              revoke(1, CrlReason::key_compromise)}));
    assert_revoked(*store, 1, CrlReason::key_compromise);
    assert_int_equal(store->counts()->revoked, 1);
    assert_text(complete(*store), "1:keyCompromise ");
    assert_text(changes(*store), "1=issuing/1 2=issuing/1 ");
}

// Also when what used the last number was undone, or the program has ended in between.
inline void numbers_are_never_used_again(void**) {
    auto store = emptied();
    assert_ok(commit(*store, {issue(1), issue(2), issue(3), revoke(1), revoke(2)}));
    assert_error(pki::Errc::internal, commit(*store, {revoke(3), revoke(4)}));
    assert_int_equal(*store->last_change(), 2);
    assert_ok(commit(*store, {release(2)}));
    store.reset();
    store = reopened();
    assert_ok(commit(*store, {revoke(2)}));
    assert_text(changes(*store), "1=issuing/1 2=issuing/2 3=issuing/2 4=issuing/2 ");
    assert_text(changes(*store, 2, 1), "3=issuing/2 ");
    assert_text(changes(*store, 4), "");
    assert_text(changes(*store, ~std::uint64_t{0}), "");
    assert_text(changes(*store, 0, 0), "");
}

inline void one_decision_revokes_many(void**) {
    const auto store = emptied();
    std::vector<RevocationChange> many;
    for (std::uint64_t number = 1; number <= 40; number++) {
        assert_ok(commit(*store, {issue(number)}));
        many.push_back(revocation_of(certificate_record(number)));
    }
    many.front().revocation->reason = CrlReason::certificate_hold;
    many.push_back(many.front());
    many.back().revocation.reset();
    assert_ok(commit(*store, {change_of(many)}));
    assert_int_equal(store->counts()->revoked, 39);
    assert_int_equal(*store->last_change(), 41);
    assert_int_equal(whole_chain(*store), 40 + 41);
}

inline void what_is_not_there_cannot_be_revoked(void**) {
    const auto store = emptied();
    CertificateRecord elsewhere = certificate_record(1);
    elsewhere.ca = "other";
    CertificateRecord no_hex = certificate_record(1);
    no_hex.serial = "zz";
    assert_ok(commit(*store, {issue(1)}));
    for (const Decided& wrong : {revoke(2), release(1), change_of({revocation_of(elsewhere)}),
                                 change_of({revocation_of(certificate_record(1)),
                                            revocation_of(certificate_record(2))})})
        assert_error(pki::Errc::internal, commit(*store, {denial(3), wrong, issue(4)}));
    assert_error(pki::Errc::malformed, commit(*store, {change_of({revocation_of(no_hex)})}));
    assert_int_equal(store->counts()->revoked, 0);
    assert_int_equal(store->counts()->certificates, 1);
    assert_int_equal(*store->last_change(), 0);
    assert_int_equal(whole_chain(*store), 1);
}

inline void revocations_that_the_audit_does_not_allow_are_refused(void**) {
    const auto store = emptied();
    assert_ok(commit(*store, {issue(1), issue(2), issue(3)}));
    std::vector<Decided> wrong(11, revoke(1));
    wrong[0].audit.decision = pki::wire::Decision::deny;
    wrong[1].audit.operation = pki::wire::Operation::release;
    wrong[2].audit.operation = pki::wire::Operation::enroll;
    wrong[3].audit.serial = serial_of(2);
    wrong[4].revocations.push_back(revocation_of(certificate_record(2)));
    wrong[5].more.push_back(record_for(revocation_of(certificate_record(2))));
    wrong[6] =
        change_of({revocation_of(certificate_record(1)), revocation_of(certificate_record(2))});
    std::swap(wrong[6].revocations[0], wrong[6].revocations[1]);
    wrong[7].certificate = certificate_record(1);
    wrong[8] = denial(1);
    wrong[8].more.push_back(
        record_for(wrong[8].revocations.emplace_back(revocation_of(certificate_record(1)))));
    wrong[9].revocations[0].revocation.reset();
    wrong[10] = publish({CrlRecord{.ca = "issuing", .number = 1}});
    wrong[10].audit.operation = pki::wire::Operation::revoke;
    for (const Decided& decided : wrong)
        assert_error(pki::Errc::internal, commit(*store, {decided}));
    assert_int_equal(*store->last_change(), 0);
    assert_int_equal(whole_chain(*store), 3);

    Decided with_a_denial = revoke(1);
    with_a_denial.more.push_back(denial(2).audit);
    assert_ok(commit(*store, {with_a_denial}));
    assert_int_equal(*store->last_change(), 1);
}

inline void a_blocked_key_stays_blocked(void**) {
    auto store = emptied();
    Decided compromised = revoke(1, CrlReason::key_compromise);
    compromised.revocations[0].blocked_key = hash_of("spki", 1);
    assert_ok(commit(*store, {issue(1), compromised}));
    assert_ok(commit(*store, {compromised}));
    assert_ok(commit(*store, {release(1)}));
    store.reset();
    store = reopened();
    assert_true(*store->is_blocked(hash_of("spki", 1)));
    assert_false(*store->is_blocked(hash_of("spki", 2)));

    Decided blocked_by_release = release(1);
    blocked_by_release.revocations[0].blocked_key = hash_of("spki", 2);
    assert_ok(commit(*store, {revoke(1)}));
    assert_error(pki::Errc::internal, commit(*store, {blocked_by_release}));
    assert_false(*store->is_blocked(hash_of("spki", 2)));
}

inline void a_list_is_in_the_order_of_serials(void**) {
    const auto store = emptied();
    for (const std::uint64_t number : {7, 3, 200, 5}) {
        CertificateRecord record = certificate_record(number);
        record.partition = number == 3 ? 2 : 1;
        record.not_after = static_cast<std::int64_t>(1'800'000'000 + number);
        assert_ok(commit(*store, {issue_of(record, hash_of("key", number)), revoke(number)}));
        assert_int_equal((*store->find_certificate("issuing", record.serial))->partition,
                         record.partition);
    }
    assert_text(complete(*store), "3:superseded 5:superseded 7:superseded 200:superseded ");
    assert_text(complete(*store, 1), "5:superseded 7:superseded 200:superseded ");
    assert_text(complete(*store, 2), "3:superseded ");
    assert_text(complete(*store, 3), "");
    assert_text(complete(*store, 0, 1'800'000'007), "7:superseded 200:superseded ");
    assert_text(complete(*store, 2, 1'800'000'004), "");
    assert_text(delta(*store, 2), "5:superseded 200:superseded ");
    assert_text(delta(*store, 0, 2), "3:superseded ");
    assert_text(delta(*store, 2, 0, 1'800'000'006), "200:superseded ");
}

// RFC 5280 5.2.4.
inline void a_delta_says_what_has_changed(void**) {
    constexpr CrlReason kHold = CrlReason::certificate_hold;
    const auto store = emptied();
    for (std::uint64_t number = 1; number <= 6; number++)
        assert_ok(commit(*store, {issue(number)}));
    assert_ok(commit(
        *store, {revoke(1), revoke(2, kHold), revoke(3, kHold), revoke(4, kHold), release(4)}));
    const std::uint64_t base = *store->last_change();
    assert_text(complete(*store), "1:superseded 2:certificateHold 3:certificateHold ");
    assert_text(delta(*store, base), "");

    Decided late = release(2);
    late.audit.time = 1'796'000'000'000'000;
    assert_ok(commit(*store, {late}));
    assert_ok(commit(*store, {revoke(3, CrlReason::key_compromise)}));
    // Not on that list, but who has a delta from between may hold it to be revoked.
    assert_ok(commit(*store, {revoke(5, kHold), release(5)}));
    assert_ok(commit(*store, {revoke(4, kHold)}));  // back again
    assert_ok(commit(*store, {revoke(6)}));
    assert_text(delta(*store, base),
                "2:removeFromCRL@1796000000 3:keyCompromise 4:certificateHold "
                "5:removeFromCRL@1790000000 6:superseded ");
    assert_text(delta(*store, *store->last_change() - 1), "6:superseded ");
    assert_text(delta(*store, *store->last_change()), "");
    // Held and released within: it was on the list, and is there as it was.
    assert_ok(commit(*store, {release(4), revoke(4, kHold)}));
    assert_text(delta(*store, *store->last_change() - 2), "4:certificateHold ");
}

inline void a_source_sees_one_moment(void**) {
    const auto store = emptied();
    assert_ok(commit(*store, {issue(1), issue(2), revoke(1)}));
    const auto source = store->crl_source();
    assert_ok(source);
    assert_ok(commit(*store, {revoke(2)}));
    assert_text(complete(**source), "1:superseded ");
    assert_int_equal(*(*source)->last_change(), 1);
    assert_text(complete(*store), "1:superseded 2:superseded ");
}

inline CrlRecord crl_record(std::uint64_t number, std::uint32_t partition = 0,
                            bool delta = false) {
    return {.ca = "issuing",
            .partition = partition,
            .delta = delta,
            .number = number,
            .this_update = 1'790'000'000,
            .next_update = 1'790'086'400,
            .scheduled = 1'789'000'000,
            .change = 17,
            .base = delta ? number - 1 : 0,
            .entries = 1'000'000,
            .size = 40'000'000,
            .sha256 = hash_of("crl", number),
            .form = hash_of("form", number),
            .urls = partition != 0 ? "http://a.example/1 http://b.example/1" : ""};
}

inline std::string crls(Store& store) {
    const auto records = store.crls();
    assert_ok(records);
    std::string text;
    for (const CrlRecord& record : *records)
        text += record.ca + "/" + std::to_string(record.partition) + (record.delta ? "d" : "") +
                "=" + std::to_string(record.number) + " ";
    return text;
}

inline void the_newest_crl_of_each_kind_is_kept(void**) {
    auto store = emptied();
    assert_ok(commit(*store, {publish({crl_record(4), crl_record(4, 2)})}));
    assert_ok(commit(*store, {publish({crl_record(5, 0, true)}), publish({crl_record(6)})}));
    CrlRecord other = crl_record(1);
    other.ca = "other";
    assert_ok(commit(*store, {publish({other})}));
    assert_text(crls(*store), "issuing/0=6 issuing/0d=5 issuing/2=4 other/0=1 ");
    store.reset();
    store = reopened();
    const CrlRecord found = store->crls()->at(1);
    const CrlRecord written = crl_record(5, 0, true);
    assert_int_equal(found.this_update, written.this_update);
    assert_int_equal(found.next_update, written.next_update);
    assert_int_equal(found.scheduled, written.scheduled);
    assert_int_equal(found.change, written.change);
    assert_int_equal(found.base, written.base);
    assert_int_equal(found.entries, written.entries);
    assert_int_equal(found.size, written.size);
    assert_true(found.sha256 == written.sha256);
    assert_true(found.form == written.form);
    assert_text(store->crls()->at(2).urls, crl_record(4, 2).urls);
}

inline void numbers_of_crls_never_go_down(void**) {
    const auto store = emptied();
    assert_ok(commit(*store, {publish({crl_record(4)})}));
    assert_error(pki::Errc::internal, commit(*store, {publish({crl_record(3)})}));
    assert_error(pki::Errc::internal, commit(*store, {publish({crl_record(3, 1)})}));
    assert_error(pki::Errc::internal,
                 commit(*store, {publish({crl_record(5), crl_record(4, 1)})}));
    assert_text(crls(*store), "issuing/0=4 ");
    assert_ok(commit(*store, {publish({crl_record(4, 1)})}));
    assert_text(crls(*store), "issuing/0=4 issuing/1=4 ");
}

// The rows of a page, and where it stopped.
inline std::string bulk(Store& store, const BulkFilter& filter, std::uint64_t after = 0,
                        std::uint64_t until = 100, std::uint32_t window = 1000,
                        std::int64_t now = 0) {
    const auto page = store.find_bulk(filter, after, until, window, now);
    assert_ok(page);
    std::string text;
    for (const CertificateRecord& record : page->records)
        text += std::to_string(record.row) + " ";
    return text + "| " + std::to_string(page->last);
}

inline void bulk_conditions(void**) {
    const auto store = emptied();
    for (std::uint64_t number = 1; number <= 6; number++) {
        CertificateRecord record = certificate_record(number);
        if (number == 2) record.profile = "router";
        if (number == 3) record.tenant = "acme";
        if (number == 4) record.ca = "other";
        if (number == 5) record.protocol = pki::wire::Protocol::scep;
        record.issued = static_cast<std::int64_t>(100 * number);
        record.not_after = static_cast<std::int64_t>(1000 * number);
        assert_ok(commit(*store, {issue_of(record, hash_of("key", number))}));
    }
    assert_text(bulk(*store, {}), "1 2 3 4 5 6 | 100");
    assert_text(bulk(*store, {.profile = "router"}), "2 | 100");
    assert_text(bulk(*store, {.tenant = "acme"}), "3 | 100");
    assert_text(bulk(*store, {.ca = "other"}), "4 | 100");
    assert_text(bulk(*store, {.protocol = pki::wire::Protocol::scep}), "5 | 100");
    assert_text(bulk(*store, {.issued_from = 500}), "5 6 | 100");
    assert_text(bulk(*store, {.issued_to = 200}), "1 2 | 100");
    assert_text(bulk(*store, {.profile = "router", .issued_from = 201}), "| 100");
    assert_text(bulk(*store, {.subject = [](auto name) { return name == "CN=device-6"; }}),
                "6 | 100");
    assert_text(bulk(*store, {}, 0, 100, 1000, 3000), "4 5 6 | 100");
    assert_text(bulk(*store, {.profile = "' OR 1 --"}), "| 100");
    assert_ok(commit(*store, {revoke(1)}));
    assert_text(bulk(*store, {}), "2 3 4 5 6 | 100");

    CertificateRecord responder = certificate_record(7);
    responder.profile = "(ocsp)";
    responder.protocol = pki::wire::Protocol::none;
    assert_ok(commit(*store, {issue_of(responder, hash_of("key", 7))}));
    assert_text(bulk(*store, {.ca = "issuing"}), "2 3 5 6 | 100");
    assert_text(bulk(*store, {.profile = "(ocsp)"}), "7 | 100");
}

inline void bulk_pages(void**) {
    const auto store = emptied();
    for (std::uint64_t number = 1; number <= 6; number++)
        assert_ok(commit(*store, {issue(number)}));
    assert_text(bulk(*store, {}, 0, 6, 4), "1 2 3 4 | 4");
    assert_text(bulk(*store, {}, 4, 6, 4), "5 6 | 6");
    assert_text(bulk(*store, {}, 2, 4), "3 4 | 4");
    assert_text(bulk(*store, {}, 6, 6), "| 6");
    assert_text(bulk(*store, {}, 9, 6), "| 6");
    assert_text(bulk(*store, {.limit = 2}, 1, 6), "2 3 | 3");
    const auto fifth = [](std::string_view name) { return name == "CN=device-5"; };
    assert_text(bulk(*store, {.subject = fifth, .limit = 1}, 0, 6), "5 | 5");
    assert_text(bulk(*store, {.subject = fifth, .limit = 1}, 0, 6, 4), "| 4");
    const std::uint64_t end = ~std::uint64_t{0};
    assert_text(bulk(*store, {}, end - 1, end), "| " + std::to_string(end));
    assert_text(bulk(*store, {}, 0, end, 2), "1 2 | 2");
}

// commit() on one thread, CRLs on another, the event loop here: each sees whole decisions.
inline void lists_are_read_while_others_write(void**) {
    constexpr std::uint64_t kPairs = 50;
    const auto store = emptied();
    for (std::uint64_t number = 1; number <= 2 * kPairs; number++)
        assert_ok(commit(*store, {issue(number)}));
    std::atomic<std::uint64_t> durable = 0;
    std::atomic<bool> wrong = false;
    std::thread writer([&] {
        for (std::uint64_t pair = 1; pair <= kPairs && !wrong; pair++) {
            const Decided both = change_of({revocation_of(certificate_record(2 * pair - 1)),
                                            revocation_of(certificate_record(2 * pair))});
            if (!commit(*store, {both})) wrong = true;
            durable = pair;
        }
    });
    std::thread lister([&] {
        while (!wrong && durable < kPairs) {
            const std::uint64_t known = durable;
            std::uint64_t entries = 0;
            const auto source = store->crl_source();
            if (!source || !(*source)->complete("issuing", 0, 0, [&](auto&) { entries++; }))
                wrong = true;
            else if (entries < 2 * known || entries != *(*source)->last_change())
                wrong = true;
        }
    });
    while (!wrong && durable < kPairs) {
        const std::uint64_t known = durable;
        const auto last = store->last_change();
        if (!last || *last < 2 * known || *last % 2 != 0) wrong = true;
    }
    writer.join();
    lister.join();
    assert_false(wrong);
    assert_int_equal(store->counts()->revoked, 2 * kPairs);
}

inline const std::vector<CMUnitTest> kRevocationTests = {
    cmocka_unit_test(nothing_is_revoked_at_first),
    cmocka_unit_test(a_revocation_is_everywhere),
    cmocka_unit_test(only_this_very_certificate_is_revoked),
    cmocka_unit_test(a_release_takes_it_back),
    cmocka_unit_test(another_reason_replaces_the_first),
    cmocka_unit_test(numbers_are_never_used_again),
    cmocka_unit_test(one_decision_revokes_many),
    cmocka_unit_test(what_is_not_there_cannot_be_revoked),
    cmocka_unit_test(revocations_that_the_audit_does_not_allow_are_refused),
    cmocka_unit_test(a_blocked_key_stays_blocked),
    cmocka_unit_test(a_list_is_in_the_order_of_serials),
    cmocka_unit_test(a_delta_says_what_has_changed),
    cmocka_unit_test(a_source_sees_one_moment),
    cmocka_unit_test(the_newest_crl_of_each_kind_is_kept),
    cmocka_unit_test(numbers_of_crls_never_go_down),
    cmocka_unit_test(bulk_conditions),
    cmocka_unit_test(bulk_pages),
    cmocka_unit_test(lists_are_read_while_others_write),
};

// Runs this part of the suite, and what the backend has to add; for main().
inline int run_revocation(const char* name, Backend tested,
                          const std::vector<CMUnitTest>& more) {
    backend = std::move(tested);
    std::vector<CMUnitTest> tests = kRevocationTests;
    tests.insert(tests.end(), more.begin(), more.end());
    return _cmocka_run_group_tests(name, tests.data(), tests.size(), nullptr, nullptr);
}

}  // namespace unit::conformance
