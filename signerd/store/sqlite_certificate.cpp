#include "signerd/store/sqlite_certificate.h"

#include <limits>

#include "libpki/base/base64.h"

namespace signerd::sqlite {

namespace {

constexpr const char* kSelect =
    "SELECT c.id, c.ca, c.serial, c.tenant, c.profile, c.subject, c.sans, c.not_before, "
    "c.not_after, c.issued, c.protocol, c.csr_sha256, c.der, c.\"partition\", r.reason, r.time "
    "FROM certificate c LEFT JOIN revocation r ON r.ca = c.ca AND r.serial = c.serial ";

}  // namespace

pki::Result<Statement> select_certificates(sqlite3* database, const char* rest) {
    return Statement::prepare(database, (std::string(kSelect) + rest).c_str());
}

CertificateRecord certificate_of(const Run& run) {
    CertificateRecord record;
    record.row = static_cast<std::uint64_t>(run.integer_at(0));
    record.ca = run.text_at(1);
    record.serial = pki::hex_encode(run.blob_at(2));
    record.tenant = run.text_at(3);
    record.profile = run.text_at(4);
    record.subject = run.text_at(5);
    record.sans = run.text_at(6);
    record.not_before = run.integer_at(7);
    record.not_after = run.integer_at(8);
    record.issued = run.integer_at(9);
    record.protocol = static_cast<pki::wire::Protocol>(run.integer_at(10));
    record.csr_sha256 = run.sha256_at(11);
    record.der = run.blob_at(12);
    record.partition = static_cast<std::uint32_t>(run.integer_at(13));
    record.revocation = revocation_at(run, 14, 15);
    return record;
}

pki::Result<std::vector<CertificateRecord>> certificates_of(Run& run) {
    std::vector<CertificateRecord> records;
    for (;;) {
        PKI_TRY(const bool found, run.row());
        if (!found) return records;
        records.push_back(certificate_of(run));
    }
}

std::optional<Revocation> revocation_at(const Run& run, int reason_column, int time_column) {
    if (run.is_null_at(time_column)) return std::nullopt;
    return Revocation{static_cast<pki::x509::CrlReason>(run.integer_at(reason_column)),
                      run.integer_at(time_column)};
}

std::int64_t cursor(std::uint64_t after) {
    constexpr std::uint64_t kLast = std::numeric_limits<std::int64_t>::max();
    return static_cast<std::int64_t>(std::min(after, kLast));
}

}  // namespace signerd::sqlite
