#include "signerd/audit.h"

#include "libpki/base/time.h"
#include "libpki/base/utf8.h"
#include "libpki/x509/oids.h"
#include "signerd/clock.h"

namespace signerd {

namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

std::string cleaned(std::string_view text) {
    std::string out;
    pki::Bytes rest = pki::as_bytes(text);
    while (!rest.empty()) {
        const pki::Bytes before = rest;
        const auto character = pki::take_utf8(rest);
        if (!character) rest = rest.subspan(1);
        if (!character || pki::is_control(*character))
            out += kReplacement;
        else
            out += pki::as_text(before.first(before.size() - rest.size()));
    }
    return out;
}

// Runs over the fields with the bounds that AuditRow::visit() lists.
struct Fit {
    template <class... T>
    void number(std::uint8_t, const T&...) {}
    void bytes(std::uint8_t, pki::Buffer& value, std::size_t max) {
        if (value.size() > max) value.resize(max);
    }
    void text(std::uint8_t, std::string& value, std::size_t max) {
        if (!pki::is_plain_text(value)) value = cleaned(value);
        pki::cut_text(value, max);
    }
};

// Frontends have the clock of this machine. A worker keeps what it could not report for as long
// as signerd is away: days at most.
constexpr std::int64_t kFuture = 60 * kMicroseconds;
constexpr std::int64_t kPast = 7 * 24 * 3600 * kMicroseconds;

bool credible(std::int64_t reported, std::int64_t now) {
    return reported <= now + kFuture && reported >= now - kPast;
}

std::string time_text(std::int64_t microseconds) {
    return pki::format_iso8601(microseconds / kMicroseconds);
}

AuditRecord record_occasion(const Occasion& occasion) {
    AuditRecord record;
    record.time = occasion.time;
    record.signerd = occasion.signerd;
    record.tenant = occasion.tenant;
    record.peer = occasion.peer;
    return record;
}

// Empty when it can be no name.
std::string common_name_text(std::string_view value) {
    namespace x509 = pki::x509;
    const auto name = x509::build_name({{x509::oid::kCommonName, std::string(value)}});
    if (!name) return {};
    const auto parsed = x509::parse_name(*name);
    return parsed ? x509::name_text(*parsed) : std::string();
}

struct Numbered : AuditRecord {
    std::uint64_t sequence = 0;
};

}  // namespace

void make_fit(AuditRecord& record) {
    Numbered numbered{std::move(record), 0};
    Fit fit;
    pki::wire::AuditRow::visit(fit, numbered);
    record = std::move(numbered);
}

AuditRecord record_request(const Occasion& occasion, const pki::wire::IssueRequest& request,
                           const pki::ossl::Sha256& csr_sha256) {
    AuditRecord record = record_occasion(occasion);
    record.profile = request.profile;
    record.protocol = request.protocol;
    record.operation = request.operation;
    record.csr_sha256 = pki::to_buffer(csr_sha256);
    record.client_address = request.client_address;
    record.credential = request.credential;
    record.credential_name = request.credential_name;
    record.transaction = request.transaction;
    make_fit(record);
    return record;
}

AuditRecord record_challenge(const Occasion& occasion,
                             const pki::wire::ChallengeCreateRequest& asked) {
    AuditRecord record = record_occasion(occasion);
    record.protocol = pki::wire::Protocol::scep;
    record.operation = pki::wire::Operation::challenge;
    record.profile = asked.profile;
    record.subject = common_name_text(asked.subject);
    make_fit(record);
    return record;
}

AuditRecord record_token(const Occasion& occasion, const Token& token) {
    AuditRecord record = record_occasion(occasion);
    record.operation = pki::wire::Operation::token;
    record.subject = common_name_text(token.identity);
    // Of several profiles the detail has the names.
    if (token.profiles.size() == 1) record.profile = token.profiles.front();
    identify_by(record, token);
    return record;
}

void describe_csr(AuditRecord& record, const pki::x509::Csr& csr) {
    record.subject = pki::x509::name_text(csr.subject);
    record.sans.clear();
    if (csr.san) {
        for (const pki::x509::GeneralName& name : csr.san->names) {
            if (!record.sans.empty()) record.sans += ',';
            record.sans += pki::x509::general_name_text(name);
        }
    }
    make_fit(record);
}

void identify_by(AuditRecord& record, const pki::x509::Certificate& certificate) {
    record.credential = pki::wire::Credential::certificate;
    record.credential_name = pki::x509::name_text(certificate.tbs.subject);
    make_fit(record);
}

void identify_by(AuditRecord& record, std::string_view challenge, std::string_view key) {
    record.credential = pki::wire::Credential::challenge;
    record.credential_name = challenge;
    if (!key.empty()) record.credential_name.append("/").append(key);
    make_fit(record);
}

void identify_by(AuditRecord& record, const Token& token) {
    record.credential = pki::wire::Credential::token;
    record.credential_name = token_name(token);
    make_fit(record);
}

std::string token_name(const Token& token) {
    if (!token.name.empty()) return token.name;
    return token.id == 0 ? "token" : "token " + std::to_string(token.id);
}

AuditRecord record_responder(const Occasion& occasion, std::string_view profile,
                             std::string_view subject, std::string_view serial) {
    AuditRecord record = record_occasion(occasion);
    record.profile = profile;
    record.operation = pki::wire::Operation::responder;
    record.subject = subject;
    record_allow(record, serial);
    return record;
}

void record_allow(AuditRecord& record, std::string_view serial, std::string_view detail) {
    record.decision = pki::wire::Decision::allow;
    record.reason = 0;
    record.serial = serial;
    record.detail = detail;
    make_fit(record);
}

void record_refusal(AuditRecord& record, const pki::Error& error) {
    record.decision = error.code == pki::Errc::unavailable ? pki::wire::Decision::shed
                                                           : pki::wire::Decision::deny;
    record.reason = static_cast<std::uint8_t>(error.code);
    record.serial.clear();
    record.detail = error.message();
    make_fit(record);
}

void record_pending(AuditRecord& record, std::string_view detail) {
    record.decision = pki::wire::Decision::pending;
    record.reason = 0;
    record.detail = "waits for approval";
    if (!detail.empty()) record.detail.append("; ").append(detail);
    make_fit(record);
}

AuditRecord record_report(const Occasion& occasion,
                          const pki::wire::ReportedDecision& reported) {
    AuditRecord record = record_occasion(occasion);
    record.time = reported.time;
    record.profile = reported.profile;
    record.protocol = reported.protocol;
    record.operation = reported.operation;
    record.csr_sha256 = pki::to_buffer(reported.csr_sha256);
    record.client_address = reported.client_address;
    record.credential = reported.credential;
    record.credential_name = reported.credential_name;
    record.transaction = reported.transaction;
    record.http_status = reported.http_status;
    pki::Error error = pki::fail(reported.reason, "reported");
    const std::string detail(reported.detail);
    error.text = detail.c_str();
    if (!credible(reported.time, occasion.time)) {
        record.time = occasion.time;
        error.detail = "recorded on arrival, the time reported was " + time_text(reported.time);
    }
    record_refusal(record, error);
    return record;
}

AuditRecord record_change(const Occasion& occasion, pki::wire::Operation operation,
                          const CertificateRecord& certificate) {
    AuditRecord record = record_occasion(occasion);
    record.operation = operation;
    record.tenant = certificate.tenant;
    record.profile = certificate.profile;
    record.protocol = certificate.protocol;
    record.subject = certificate.subject;
    record.sans = certificate.sans;
    make_fit(record);
    return record;
}

AuditRecord record_gap(const Occasion& occasion, std::uint64_t count, std::int64_t from,
                       std::int64_t to) {
    AuditRecord record = record_occasion(occasion);
    const std::string detail = std::to_string(count) + " decisions between " + time_text(from) +
                               " and " + time_text(to);
    record_refusal(record, pki::fail(pki::Errc::unavailable, "not recorded", detail));
    return record;
}

pki::wire::AuditRow AuditRecord::row(std::uint64_t sequence) const {
    pki::wire::AuditRow row;
    row.sequence = sequence;
    row.time = time;
    row.signerd = signerd;
    row.tenant = tenant;
    row.profile = profile;
    row.protocol = protocol;
    row.operation = operation;
    row.decision = decision;
    row.reason = reason;
    row.detail = detail;
    row.subject = subject;
    row.sans = sans;
    row.serial = serial;
    row.csr_sha256 = csr_sha256;
    row.client_address = client_address;
    row.credential = credential;
    row.credential_name = credential_name;
    row.transaction = transaction;
    row.peer = peer;
    row.http_status = http_status;
    return row;
}

}  // namespace signerd
