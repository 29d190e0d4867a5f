#include "ngx_common/status_text.h"

#include <cstdio>

#include "libpki/base/base64.h"
#include "libpki/base/utf8.h"

namespace ngx_enroll {

namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string seconds(std::uint64_t milliseconds) {
    char text[32];
    const int size = std::snprintf(text, sizeof(text), "%llu.%03u",
                                   static_cast<unsigned long long>(milliseconds / 1000),
                                   static_cast<unsigned>(milliseconds % 1000));
    return {text, static_cast<std::size_t>(size)};
}

// Calls quote(character) for each one of the text. An octet that is none becomes \xNN, so that
// two names stay two.
template <class Quote>
std::string quoted(std::string_view text, Quote quote) {
    std::string out = "\"";
    for (pki::Bytes rest = pki::as_bytes(text); !rest.empty();) {
        const pki::Bytes before = rest;
        const auto character = pki::take_utf8(rest);
        if (character) {
            quote(out, *character);
            continue;
        }
        rest = before.subspan(1);
        for (const char c : "\\x" + pki::hex_encode(before.first(1)))
            quote(out, static_cast<unsigned char>(c));
    }
    return out += '"';
}

using Decisions = std::array<std::array<std::uint64_t, kOutcomes>, kMaxOperations>;

Decisions decisions_of(const Counters& counters) {
    Decisions decisions{};
    for (std::size_t i = 0; i < kMaxOperations; i++)
        for (std::size_t j = 0; j < kOutcomes; j++)
            decisions[i][j] = value_of(counters.decisions[i][j]);
    return decisions;
}

void add_to(Decisions& total, const Decisions& part) {
    for (std::size_t i = 0; i < kMaxOperations; i++)
        for (std::size_t j = 0; j < kOutcomes; j++) total[i][j] += part[i][j];
}

// Cumulated: how many took no longer than each bound, and last all of them.
struct Durations {
    std::array<std::uint64_t, kDurationBounds.size() + 1> upto{};
    std::uint64_t milliseconds = 0;

    std::uint64_t count() const { return upto.back(); }
};

Durations durations_of(const Histogram& histogram) {
    Durations durations;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < durations.upto.size(); i++)
        durations.upto[i] = sum += value_of(histogram.buckets[i]);
    durations.milliseconds = value_of(histogram.milliseconds);
    return durations;
}

// "0.01", "2.5", "30"
std::string bound_text(std::size_t bucket) {
    if (bucket == kDurationBounds.size()) return "+Inf";
    std::string text = seconds(kDurationBounds[bucket]);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text;
}

// --- JSON ---

std::string json_decisions(const Status& status, const Decisions& decisions) {
    std::string out;
    for (std::size_t i = 0; i < status.operations.size(); i++) {
        out += (i == 0 ? "{" : ", ") + json_quoted(status.operations[i]) + ": {";
        for (std::size_t j = 0; j < kOutcomes; j++)
            out += (j == 0 ? "" : ", ") + json_quoted(kOutcomeNames[j]) + ": " +
                   number(decisions[i][j]);
        out += "}";
    }
    return out + "}";
}

std::string json_durations(const Status& status, const Counters& counters) {
    std::string out;
    for (std::size_t i = 0; i < status.operations.size(); i++) {
        const Durations durations = durations_of(counters.durations[i]);
        if (durations.count() == 0) continue;
        out +=
            (out.empty() ? "" : ", ") + json_quoted(status.operations[i]) + ": {\"buckets\": {";
        for (std::size_t j = 0; j < durations.upto.size(); j++)
            out += (j == 0 ? "" : ", ") + json_quoted(bound_text(j)) + ": " +
                   number(durations.upto[j]);
        out += "}, \"sum\": " + seconds(durations.milliseconds) +
               ", \"count\": " + number(durations.count()) + "}";
    }
    return "{" + out + "}";
}

std::string json_inflight(std::uint64_t inflight, std::uint64_t limit, std::uint64_t shed) {
    return "\"in_flight\": " + number(inflight) + ", \"max_inflight\": " + number(limit) +
           ", \"shed\": " + number(shed);
}

std::string json_location(const Status& status, const LocationStatus& location) {
    const Counters& counters = *location.counters;
    return "{\"location\": " + json_quoted(location.name) +
           ",\n   \"operations\": " + json_decisions(status, decisions_of(counters)) +
           ",\n   " +
           json_inflight(location.inflight, location.max_inflight, value_of(counters.shed)) +
           ",\n   \"durations\": " + json_durations(status, counters) + "}";
}

std::string json_total(const Status& status) {
    Decisions decisions{};
    std::uint64_t shed = 0;
    for (const LocationStatus& location : status.locations) {
        add_to(decisions, decisions_of(*location.counters));
        shed += value_of(location.counters->shed);
    }
    return "{\"operations\": " + json_decisions(status, decisions) + ",\n   " +
           json_inflight(status.inflight, status.max_inflight, shed) + "}";
}

std::string json_logins(const LoginStats& logins) {
    return "{\"addresses\": " + number(logins.addresses) +
           ", \"locked_out\": " + number(logins.locked_out) +
           ", \"evictions\": " + number(logins.evictions) +
           ", \"capacity\": " + number(logins.capacity) + "}";
}

// --- Prometheus ---

std::string label(std::string_view name, std::string_view value) {
    return std::string(name) + "=" + label_quoted(value);
}

std::string labels_of(const Status& status) { return label("protocol", status.protocol); }

std::string labels_of(const Status& status, const LocationStatus& location) {
    return labels_of(status) + "," + label("location", location.name);
}

void metric(std::string& out, const char* name, const char* type, const char* help) {
    out += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
}

void sample(std::string& out, std::string_view name, const std::string& labels,
            const std::string& value) {
    out += std::string(name) + "{" + labels + "} " + value + "\n";
}

void decision_samples(std::string& out, const Status& status, const LocationStatus& location) {
    const Decisions decisions = decisions_of(*location.counters);
    for (std::size_t i = 0; i < status.operations.size(); i++) {
        const std::string labels =
            labels_of(status, location) + "," + label("operation", status.operations[i]);
        for (std::size_t j = 0; j < kOutcomes; j++)
            sample(out, "enroll_requests_total",
                   labels + "," + label("outcome", kOutcomeNames[j]), number(decisions[i][j]));
    }
}

void duration_samples(std::string& out, const Status& status, const LocationStatus& location) {
    for (std::size_t i = 0; i < status.operations.size(); i++) {
        const Durations durations = durations_of(location.counters->durations[i]);
        if (durations.count() == 0) continue;
        const std::string labels =
            labels_of(status, location) + "," + label("operation", status.operations[i]);
        for (std::size_t j = 0; j < durations.upto.size(); j++)
            sample(out, "enroll_request_duration_seconds_bucket",
                   labels + "," + label("le", bound_text(j)), number(durations.upto[j]));
        sample(out, "enroll_request_duration_seconds_sum", labels,
               seconds(durations.milliseconds));
        sample(out, "enroll_request_duration_seconds_count", labels, number(durations.count()));
    }
}

// A gauge or counter that each location has once.
template <class Value>
void location_samples(std::string& out, const Status& status, const char* name, Value value) {
    for (const LocationStatus& location : status.locations)
        sample(out, name, labels_of(status, location), number(value(location)));
}

void location_metrics(std::string& out, const Status& status) {
    metric(out, "enroll_requests_total", "counter", "Finished requests by outcome.");
    for (const LocationStatus& location : status.locations)
        decision_samples(out, status, location);
    metric(out, "enroll_request_duration_seconds", "histogram",
           "Time from the whole request being there to its answer.");
    for (const LocationStatus& location : status.locations)
        duration_samples(out, status, location);
    metric(out, "enroll_inflight", "gauge", "Requests that are being worked on.");
    location_samples(out, status, "enroll_inflight", [](const auto& l) { return l.inflight; });
    metric(out, "enroll_inflight_limit", "gauge", "Limit of enroll_inflight, 0 for none.");
    location_samples(out, status, "enroll_inflight_limit",
                     [](const auto& l) { return l.max_inflight; });
    metric(out, "enroll_shed_total", "counter", "Requests refused because of such a limit.");
    location_samples(out, status, "enroll_shed_total",
                     [](const auto& l) { return value_of(l.counters->shed); });
}

void single(std::string& out, const Status& status, const char* name, const char* type,
            const char* help, std::uint64_t value) {
    metric(out, name, type, help);
    sample(out, name, labels_of(status), number(value));
}

void login_metrics(std::string& out, const Status& status, const LoginStats& logins) {
    single(out, status, "enroll_login_addresses", "gauge",
           "Client addresses with wrong passwords in their window.", logins.addresses);
    single(out, status, "enroll_login_locked_out", "gauge",
           "Client addresses that have to wait.", logins.locked_out);
    single(out, status, "enroll_login_evictions_total", "counter",
           "Client addresses forgotten early, for want of room.", logins.evictions);
    single(out, status, "enroll_login_capacity", "gauge",
           "Client addresses that there is room for.", logins.capacity);
}

}  // namespace

std::string json_quoted(std::string_view text) {
    return quoted(text, [](std::string& out, char32_t c) {
        if (c == '"' || c == '\\') out += '\\';
        if (c >= 0x20) return pki::append_utf8(out, c);
        char escape[8];
        std::snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned>(c));
        out += escape;
    });
}

std::string label_quoted(std::string_view text) {
    return quoted(text, [](std::string& out, char32_t c) {
        if (c == '\n') {
            out += "\\n";
            return;
        }
        if (c == '"' || c == '\\') out += '\\';
        pki::append_utf8(out, c);
    });
}

std::string json_status(const Status& status) {
    std::string out = "{\"version\": 1,\n \"protocol\": " + json_quoted(status.protocol) +
                      ",\n \"locations\": [";
    for (const LocationStatus& location : status.locations)
        out += (&location == status.locations.data() ? "\n  " : ",\n  ") +
               json_location(status, location);
    out += "],\n \"total\": " + json_total(status);
    if (status.logins) out += ",\n \"failed_logins\": " + json_logins(*status.logins);
    return out + "}\n";
}

std::string prometheus_status(const Status& status) {
    std::string out;
    location_metrics(out, status);
    single(out, status, "enroll_inflight_all", "gauge",
           "Requests that are being worked on, in all locations.", status.inflight);
    single(out, status, "enroll_inflight_all_limit", "gauge",
           "Limit of enroll_inflight_all, 0 for none.", status.max_inflight);
    if (status.logins) login_metrics(out, status, *status.logins);
    return out;
}

}  // namespace ngx_enroll
