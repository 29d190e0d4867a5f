// Puts certificates into a store, as many enrolments would have: what a large store costs.
//
//     fill FILE CERTIFICATES

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

pki::Status fill(const std::string& file, std::uint64_t count) {
    PKI_TRY(const auto store, signerd::open_sqlite_store(file));
    PKI_TRY(const signerd::Counts before, store->counts());
    std::vector<signerd::Decided> batch;
    for (std::uint64_t i = 0; i < count; i++) {
        batch.push_back(enrolment(before.certificates + i));
        if (batch.size() < kBatch && i + 1 < count) continue;
        PKI_CHECK(unit::commit(*store, batch));
        batch.clear();
    }
    return {};
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: fill FILE CERTIFICATES\n", stderr);
        return 2;
    }
    const auto filled = bench::fill(argv[1], std::strtoull(argv[2], nullptr, 10));
    if (!filled) std::fprintf(stderr, "fill: %s\n", filled.error().message().c_str());
    return filled ? 0 : 1;
}
