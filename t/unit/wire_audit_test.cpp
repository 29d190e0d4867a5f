#include "libpki/wire/audit_row.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Errc;
using unit::hex;
namespace wire = pki::wire;

// The canonical bytes of a row in which only these fields are set.
pki::Result<Buffer> canonical_with(auto&& set) {
    wire::AuditRow row;
    set(row);
    return wire::canonical(row);
}

void the_least_row(void**) {
    const auto canonical = canonical_with([](wire::AuditRow& row) { row.sequence = 1; });
    assert_ok(canonical);
    assert_hex(*canonical,
               "01000000080000000000000001"
               "080000000102");
}

// The chain of hashes runs over these bytes: they may never change.
void canonical_bytes(void**) {
    const Buffer hash(32, 0xab);
    wire::AuditRow row;
    row.sequence = 7;
    row.time = 1795194000000000;
    row.signerd = "s1";
    row.tenant = "t";
    row.profile = "tls";
    row.protocol = wire::Protocol::est;
    row.operation = wire::Operation::enroll;
    row.decision = wire::Decision::allow;
    row.detail = "d";
    row.subject = "CN=a";
    row.sans = "dns:a";
    row.serial = "0a";
    row.csr_sha256 = hash;
    row.client_address = "192.0.2.1";
    row.credential = wire::Credential::basic;
    row.credential_name = "u";
    row.transaction = "x";
    row.peer = "nginx";
    const auto canonical = wire::canonical(row);
    assert_ok(canonical);
    assert_hex(*canonical,
               "01000000080000000000000007"
               "0200000008000660b82cac4400"
               "03000000027331"
               "040000000174"
               "0500000003746c73"
               "060000000101"
               "070000000101"
               "080000000101"
               "0a0000000164"
               "0b00000004434e3d61"
               "0c00000005646e733a61"
               "0d000000023061"
               "0e00000020abababababababababababababababababababababababababababababababab"
               "0f000000093139322e302e322e31"
               "100000000101"
               "110000000175"
               "120000000178"
               "13000000056e67696e78");
    const auto parsed = wire::parse_canonical(*canonical);
    assert_ok(parsed);
    assert_int_equal(parsed->sequence, 7);
    assert_true(parsed->time == row.time);
    assert_text(parsed->sans, "dns:a");
    assert_text(parsed->peer, "nginx");
    assert_hex(*wire::canonical(*parsed), pki::hex_encode(*canonical));
}

// A field that later rows have and earlier ones lack comes last.
void the_status_of_a_report(void**) {
    const auto canonical = canonical_with([](wire::AuditRow& row) {
        row.credential = wire::Credential::unproven;
        row.peer = "nginx";
        row.http_status = 401;
    });
    assert_ok(canonical);
    assert_hex(*canonical,
               "080000000102"
               "100000000103"
               "13000000056e67696e78"
               "14000000020191");
    assert_int_equal(wire::parse_canonical(*canonical)->http_status, 401);
}

void rows_that_nobody_wrote(void**) {
    const Buffer good = *canonical_with([](wire::AuditRow& row) { row.detail = "d"; });
    assert_ok(wire::parse_canonical(good));
    Buffer trailing = good;
    trailing.push_back(0);
    assert_error(Errc::malformed, wire::parse_canonical(trailing));
    const Buffer cut(good.begin(), good.end() - 1);
    assert_error(Errc::malformed, wire::parse_canonical(cut));
    assert_error(Errc::malformed, wire::parse_canonical({}));  // no decision
    assert_error(Errc::malformed, wire::parse_canonical(hex("08 00000001 05")));
    assert_error(Errc::malformed, wire::parse_canonical(hex("08 00000001 02 09 00000001 0c")));
    assert_ok(wire::parse_canonical(hex("08 00000001 02 09 00000001 0b")));
}

void values_beyond_their_bounds(void**) {
    const std::string longest(8192, 'a'), too_long(8193, 'a');
    assert_ok(canonical_with([&](wire::AuditRow& row) { row.sans = longest; }));
    assert_error(Errc::internal,
                 canonical_with([&](wire::AuditRow& row) { row.sans = too_long; }));
    assert_error(Errc::internal,
                 canonical_with([](wire::AuditRow& row) { row.detail = "a\nb"; }));
    assert_error(Errc::internal,
                 canonical_with([](wire::AuditRow& row) { row.reason = pki::kErrcCount + 1; }));
    assert_error(Errc::internal, canonical_with([](wire::AuditRow& row) {
                     row.decision = static_cast<wire::Decision>(0);
                 }));
}

void negative_times_come_back(void**) {
    const auto canonical = canonical_with([](wire::AuditRow& row) { row.time = -1; });
    assert_ok(canonical);
    assert_true(wire::parse_canonical(*canonical)->time == -1);
}

void names(void**) {
    assert_text(wire::name(wire::Decision::allow), "allow");
    assert_text(wire::name(wire::Decision::deny), "deny");
    assert_text(wire::name(wire::Decision::shed), "shed");
    assert_text(wire::name(wire::Decision::pending), "pending");
    assert_text(wire::name(wire::Credential::challenge), "challenge");
    assert_text(wire::name(wire::Operation::challenge), "challenge");
    assert_text(wire::name(wire::Operation::ra), "ra");
    assert_text(wire::name(wire::Operation::confirm), "confirm");
    assert_text(wire::name(wire::Operation::token), "token");
    assert_text(wire::name(static_cast<wire::Decision>(0)), "unknown");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_least_row),
        cmocka_unit_test(canonical_bytes),
        cmocka_unit_test(the_status_of_a_report),
        cmocka_unit_test(rows_that_nobody_wrote),
        cmocka_unit_test(values_beyond_their_bounds),
        cmocka_unit_test(negative_times_come_back),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
