#include "signerd/audit.h"

#include "libpki/x509/name.h"
#include "libpki/x509/san.h"
#include "t/unit/unit.h"

namespace {

using pki::Errc;
using pki::wire::Decision;
using signerd::AuditRecord;
using signerd::Occasion;

constexpr Occasion kOccasion{1'790'000'000'123'456, "signerd-1", "demo", "nginx"};
const pki::ossl::Sha256 kCsrHash = pki::ossl::sha256(pki::as_bytes("csr"));

pki::wire::IssueRequest a_request() {
    pki::wire::IssueRequest request;
    request.profile = "device";
    request.protocol = pki::wire::Protocol::est;
    request.operation = pki::wire::Operation::renew;
    request.credential = pki::wire::Credential::certificate;
    request.credential_name = "CN=device-1";
    request.client_address = "2001:db8::1";
    request.idempotency_key = "order-1";
    request.transaction = "t-1";
    return request;
}

// What a verifier gets to see of a record.
pki::wire::AuditRow through_the_wire(const AuditRecord& record, pki::Buffer& canonical) {
    auto written = pki::wire::canonical(record.row(9));
    assert_ok(written);
    canonical = *std::move(written);
    const auto row = pki::wire::parse_canonical(canonical);
    assert_ok(row);
    return *row;
}

void a_request_fills_its_record(void**) {
    AuditRecord record = record_request(kOccasion, a_request(), kCsrHash);
    record_allow(record, "4a01", "note");
    pki::Buffer canonical;
    const pki::wire::AuditRow row = through_the_wire(record, canonical);
    assert_int_equal(row.sequence, 9);
    assert_int_equal(row.time, 1'790'000'000'123'456);
    assert_text(row.signerd, "signerd-1");
    assert_text(row.tenant, "demo");
    assert_text(row.profile, "device");
    assert_int_equal(row.protocol, pki::wire::Protocol::est);
    assert_int_equal(row.operation, pki::wire::Operation::renew);
    assert_int_equal(row.decision, Decision::allow);
    assert_int_equal(row.reason, 0);
    assert_text(row.detail, "note");
    assert_text(row.serial, "4a01");
    assert_hex(row.csr_sha256, pki::hex_encode(kCsrHash));
    assert_text(row.client_address, "2001:db8::1");
    assert_int_equal(row.credential, pki::wire::Credential::certificate);
    assert_text(row.credential_name, "CN=device-1");
    assert_text(row.transaction, "t-1");
    assert_text(row.peer, "nginx");
}

void undecided_is_denied(void**) {
    const AuditRecord record = record_request(kOccasion, a_request(), kCsrHash);
    assert_int_equal(record.decision, Decision::deny);
    assert_text(record.serial, "");
}

void a_refusal_has_its_cause(void**) {
    AuditRecord record = record_request(kOccasion, a_request(), kCsrHash);
    record_allow(record, "4a01");
    record_refusal(record, {Errc::denied, "profile: keys", 0, "rsa:1024"});
    assert_int_equal(record.decision, Decision::deny);
    assert_int_equal(record.reason, Errc::denied);
    assert_text(record.detail, "profile: keys: rsa:1024");
    assert_text(record.serial, "");

    record_refusal(record, {Errc::internal, "key child", 0, "gone"});
    assert_int_equal(record.decision, Decision::deny);
    assert_text(record.detail, "key child: gone");
}

void load_is_shed_and_limits_deny(void**) {
    AuditRecord record;
    record_refusal(record, {Errc::unavailable, "limits.queue reached", 0, ""});
    assert_int_equal(record.decision, Decision::shed);
    record_refusal(record, {Errc::limited, "too many", 0, ""});
    assert_int_equal(record.decision, Decision::deny);
}

constexpr const char* kPassword = "open sesame";

pki::Buffer csr_with(const std::vector<std::string>& names) {
    const auto key = pki::ossl::generate_key("ec:P-256");
    const auto subject = pki::x509::name_from_text("O=Example, CN=device-1");
    const auto san = pki::x509::build_san(names);
    return *pki::x509::build_csr({*subject, *san, kPassword}, key->get());
}

void a_csr_gives_its_names_and_no_secret(void**) {
    const pki::Buffer der = csr_with({"dns:device-1.example.com", "ip:192.0.2.1"});
    const auto csr = pki::x509::parse_csr(der);
    assert_ok(csr);
    assert_true(csr->challenge_password.has_value());

    AuditRecord record = record_request(kOccasion, a_request(), kCsrHash);
    describe_csr(record, *csr);
    assert_text(record.subject, "CN=device-1,O=Example");
    assert_text(record.sans, "dns:device-1.example.com,ip:192.0.2.1");
    pki::Buffer canonical;
    through_the_wire(record, canonical);
    assert_true(pki::as_text(canonical).find(kPassword) == std::string_view::npos);
}

// The longest that the parser accepts still fits its record.
void a_hundred_names_are_cut(void**) {
    const std::string label(63, 'a');
    std::vector<std::string> names;
    for (int i = 0; i < 100; i++)
        names.push_back("dns:" + label + "." + label + ".n" + std::to_string(i));
    const pki::Buffer der = csr_with(names);
    const auto csr = pki::x509::parse_csr(der);
    assert_ok(csr);
    AuditRecord record = record_request(kOccasion, a_request(), kCsrHash);
    describe_csr(record, *csr);
    assert_int_equal(record.sans.size(), 8192);
    assert_true(record.sans.ends_with("\xe2\x80\xa6"));
    pki::Buffer canonical;
    through_the_wire(record, canonical);
}

std::string detail_of(const std::string& cause) {
    AuditRecord record;
    record_refusal(record, {Errc::denied, "", 0, cause});
    pki::Buffer canonical;
    return std::string(through_the_wire(record, canonical).detail);
}

void foreign_bytes_are_made_fit(void**) {
    assert_text(detail_of("J\xc3\xbcrgen \\ \"x\""), ": J\xc3\xbcrgen \\ \"x\"");
    assert_text(detail_of("a\nb"),
                ": a\xef\xbf\xbd"
                "b");
    assert_text(detail_of({"a\0b", 3}),
                ": a\xef\xbf\xbd"
                "b");
    assert_text(detail_of("\x1b[31m"), ": \xef\xbf\xbd[31m");
    assert_text(detail_of("\xc2\x9b"), ": \xef\xbf\xbd");
    assert_text(detail_of("caf\xe9!"), ": caf\xef\xbf\xbd!");
    assert_text(detail_of("\xed\xa0\x80"), ": \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

void long_text_is_cut_between_characters(void**) {
    const std::string fits(1022, 'x');
    assert_text(detail_of(fits), ": " + fits);
    assert_text(detail_of(fits + "y"), ": " + fits.substr(0, 1019) + "\xe2\x80\xa6");

    std::string umlauts;
    for (int i = 0; i < 600; i++)
        umlauts += "\xc3\xbc";
    const std::string cut = detail_of(umlauts);
    assert_int_equal(cut.size(), 1023);
    assert_true(cut.ends_with("\xc3\xbc\xe2\x80\xa6"));
}

// Every field at once, so that none is forgotten.
void no_field_makes_a_record_unfit(void**) {
    const std::string bad(20'000, '\n');
    AuditRecord record;
    for (std::string* text :
         {&record.signerd, &record.tenant, &record.profile, &record.detail, &record.subject,
          &record.sans, &record.serial, &record.client_address, &record.credential_name,
          &record.transaction, &record.peer})
        *text = bad;
    record.csr_sha256.assign(100, 0);
    assert_error(Errc::internal, pki::wire::canonical(record.row(1)));
    make_fit(record);
    pki::Buffer canonical;
    through_the_wire(record, canonical);
    const AuditRecord once = record;
    make_fit(record);
    assert_text(record.detail, once.detail);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_request_fills_its_record),
        cmocka_unit_test(undecided_is_denied),
        cmocka_unit_test(a_refusal_has_its_cause),
        cmocka_unit_test(load_is_shed_and_limits_deny),
        cmocka_unit_test(a_csr_gives_its_names_and_no_secret),
        cmocka_unit_test(a_hundred_names_are_cut),
        cmocka_unit_test(foreign_bytes_are_made_fit),
        cmocka_unit_test(long_text_is_cut_between_characters),
        cmocka_unit_test(no_field_makes_a_record_unfit),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
