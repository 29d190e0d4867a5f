// What every backend keeps of transactions of CMP: a part of store_conformance.h.
#pragma once

#include "t/unit/store_conformance.h"

namespace unit::conformance {

using signerd::Transaction;
using signerd::TransactionChange;
using signerd::TransactionState;

constexpr std::int64_t kOpened = 1'790'000'000;  // of the decisions of store_fixture.h

inline Transaction transaction(std::uint64_t number,
                               TransactionState state = TransactionState::unconfirmed) {
    Transaction opened;
    opened.key = hash_of("transaction", number);
    opened.opened_by = hash_of("message", number);
    opened.last_message = opened.opened_by;
    opened.originator = hash_of("originator", number);
    opened.credential = pki::wire::Credential::mac;
    opened.first_nonce = opened.last_nonce = {1, 0, 2};
    opened.state = state;
    opened.cert_req_id = -1;
    opened.confirm_by = state == TransactionState::unconfirmed ? kOpened + 300 : 0;
    opened.expires = kOpened + 3600;
    return opened;
}

inline Decided opening(std::uint64_t number,
                       TransactionState state = TransactionState::unconfirmed) {
    Decided decided = issue(number);
    decided.answer.reset();
    decided.transaction = transaction(number, state);
    return decided;
}

// A request that waits, and its transaction.
inline Decided asking(std::uint64_t number) {
    Decided decided = ask(number);
    decided.transaction = transaction(number, TransactionState::waiting);
    decided.transaction->expires = kAsked + kWaits;
    return decided;
}

inline TransactionChange step(std::uint64_t number, TransactionState from,
                              TransactionState to) {
    TransactionChange change;
    change.key = hash_of("transaction", number);
    change.from = from;
    change.to = to;
    return change;
}

inline Decided changing(const TransactionChange& change) {
    Decided decided;
    decided.audit = audit_record(0);
    decided.audit.decision = pki::wire::Decision::allow;
    decided.audit.operation = pki::wire::Operation::confirm;
    decided.transaction_change = change;
    return decided;
}

inline Decided silently(const TransactionChange& change) {
    Decided decided;
    decided.silent = true;
    decided.transaction_change = change;
    return decided;
}

inline Transaction found(signerd::Store& store, std::uint64_t number) {
    const auto transaction = store.find_transaction(hash_of("transaction", number));
    assert_ok(transaction);
    assert_true(transaction->has_value());
    return **transaction;
}

inline void assert_same(const Transaction& a, const Transaction& b) {
    assert_true(a.key == b.key);
    assert_true(a.opened_by == b.opened_by);
    assert_true(a.originator == b.originator);
    assert_int_equal(a.credential, b.credential);
    assert_true(a.first_nonce == b.first_nonce);
    assert_true(a.last_message == b.last_message);
    assert_true(a.last_nonce == b.last_nonce);
    assert_int_equal(a.state, b.state);
    assert_int_equal(a.implicit_confirm, b.implicit_confirm);
    assert_int_equal(a.cert_req_id, b.cert_req_id);
    assert_int_equal(a.confirm_by, b.confirm_by);
    assert_int_equal(a.expires, b.expires);
}

inline void a_transaction_comes_back_as_it_was(void**) {
    auto store = emptied();
    assert_false(store->find_transaction(hash_of("transaction", 7))->has_value());
    Decided decided = opening(7);
    decided.transaction->implicit_confirm = true;
    decided.transaction->credential = pki::wire::Credential::certificate;
    decided.transaction->last_message = hash_of("message", 8);
    decided.transaction->last_nonce.assign(64, 0);
    assert_ok(commit(*store, {issue(1), decided, issue(2)}));
    store.reset();
    store = reopened();
    const Transaction kept = found(*store, 7);
    assert_same(kept, *decided.transaction);
    assert_text(kept.ca, "issuing");
    assert_text(kept.serial, serial_of(7));
    assert_int_equal(whole_chain(*store), 3);
}

inline void a_transaction_goes_on(void**) {
    const auto store = emptied();
    assert_ok(commit(*store, {opening(1)}));
    TransactionChange change =
        step(1, TransactionState::unconfirmed, TransactionState::confirmed);
    change.answered = {hash_of("message", 2), {9}};
    change.expires = kOpened + 7200;
    assert_ok(commit(*store, {changing(change)}));
    const Transaction kept = found(*store, 1);
    assert_int_equal(kept.state, TransactionState::confirmed);
    assert_true(kept.last_message == hash_of("message", 2));
    assert_true(kept.last_nonce == pki::Buffer{9});
    assert_true(kept.first_nonce == (pki::Buffer{1, 0, 2}));
    assert_int_equal(kept.expires, kOpened + 7200);
    assert_int_equal(kept.confirm_by, kOpened + 300);
    assert_text(kept.serial, serial_of(1));
    // Not from a state that it has no more, and not one that is not there.
    assert_error(pki::Errc::internal, commit(*store, {changing(change)}));
    change.key = hash_of("transaction", 2);
    assert_error(pki::Errc::internal, commit(*store, {changing(change)}));
    assert_int_equal(whole_chain(*store), 2);
}

inline void one_that_waits_gets_its_certificate(void**) {
    const auto store = emptied();
    assert_ok(commit(*store, {asking(1), asking(2)}));
    assert_text(found(*store, 1).serial, "");
    TransactionChange nonce = step(1, TransactionState::waiting, TransactionState::waiting);
    nonce.answered = {hash_of("message", 5), {5}};
    assert_ok(commit(*store, {silently(nonce)}));
    assert_int_equal(whole_chain(*store), 2);  // which is no decision

    Decided approved = approve(1, 1);
    approved.answer.reset();
    approved.transaction_change = step(1, TransactionState::waiting, TransactionState::ready);
    approved.transaction_change->confirm_by = kAsked + 2000;
    assert_ok(commit(*store, {approved}));
    // A poll that was on its way tells its nonce all the same.
    nonce.answered->nonce = {6};
    assert_ok(commit(*store, {silently(nonce)}));
    Transaction kept = found(*store, 1);
    assert_int_equal(kept.state, TransactionState::ready);
    assert_text(kept.serial, serial_of(1));
    assert_true(kept.last_nonce == pki::Buffer{6});

    TransactionChange fetched = step(1, TransactionState::ready, TransactionState::unconfirmed);
    fetched.confirm_by = kAsked + 500;
    assert_ok(commit(*store, {silently(fetched)}));
    assert_error(pki::Errc::internal, commit(*store, {silently(fetched)}));
    kept = found(*store, 1);
    assert_int_equal(kept.confirm_by, kAsked + 500);
    assert_text(kept.serial, serial_of(1));
}

inline void a_key_is_taken_until_its_transaction_is_over(void**) {
    const auto store = emptied();
    assert_ok(commit(*store, {opening(1), opening(2, TransactionState::closed)}));
    const auto anew = [](std::uint64_t number, std::int64_t seconds) {
        Decided decided = opening(number + 100);
        decided.transaction = transaction(number);
        decided.audit.time += seconds * 1'000'000;
        return decided;
    };
    assert_error(pki::Errc::internal, commit(*store, {anew(2, 3599)}));
    assert_ok(commit(*store, {anew(2, 3600)}));
    assert_text(found(*store, 2).serial, serial_of(102));
    // Somebody may lose his certificate by it.
    assert_error(pki::Errc::internal, commit(*store, {anew(1, 100'000)}));
    assert_text(found(*store, 1).serial, serial_of(1));
}

inline void those_that_are_due(void**) {
    const auto store = emptied();
    std::vector<Decided> batch;
    for (const std::uint64_t number : {1, 2, 3, 4}) {
        batch.push_back(opening(number));
        batch.back().transaction->confirm_by =
            kOpened + 400 - static_cast<std::int64_t>(number);
    }
    batch.push_back(opening(5, TransactionState::closed));
    assert_ok(commit(*store, batch));
    const auto due = [&](std::int64_t now, std::uint32_t limit) {
        std::string serials;
        const auto transactions = store->due_transactions(now, limit);
        assert_ok(transactions);
        for (const Transaction& one : *transactions) serials += one.serial.back();
        return serials;
    };
    assert_text(due(kOpened + 396, 10), "");
    assert_text(due(kOpened + 397, 10), "4");
    assert_text(due(kOpened + 1000, 10), "4321");
    assert_text(due(kOpened + 1000, 2), "43");
    Decided lapsed = change_of({revocation_of(certificate_record(4))});
    lapsed.transaction_change =
        step(4, TransactionState::unconfirmed, TransactionState::lapsed);
    assert_ok(commit(*store, {lapsed}));
    assert_text(due(kOpened + 1000, 10), "321");
}

inline void what_is_over_is_forgotten(void**) {
    const auto store = emptied();
    std::vector<Decided> batch;
    for (std::uint64_t number = 1; number <= 100; number++)
        batch.push_back(opening(number, TransactionState::closed));
    batch.push_back(opening(200));
    assert_ok(commit(*store, batch));
    assert_false(*store->has_old_transactions(kOpened + 3599));
    Decided forget;
    forget.silent = true;
    forget.forget_before = kOpened + 3600;
    int steps = 0;
    while (*store->has_old_transactions(kOpened + 3600)) {
        assert_ok(commit(*store, {forget}));
        steps++;
    }
    assert_true(steps > 1);
    assert_false(store->find_transaction(hash_of("transaction", 1))->has_value());
    assert_int_equal(found(*store, 200).state, TransactionState::unconfirmed);
    assert_int_equal(whole_chain(*store), 101);
}

// Each new one takes more with it than it adds.
inline void new_ones_push_old_ones_out(void**) {
    const auto store = emptied();
    std::vector<Decided> batch;
    for (std::uint64_t number = 1; number <= 10; number++)
        batch.push_back(opening(number, TransactionState::closed));
    assert_ok(commit(*store, batch));
    for (std::uint64_t number = 11; number <= 15; number++) {
        Decided later = opening(number);
        later.audit.time += std::int64_t{4000} * 1'000'000;
        assert_ok(commit(*store, {later}));
    }
    for (std::uint64_t number = 1; number <= 10; number++)
        assert_false(store->find_transaction(hash_of("transaction", number))->has_value());
}

inline void a_request_keeps_its_form(void**) {
    auto store = emptied();
    Decided asked = asking(1);
    asked.pending->form = pki::wire::RequestForm::crmf;
    asked.pending->originator = {7, 0, 7};
    assert_ok(commit(*store, {asked}));
    store.reset();
    store = reopened();
    const auto kept = *store->find_request(std::uint64_t{1});
    assert_int_equal(kept->form, pki::wire::RequestForm::crmf);
    assert_true(kept->originator == (pki::Buffer{7, 0, 7}));
}

inline void steps_that_nobody_may_take(void**) {
    const auto store = emptied();
    assert_ok(commit(*store, {opening(1), asking(2)}));
    using enum TransactionState;
    Decided unissued = opening(3);
    unissued.certificate.reset();
    Decided waits_for_nobody = opening(3);
    waits_for_nobody.transaction->state = waiting;
    Decided confirmed_at_once = opening(3);
    confirmed_at_once.transaction->state = confirmed;
    Decided both = opening(3);
    both.transaction_change = step(1, unconfirmed, confirmed);
    Decided unrecorded = changing(step(1, unconfirmed, confirmed));
    unrecorded.audit.decision = pki::wire::Decision::deny;
    Decided quiet_confirmation = silently(step(1, unconfirmed, confirmed));
    Decided quiet_lapse = silently(step(1, ready, lapsed));
    Decided ready_without = changing(step(2, waiting, ready));
    Decided fetched_without = silently(step(2, waiting, unconfirmed));
    Decided back = changing(step(1, unconfirmed, waiting));
    Decided second = issue(3);
    second.transaction_change = step(1, unconfirmed, closed);
    Decided quiet_issue = opening(3);
    quiet_issue.silent = true;
    Decided loud_forgetting = denial(1);
    loud_forgetting.forget_before = kOpened;
    for (const Decided& decided : {unissued, waits_for_nobody, confirmed_at_once, both,
                                   unrecorded, quiet_confirmation, quiet_lapse, ready_without,
                                   fetched_without, back, second, quiet_issue, loud_forgetting})
        assert_error(pki::Errc::internal, commit(*store, {decided}));
    assert_int_equal(whole_chain(*store), 2);
    assert_int_equal(found(*store, 1).state, unconfirmed);
}

}  // namespace unit::conformance
