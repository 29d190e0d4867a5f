#include "signerd/store/sqlite_reader.h"

#include "libpki/base/base64.h"
#include "signerd/store/sqlite_certificate.h"

namespace signerd::sqlite {

namespace {

constexpr const char* kAnswer =
    "SELECT c.csr_sha256, c.ca, c.serial, a.created, a.spki_sha256 FROM answer a "
    "JOIN certificate c ON c.id = a.certificate WHERE a.key = ?";

constexpr const char* kCertificate = "WHERE c.serial = ? AND c.ca = ?";
constexpr const char* kSerial = "WHERE c.serial = ? ORDER BY c.id";
constexpr const char* kList =
    "WHERE c.id > ? AND instr(c.subject, ?) > 0 ORDER BY c.id LIMIT ?";
constexpr const char* kListOfProfile =
    "WHERE c.id > ? AND instr(c.subject, ?) > 0 AND c.profile = ? ORDER BY c.id LIMIT ?";

constexpr const char* kAudit =
    "SELECT canonical, hash FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?";

// Neither of the first two has gaps, so the last number is the count.
constexpr const char* kCounts =
    "SELECT (SELECT max(id) FROM certificate), (SELECT max(sequence) FROM audit), "
    "(SELECT revoked FROM revocation_count)";

// Ends a statement that goes through too many rows, which holds up the event loop. The bound
// is some 100,000 rows that do not match.
class Budget {
   public:
    explicit Budget(sqlite3* database) : database_(database) {
        sqlite3_progress_handler(database_, kOperations, tick, this);
    }
    Budget(const Budget&) = delete;
    Budget& operator=(const Budget&) = delete;
    ~Budget() { sqlite3_progress_handler(database_, 0, nullptr, nullptr); }

    bool spent() const { return ticks_ > kTicks; }

   private:
    static constexpr int kOperations = 10'000;
    static constexpr int kTicks = 100;

    static int tick(void* self) { return ++static_cast<Budget*>(self)->ticks_ > kTicks; }

    sqlite3* database_;
    int ticks_ = 0;
};

}  // namespace

pki::Result<std::unique_ptr<Reader>> Reader::create(Connection database) {
    sqlite3* const db = database.get();
    PKI_TRY(Statement answer, Statement::prepare(db, kAnswer));
    PKI_TRY(Statement certificate, select_certificates(db, kCertificate));
    PKI_TRY(Statement serial, select_certificates(db, kSerial));
    PKI_TRY(Statement list, select_certificates(db, kList));
    PKI_TRY(Statement list_of_profile, select_certificates(db, kListOfProfile));
    PKI_TRY(Statement audit, Statement::prepare(db, kAudit));
    PKI_TRY(Statement counts, Statement::prepare(db, kCounts));
    PKI_TRY(RevocationReader revocations, RevocationReader::create(db));
    PKI_TRY(CrlTable crls, CrlTable::create(db));
    PKI_TRY(UsedTable uses, UsedTable::create(db));
    PKI_TRY(RequestReader requests, RequestReader::create(db));
    PKI_TRY(TransactionReader transactions, TransactionReader::create(db));
    PKI_TRY(TokenReader tokens, TokenReader::create(db));
    return std::unique_ptr<Reader>(new Reader(
        std::move(database),
        {std::move(answer), std::move(certificate), std::move(serial), std::move(list),
         std::move(list_of_profile), std::move(audit), std::move(counts)},
        std::move(revocations), std::move(crls), std::move(requests), std::move(transactions),
        std::move(tokens), std::move(uses)));
}

pki::Result<std::optional<Answer>> Reader::find_answer(const pki::ossl::Sha256& key) const {
    Run run = statements_.answer.run();
    PKI_TRY(const bool found, run.blob(key).row());
    if (!found) return std::optional<Answer>();
    return std::optional<Answer>({key, run.sha256_at(0), run.text_at(1),
                                  pki::hex_encode(run.blob_at(2)), run.integer_at(3),
                                  run.sha256_at(4)});
}

pki::Result<std::optional<CertificateRecord>> Reader::find_certificate(
    const std::string& ca, const std::string& serial) const {
    const auto octets = pki::hex_decode(serial);
    if (!octets) return std::optional<CertificateRecord>();
    Run run = statements_.certificate.run();
    PKI_TRY(const bool found, run.blob(*octets).text(ca).row());
    if (!found) return std::optional<CertificateRecord>();
    return std::optional(certificate_of(run));
}

pki::Result<std::vector<CertificateRecord>> Reader::certificates_with_serial(
    const std::string& serial) const {
    const auto octets = pki::hex_decode(serial);
    if (!octets) return std::vector<CertificateRecord>();
    Run run = statements_.serial.run();
    run.blob(*octets);
    return certificates_of(run);
}

pki::Result<std::vector<CertificateRecord>> Reader::list_certificates(
    const CertificateFilter& filter) const {
    const bool any = filter.profile.empty();
    Run run = any ? statements_.list.run() : statements_.list_of_profile.run();
    run.integer(cursor(filter.after)).text(filter.subject);
    if (!any) run.text(filter.profile);
    const Budget budget(database_.get());
    auto records = certificates_of(run.integer(filter.limit));
    if (!records && budget.spent())
        return pki::fail(pki::Errc::limited,
                         "store: too many rows to search; name a profile or start further on");
    return records;
}

pki::Result<std::vector<AuditEntry>> Reader::audit_page(std::uint64_t after,
                                                        std::uint32_t limit) const {
    Run run = statements_.audit.run();
    run.integer(cursor(after)).integer(limit);
    std::vector<AuditEntry> entries;
    for (;;) {
        PKI_TRY(const bool found, run.row());
        if (!found) return entries;
        entries.push_back({run.blob_at(0), run.sha256_at(1)});
    }
}

pki::Result<Counts> Reader::counts() const {
    Run run = statements_.counts.run();
    PKI_TRY(const bool found, run.row());
    if (!found) return Counts{};
    return Counts{static_cast<std::uint64_t>(run.integer_at(0)),
                  static_cast<std::uint64_t>(run.integer_at(1)),
                  static_cast<std::uint64_t>(run.integer_at(2))};
}

}  // namespace signerd::sqlite
