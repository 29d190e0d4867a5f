// What every backend does about requests that wait for a person: a part of store_conformance.h.
#pragma once

#include "t/unit/store_conformance.h"

namespace unit::conformance {

using signerd::PendingFilter;
using signerd::PendingRequest;
using signerd::PendingState;

inline void assert_same(const PendingRequest& a, const PendingRequest& b) {
    assert_true(a.key == b.key);
    assert_text(a.tenant, b.tenant);
    assert_text(a.profile, b.profile);
    assert_int_equal(a.protocol, b.protocol);
    assert_int_equal(a.operation, b.operation);
    assert_true(a.csr == b.csr);
    assert_true(a.csr_sha256 == b.csr_sha256);
    assert_true(a.spki_sha256 == b.spki_sha256);
    assert_text(a.subject, b.subject);
    assert_text(a.sans, b.sans);
    assert_text(a.client_address, b.client_address);
    assert_int_equal(a.credential, b.credential);
    assert_text(a.credential_name, b.credential_name);
    assert_true(a.client_certificate == b.client_certificate);
    assert_true(a.signer_certificate == b.signer_certificate);
    assert_text(a.transaction, b.transaction);
    assert_int_equal(a.created, b.created);
    assert_int_equal(a.expires, b.expires);
}

inline std::string requests_listed(signerd::Store& store, const PendingFilter& filter) {
    const auto requests = store.list_requests(filter);
    assert_ok(requests);
    std::string ids;
    for (const PendingRequest& request : *requests) ids += std::to_string(request.id) + " ";
    return ids;
}

inline void nobody_waits_at_first(void**) {
    const auto store = emptied();
    assert_false(store->find_request(hash_of("key", 1))->has_value());
    assert_false(store->find_request(0)->has_value());
    assert_false(store->find_request(~std::uint64_t{0})->has_value());
    assert_text(requests_listed(*store, {.all = true}), "");
    assert_int_equal(*store->waiting_requests({}, 0), 0);
}

inline void a_request_comes_back_as_it_was(void**) {
    auto store = emptied();
    PendingRequest request = pending_request(7);
    request.tenant = "t'); --";
    request.operation = pki::wire::Operation::renew;
    request.csr.assign(pki::limits::kCsr, 0);
    request.sans = "dns:example.com";
    request.client_address = "2001:db8::1";
    request.credential = pki::wire::Credential::certificate;
    request.credential_name = "CN=J\xc3\xbcrgen";
    request.client_certificate = {1, 0, 2};
    request.signer_certificate = {3};
    request.transaction = "T-1";
    assert_ok(commit(*store, {ask(1), ask(request)}));
    store.reset();

    store = reopened();
    const auto found = store->find_request(request.key);
    assert_true(found->has_value());
    assert_same(**found, request);
    assert_int_equal((*found)->id, 2);
    assert_int_equal((*found)->state, PendingState::waiting);
    assert_text((*found)->serial, "");
    assert_same(**store->find_request(std::uint64_t{2}), request);
    assert_same(store->list_requests({.after = 1})->at(0), request);
    assert_int_equal(whole_chain(*store), 2);
}

inline void an_issued_request_names_its_certificate(void**) {
    const auto store = emptied();
    assert_ok(commit(*store, {issue(5), ask(1), ask(2)}));
    Decided approved = approve(1, 1);
    approved.answer->created = kAsked + 10 + kWaits;
    assert_ok(commit(*store, {approved, issue(6)}));
    const auto found = store->find_request(std::uint64_t{1});
    assert_int_equal((*found)->state, PendingState::issued);
    assert_text((*found)->ca, "issuing");
    assert_text((*found)->serial, serial_of(1));
    assert_int_equal((*found)->decided, kAsked + 10);
    assert_int_equal((*found)->expires, kAsked + 10 + kWaits);
    assert_text((*found)->decided_by, "operator");
    assert_text((*store->find_answer(hash_of("key", 1)))->serial, serial_of(1));
    assert_int_equal((*store->find_request(std::uint64_t{2}))->state, PendingState::waiting);
}

inline void a_denied_request_has_its_reason(void**) {
    const auto store = emptied();
    assert_ok(commit(*store, {ask(1), deny(1)}));
    const auto found = store->find_request(hash_of("key", 1));
    assert_int_equal((*found)->state, PendingState::denied);
    assert_text((*found)->reason, "unknown device");
    assert_text((*found)->serial, "");
    assert_int_equal(store->counts()->certificates, 0);
}

inline void a_request_is_decided_once(void**) {
    const auto store = emptied();
    assert_ok(commit(*store, {ask(1), ask(2), approve(1, 1), deny(2)}));
    for (const Decided& again : {approve(1, 2), deny(1), approve(2, 2), deny(2), deny(3)})
        assert_error(pki::Errc::internal, commit(*store, {again}));
    assert_int_equal(store->counts()->certificates, 1);
    assert_int_equal(whole_chain(*store), 4);
}

inline PendingRequest later(std::uint64_t number, std::int64_t seconds) {
    PendingRequest request = pending_request(number);
    request.created += seconds;
    request.expires += seconds;
    return request;
}

inline void one_request_of_a_key_is_live(void**) {
    const auto store = emptied();
    assert_ok(commit(*store, {ask(1), ask(2), ask(3), approve(2, 2), deny(3)}));
    for (const std::uint64_t number : {1, 3})
        assert_error(pki::Errc::internal, commit(*store, {ask(later(number, kWaits - 1))}));
    assert_ok(commit(*store, {ask(later(1, kWaits)), ask(later(2, 11)), ask(later(3, 2000))}));
    assert_int_equal((*store->find_request(hash_of("key", 1)))->id, 4);
    assert_int_equal((*store->find_request(hash_of("key", 2)))->id, 5);
    assert_int_equal((*store->find_request(hash_of("key", 3)))->id, 6);
    assert_text((*store->find_request(std::uint64_t{2}))->serial, serial_of(2));
    assert_error(pki::Errc::internal, commit(*store, {approve(1, 7)}));
    assert_ok(commit(*store, {approve(4, 7)}));
}

inline void requests_are_listed_in_pages(void**) {
    const auto store = emptied();
    PendingRequest other = pending_request(3);
    other.profile = "router";
    PendingRequest brief = pending_request(4);
    brief.expires = kAsked + 5;
    assert_ok(commit(*store, {ask(1), ask(2), ask(other), ask(brief), ask(5), deny(1)}));
    assert_text(requests_listed(*store, {.now = kAsked}), "2 3 4 5 ");
    assert_text(requests_listed(*store, {.now = kAsked + 5}), "2 3 5 ");
    assert_text(requests_listed(*store, {.now = kAsked, .limit = 2}), "2 3 ");
    assert_text(requests_listed(*store, {.now = kAsked, .after = 3, .limit = 2}), "4 5 ");
    assert_text(requests_listed(*store, {.profile = "router", .now = kAsked}), "3 ");
    assert_text(requests_listed(*store, {.all = true}), "1 2 3 4 5 ");
    assert_text(
        requests_listed(*store, {.profile = "device", .all = true, .after = 1, .limit = 2}),
        "2 4 ");
    assert_text(requests_listed(*store, {.all = true, .after = ~std::uint64_t{0}}), "");
    assert_int_equal(*store->waiting_requests({}, kAsked), 4);
    assert_int_equal(*store->waiting_requests("device", kAsked + 5), 2);
    assert_int_equal(*store->waiting_requests("router", kAsked + kWaits), 0);
}

inline void waiting_that_the_audit_does_not_know_is_refused(void**) {
    const auto store = emptied();
    assert_ok(commit(*store, {ask(1)}));
    Decided unrecorded = ask(2);
    unrecorded.audit.decision = pki::wire::Decision::deny;
    Decided nobody = ask(2);
    nobody.pending.reset();
    Decided foreign = ask(2);
    foreign.pending->csr_sha256 = hash_of("csr", 3);
    Decided beside = denial(2);
    beside.more.push_back(ask(2).audit);
    Decided both = issue(2);
    both.pending = pending_request(2);
    Decided unchanged = deny(1);
    unchanged.pending_change->state = PendingState::waiting;
    Decided nothing_issued = deny(1);
    nothing_issued.pending_change->state = PendingState::issued;
    Decided unanswered = approve(1, 2);
    unanswered.answer.reset();
    Decided issued_and_denied = approve(1, 2);
    issued_and_denied.pending_change->state = PendingState::denied;
    for (const Decided& decided : {unrecorded, nobody, foreign, beside, both, unchanged,
                                   nothing_issued, unanswered, issued_and_denied})
        assert_error(pki::Errc::internal, commit(*store, {decided}));
    assert_int_equal(whole_chain(*store), 1);
    assert_int_equal((*store->find_request(std::uint64_t{1}))->state, PendingState::waiting);
}

inline const std::vector<CMUnitTest> kPendingTests = {
    cmocka_unit_test(nobody_waits_at_first),
    cmocka_unit_test(a_request_comes_back_as_it_was),
    cmocka_unit_test(an_issued_request_names_its_certificate),
    cmocka_unit_test(a_denied_request_has_its_reason),
    cmocka_unit_test(a_request_is_decided_once),
    cmocka_unit_test(one_request_of_a_key_is_live),
    cmocka_unit_test(requests_are_listed_in_pages),
    cmocka_unit_test(waiting_that_the_audit_does_not_know_is_refused),
};

// Runs this part of the suite, and what the backend has to add; for main().
inline int run_pending(const char* name, Backend tested, const std::vector<CMUnitTest>& more) {
    backend = std::move(tested);
    std::vector<CMUnitTest> tests = kPendingTests;
    tests.insert(tests.end(), more.begin(), more.end());
    return _cmocka_run_group_tests(name, tests.data(), tests.size(), nullptr, nullptr);
}

}  // namespace unit::conformance
