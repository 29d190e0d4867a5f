// What signerd keeps: certificates, idempotency answers, audit records. No SQL outside this
// folder. One object, two sides: commit() is for the writer thread alone, every other verb
// for the event loop alone.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libpki/ossl/digest.h"
#include "libpki/wire/audit_row.h"

namespace signerd {

// The text of every error that a damaged file causes: what the operator has to do.
constexpr char kStoreDamaged[] =
    "store: damaged; keep its files and restore the database from a backup, see "
    "\"When the store is broken\" in operations.md";

struct CertificateRecord {
    std::uint64_t row = 0;  // set by the store, grows with each certificate
    std::string ca;
    std::string tenant;
    std::string profile;
    std::string serial;  // lower-case hex, unique per CA
    pki::Buffer der;
    std::string subject;  // RFC 4514
    std::string sans;
    std::int64_t not_before = 0;  // seconds since 1970
    std::int64_t not_after = 0;
    std::int64_t issued = 0;
    pki::wire::Protocol protocol = pki::wire::Protocol::none;
    pki::ossl::Sha256 csr_sha256{};
};

// What an earlier request with this key got. The key is a hash over tenant, profile,
// protocol, identity and the client's key or the CSR: see idempotency.h.
struct Answer {
    pki::ossl::Sha256 key{};
    pki::ossl::Sha256 csr_sha256{};
    std::string ca;
    std::string serial;        // which certificate answers
    std::int64_t created = 0;  // seconds since 1970
};

// An audit record that owns its strings; sequence and hash are the store's to give.
struct AuditRecord {
    std::int64_t time = 0;  // microseconds
    std::string signerd, tenant, profile;
    pki::wire::Protocol protocol = pki::wire::Protocol::none;
    pki::wire::Operation operation = pki::wire::Operation::none;
    pki::wire::Decision decision = pki::wire::Decision::deny;
    std::uint8_t reason = 0;
    std::string detail, subject, sans, serial;
    pki::Buffer csr_sha256;
    std::string client_address;
    pki::wire::Credential credential = pki::wire::Credential::none;
    std::string credential_name, transaction, peer;
    std::uint16_t http_status = 0;

    // A view of this record. Text is made fit for the wire when it is filled in (audit.h).
    pki::wire::AuditRow row(std::uint64_t sequence) const;
};

// One decision: what must become durable before its answer leaves. A certificate comes with
// the audit record that allows it (same serial), an answer with the certificate that it
// names (same ca, serial and csr_sha256).
struct Decided {
    AuditRecord audit;
    std::optional<CertificateRecord> certificate;
    std::optional<Answer> answer;  // replaces one with the same key
    // Further records of the same moment, behind `audit`: what a frontend reports together
    // becomes durable together. None of them allows anything.
    std::vector<AuditRecord> more;
};

struct AuditEntry {
    pki::Buffer canonical;
    pki::ossl::Sha256 hash{};
};

struct Counts {
    std::uint64_t certificates = 0;
    std::uint64_t audit_records = 0;
};

struct CertificateFilter {
    std::string profile = {};  // empty: any
    std::string subject = {};  // substring; empty: any
    std::uint64_t after = 0;
    std::uint32_t limit = 100;
};

class Store {
   public:
    virtual ~Store() = default;

    // One transaction for all, in order, durable when it returns. On failure nothing of the
    // batch is kept: unavailable when trying again may help (disk full, locked), internal
    // otherwise.
    virtual pki::Status commit(std::span<const Decided* const> batch) = 0;

    // Without a match: nullopt or an empty list, also when a serial is not hex.
    virtual pki::Result<std::optional<Answer>> find_answer(const pki::ossl::Sha256& key) = 0;
    virtual pki::Result<std::optional<CertificateRecord>> find_certificate(
        const std::string& ca, const std::string& serial) = 0;
    // Of every CA, since serials are unique per CA only.
    virtual pki::Result<std::vector<CertificateRecord>> certificates_with_serial(
        const std::string& serial) = 0;
    virtual pki::Result<std::vector<CertificateRecord>> list_certificates(
        const CertificateFilter& filter) = 0;
    virtual pki::Result<std::vector<AuditEntry>> audit_page(std::uint64_t after,
                                                            std::uint32_t limit) = 0;
    virtual pki::Result<Counts> counts() = 0;
};

// Opens or creates; migrates the schema. A lock on "<path>.lock" keeps everybody else out until
// the store is closed: unavailable when another has it. From then on no file of the store may
// be moved or replaced, or commit() is unavailable. Refuses a file of a newer schema, a damaged
// one (quick_check) and one whose last audit record does not match its hash, with a message
// that says what to do.
pki::Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path);

}  // namespace signerd
