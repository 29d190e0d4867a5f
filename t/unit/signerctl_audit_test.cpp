#include "clients/signerctl/audit_chain.h"
#include "clients/signerctl/audit_json.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::wire::AuditRow;

constexpr std::uint8_t kCsrHash[32] = {0xab, 0xcd};

AuditRow sample(std::uint64_t sequence) {
    AuditRow row;
    row.sequence = sequence;
    row.time = 1'795'194'000'000'042;
    row.signerd = "signerd-1";
    row.tenant = "default";
    row.profile = "devices";
    row.protocol = pki::wire::Protocol::est;
    row.operation = pki::wire::Operation::renew;
    row.decision = pki::wire::Decision::deny;
    row.reason = static_cast<std::uint8_t>(Errc::weak_key);
    row.detail = "profile: keys: rsa:1024";
    row.subject = "CN=Gerät 7";
    row.sans = "dns:a.example,ip:192.0.2.1";
    row.csr_sha256 = kCsrHash;
    row.client_address = "192.0.2.7";
    row.credential = pki::wire::Credential::certificate;
    row.credential_name = "CN=\"quoted\"";
    row.peer = "nginx";
    return row;
}

struct Record {
    Buffer canonical;
    Buffer hash;
};

// Records 1 to `count`, chained as signerd does it.
std::vector<Record> sample_log(std::uint64_t count) {
    std::vector<Record> log;
    pki::ossl::Sha256 head{};
    for (std::uint64_t sequence = 1; sequence <= count; sequence++) {
        Buffer canonical = *pki::wire::canonical(sample(sequence));
        head = pki::ossl::sha256({head, canonical});
        log.push_back({std::move(canonical), {head.begin(), head.end()}});
    }
    return log;
}

// The error's message, or the number of records.
std::string verdict(const std::vector<Record>& log) {
    signerctl::AuditChain chain;
    for (const Record& record : log)
        if (const auto status = chain.add(record.canonical, record.hash); !status)
            return status.error().message();
    return std::to_string(chain.records());
}

std::string sample_line() {
    const Record record = sample_log(1).front();
    return signerctl::json_line(
        signerctl::audit_json(sample(1), record.canonical, record.hash).get());
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    assert_true(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

Errc line_error(const std::string& line) {
    const auto exported = signerctl::parse_audit_json(pki::as_bytes(line));
    assert_false(exported.has_value());
    return exported.error().code;
}

void json_has_every_field(void**) {
    const auto line = sample_line();
    const auto parsed = signerctl::parse_json_object(pki::as_bytes(line));
    assert_ok(parsed);
    const auto text = [&](const char* name) {
        return signerctl::member_text(parsed->get(), name);
    };
    assert_text(text("sequence"), "1");
    assert_text(text("time"), "2026-11-20T17:00:00.000042Z");
    assert_text(text("protocol"), "est");
    assert_text(text("operation"), "renew");
    assert_text(text("decision"), "deny");
    assert_text(text("reason"), "weak_key");
    assert_text(text("subject"), "CN=Gerät 7");
    assert_text(text("credential"), "certificate");
    assert_text(text("credential_name"), "CN=\"quoted\"");
    assert_text(text("serial"), "");
    assert_int_equal(text("csr_sha256").size(), 64);
    assert_int_equal(json_object_size(parsed->get()), 21);
}

void exported_line_gives_back_canonical_and_hash(void**) {
    const auto exported = signerctl::parse_audit_json(pki::as_bytes(sample_line()));
    assert_ok(exported);
    const Record record = sample_log(1).front();
    assert_true(exported->canonical == record.canonical);
    assert_true(exported->hash == record.hash);
}

void line_that_disagrees_with_its_canonical_bytes_is_refused(void**) {
    const std::string line = sample_line();
    assert_true(line_error(replaced(line, "192.0.2.7", "192.0.2.8")) == Errc::malformed);
    assert_true(line_error(replaced(line, "\"deny\"", "\"allow\"")) == Errc::malformed);
    assert_true(line_error(replaced(line, "00.000042Z", "00.000043Z")) == Errc::malformed);
    assert_true(line_error(replaced(line, "\"sequence\":1", "\"sequence\":2")) ==
                Errc::malformed);
    assert_true(line_error(replaced(line, "\"peer\":", "\"more\":\"\",\"peer\":")) ==
                Errc::malformed);
    assert_true(line_error(replaced(line, "\"tenant\":\"default\",", "")) == Errc::malformed);
}

void line_that_is_no_record_is_refused(void**) {
    const std::string line = sample_line();
    assert_true(line_error("") == Errc::malformed);
    assert_true(line_error("[]") == Errc::malformed);
    assert_true(line_error("{}") == Errc::malformed);
    assert_true(line_error(line.substr(0, line.size() / 2)) == Errc::malformed);
    assert_true(line_error(line + line) == Errc::malformed);
    assert_true(line_error(replaced(line, "{", "{\"peer\":\"nginx\",")) == Errc::malformed);
}

void times_before_1970_have_a_positive_fraction(void**) {
    assert_text(signerctl::iso8601_micros(-1), "1969-12-31T23:59:59.999999Z");
    assert_text(signerctl::iso8601_micros(0), "1970-01-01T00:00:00.000000Z");
}

void intact_chain_is_counted(void**) {
    assert_text(verdict({}), "0");
    const auto log = sample_log(5);
    assert_text(verdict(log), "5");
    signerctl::AuditChain chain;
    for (const Record& record : log) assert_ok(chain.add(record.canonical, record.hash));
    assert_true(pki::equal(chain.head(), log.back().hash));
}

void changed_record_breaks_the_chain_where_it_is(void**) {
    auto log = sample_log(5);
    AuditRow forged = sample(3);
    forged.subject = "CN=another";
    log[2].canonical = *pki::wire::canonical(forged);
    const std::string expected =
        "audit: the chain is broken: sequence 3: the hash does not match the records up to "
        "here";
    assert_text(verdict(log), expected);
    // With a hash that fits the forged record alone, too.
    const auto hash = pki::ossl::sha256({log[1].hash, log[2].canonical});
    log[2].hash.assign(hash.begin(), hash.end());
    assert_text(verdict(log), replaced(expected, "sequence 3", "sequence 4"));
}

void changed_or_short_hash_breaks_the_chain(void**) {
    auto log = sample_log(2);
    log[1].hash[31] ^= 1;
    assert_true(verdict(log).find("sequence 2") != std::string::npos);
    log = sample_log(2);
    log[0].hash.pop_back();
    assert_true(verdict(log).find("sequence 1") != std::string::npos);
}

void missing_or_repeated_record_breaks_the_chain(void**) {
    auto log = sample_log(5);
    log.erase(log.begin() + 2);
    assert_text(verdict(log),
                "audit: the chain is broken: sequence 3: the record here has sequence 4");
    log = sample_log(5);
    log.erase(log.begin());
    assert_text(verdict(log),
                "audit: the chain is broken: sequence 1: the record here has sequence 2");
    log = sample_log(2);
    log.push_back(log.back());
    assert_text(verdict(log),
                "audit: the chain is broken: sequence 3: the record here has sequence 2");
}

void truncated_record_breaks_the_chain(void**) {
    auto log = sample_log(2);
    log[1].canonical.pop_back();
    assert_true(verdict(log).starts_with("audit: the chain is broken: sequence 2: "));
    log = sample_log(1);
    log[0].canonical.clear();
    assert_true(verdict(log).starts_with("audit: the chain is broken: sequence 1: "));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(json_has_every_field),
        cmocka_unit_test(exported_line_gives_back_canonical_and_hash),
        cmocka_unit_test(line_that_disagrees_with_its_canonical_bytes_is_refused),
        cmocka_unit_test(line_that_is_no_record_is_refused),
        cmocka_unit_test(times_before_1970_have_a_positive_fraction),
        cmocka_unit_test(intact_chain_is_counted),
        cmocka_unit_test(changed_record_breaks_the_chain_where_it_is),
        cmocka_unit_test(changed_or_short_hash_breaks_the_chain),
        cmocka_unit_test(missing_or_repeated_record_breaks_the_chain),
        cmocka_unit_test(truncated_record_breaks_the_chain),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
