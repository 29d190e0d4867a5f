// What signerd keeps: certificates, idempotency answers, audit records, waiting requests. No
// SQL outside this folder. One object, two sides: commit() is for the writer thread alone,
// every other verb for the event loop alone.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libpki/ossl/digest.h"
#include "libpki/wire/audit_row.h"
#include "libpki/x509/crl_reason.h"
#include "signerd/store/pending.h"
#include "signerd/store/token.h"
#include "signerd/store/transaction.h"
#include "signerd/store/used.h"

namespace signerd {

// The text of every error that a damaged file causes: what the operator has to do.
constexpr char kStoreDamaged[] =
    "store: damaged; keep its files and restore the database from a backup, see "
    "\"When the store is broken\" in operations.md";

struct Revocation {
    pki::x509::CrlReason reason = pki::x509::CrlReason::unspecified;
    std::int64_t time = 0;  // seconds since 1970
};

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
    std::uint32_t partition = 0;  // of the CRL that its extension points to; 0: complete
    std::optional<Revocation> revocation;  // as it is now; not written with the certificate
};

// A certificate that is revoked, or released from certificateHold.
struct RevocationChange {
    std::string ca;
    std::string serial;
    std::optional<Revocation> revocation;  // nullopt: released
    // SHA-256 of the SubjectPublicKeyInfo that is certified no more (keyCompromise).
    std::optional<pki::ossl::Sha256> blocked_key;
};

// The newest CRL of its kind. Its bytes are in a file (crl_files.h).
struct CrlRecord {
    std::string ca = {};
    std::uint32_t partition = 0;  // 0: the complete list
    bool delta = false;
    std::uint64_t number = 0;
    std::int64_t this_update = 0;
    std::int64_t next_update = 0;
    // thisUpdate of the last one that its schedule brought, itself included: what expired
    // before that has been on such a list and is left out of the next (RFC 5280 3.3).
    std::int64_t scheduled = 0;
    std::uint64_t change = 0;  // revocations up to here are in it
    std::uint64_t base = 0;    // number of the complete list of a delta
    std::uint64_t entries = 0;
    std::uint64_t size = 0;  // bytes
    pki::ossl::Sha256 sha256{};
    // Of what decides how a list looks beside its entries: crl_form() in crl_schedule.h.
    pki::ossl::Sha256 form{};
    std::string urls = {};  // of a partition, in its list; separated by spaces
};

// What an earlier request with this key got. The key is a hash over tenant, profile,
// protocol, identity and the client's key or the CSR: see idempotency.h.
struct Answer {
    pki::ossl::Sha256 key{};
    pki::ossl::Sha256 csr_sha256{};
    std::string ca;
    std::string serial;  // which certificate answers
    // Seconds since 1970. Of a certificate that a person approved: when the time to fetch it
    // ends, so that a window of the client's retries begins then.
    std::int64_t created = 0;
    pki::ossl::Sha256 spki_sha256{};  // of the key in it; zeros: not known
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
    // becomes durable together. None of them allows anything but a change of `revocations`.
    std::vector<AuditRecord> more;
    // The i-th one comes with the i-th record of `audit` and `more`, which allows it: operation
    // revoke or release, same serial. There are none beside a certificate.
    std::vector<RevocationChange> revocations;
    // Each replaces that of the same CA, partition and kind; with `audit`, operation crl. The
    // numbers of a CA never go down.
    std::vector<CrlRecord> crls;
    // What the certificate uses up. Of `used` none is in the store.
    std::vector<UsedValue> used;
    std::vector<CountedValue> counted;
    // A new one, with an audit record that says pending and of the same CSR. It takes the place
    // of one with the same key that has expired or was issued.
    std::optional<PendingRequest> pending;
    // Of a request that waits: to issued with the certificate and an answer, to denied with the
    // audit record that denies.
    std::optional<PendingChange> pending_change;
    // A new one, with a certificate, a request that waits, or the record of what it was for. It
    // takes the place of one with the same key that is over.
    std::optional<Transaction> transaction;
    std::optional<TransactionChange> transaction_change;
    // Each with an audit record that allows it, operation token. A new one takes a few others
    // with it that are over for long.
    std::optional<Token> token;
    std::optional<TokenRevocation> token_revocation;  // of one that is revoked: nothing
    // Nothing is decided: a transaction goes on, or those are forgotten that are over at
    // `forget_before`, a few of them. There is no audit record then, and nothing else.
    bool silent = false;
    std::int64_t forget_before = 0;  // seconds since 1970; 0: none
};

struct AuditEntry {
    pki::Buffer canonical;
    pki::ossl::Sha256 hash{};
};

struct Counts {
    std::uint64_t certificates = 0;
    std::uint64_t audit_records = 0;
    std::uint64_t revoked = 0;  // now, expired ones as well
};

struct CertificateFilter {
    std::string profile = {};  // empty: any
    std::string subject = {};  // substring; empty: any
    std::uint64_t after = 0;
    std::uint32_t limit = 100;
};

// What is known of a serial, for OCSP.
struct SerialStatus {
    std::int64_t not_after = 0;
    std::optional<Revocation> revocation;
};

struct Change {
    std::uint64_t number = 0;  // grows with each RevocationChange, over all CAs; from 1
    std::string ca;
    std::string serial;
};

// What bulk revocation looks for. Certificates of no protocol, which are those of OCSP
// responders and RAs, are found by their profile alone. Empty, none and 0 match everything
// else.
struct BulkFilter {
    std::string profile = {}, tenant = {}, ca = {};
    pki::wire::Protocol protocol = pki::wire::Protocol::none;
    std::int64_t issued_from = 0;
    std::int64_t issued_to = 0;                          // inclusive
    std::function<bool(std::string_view)> subject = {};  // does its text match? none: any
    std::uint32_t limit = 100;
};

// Entries of one CRL, read outside of the event loop: for one thread at a time, with a view of
// the store that does not change while it lasts.
class CrlSource {
   public:
    struct Entry {
        pki::Buffer serial;
        std::int64_t time = 0;
        pki::x509::CrlReason reason = pki::x509::CrlReason::unspecified;
    };
    using OnEntry = std::function<void(const Entry& entry)>;

    virtual ~CrlSource() = default;
    // The last change of this view.
    virtual pki::Result<std::uint64_t> last_change() = 0;
    // All that are revoked of this CA and partition (0: of all of them) and expire at
    // `alive` or later, by serial.
    virtual pki::Status complete(const std::string& ca, std::uint32_t partition,
                                 std::int64_t alive, const OnEntry& on_entry) = 0;
    // What a delta over a complete list made at change `since` says of those whose state
    // changed after it: the ones that are revoked now, and as removeFromCRL the ones that are
    // released now, which may have been on that list or on a delta since (RFC 5280 5.2.4). By
    // serial.
    virtual pki::Status delta(const std::string& ca, std::uint32_t partition,
                              std::int64_t alive, std::uint64_t since,
                              const OnEntry& on_entry) = 0;
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

    // nullopt: no certificate of this CA has the serial.
    virtual pki::Result<std::optional<SerialStatus>> find_status(const std::string& ca,
                                                                 pki::Bytes serial) = 0;
    virtual pki::Result<bool> is_blocked(const pki::ossl::Sha256& spki_sha256) = 0;

    // Kept at least until it expires.
    virtual pki::Result<bool> is_used(const UsedValue& value) = 0;
    // Of those under this hash, how many have not expired at `now`, seconds since 1970, and when
    // they will be fewer than `limit`, which is not 0.
    virtual pki::Result<Counted> count(const pki::ossl::Sha256& hash, std::int64_t now,
                                       std::uint32_t limit) = 0;
    // Of the rows behind `after`, up to `until`: looks at `window` row numbers at most, takes
    // up to filter.limit, and is done when `last`, the row where it stopped, is `until`.
    // `records` are those that match, are not revoked, and expire after `now`.
    struct BulkPage {
        std::vector<CertificateRecord> records;
        std::uint64_t last = 0;
    };
    virtual pki::Result<BulkPage> find_bulk(const BulkFilter& filter, std::uint64_t after,
                                            std::uint64_t until, std::uint32_t window,
                                            std::int64_t now) = 0;
    // 0: there was none.
    virtual pki::Result<std::uint64_t> last_change() = 0;
    // Those behind `after`, in order.
    virtual pki::Result<std::vector<Change>> changes(std::uint64_t after,
                                                     std::uint32_t limit) = 0;
    // By CA, partition and kind.
    virtual pki::Result<std::vector<CrlRecord>> crls() = 0;

    // The last one with the key, whatever became of it.
    virtual pki::Result<std::optional<PendingRequest>> find_request(
        const pki::ossl::Sha256& key) = 0;
    virtual pki::Result<std::optional<PendingRequest>> find_request(std::uint64_t id) = 0;
    // By id.
    virtual pki::Result<std::vector<PendingRequest>> list_requests(
        const PendingFilter& filter) = 0;
    // How many wait and have not expired, of a profile or (empty) of all.
    virtual pki::Result<std::uint64_t> waiting_requests(const std::string& profile,
                                                        std::int64_t now) = 0;

    // Nullopt as well when it was over so long ago that it is forgotten.
    virtual pki::Result<std::optional<Token>> find_token(const pki::ossl::Sha256& sha256) = 0;
    virtual pki::Result<std::optional<Token>> find_token(std::uint64_t id) = 0;
    // By id.
    virtual pki::Result<std::vector<Token>> list_tokens(const TokenFilter& filter) = 0;

    virtual pki::Result<std::optional<Transaction>> find_transaction(
        const pki::ossl::Sha256& key) = 0;
    // Those that is_due() and were to be confirmed before `now`, the oldest first.
    virtual pki::Result<std::vector<Transaction>> due_transactions(std::int64_t now,
                                                                   std::uint32_t limit) = 0;
    // Is there one that could be forgotten?
    virtual pki::Result<bool> has_old_transactions(std::int64_t now) = 0;

    // On any thread; it may outlive no store.
    virtual pki::Result<std::unique_ptr<CrlSource>> crl_source() = 0;
};

// Opens or creates; migrates the schema. A lock on "<path>.lock" keeps everybody else out until
// the store is closed: unavailable when another has it. From then on no file of the store may
// be moved or replaced, or commit() is unavailable. Refuses a file of a newer schema, a damaged
// one (quick_check) and one whose last audit record does not match its hash, with a message
// that says what to do.
pki::Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path);

}  // namespace signerd
