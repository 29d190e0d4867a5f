// What every backend keeps of tokens.
#pragma once

#include "t/unit/store_conformance.h"

namespace unit::conformance {

using signerd::Token;
using signerd::TokenFilter;
using signerd::UsedKind;

constexpr std::int64_t kMade = 1'790'000'000;

inline Token token_of(std::uint64_t number, bool once = false) {
    Token token;
    token.sha256 = hash_of("token", number);
    token.name = "fleet-" + std::to_string(number);
    token.profiles = {"device"};
    token.once = once;
    token.created = kMade;
    token.expires = kMade + 3600;
    token.created_by = "operator";
    return token;
}

inline Decided about_tokens() {
    Decided decided;
    decided.audit = audit_record(0);
    decided.audit.operation = pki::wire::Operation::token;
    decided.audit.decision = pki::wire::Decision::allow;
    return decided;
}

inline Decided making(const Token& token) {
    Decided decided = about_tokens();
    decided.token = token;
    return decided;
}

inline Decided revoking(std::uint64_t id, std::int64_t time) {
    Decided decided = about_tokens();
    decided.token_revocation = signerd::TokenRevocation{id, time};
    return decided;
}

inline std::string numbers(signerd::Store& store, const TokenFilter& filter) {
    std::string text;
    const auto tokens = store.list_tokens(filter);
    assert_ok(tokens);
    for (const Token& token : *tokens) text += std::to_string(token.id) + " ";
    return text;
}

inline void a_token_comes_back_as_it_was(void**) {
    auto store = emptied();
    Token token = token_of(1, true);
    token.identity = "device-1.example.com";
    token.profiles = {"device", "user:mail"};
    assert_ok(commit(*store, {making(token), making(token_of(2))}));
    store.reset();
    store = reopened();
    for (const auto& found : {*store->find_token(token.sha256), *store->find_token(1)}) {
        assert_true(found.has_value());
        assert_int_equal(found->id, 1);
        assert_true(found->sha256 == token.sha256);
        assert_text(found->name, "fleet-1");
        assert_text(found->identity, "device-1.example.com");
        assert_true(found->profiles == token.profiles);
        assert_true(found->once);
        assert_int_equal(found->created, kMade);
        assert_int_equal(found->expires, kMade + 3600);
        assert_text(found->created_by, "operator");
        assert_false(found->revoked.has_value());
        assert_false(found->used);
    }
    assert_false((*store->find_token(2))->once);
    assert_false(store->find_token(hash_of("token", 3))->has_value());
    for (const std::uint64_t id : {std::uint64_t{0}, std::uint64_t{3}, ~std::uint64_t{0}})
        assert_false(store->find_token(id)->has_value());
}

inline void a_token_is_revoked_once(void**) {
    auto store = emptied();
    assert_ok(commit(*store, {making(token_of(1)), making(token_of(2))}));
    assert_ok(
        commit(*store, {revoking(1, kMade + 10), revoking(1, kMade + 20), revoking(9, 1)}));
    store.reset();
    store = reopened();
    assert_int_equal(*(*store->find_token(1))->revoked, kMade + 10);
    assert_false((*store->find_token(2))->revoked.has_value());
}

// By the certificate of its transaction, and no other token by it.
inline void a_token_is_used_up(void**) {
    auto store = emptied();
    assert_ok(commit(
        *store, {making(token_of(1, true)), making(token_of(2, true)), making(token_of(3))}));
    Decided certificate = issue(1);
    certificate.used = {{UsedKind::token, hash_of("token", 1), kMade + 3600},
                        {UsedKind::hmac_token, hash_of("token", 2), kMade + 3600}};
    assert_ok(commit(*store, {certificate}));
    assert_true((*store->find_token(1))->used);
    assert_true((*store->find_token(hash_of("token", 1)))->used);
    assert_false((*store->find_token(2))->used);
    assert_false((*store->find_token(3))->used);
}

inline void those_that_are_good_are_listed(void**) {
    auto store = emptied();
    Token later = token_of(4);
    later.expires = kMade + 7200;
    assert_ok(commit(*store, {making(token_of(1)), making(token_of(2, true)),
                              making(token_of(3)), making(later)}));
    Decided certificate = issue(1);
    certificate.used = {{UsedKind::token, hash_of("token", 2), kMade + 3600}};
    assert_ok(commit(*store, {certificate, revoking(3, kMade)}));
    assert_text(numbers(*store, {.now = kMade}), "1 4 ");
    assert_text(numbers(*store, {.now = kMade + 3600}), "4 ");
    assert_text(numbers(*store, {.now = kMade, .after = 1}), "4 ");
    assert_text(numbers(*store, {.now = kMade, .limit = 1}), "1 ");
    assert_text(numbers(*store, {.all = true}), "1 2 3 4 ");
    assert_text(numbers(*store, {.all = true, .after = 1, .limit = 2}), "2 3 ");
}

// No token without a record that allows it, and nothing else beside it.
inline void a_token_needs_its_record(void**) {
    auto store = emptied();
    Decided decided = making(token_of(1));
    decided.audit.decision = pki::wire::Decision::deny;
    assert_error(pki::Errc::internal, commit(*store, {decided}));
    decided = making(token_of(1));
    decided.audit.operation = pki::wire::Operation::challenge;
    assert_error(pki::Errc::internal, commit(*store, {decided}));
    decided = issue(1);
    decided.token = token_of(1);
    assert_error(pki::Errc::internal, commit(*store, {decided}));
    decided = revoking(1, kMade);
    decided.audit.decision = pki::wire::Decision::deny;
    assert_error(pki::Errc::internal, commit(*store, {decided}));
    assert_text(numbers(*store, {.all = true}), "");
    assert_int_equal(store->counts()->audit_records, 0);
}

// Each new one takes others with it that are over for long; their numbers do not come again.
inline void old_tokens_go(void**) {
    auto store = emptied();
    for (std::uint64_t i = 1; i <= 10; i++) assert_ok(commit(*store, {making(token_of(i))}));
    Token late = token_of(11);
    late.created = kMade + 3600 + signerd::kTokenKept - 1;
    late.expires = late.created + 3600;
    assert_ok(commit(*store, {making(late)}));
    assert_true(store->find_token(1)->has_value());
    for (std::uint64_t i = 12; i <= 13; i++) {
        late.sha256 = hash_of("token", i);
        late.created = kMade + 3600 + signerd::kTokenKept;
        assert_ok(commit(*store, {making(late)}));
    }
    assert_text(numbers(*store, {.all = true}), "11 12 13 ");
}

}  // namespace unit::conformance
