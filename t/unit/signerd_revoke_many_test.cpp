// Bulk revocation: what it finds, its pages, and that a dry run changes nothing.
#include "t/unit/revoke_fixture.h"

#include "t/unit/unit.h"

namespace {

namespace wire = pki::wire;
using pki::Errc;
using pki::x509::CrlReason;
using unit::RevokeFixture;

wire::RevokeManyRequest of_profile(std::string_view profile = "device") {
    wire::RevokeManyRequest request;
    request.profile = profile;
    request.reason = static_cast<std::uint8_t>(CrlReason::cessation_of_operation);
    return request;
}

// Rows straight into the store: for searches that are about many.
void fill(RevokeFixture& fixture, std::uint64_t count, const std::string& sans = "") {
    std::vector<signerd::Decided> batch;
    for (std::uint64_t number = 1; number <= count; number++) {
        signerd::CertificateRecord record = unit::certificate_record(number);
        record.not_after = unit::kNow + unit::kDay;
        record.sans = sans;
        batch.push_back(unit::issue_of(record, unit::hash_of("key", number)));
    }
    assert_ok(unit::commit(*fixture.store, batch));
}

struct Page {
    std::vector<std::uint64_t> rows;
    std::uint64_t after = 0, until = 0;
    bool more = false;
};

Page page(const RevokeFixture& fixture, std::uint64_t id) {
    json_t* answer = fixture.json(id);
    assert_non_null(answer);
    const auto number = [](const json_t* object, const char* name) {
        return static_cast<std::uint64_t>(json_integer_value(json_object_get(object, name)));
    };
    Page page{{},
              number(answer, "after"),
              number(answer, "until"),
              json_is_true(json_object_get(answer, "more"))};
    std::size_t index;
    json_t* certificate;
    json_array_foreach(json_object_get(answer, "certificates"), index, certificate)
        page.rows.push_back(number(certificate, "row"));
    json_decref(answer);
    return page;
}

// All pages: the rows that were hit.
std::vector<std::uint64_t> everything(RevokeFixture& fixture, wire::RevokeManyRequest request) {
    std::vector<std::uint64_t> rows;
    for (;;) {
        const Page next = page(fixture, fixture.ask(request));
        rows.insert(rows.end(), next.rows.begin(), next.rows.end());
        if (!next.more) return rows;
        assert_true(next.after > request.after);
        request.after = next.after;
        request.until = next.until;
    }
}

std::vector<std::uint64_t> numbers(std::uint64_t last) {
    std::vector<std::uint64_t> all;
    for (std::uint64_t number = 1; number <= last; number++) all.push_back(number);
    return all;
}

void test_a_page(void**) {
    RevokeFixture fixture;
    const std::string first = fixture.certificate("CN=a");
    const std::string second = fixture.certificate("CN=b");
    const std::uint64_t id = fixture.ask(of_profile());
    assert_text(fixture.member(id, "serial", 1), second);
    assert_text(fixture.member(id, "status", 1), "revoked");
    const Page all = page(fixture, id);
    assert_true(all.rows == numbers(2));
    assert_int_equal(all.after, 2);
    assert_int_equal(all.until, 2);
    assert_false(all.more);
    assert_int_equal(fixture.revocation(first)->reason, CrlReason::cessation_of_operation);
    assert_int_equal(fixture.changes, 1);

    const auto audit = fixture.audit();
    assert_int_equal(audit.size(), 4);
    assert_text(audit[2].serial, first);
    assert_text(audit[3].serial, second);
    assert_text(audit[3].subject, "CN=b");
    for (const auto& row : {audit[2], audit[3]}) {
        assert_int_equal(row.operation, wire::Operation::revoke);
        assert_int_equal(row.decision, wire::Decision::allow);
        assert_text(row.detail, "cessationOfOperation");
    }
    assert_true(page(fixture, fixture.ask(of_profile())).rows.empty());
    assert_int_equal(fixture.changes, 1);
    assert_int_equal(fixture.audit().size(), 4);
    fixture.remove();
}

void test_a_dry_run_changes_nothing(void**) {
    RevokeFixture fixture;
    const std::string serial = fixture.certificate();
    wire::RevokeManyRequest request = of_profile();
    request.dry_run = true;
    const std::uint64_t id = fixture.start(request);
    assert_text(fixture.member(id, "serial"), serial);
    assert_text(fixture.member(id, "status"), "good");
    fixture.committer.run();
    assert_false(fixture.revocation(serial).has_value());
    assert_int_equal(fixture.changes, 0);
    assert_int_equal(fixture.audit().size(), 1);
    fixture.remove();
}

void test_subjects(void**) {
    RevokeFixture fixture;
    for (const char* subject : {"CN=sensor-1", "CN=sensor-2.example.com", "CN=a\\, b"})
        fixture.certificate(subject);
    const auto found = [&](std::string_view pattern) {
        wire::RevokeManyRequest request = of_profile("");
        request.subject = pattern;
        request.dry_run = true;
        std::string rows;
        for (const std::uint64_t row : everything(fixture, request))
            rows += std::to_string(row) + " ";
        return rows;
    };
    assert_text(found("CN=sensor-*"), "1 ");
    assert_text(found("cn=SENSOR-**"), "1 2 ");
    assert_text(found("**"), "1 2 3 ");
    assert_text(found("CN=a\\, *"), "3 ");
    assert_text(found("sensor"), "");
    assert_text(found(std::string(512, 'x')), "");
    fixture.remove();
}

void test_conditions(void**) {
    RevokeFixture fixture;
    fixture.certificate();
    fixture.clock.seconds += 60;
    fixture.certificate();
    const auto count = [&](auto set) {
        wire::RevokeManyRequest request = of_profile("");
        request.dry_run = true;
        set(request);
        return everything(fixture, request).size();
    };
    assert_int_equal(count([](auto& r) { r.profile = "device"; }), 2);
    assert_int_equal(count([](auto& r) { r.profile = "other"; }), 0);
    assert_int_equal(count([](auto& r) { r.tenant = "demo"; }), 2);
    assert_int_equal(count([](auto& r) { r.tenant = "other"; }), 0);
    assert_int_equal(count([](auto& r) { r.ca = "issuing"; }), 2);
    assert_int_equal(count([](auto& r) { r.ca = "other"; }), 0);
    assert_int_equal(count([](auto& r) { r.protocol = wire::Protocol::est; }), 2);
    assert_int_equal(count([](auto& r) { r.protocol = wire::Protocol::cmp; }), 0);
    assert_int_equal(count([](auto& r) { r.issued_from = unit::kNow + 1; }), 1);
    assert_int_equal(count([](auto& r) { r.issued_to = unit::kNow; }), 1);
    assert_int_equal(count([](auto& r) { r.issued_to = unit::kNow - 1; }), 0);
    fixture.clock.seconds += 90 * unit::kDay;  // both have expired
    assert_int_equal(count([](auto& r) { r.profile = "device"; }), 0);
    fixture.remove();
}

void test_requests_that_make_no_sense(void**) {
    RevokeFixture fixture;
    const std::string serial = fixture.certificate();
    wire::RevokeManyRequest request = of_profile("");
    assert_text(fixture.refusal(fixture.ask(request)),
                "malformed: revoke: no condition: this would be every certificate");
    request.issued_from = 2;
    request.issued_to = 1;
    assert_true(fixture.replies.error(fixture.ask(request))->code == Errc::malformed);
    request = of_profile();
    request.reason = static_cast<std::uint8_t>(CrlReason::remove_from_crl);
    assert_true(fixture.replies.error(fixture.ask(request))->code == Errc::malformed);
    assert_false(fixture.revocation(serial).has_value());
    assert_int_equal(fixture.audit()[1].decision, wire::Decision::deny);
    fixture.remove();
}

void test_pages(void**) {
    RevokeFixture fixture;
    fill(fixture, 250);
    const Page first = page(fixture, fixture.ask(of_profile()));
    assert_int_equal(first.rows.size(), signerd::Revoker::kPage);
    assert_int_equal(first.after, 100);
    assert_int_equal(first.until, 250);
    assert_true(first.more);
    assert_int_equal(fixture.store->counts()->revoked, 100);
    assert_int_equal(everything(fixture, of_profile()).size(), 150);
    assert_int_equal(fixture.store->counts()->revoked, 250);
    assert_int_equal(fixture.changes, 3);
    fixture.remove();
}

// What was issued after the first page is not in the search.
void test_the_end_stays(void**) {
    RevokeFixture fixture;
    fill(fixture, 101);
    wire::RevokeManyRequest request = of_profile();
    const Page first = page(fixture, fixture.ask(request));
    fixture.certificate();
    request.after = first.after;
    request.until = first.until;
    const Page second = page(fixture, fixture.ask(request));
    assert_true(second.rows == std::vector<std::uint64_t>{101});
    assert_false(second.more);
    request.until = 1'000'000;
    assert_true(page(fixture, fixture.ask(request)).rows == std::vector<std::uint64_t>{102});
    request.after = 1'000'000;
    assert_false(page(fixture, fixture.ask(request)).more);
    fixture.remove();
}

// Names of 8 KiB: a dozen certificates fill an answer.
void test_an_answer_that_is_full(void**) {
    RevokeFixture fixture;
    fill(fixture, 40, std::string(8192, '"'));
    const Page first = page(fixture, fixture.ask(of_profile()));
    assert_in_range(first.rows.size(), 5, 15);
    assert_int_equal(first.after, first.rows.back());
    assert_true(first.more);
    assert_int_equal(fixture.store->counts()->revoked, first.rows.size());
    assert_int_equal(everything(fixture, of_profile()).size(), 40 - first.rows.size());
    assert_int_equal(fixture.store->counts()->revoked, 40);
    fixture.remove();
}

void test_a_window_without_a_hit(void**) {
    RevokeFixture fixture;
    fill(fixture, 2 * signerd::Revoker::kWindow / 10);
    wire::RevokeManyRequest request = of_profile("");
    const std::string pattern(500, 'x');  // so long that a page looks at the fewest rows
    request.subject = pattern;
    const Page first = page(fixture, fixture.ask(request));
    assert_true(first.rows.empty());
    assert_int_equal(first.after, 2000);
    assert_int_equal(first.until, 4000);
    assert_true(first.more);
    assert_true(everything(fixture, request).empty());
    assert_int_equal(fixture.changes, 0);
    fixture.remove();
}

void test_compromised_keys_are_blocked(void**) {
    RevokeFixture fixture;
    fixture.certificate();
    wire::RevokeManyRequest request = of_profile();
    request.reason = static_cast<std::uint8_t>(CrlReason::key_compromise);
    fixture.ask(request);
    const auto certificate = pki::x509::parse_certificate(fixture.der);
    assert_true(*fixture.store->is_blocked(pki::ossl::sha256(certificate->tbs.spki.encoding)));
    fixture.remove();
}

// The other one may be a release, after which this certificate would have to be revoked.
void test_another_change_is_on_its_way(void**) {
    RevokeFixture fixture;
    const std::string serial = fixture.certificate();
    const std::uint64_t single = fixture.start(fixture.by_serial(serial));
    const std::uint64_t many = fixture.start(of_profile());
    wire::RevokeManyRequest dry = of_profile();
    dry.dry_run = true;
    assert_int_equal(page(fixture, fixture.start(dry)).rows.size(), 1);
    fixture.committer.run();
    assert_text(fixture.refusal(single), "-");
    assert_text(fixture.refusal(many), "unavailable: temporarily unavailable");
    assert_text(fixture.audit()[2].detail,
                "another change of a certificate is on its way: " + serial);
    assert_int_equal(fixture.changes, 1);
    fixture.remove();
}

void test_a_store_that_is_away(void**) {
    RevokeFixture fixture;
    const std::string serial = fixture.certificate();
    fixture.committer.failure = pki::Error{Errc::unavailable, "store: disk full", 0, {}};
    assert_true(fixture.replies.error(fixture.ask(of_profile()))->code == Errc::unavailable);
    assert_false(fixture.revocation(serial).has_value());
    fixture.committer.failure.reset();
    assert_int_equal(everything(fixture, of_profile()).size(), 1);
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_a_page),
        cmocka_unit_test(test_a_dry_run_changes_nothing),
        cmocka_unit_test(test_subjects),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_requests_that_make_no_sense),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_the_end_stays),
        cmocka_unit_test(test_an_answer_that_is_full),
        cmocka_unit_test(test_a_window_without_a_hit),
        cmocka_unit_test(test_compromised_keys_are_blocked),
        cmocka_unit_test(test_another_change_is_on_its_way),
        cmocka_unit_test(test_a_store_that_is_away),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
