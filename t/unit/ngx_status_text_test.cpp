#include "ngx_common/status_text.h"

#include <memory>

#include "t/unit/unit.h"

namespace {

using ngx_enroll::Counters;
using ngx_enroll::Outcome;
using ngx_enroll::Status;
using ngx_enroll::value_of;

constexpr std::string_view kOperations[] = {"enroll", "unrouted"};

bool holds(const std::string& text, const std::string& part) {
    if (text.find(part) != text.npos) return true;
    print_error("no %s in\n%s", part.c_str(), text.c_str());
    return false;
}

// Two locations with the same counters.
Status some_status(const Counters& counters) {
    Status status;
    status.protocol = "est";
    status.operations = kOperations;
    status.locations = {{"a/x", &counters, 2, 256}, {"b/\"y\"", &counters, 0, 0}};
    status.inflight = 2;
    status.max_inflight = 9;
    status.logins = ngx_enroll::LoginStats{100, 7, 3, 1};
    return status;
}

void count(Counters& counters) {
    ngx_enroll::add(counters.decisions[0][static_cast<std::size_t>(Outcome::issued)], 5);
    ngx_enroll::add(counters.shed, 4);
    for (const std::uint64_t milliseconds : {0, 5, 6, 30000, 30001})
        ngx_enroll::record(counters.durations[0], milliseconds);
}

void buckets_include_their_bound(void**) {
    ngx_enroll::Histogram histogram{};
    ngx_enroll::record(histogram, 5);
    ngx_enroll::record(histogram, 6);
    ngx_enroll::record(histogram, 1'000'000);
    assert_int_equal(value_of(histogram.buckets[0]), 1);
    assert_int_equal(value_of(histogram.buckets[1]), 1);
    assert_int_equal(value_of(histogram.buckets.back()), 1);
    assert_int_equal(value_of(histogram.milliseconds), 1'000'011);
}

void as_json(void**) {
    Counters counters{};
    count(counters);
    const std::string text = json_status(some_status(counters));
    assert_true(holds(text, R"("version": 1)"));
    assert_true(holds(text, R"("location": "b/\"y\"")"));
    assert_true(holds(text, R"({"enroll": {"issued": 5, "replayed": 0,)"));
    assert_true(holds(text, R"("unrouted": {"issued": 0,)"));
    assert_true(holds(text, R"("in_flight": 2, "max_inflight": 256, "shed": 4)"));
    assert_true(holds(text, R"("in_flight": 2, "max_inflight": 9, "shed": 8)"));
    assert_true(holds(text, R"("durations": {"enroll": {"buckets": {"0.005": 2, "0.01": 3,)"));
    assert_true(holds(text, R"("30": 4, "+Inf": 5}, "sum": 60.012, "count": 5})"));
    assert_true(holds(text, R"("failed_logins": {"addresses": 7, "locked_out": 3,)"));
}

void for_prometheus(void**) {
    Counters counters{};
    count(counters);
    const std::string text = prometheus_status(some_status(counters));
    const std::string labels = R"({protocol="est",location="a/x")";
    assert_true(holds(text, "# TYPE enroll_requests_total counter\n"));
    assert_true(holds(text, "enroll_requests_total" + labels +
                                R"(,operation="enroll",outcome="issued"} 5)"
                                "\n"));
    assert_true(holds(text, "enroll_shed_total" + labels + "} 4\n"));
    assert_true(
        holds(text, "enroll_shed_total{protocol=\"est\",location=\"b/\\\"y\\\"\"} 4\n"));
    assert_true(holds(text, "enroll_request_duration_seconds_bucket" + labels +
                                R"(,operation="enroll",le="2.5"} 3)"
                                "\n"));
    assert_true(holds(text, "enroll_request_duration_seconds_bucket" + labels +
                                R"(,operation="enroll",le="+Inf"} 5)"
                                "\n"));
    assert_true(holds(text, "enroll_request_duration_seconds_count" + labels +
                                R"(,operation="enroll"} 5)"
                                "\n"));
    assert_true(holds(text, "enroll_login_locked_out{protocol=\"est\"} 3\n"));
}

void quotes(void**) {
    assert_text(ngx_enroll::json_quoted("a\"b\\c\n\x01"), R"("a\"b\\c\u000a\u0001")");
    assert_text(ngx_enroll::label_quoted("a\"b\\c\nd"), R"("a\"b\\c\nd")");
    assert_text(ngx_enroll::json_quoted("\xc3\xa9\xff"), "\"\xc3\xa9\\\\xff\"");
    assert_text(ngx_enroll::label_quoted("\xc3"), "\"\\\\xc3\"");
}

void names_of_outcomes(void**) {
    for (int i = 1; i <= pki::kErrcCount; i++) {
        const char* name = pki::name(static_cast<pki::Errc>(i));
        const auto outcome = ngx_enroll::outcome_from_name(name);
        assert_true(outcome.has_value());
        assert_text(ngx_enroll::name(*outcome), name);
    }
    assert_true(ngx_enroll::outcome_from_name("issued") == Outcome::issued);
    assert_false(ngx_enroll::outcome_from_name("").has_value());
}

void outcomes_of_stock_statuses(void**) {
    using ngx_enroll::outcome_of_status;
    assert_true(outcome_of_status(413) == Outcome::malformed);
    assert_true(outcome_of_status(401) == Outcome::unauthenticated);
    assert_true(outcome_of_status(403) == Outcome::denied);
    assert_true(outcome_of_status(429) == Outcome::limited);
    assert_true(outcome_of_status(503) == Outcome::unavailable);
    assert_true(outcome_of_status(500) == Outcome::internal);
    assert_true(outcome_of_status(499) == Outcome::aborted);
    assert_true(outcome_of_status(302) == Outcome::other);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(buckets_include_their_bound),
        cmocka_unit_test(as_json),
        cmocka_unit_test(for_prometheus),
        cmocka_unit_test(quotes),
        cmocka_unit_test(names_of_outcomes),
        cmocka_unit_test(outcomes_of_stock_statuses),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
