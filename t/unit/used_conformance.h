// What every backend remembers of values that are good once, and of what is counted.
#pragma once

#include "t/unit/store_conformance.h"

namespace unit::conformance {

using signerd::CountedValue;
using signerd::UsedKind;
using signerd::UsedValue;

constexpr std::int64_t kLater = 1'790'000'100;  // than the decisions of store_fixture.h

inline UsedValue value_of(std::uint64_t number, std::int64_t expires = kLater) {
    return {UsedKind::hmac_token, hash_of("used", number), expires};
}

inline Decided using_up(std::uint64_t number, std::vector<UsedValue> used,
                        std::vector<CountedValue> counted = {}) {
    Decided decided = issue(number);
    decided.used = std::move(used);
    decided.counted = std::move(counted);
    return decided;
}

inline void what_was_used_is_known(void**) {
    auto store = emptied();
    assert_false(*store->is_used(value_of(1)));
    assert_ok(commit(*store, {using_up(1, {value_of(1), value_of(2)})}));
    store.reset();
    store = reopened();
    assert_true(*store->is_used(value_of(1)));
    assert_true(*store->is_used(value_of(2)));
    assert_false(*store->is_used(value_of(3)));
    UsedValue other = value_of(1);
    other.kind = UsedKind::jws_nonce;
    assert_false(*store->is_used(other));
}

// Whatever fails in its transaction, nothing is used up, and nothing is issued.
inline void a_value_is_used_once(void**) {
    auto store = emptied();
    assert_ok(commit(*store, {using_up(1, {value_of(1)})}));
    assert_error(pki::Errc::internal,
                 commit(*store, {using_up(2, {value_of(2), value_of(1)})}));
    assert_false(*store->is_used(value_of(2)));
    assert_int_equal(store->counts()->certificates, 1);
    assert_ok(commit(*store, {using_up(2, {value_of(2)})}));
}

inline void nothing_is_used_up_by_a_refusal(void**) {
    auto store = emptied();
    Decided refusal = denial(1);
    refusal.used = {value_of(1)};
    assert_error(pki::Errc::internal, commit(*store, {refusal}));
    refusal.used.clear();
    refusal.counted = {{hash_of("device", 1), kLater}};
    assert_error(pki::Errc::internal, commit(*store, {refusal}));
    assert_false(*store->is_used(value_of(1)));
}

inline void what_is_counted_expires(void**) {
    auto store = emptied();
    const auto device = hash_of("device", 1);
    assert_int_equal(store->count(device, kLater, 1)->count, 0);
    for (const std::uint64_t number : {3, 1, 2})
        assert_ok(
            commit(*store, {using_up(number, {},
                                     {{device, kLater + static_cast<std::int64_t>(number)},
                                      {hash_of("device", 2), kLater}})}));
    store.reset();
    store = reopened();
    assert_int_equal(store->count(device, kLater, 5)->count, 3);
    assert_int_equal(store->count(device, kLater + 1, 5)->count, 2);
    assert_int_equal(store->count(device, kLater + 3, 5)->count, 0);
    assert_int_equal(store->count(hash_of("device", 2), kLater - 1, 5)->count, 3);
}

// One that expires makes room where there are as many as there may be; where there are more,
// because the limit was lower once, so many as are too many have to go before.
inline void it_is_known_when_there_is_room(void**) {
    auto store = emptied();
    const auto device = hash_of("device", 1);
    for (const std::uint64_t number : {3, 1, 2})
        assert_ok(commit(
            *store, {using_up(number, {},
                              {{device, kLater + static_cast<std::int64_t>(10 * number)}})}));
    assert_int_equal(store->count(device, kLater, 4)->until, 0);
    assert_int_equal(store->count(device, kLater, 3)->until, kLater + 10);
    assert_int_equal(store->count(device, kLater, 2)->until, kLater + 20);
    assert_int_equal(store->count(device, kLater, 1)->until, kLater + 30);
    assert_int_equal(store->count(device, kLater + 10, 3)->until, 0);
    assert_int_equal(store->count(device, kLater + 10, 2)->until, kLater + 20);
}

// Each new value takes older ones with it that have expired, and no others.
inline void expired_values_go(void**) {
    auto store = emptied();
    std::vector<UsedValue> expired;
    for (std::uint64_t i = 0; i < 20; i++) expired.push_back(value_of(100 + i, 1'789'999'999));
    assert_ok(commit(*store, {using_up(1, expired)}));
    assert_ok(commit(*store, {using_up(2, {value_of(1)})}));
    std::size_t kept = 0;
    for (const UsedValue& value : expired) kept += *store->is_used(value);
    assert_true(kept < expired.size());
    assert_true(kept > 0);
    for (const std::uint64_t i : {3, 4, 5})
        assert_ok(commit(*store, {using_up(i, {value_of(i)})}));
    for (const UsedValue& value : expired) assert_false(*store->is_used(value));
    for (const std::uint64_t i : {1, 3, 4, 5}) assert_true(*store->is_used(value_of(i)));
}

inline void an_answer_knows_its_public_key(void**) {
    auto store = emptied();
    Decided decided = issue(1);
    decided.answer->spki_sha256 = hash_of("spki", 1);
    assert_ok(commit(*store, {decided}));
    store.reset();
    store = reopened();
    const auto answer = store->find_answer(hash_of("key", 1));
    assert_ok(answer);
    assert_true((*answer)->spki_sha256 == hash_of("spki", 1));
}

}  // namespace unit::conformance
