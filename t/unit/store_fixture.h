// Decisions to store, and a folder to store them in.
#pragma once

#include <stdlib.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "libpki/base/base64.h"
#include "signerd/store/store.h"

namespace unit {

// remove() deletes it: a failed assertion jumps past destructors.
class StoreFolder {
   public:
    StoreFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "store-XXXXXX").string();
        path_ = mkdtemp(name.data());
    }
    void remove() const { std::filesystem::remove_all(path_); }

    const std::filesystem::path& path() const { return path_; }
    std::string file(const std::string& name = "store.db") const {
        return (path_ / name).string();
    }

   private:
    std::filesystem::path path_;
};

inline std::string serial_of(std::uint64_t number) {
    std::array<char, 41> text{};
    std::snprintf(text.data(), text.size(), "4a%038llx",
                  static_cast<unsigned long long>(number));
    return text.data();
}

inline pki::ossl::Sha256 hash_of(std::string_view what, std::uint64_t number) {
    return pki::ossl::sha256({pki::as_bytes(what), pki::as_bytes(serial_of(number))});
}

inline signerd::AuditRecord audit_record(std::uint64_t number) {
    signerd::AuditRecord record;
    record.time = 1'790'000'000'000'000 + static_cast<std::int64_t>(number);
    record.signerd = "signerd-1";
    record.tenant = "demo";
    record.profile = "device";
    record.protocol = pki::wire::Protocol::est;
    record.operation = pki::wire::Operation::enroll;
    record.subject = "CN=device-" + std::to_string(number);
    record.csr_sha256 = pki::to_buffer(hash_of("csr", number));
    record.client_address = "192.0.2.1";
    record.credential = pki::wire::Credential::basic;
    record.credential_name = "factory";
    record.peer = "nginx";
    return record;
}

inline signerd::Decided denial(std::uint64_t number) {
    signerd::Decided decided;
    decided.audit = audit_record(number);
    decided.audit.reason = static_cast<std::uint8_t>(pki::Errc::denied);
    decided.audit.detail = "profile: keys";
    return decided;
}

inline signerd::CertificateRecord certificate_record(std::uint64_t number) {
    signerd::CertificateRecord record;
    record.ca = "issuing";
    record.tenant = "demo";
    record.profile = "device";
    record.serial = serial_of(number);
    record.der = pki::to_buffer(hash_of("der", number));
    record.subject = "CN=device-" + std::to_string(number);
    record.sans = "dns:device-" + std::to_string(number) + ".example.com";
    record.not_before = 1'790'000'000;
    record.not_after = 1'800'000'000;
    record.issued = 1'790'000'300;
    record.protocol = pki::wire::Protocol::est;
    record.csr_sha256 = hash_of("csr", number);
    return record;
}

inline signerd::Decided issue_of(const signerd::CertificateRecord& certificate,
                                 const pki::ossl::Sha256& key) {
    signerd::Decided decided;
    decided.audit = audit_record(0);
    decided.audit.decision = pki::wire::Decision::allow;
    decided.audit.serial = certificate.serial;
    decided.certificate = certificate;
    decided.answer = signerd::Answer{key, certificate.csr_sha256, certificate.ca,
                                     certificate.serial, certificate.issued};
    return decided;
}

inline signerd::Decided issue(std::uint64_t number) {
    return issue_of(certificate_record(number), hash_of("key", number));
}

// The time of a revocation by revocation_of().
constexpr std::int64_t kRevoked = 1'795'000'000;

inline signerd::RevocationChange revocation_of(
    const signerd::CertificateRecord& certificate,
    pki::x509::CrlReason reason = pki::x509::CrlReason::superseded) {
    return {certificate.ca, certificate.serial, signerd::Revocation{reason, kRevoked}, {}};
}

// What must be in the audit for it.
inline signerd::AuditRecord record_for(const signerd::RevocationChange& change) {
    signerd::AuditRecord record = audit_record(0);
    record.operation =
        change.revocation ? pki::wire::Operation::revoke : pki::wire::Operation::release;
    record.decision = pki::wire::Decision::allow;
    record.serial = change.serial;
    return record;
}

// One decision with all of them; there is at least one.
inline signerd::Decided change_of(const std::vector<signerd::RevocationChange>& changes) {
    signerd::Decided decided;
    decided.audit = record_for(changes.at(0));
    for (std::size_t i = 1; i < changes.size(); i++)
        decided.more.push_back(record_for(changes[i]));
    decided.revocations = changes;
    return decided;
}

inline signerd::Decided revoke(std::uint64_t number,
                               pki::x509::CrlReason reason = pki::x509::CrlReason::superseded) {
    return change_of({revocation_of(certificate_record(number), reason)});
}

inline signerd::Decided release(std::uint64_t number) {
    signerd::RevocationChange change = revocation_of(certificate_record(number));
    change.revocation.reset();
    return change_of({change});
}

inline signerd::Decided publish(const std::vector<signerd::CrlRecord>& records) {
    signerd::Decided decided;
    decided.audit = audit_record(0);
    decided.audit.operation = pki::wire::Operation::crl;
    decided.audit.decision = pki::wire::Decision::allow;
    decided.crls = records;
    return decided;
}

// The time at which a request of pending_request() was made, and how long it waits.
constexpr std::int64_t kAsked = 1'790'000'000;
constexpr std::int64_t kWaits = 1000;

inline signerd::PendingRequest pending_request(std::uint64_t number) {
    signerd::PendingRequest request;
    request.key = hash_of("key", number);
    request.tenant = "demo";
    request.profile = "device";
    request.protocol = pki::wire::Protocol::scep;
    request.operation = pki::wire::Operation::enroll;
    request.csr = pki::to_buffer(hash_of("request", number));
    request.csr_sha256 = hash_of("csr", number);
    request.spki_sha256 = hash_of("spki", number);
    request.subject = "CN=device-" + std::to_string(number);
    request.created = kAsked;
    request.expires = kAsked + kWaits;
    return request;
}

inline signerd::Decided ask(const signerd::PendingRequest& request) {
    signerd::Decided decided;
    decided.audit = audit_record(0);
    decided.audit.decision = pki::wire::Decision::pending;
    decided.audit.csr_sha256 = pki::to_buffer(request.csr_sha256);
    decided.pending = request;
    return decided;
}

inline signerd::Decided ask(std::uint64_t number) { return ask(pending_request(number)); }

inline signerd::PendingChange change_of_request(std::uint64_t id, signerd::PendingState state) {
    return {id, state, kAsked + 10, kAsked + 10 + kWaits, "operator", {}};
}

// The certificate of issue(number) for the request `id`.
inline signerd::Decided approve(std::uint64_t id, std::uint64_t number) {
    signerd::Decided decided = issue(number);
    decided.pending_change = change_of_request(id, signerd::PendingState::issued);
    return decided;
}

inline signerd::Decided deny(std::uint64_t id) {
    signerd::Decided decided = denial(id);
    decided.pending_change = change_of_request(id, signerd::PendingState::denied);
    decided.pending_change->reason = "unknown device";
    return decided;
}

inline pki::Status commit(signerd::Store& store, const std::vector<signerd::Decided>& batch) {
    std::vector<const signerd::Decided*> pointers;
    for (const signerd::Decided& decided : batch) pointers.push_back(&decided);
    return store.commit(pointers);
}

// The number of audit records when each one has its place in the chain, else -1.
inline std::int64_t whole_chain(signerd::Store& store) {
    pki::ossl::Sha256 previous{};
    std::uint64_t last = 0;
    for (;;) {
        const auto page = store.audit_page(last, 7);
        if (!page) return -1;
        if (page->empty()) return static_cast<std::int64_t>(last);
        for (const signerd::AuditEntry& entry : *page) {
            const auto row = pki::wire::parse_canonical(entry.canonical);
            if (!row || row->sequence != ++last) return -1;
            previous = pki::ossl::sha256({previous, entry.canonical});
            if (previous != entry.hash) return -1;
        }
    }
}

}  // namespace unit
