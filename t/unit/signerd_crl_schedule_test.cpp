// Which CRLs are due when, and what they are to look like.
#include "signerd/crl_schedule.h"

#include "t/unit/unit.h"

namespace {

using signerd::Ca;
using signerd::CrlKind;
using signerd::CrlLine;

constexpr std::int64_t kNow = 1'800'000'000;
constexpr std::int64_t kHour = 3600;

Ca make_ca() {
    Ca ca;
    ca.name = "issuing";
    ca.chain = {{1, 2, 3}};
    ca.subject = {0x30, 0};
    ca.not_before = kNow - 1000 * kHour;
    ca.not_after = kNow + 1000 * kHour;
    return ca;
}

void put(CrlLine& line, CrlKind kind, std::uint64_t number, std::int64_t time, const Ca& ca) {
    signerd::CrlRecord record;
    record.ca = "issuing";
    record.form = crl_form(ca);
    record.partition = kind.partition;
    record.delta = kind.delta;
    record.number = number;
    record.this_update = time;
    record.scheduled = time;
    record.change = 10 * number;
    line.newest[kind] = record;
    line.number = number;
}

// "0 1 2 d" and, where the schedule brings them, "!".
std::string due(const Ca& ca, const CrlLine& line, std::int64_t now = kNow) {
    const signerd::CrlDue found = crl_due(ca, line, now);
    std::string text;
    for (const CrlKind& kind : found.kinds)
        text += (kind.delta ? "d" : std::to_string(kind.partition)) + " ";
    return text + (found.scheduled ? "!" : "");
}

void the_first_list_is_due_at_once(void**) {
    Ca ca = make_ca();
    assert_text(due(ca, {}), "0 !");
    ca.crl.enabled = false;
    assert_text(due(ca, {}), "");
}

void a_ca_that_is_not_valid_makes_none(void**) {
    const Ca ca = make_ca();
    assert_text(due(ca, {}, ca.not_before - 1), "");
    assert_text(due(ca, {}, ca.not_after - 1), "0 !");
    assert_text(due(ca, {}, ca.not_after), "");
}

void the_schedule(void**) {
    const Ca ca = make_ca();
    CrlLine line;
    put(line, {}, 1, kNow, ca);
    assert_text(due(ca, line), "");
    assert_text(due(ca, line, kNow + kHour - 1), "");
    assert_text(due(ca, line, kNow + kHour), "0 !");
    // A list on demand does not put it off.
    line.newest[{}].this_update = kNow + kHour - 1;
    assert_text(due(ca, line, kNow + kHour), "0 !");
}

void a_clock_that_was_set_back(void**) {
    const Ca ca = make_ca();
    CrlLine line;
    put(line, {}, 1, kNow + 200, ca);
    assert_text(due(ca, line), "");
    put(line, {}, 1, kNow + 2 * kHour, ca);
    assert_text(due(ca, line), "0 !");
}

void on_demand(void**) {
    const Ca ca = make_ca();
    CrlLine line;
    put(line, {}, 1, kNow, ca);
    line.demanded = true;
    assert_text(due(ca, line), "0 ");
    line.not_before = kNow + 5;
    assert_text(due(ca, line), "");
    assert_text(due(ca, line, kNow + 5), "0 ");
    line.anew = true;
    assert_text(due(ca, line), "0 !");
    line.failures = 1;
    assert_text(due(ca, line), "");
    assert_text(due(ca, line, kNow + 5), "0 !");
}

void with_deltas(void**) {
    Ca ca = make_ca();
    ca.crl.delta_every = 600;
    CrlLine line;
    assert_text(due(ca, line), "0 !");  // a delta is over a list from before
    put(line, {0, false}, 1, kNow, ca);
    assert_text(due(ca, line), "d ");
    put(line, {0, true}, 1, kNow, ca);
    assert_text(due(ca, line, kNow + 599), "");
    assert_text(due(ca, line, kNow + 600), "d ");
    line.demanded = true;
    assert_text(due(ca, line), "d ");
    assert_text(due(ca, line, kNow + kHour), "0 d !");
}

// RFC 5280 5.2.4: which complete list a delta is over.
void base_of_a_delta(void**) {
    Ca ca = make_ca();
    ca.crl.delta_every = 600;
    CrlLine line;
    put(line, {0, false}, 4, kNow, ca);
    line.number = 6;
    const auto alone = crl_draft(ca, line, {0, true}, false, kNow + 700);
    assert_int_equal(alone.record.base, 4);
    assert_int_equal(alone.since, 40);
    assert_int_equal(alone.record.number, 6);
    assert_int_equal(alone.record.next_update, kNow + 700 + 1200);
    const auto beside = crl_draft(ca, line, {0, true}, true, kNow + kHour);
    assert_int_equal(beside.record.base, 4);
}

void partitions(void**) {
    Ca ca = make_ca();
    ca.crl.partitions = 2;
    ca.crl_urls = {"http://a.example/{partition}.crl", "ldap://b.example/x{partition}y"};
    CrlLine line;
    assert_text(due(ca, line), "0 1 2 !");
    put(line, {0, false}, 1, kNow, ca);
    put(line, {1, false}, 1, kNow, ca);
    assert_text(due(ca, line), "0 1 2 !");
    put(line, {2, false}, 1, kNow, ca);
    assert_text(due(ca, line), "");
    const auto draft = crl_draft(ca, line, {2, false}, true, kNow);
    assert_int_equal(draft.distribution_points.size(), 2);
    assert_text(draft.distribution_points[0], "http://a.example/2.crl");
    assert_text(draft.distribution_points[1], "ldap://b.example/x2y");
    assert_true(draft.only_user_certs);
    assert_true(crl_draft(ca, line, {}, true, kNow).distribution_points.empty());

    // Fewer by now: certificates point to the others still.
    ca.crl.partitions = 1;
    assert_text(due(ca, line, kNow + kHour), "0 1 2 !");
}

void partition_of_a_serial(void**) {
    Ca ca = make_ca();
    const pki::Buffer serial{0x40, 1, 2, 3};
    assert_int_equal(partition_of(ca, serial), 0);
    ca.crl.partitions = 1;
    assert_int_equal(partition_of(ca, serial), 1);
    ca.crl.partitions = 1000;
    assert_int_equal(partition_of(ca, serial), 1 + 0x0203 % 1000);
}

// RFC 5280 3.3: what has expired is on one more scheduled list.
void what_is_left_out(void**) {
    const Ca ca = make_ca();
    CrlLine line;
    line.number = 1;
    const auto first = crl_draft(ca, line, {}, true, kNow);
    assert_int_equal(first.alive, 0);
    assert_int_equal(first.record.scheduled, kNow);
    assert_int_equal(first.record.next_update, kNow + 24 * kHour);
    put(line, {}, 1, kNow, ca);
    const auto demanded = crl_draft(ca, line, {}, false, kNow + 10);
    assert_int_equal(demanded.alive, kNow);
    assert_int_equal(demanded.record.scheduled, kNow);
    const auto scheduled = crl_draft(ca, line, {}, true, kNow + kHour);
    assert_int_equal(scheduled.alive, kNow);
    assert_int_equal(scheduled.record.scheduled, kNow + kHour);
}

void what_makes_other_lists(void**) {
    const Ca ca = make_ca();
    Ca other = ca;
    other.crl_urls = {"http://a.example/crl"};
    assert_true(crl_form(ca) == crl_form(other));
    other.crl.validity++;
    assert_false(crl_form(ca) == crl_form(other));
    other = ca;
    other.chain = {{4}};
    assert_false(crl_form(ca) == crl_form(other));
    other = ca;
    other.crl.distribution_point = false;
    assert_false(crl_form(ca) == crl_form(other));
}

// RFC 5280 5.2.4: base and delta have one scope and one key.
void a_list_of_another_form(void**) {
    Ca ca = make_ca();
    ca.crl.delta_every = 600;
    CrlLine line;
    put(line, {0, false}, 1, kNow, ca);
    put(line, {0, true}, 1, kNow, ca);
    assert_text(due(ca, line), "");
    ca.crl.distribution_point = false;
    assert_text(due(ca, line), "0 !");
    put(line, {0, false}, 2, kNow, ca);
    assert_text(due(ca, line, kNow + kHour), "0 d !");
}

void urls_that_certificates_point_to(void**) {
    Ca ca = make_ca();
    ca.crl.partitions = 2;
    ca.crl_urls = {"http://a.example/{partition}.crl"};
    constexpr CrlKind kFirst{1, false}, kSecond{2, false};
    CrlLine line;
    for (const CrlKind kind : {CrlKind{}, kFirst, kSecond}) {
        put(line, kind, 1, kNow, ca);
        line.newest[kind].urls = crl_draft(ca, line, kind, true, kNow).record.urls;
    }
    assert_text(line.newest[kSecond].urls, "http://a.example/2.crl");
    ca.crl_urls = {"http://b.example/{partition}.crl"};
    const auto moved = crl_draft(ca, line, kSecond, true, kNow);
    assert_text(moved.record.urls, "http://b.example/2.crl http://a.example/2.crl");
    // No partitions any more: not one of the URLs of the complete list.
    ca.crl.partitions = 0;
    ca.crl_urls = {"http://a.example/all.crl"};
    assert_text(due(ca, line), "0 1 2 !");
    const auto draft = crl_draft(ca, line, {2, false}, true, kNow);
    assert_int_equal(draft.distribution_points.size(), 1);
    assert_text(draft.distribution_points[0], "http://a.example/2.crl");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_first_list_is_due_at_once),
        cmocka_unit_test(a_ca_that_is_not_valid_makes_none),
        cmocka_unit_test(the_schedule),
        cmocka_unit_test(a_clock_that_was_set_back),
        cmocka_unit_test(on_demand),
        cmocka_unit_test(with_deltas),
        cmocka_unit_test(base_of_a_delta),
        cmocka_unit_test(partitions),
        cmocka_unit_test(partition_of_a_serial),
        cmocka_unit_test(what_is_left_out),
        cmocka_unit_test(what_makes_other_lists),
        cmocka_unit_test(a_list_of_another_form),
        cmocka_unit_test(urls_that_certificates_point_to),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
