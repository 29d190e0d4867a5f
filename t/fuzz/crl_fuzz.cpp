// TbsCrlReader: what it says of a list does not depend on how the list is cut up, and what it
// accepts OpenSSL reads in the same way. Ours is stricter by intent: DER instead of BER,
// limits, nextUpdate, the extensions that we write and no other. And what is written is read
// back.
//
// Behind an even octet: four sizes of parts, which take turns, and the TBSCertList. Behind an
// odd one: what a list is written from.
#include <fuzzer/FuzzedDataProvider.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "t/fuzz/fuzz.h"
#include "t/fuzz/openssl_view.h"
#include "t/unit/crl_fixture.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::equal;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

using CrlPtr = std::unique_ptr<X509_CRL, ossl::Deleter<X509_CRL_free>>;

constexpr std::size_t kSizes = 4;
constexpr ossl::SignatureScheme kScheme{ossl::KeyType::ec, ossl::Hash::sha256, false};

// An entry that owns its serial.
struct Entry {
    Buffer serial;
    std::int64_t revoked;
    x509::CrlReason reason;

    bool operator==(const Entry&) const = default;
};

struct Reading {
    std::vector<Entry> entries;
    pki::Result<x509::TbsCrlFacts> facts = x509::TbsCrlFacts{};

    x509::TbsCrlReader::OnEntry collect() {
        return [this](const x509::CrlEntry& entry) {
            entries.push_back({pki::to_buffer(entry.serial), entry.revoked, entry.reason});
        };
    }
};

Reading read_whole(Bytes tbs) {
    Reading reading;
    reading.facts = unit::read_crl_in_parts(tbs, tbs.size(), reading.collect());
    return reading;
}

pki::Result<x509::TbsCrlFacts> feed_parts(x509::TbsCrlReader& reader, Bytes sizes, Bytes rest) {
    for (std::size_t i = 0; !rest.empty(); i++) {
        const std::size_t size =
            std::min<std::size_t>(sizes[i % sizes.size()] + 1, rest.size());
        PKI_CHECK(reader.feed(rest.first(size)));
        rest = rest.subspan(size);
    }
    return reader.finish();
}

Reading read_parts(Bytes sizes, Bytes tbs) {
    Reading reading;
    x509::TbsCrlReader reader(tbs.size(), reading.collect());
    reading.facts = feed_parts(reader, sizes, tbs);
    return reading;
}

void check_same(const Reading& a, const Reading& b) {
    PROPERTY(a.entries == b.entries);
    PROPERTY(a.facts.has_value() == b.facts.has_value());
    if (!a.facts) {
        PROPERTY(a.facts.error().code == b.facts.error().code);
        PROPERTY(a.facts.error().offset == b.facts.error().offset);
        PROPERTY(a.facts.error().message() == b.facts.error().message());
        return;
    }
    const x509::TbsCrlFacts &one = *a.facts, &other = *b.facts;
    PROPERTY(one.signature_algorithm == other.signature_algorithm);
    PROPERTY(one.issuer == other.issuer);
    PROPERTY(one.this_update == other.this_update && one.next_update == other.next_update);
    PROPERTY(one.entries == other.entries && one.entries == a.entries.size());
    PROPERTY(one.authority_key_identifier == other.authority_key_identifier);
    PROPERTY(one.number == other.number && one.base == other.base);
    PROPERTY(one.only_user_certs == other.only_user_certs);
    PROPERTY(one.distribution_points == other.distribution_points);
    PROPERTY(one.freshest == other.freshest);
}

std::int64_t seconds(const ASN1_TIME* time) {
    std::tm broken_down{};
    PROPERTY(ASN1_TIME_to_tm(time, &broken_down) == 1);
    return timegm(&broken_down);
}

void check_entries(const std::vector<Entry>& ours, STACK_OF(X509_REVOKED) * theirs) {
    PROPERTY(static_cast<int>(ours.size()) == std::max(sk_X509_REVOKED_num(theirs), 0));
    for (std::size_t i = 0; i < ours.size(); i++) {
        const auto* entry = sk_X509_REVOKED_value(theirs, static_cast<int>(i));
        PROPERTY(equal(fuzz::octets(X509_REVOKED_get0_serialNumber(entry)), ours[i].serial));
        PROPERTY(seconds(X509_REVOKED_get0_revocationDate(entry)) == ours[i].revoked);
        const int extensions = X509_REVOKED_get_ext_count(entry);
        PROPERTY(extensions == (ours[i].reason != x509::CrlReason::unspecified));
    }
}

// X509_CRL_get_ext_d2i() for a number, nullopt when there is none.
std::optional<std::uint64_t> number_of(const X509_CRL* crl, int nid) {
    auto* const number =
        static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(crl, nid, nullptr, nullptr));
    if (number == nullptr) return std::nullopt;
    std::uint64_t value = 0;
    PROPERTY(ASN1_INTEGER_get_uint64(&value, number) == 1);
    ASN1_INTEGER_free(number);
    return value;
}

void check_openssl(Bytes tbs, const Reading& ours) {
    // The outer algorithm need not be the inner one for OpenSSL to read it.
    const Buffer der = unit::assemble_crl(tbs, kScheme, Buffer(64, 0x5a));
    const unsigned char* end = der.data();
    const CrlPtr crl(d2i_X509_CRL(nullptr, &end, static_cast<long>(der.size())));
    PROPERTY(crl != nullptr && end == der.data() + der.size());
    const x509::TbsCrlFacts& facts = *ours.facts;
    PROPERTY(X509_CRL_get_version(crl.get()) == X509_CRL_VERSION_2);
    PROPERTY(equal(fuzz::encoded(i2d_X509_NAME, X509_CRL_get_issuer(crl.get())), facts.issuer));
    PROPERTY(seconds(X509_CRL_get0_lastUpdate(crl.get())) == facts.this_update);
    PROPERTY(seconds(X509_CRL_get0_nextUpdate(crl.get())) == facts.next_update);
    PROPERTY(number_of(crl.get(), NID_crl_number) == facts.number);
    PROPERTY(number_of(crl.get(), NID_delta_crl) == facts.base);
    check_entries(ours.entries, X509_CRL_get_REVOKED(crl.get()));
    ERR_clear_error();
}

void check_reader(Bytes sizes, Bytes tbs) {
    const Reading whole = read_whole(tbs);
    check_same(whole, read_parts(sizes, tbs));
    PROPERTY(ERR_peek_error() == 0);
    if (whole.facts) check_openssl(tbs, whole);
}

std::vector<std::string> take_urls(FuzzedDataProvider& input) {
    std::vector<std::string> urls(input.ConsumeIntegralInRange<std::size_t>(0, 3));
    for (std::string& url : urls)
        url.assign(input.ConsumeIntegralInRange<std::size_t>(1, 300), 'u');
    return urls;
}

std::int64_t take_time(FuzzedDataProvider& input) {
    constexpr std::int64_t kYear1950 = -631152000, kLastSecond = 253402300799;
    return input.ConsumeIntegralInRange(kYear1950, kLastSecond);
}

std::vector<Entry> take_entries(FuzzedDataProvider& input, bool delta) {
    std::vector<Entry> entries;
    while (input.remaining_bytes() > 8 && input.ConsumeBool()) {
        Entry entry{input.ConsumeBytes<std::uint8_t>(19), take_time(input), {}};
        entry.serial.insert(entry.serial.begin(), 0x01);
        const auto reason =
            x509::crl_reason_from_number(input.ConsumeIntegralInRange<std::uint64_t>(0, 10));
        if (reason && (delta || *reason != x509::CrlReason::remove_from_crl))
            entry.reason = *reason;
        entries.push_back(std::move(entry));
    }
    return entries;
}

void check_written(FuzzedDataProvider input) {
    const Bytes sizes = pki::as_bytes("\x01\x10\x03\x40");
    const Buffer issuer = *x509::name_from_text("O=Example, CN=Issuing CA");
    const Buffer key_id = input.ConsumeBytes<std::uint8_t>(20);
    x509::CrlSpec spec;
    spec.scheme = kScheme;
    spec.issuer = issuer;
    spec.this_update = take_time(input);
    spec.next_update = take_time(input);
    spec.authority_key_identifier = key_id.empty() ? Bytes(issuer) : Bytes(key_id);
    spec.number = input.ConsumeIntegral<std::uint64_t>();
    if (input.ConsumeBool()) spec.base = input.ConsumeIntegral<std::uint64_t>();
    spec.only_user_certs = input.ConsumeBool();
    spec.distribution_points = take_urls(input);
    if (!spec.base) spec.freshest = take_urls(input);
    const std::vector<Entry> entries = take_entries(input, spec.base.has_value());
    std::vector<x509::CrlEntry> written;
    for (const Entry& entry : entries)
        written.push_back({entry.serial, entry.revoked, entry.reason});
    const Buffer tbs = unit::make_tbs_crl(spec, written);
    check_reader(sizes, tbs);
    const Reading reading = read_whole(tbs);
    PROPERTY(reading.facts.has_value());
    PROPERTY(reading.entries == entries);
    PROPERTY(reading.facts->this_update == spec.this_update);
    PROPERTY(reading.facts->next_update == spec.next_update);
    PROPERTY(reading.facts->number == spec.number && reading.facts->base == spec.base);
    PROPERTY(reading.facts->only_user_certs == spec.only_user_certs);
    PROPERTY(reading.facts->distribution_points == spec.distribution_points);
    PROPERTY(reading.facts->freshest == spec.freshest);
    const Buffer der = unit::assemble_crl(tbs, spec.scheme, key_id);
    const auto crl = x509::parse_crl(der);
    PROPERTY(crl && equal(crl->tbs, tbs) && equal(crl->signature, key_id));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Bytes input(data + 1, size - 1);
    if (data[0] % 2 != 0)
        check_written(FuzzedDataProvider(input.data(), input.size()));
    else if (input.size() > kSizes)
        check_reader(input.first(kSizes), input.subspan(kSizes));
    return 0;
}
