// Puts certificates into a store, as many enrolments would have: what a large store costs.
//
//     fill FILE CERTIFICATES [REVOKED]
//
// REVOKED of them are revoked.

#include <cstdlib>

#include "t/unit/store_fixture.h"

namespace bench {

namespace {

constexpr std::uint64_t kBatch = 10'000;   // of one transaction
constexpr std::size_t kCertificate = 560;  // octets, as with a P-256 key and few names

signerd::Decided enrolment(std::uint64_t number) {
    signerd::CertificateRecord certificate = unit::certificate_record(number);
    certificate.der.resize(kCertificate, 0x5a);
    return unit::issue_of(certificate, unit::hash_of("key", number));
}

signerd::Decided revocation(std::uint64_t number) {
    const signerd::CertificateRecord certificate = unit::certificate_record(number);
    signerd::Decided decided;
    decided.audit = unit::audit_record(number);
    decided.audit.operation = pki::wire::Operation::revoke;
    decided.audit.decision = pki::wire::Decision::allow;
    decided.audit.serial = certificate.serial;
    const signerd::Revocation now{pki::x509::CrlReason::superseded, certificate.issued};
    decided.revocations.push_back({certificate.ca, certificate.serial, now, {}});
    return decided;
}

using Make = signerd::Decided (*)(std::uint64_t number);

pki::Status commit_all(signerd::Store& store, std::uint64_t from, std::uint64_t count,
                       Make make) {
    std::vector<signerd::Decided> batch;
    for (std::uint64_t i = 0; i < count; i++) {
        batch.push_back(make(from + i));
        if (batch.size() < kBatch && i + 1 < count) continue;
        PKI_CHECK(unit::commit(store, batch));
        batch.clear();
    }
    return {};
}

pki::Status fill(const std::string& file, std::uint64_t count, std::uint64_t revoked) {
    PKI_TRY(const auto store, signerd::open_sqlite_store(file));
    PKI_TRY(const signerd::Counts before, store->counts());
    PKI_CHECK(commit_all(*store, before.certificates, count, enrolment));
    return commit_all(*store, before.certificates, std::min(revoked, count), revocation);
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) {
    if (argc != 3 && argc != 4) {
        std::fputs("usage: fill FILE CERTIFICATES [REVOKED]\n", stderr);
        return 2;
    }
    const std::uint64_t revoked = argc == 4 ? std::strtoull(argv[3], nullptr, 10) : 0;
    const auto filled = bench::fill(argv[1], std::strtoull(argv[2], nullptr, 10), revoked);
    if (!filled) std::fprintf(stderr, "fill: %s\n", filled.error().message().c_str());
    return filled ? 0 : 1;
}
