#include "signerd/idempotency.h"

#include <functional>
#include <limits>
#include <set>

#include "t/unit/unit.h"

namespace {

using pki::wire::Credential;
using pki::wire::IssueRequest;
using pki::wire::Protocol;
using signerd::Answer;
using signerd::Claim;
using signerd::Earlier;
using signerd::request_key;
using signerd::RequestKey;

constexpr std::int64_t kWindow = 3600;
const pki::ossl::Sha256 kCsr = pki::ossl::sha256(pki::as_bytes("csr"));
const pki::ossl::Sha256 kSpki = pki::ossl::sha256(pki::as_bytes("spki"));
const pki::ossl::Sha256 kOtherCsr = pki::ossl::sha256(pki::as_bytes("other csr"));

IssueRequest request_with_key(std::string_view key) {
    IssueRequest request;
    request.profile = "device";
    request.protocol = Protocol::est;
    request.credential = Credential::basic;
    request.credential_name = "factory";
    request.idempotency_key = key;
    return request;
}

RequestKey key_of(const IssueRequest& request, const pki::ossl::Sha256& csr = kCsr) {
    return request_key("demo", request, {csr, kSpki});
}

// Made by another program from the definition: a later version that computes something else
// would mint again for every client that retries across the update.
void keys_stay_what_they_are(void**) {
    assert_hex(key_of(request_with_key("order-1")).key,
               "79a3dfba164ef88265071a769958c746d127ac462067163bf4bcdd5dd6c2f80f");
    assert_hex(key_of(request_with_key("")).key,
               "4e12c73db1b90b155bf60ce540afcf7852956ea4c20f954b8fb89d4d8a55f370");
}

void equal_requests_have_equal_keys(void**) {
    IssueRequest retry = request_with_key("order-1");
    retry.client_address = "198.51.100.7";
    retry.transaction = "another";
    retry.operation = pki::wire::Operation::renew;
    retry.want_chain = 1;
    assert_true(key_of(request_with_key("order-1")).key == key_of(retry).key);
    assert_true(key_of(request_with_key("order-1")).given);
}

// Of every field the key must tell two values apart.
void each_part_of_the_scope_counts(void**) {
    std::set<pki::ossl::Sha256> keys;
    const auto add = [&](const std::function<void(IssueRequest&)>& change) {
        IssueRequest request = request_with_key("order-1");
        change(request);
        keys.insert(key_of(request).key);
    };
    const pki::Buffer one{1};
    const pki::Buffer two{2};
    add([](IssueRequest&) {});
    add([](IssueRequest& r) { r.profile = "router"; });
    add([](IssueRequest& r) { r.protocol = Protocol::scep; });
    add([](IssueRequest& r) { r.idempotency_key = "order-2"; });
    add([](IssueRequest& r) { r.idempotency_key = ""; });
    add([](IssueRequest& r) { r.credential_name = "other"; });
    add([](IssueRequest& r) { r.credential = Credential::none; });
    for (const pki::Buffer* der : {&one, &two})
        add([der](IssueRequest& r) {
            r.credential = Credential::certificate;
            r.client_certificate = *der;
        });
    keys.insert(request_key("other", request_with_key("order-1"), {kCsr, kSpki}).key);
    assert_int_equal(keys.size(), 10);
}

// "ab" + "c" is not "a" + "bc".
void fields_do_not_run_together(void**) {
    IssueRequest first = request_with_key("order-1");
    IssueRequest second = first;
    first.profile = "deviceX";
    first.idempotency_key = "order-1";
    second.profile = "device";
    second.idempotency_key = "Xorder-1";
    assert_true(key_of(first).key != key_of(second).key);
    assert_true(request_key("demodevice", request_with_key("k"), {kCsr, kSpki}).key !=
                request_key("demo", request_with_key("k"), {kCsr, kSpki}).key);
}

void without_a_key_the_csr_takes_its_place(void**) {
    const RequestKey derived = key_of(request_with_key(""));
    assert_false(derived.given);
    assert_true(derived.csr_sha256 == kCsr);
    assert_true(derived.key != key_of(request_with_key(""), kOtherCsr).key);
    assert_true(key_of(request_with_key("order-1")).key ==
                key_of(request_with_key("order-1"), kOtherCsr).key);
}

// A client cannot choose a key that collides with what is derived for somebody else's CSR.
void a_given_key_is_never_a_derived_one(void**) {
    const std::string_view csr_as_text = pki::as_text(kCsr);
    assert_true(key_of(request_with_key(csr_as_text)).key != key_of(request_with_key("")).key);
}

Answer answer_at(std::int64_t created, const pki::ossl::Sha256& csr = kCsr) {
    return {key_of(request_with_key("")).key, csr, "issuing", "4a", created, {}};
}

void a_derived_key_lasts_for_the_window(void**) {
    const Answer answer = answer_at(1000);
    assert_true(answer_is_current(answer, false, 1000, kWindow));
    assert_true(answer_is_current(answer, false, 1000 + kWindow - 1, kWindow));
    assert_false(answer_is_current(answer, false, 1000 + kWindow, kWindow));
    assert_false(answer_is_current(answer, false, 1000, 0));
}

void a_given_key_lasts(void**) {
    assert_true(answer_is_current(answer_at(1000), true, 1000 + kWindow, kWindow));
    assert_true(answer_is_current(answer_at(0), true, 4'000'000'000, 1));
}

void a_clock_set_back_is_inside_the_window(void**) {
    assert_true(answer_is_current(answer_at(1'790'000'000), false, 0, kWindow));
    constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
    assert_true(answer_is_current(answer_at(1'790'000'000), false, 1'790'000'001, kLast));
}

void another_csr_is_a_conflict_at_any_age(void**) {
    const RequestKey given = key_of(request_with_key("order-1"));
    assert_int_equal(weigh(answer_at(1000), given, 1000, kWindow), Earlier::replay);
    assert_int_equal(weigh(answer_at(1000), given, 9'000'000, kWindow), Earlier::replay);
    assert_int_equal(weigh(answer_at(1000, kOtherCsr), given, 1000, kWindow),
                     Earlier::conflict);
    assert_int_equal(weigh(answer_at(1000, kOtherCsr), given, 9'000'000, kWindow),
                     Earlier::conflict);
}

void the_same_csr_after_the_window_is_a_renewal(void**) {
    const RequestKey derived = key_of(request_with_key(""));
    assert_int_equal(weigh(answer_at(1000), derived, 1001, kWindow), Earlier::replay);
    assert_int_equal(weigh(answer_at(1000), derived, 1000 + kWindow, kWindow),
                     Earlier::expired);
}

// SCEP's transactionIDs.
RequestKey transaction_key(const pki::ossl::Sha256& csr, const pki::ossl::Sha256& spki) {
    IssueRequest request = request_with_key("transaction");
    request.protocol = Protocol::scep;
    return request_key("demo", request, {csr, spki});
}

Answer answer_for(const pki::ossl::Sha256& spki) {
    Answer answer = answer_at(1000);
    answer.spki_sha256 = spki;
    return answer;
}

void a_transaction_is_bound_to_the_public_key(void**) {
    const RequestKey key = transaction_key(kCsr, kSpki);
    assert_false(key.given);
    assert_true(key.key == transaction_key(kOtherCsr, kSpki).key);
    for (const RequestKey& same : {key, transaction_key(kOtherCsr, kSpki)})
        assert_int_equal(weigh(answer_for(kSpki), same, 1001, kWindow), Earlier::replay);
    assert_int_equal(weigh(answer_for(kOtherCsr), key, 1001, kWindow), Earlier::conflict);
    signerd::InFlight<int> working;
    assert_int_equal(working.claim(key), Claim::ours);
    assert_int_equal(working.claim(transaction_key(kOtherCsr, kSpki)), Claim::taken);
    assert_int_equal(working.claim(transaction_key(kCsr, kOtherCsr)), Claim::conflict);
}

void a_transaction_is_free_after_the_window(void**) {
    const RequestKey key = transaction_key(kCsr, kSpki);
    for (const pki::ossl::Sha256& spki : {kSpki, kOtherCsr})
        assert_int_equal(weigh(answer_for(spki), key, 1000 + kWindow, kWindow),
                         Earlier::expired);
}

// Without a transactionID the CSR takes its place, as everywhere.
void without_a_transaction_the_csr_decides(void**) {
    IssueRequest request = request_with_key("");
    request.protocol = Protocol::scep;
    const RequestKey key = key_of(request);
    assert_false(key.by_public_key);
    assert_int_equal(weigh(answer_at(1000), key, 1001, kWindow), Earlier::replay);
}

void the_signer_is_an_identity(void**) {
    const pki::Buffer one{1};
    const pki::Buffer two{2};
    IssueRequest request = request_with_key("transaction");
    std::set<pki::ossl::Sha256> keys{key_of(request).key};
    request.signer_certificate = one;
    keys.insert(key_of(request).key);
    request.signer_certificate = two;
    keys.insert(key_of(request).key);
    assert_int_equal(keys.size(), 3);
}

void one_works_and_the_others_wait_in_order(void**) {
    signerd::InFlight<int> working;
    const RequestKey key = key_of(request_with_key("order-1"));
    assert_int_equal(working.claim(key), Claim::ours);
    for (const int waiter : {1, 2, 3}) {
        assert_int_equal(working.claim(key), Claim::taken);
        assert_true(working.wait(key, waiter));
    }
    assert_true(working.release(key.key) == std::vector<int>({1, 2, 3}));
    assert_int_equal(working.size(), 0);
    assert_true(working.release(key.key).empty());
    assert_false(working.wait(key, 4));
    assert_int_equal(working.claim(key), Claim::ours);
    assert_true(working.release(key.key).empty());
}

void waiting_with_another_csr_is_a_conflict(void**) {
    signerd::InFlight<int> working;
    const IssueRequest request = request_with_key("order-1");
    assert_int_equal(working.claim(key_of(request)), Claim::ours);
    assert_int_equal(working.claim(key_of(request, kOtherCsr)), Claim::conflict);
    working.release(key_of(request).key);
    assert_int_equal(working.claim(key_of(request, kOtherCsr)), Claim::ours);
}

void keys_do_not_wait_for_each_other(void**) {
    signerd::InFlight<int> working;
    const RequestKey first = key_of(request_with_key("order-1"));
    const RequestKey second = key_of(request_with_key("order-2"));
    assert_int_equal(working.claim(first), Claim::ours);
    assert_int_equal(working.claim(second), Claim::ours);
    working.wait(second, 2);
    assert_true(working.release(first.key).empty());
    assert_int_equal(working.size(), 1);
    assert_true(working.release(second.key) == std::vector<int>({2}));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(keys_stay_what_they_are),
        cmocka_unit_test(equal_requests_have_equal_keys),
        cmocka_unit_test(each_part_of_the_scope_counts),
        cmocka_unit_test(fields_do_not_run_together),
        cmocka_unit_test(without_a_key_the_csr_takes_its_place),
        cmocka_unit_test(a_given_key_is_never_a_derived_one),
        cmocka_unit_test(a_derived_key_lasts_for_the_window),
        cmocka_unit_test(a_given_key_lasts),
        cmocka_unit_test(a_clock_set_back_is_inside_the_window),
        cmocka_unit_test(another_csr_is_a_conflict_at_any_age),
        cmocka_unit_test(the_same_csr_after_the_window_is_a_renewal),
        cmocka_unit_test(a_transaction_is_bound_to_the_public_key),
        cmocka_unit_test(a_transaction_is_free_after_the_window),
        cmocka_unit_test(without_a_transaction_the_csr_decides),
        cmocka_unit_test(the_signer_is_an_identity),
        cmocka_unit_test(one_works_and_the_others_wait_in_order),
        cmocka_unit_test(waiting_with_another_csr_is_a_conflict),
        cmocka_unit_test(keys_do_not_wait_for_each_other),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
