// Lists that we write: what the reader says of them however they are cut up, and OpenSSL.
#include "libpki/x509/crl.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "libpki/base/limits.h"
#include "t/unit/crl_fixture.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using unit::hex;
using pki::x509::CrlReason;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

using CrlPtr = std::unique_ptr<X509_CRL, ossl::Deleter<X509_CRL_free>>;
using PointPtr = std::unique_ptr<ISSUING_DIST_POINT, ossl::Deleter<ISSUING_DIST_POINT_free>>;
using PointsPtr = std::unique_ptr<CRL_DIST_POINTS, ossl::Deleter<CRL_DIST_POINTS_free>>;
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, ossl::Deleter<ASN1_INTEGER_free>>;

constexpr std::int64_t kNow = 1795197600;       // 2026-11-20
constexpr std::int64_t kLast2049 = 2524607999;  // 2049-12-31T23:59:59Z
constexpr ossl::SignatureScheme kEcdsa{ossl::KeyType::ec, ossl::Hash::sha256, false};

const Buffer kIssuer = *x509::name_from_text("O=Example, CN=Issuing CA");
const Buffer kKeyId = hex("0102030405060708090a0b0c0d0e0f1011121314");
const Buffer kShort{0x01}, kHigh{0x80}, kLongest(20, 0xff);

x509::CrlSpec plain_spec() {
    x509::CrlSpec spec;
    spec.scheme = kEcdsa;
    spec.issuer = kIssuer;
    spec.this_update = kNow;
    spec.next_update = kNow + 86400;
    spec.authority_key_identifier = kKeyId;
    spec.number = 7;
    return spec;
}

x509::CrlSpec full_spec() {
    x509::CrlSpec spec = plain_spec();
    spec.number = 0xffffffffffffffff;
    spec.only_user_certs = true;
    spec.distribution_points = {"http://pki.example/3.crl", "ldap://pki.example/cn=3"};
    spec.freshest = {"http://pki.example/delta.crl"};
    return spec;
}

x509::CrlSpec delta_spec() {
    x509::CrlSpec spec = plain_spec();
    spec.number = 300;
    spec.base = 0;
    return spec;
}

const std::vector<x509::CrlEntry> kEntries = {
    {kShort, kNow - 5, CrlReason::unspecified},
    {kHigh, kLast2049, CrlReason::key_compromise},
    {kLongest, kLast2049 + 1, CrlReason::certificate_hold},
};

struct Seen {
    std::vector<Buffer> serials;
    std::vector<x509::CrlEntry> entries;

    x509::TbsCrlReader::OnEntry collect() {
        return [this](const x509::CrlEntry& entry) {
            serials.push_back(pki::to_buffer(entry.serial));
            entries.push_back({{}, entry.revoked, entry.reason});
        };
    }
};

void assert_entries(const Seen& seen, const std::vector<x509::CrlEntry>& expected) {
    assert_int_equal(seen.entries.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); i++) {
        assert_hex(seen.serials[i], pki::hex_encode(expected[i].serial));
        assert_int_equal(seen.entries[i].revoked, expected[i].revoked);
        assert_true(seen.entries[i].reason == expected[i].reason);
    }
}

void assert_facts(const x509::TbsCrlFacts& facts, const x509::CrlSpec& spec) {
    assert_true(*x509::parse_signature_algorithm(facts.signature_algorithm) == spec.scheme);
    assert_hex(facts.issuer, pki::hex_encode(spec.issuer));
    assert_int_equal(facts.this_update, spec.this_update);
    assert_int_equal(facts.next_update, spec.next_update);
    assert_hex(facts.authority_key_identifier, pki::hex_encode(spec.authority_key_identifier));
    assert_int_equal(facts.number, spec.number);
    assert_true(facts.base == spec.base);
    assert_true(facts.only_user_certs == spec.only_user_certs);
    assert_true(facts.distribution_points == spec.distribution_points);
    assert_true(facts.freshest == spec.freshest);
}

void assert_read_in_parts(const x509::CrlSpec& spec, const std::vector<x509::CrlEntry>& entries,
                          std::size_t part) {
    const Buffer tbs = unit::make_tbs_crl(spec, entries);
    Seen seen;
    const auto facts = unit::read_crl_in_parts(tbs, part, seen.collect());
    assert_ok(facts);
    assert_facts(*facts, spec);
    assert_int_equal(facts->entries, entries.size());
    assert_entries(seen, entries);
}

void what_is_written_is_read_in_any_parts(void**) {
    const Buffer whole = unit::make_tbs_crl(full_spec(), kEntries);
    for (std::size_t part = 1; part <= whole.size(); part++) {
        assert_read_in_parts(full_spec(), kEntries, part);
        assert_read_in_parts(delta_spec(), kEntries, part);
        assert_read_in_parts(plain_spec(), {}, part);
    }
}

// In the middle of anything: a cut at every place, and an empty part there.
void every_cut(void**) {
    const Buffer tbs = unit::make_tbs_crl(full_spec(), kEntries);
    for (std::size_t cut = 0; cut <= tbs.size(); cut++) {
        Seen seen;
        x509::TbsCrlReader reader(tbs.size(), seen.collect());
        assert_ok(reader.feed(Bytes(tbs).first(cut)));
        assert_ok(reader.feed({}));
        assert_ok(reader.feed(Bytes(tbs).subspan(cut)));
        const auto facts = reader.finish();
        assert_ok(facts);
        assert_facts(*facts, full_spec());
        assert_entries(seen, kEntries);
    }
}

// Lengths of one to three octets, of the list and around it.
void lengths_of_all_sizes(void**) {
    for (const std::size_t count : {1, 5, 12, 300, 3000}) {
        std::vector<x509::CrlEntry> entries(count, {kLongest, kNow, CrlReason::superseded});
        for (const std::size_t part : {7, 4096, 1 << 20})
            assert_read_in_parts(plain_spec(), entries, part);
    }
}

void revoked_certificates_is_absent_without_entries(void**) {
    const auto frame = x509::build_tbs_crl_frame(plain_spec(), 0);
    assert_int_equal(frame.tail[0], 0xa0);
    const auto facts = unit::read_crl(unit::make_tbs_crl(plain_spec(), {}));
    assert_ok(facts);
    assert_int_equal(facts->entries, 0);
}

// Of a list that is in no memory.
void sizes_beyond_32_bits(void**) {
    const std::uint64_t entries = std::uint64_t{5} << 32;
    const auto frame = x509::build_tbs_crl_frame(plain_spec(), entries);
    const std::uint64_t content =
        frame.head.size() - 7 + entries + frame.tail.size();  // 30 85 and five octets
    pki::der::Writer expected;
    expected.header(pki::der::kSequence, content);
    assert_int_equal(expected.view().size(), 7);
    assert_hex(Bytes(frame.head).first(7), pki::hex_encode(expected.view()));
    assert_hex(Bytes(frame.head).last(7), "30850500000000");
}

void entries_as_octets(void**) {
    assert_hex(unit::crl_entries({kEntries[0]}), "3012020101170d3236313132303137353935355a");
    assert_hex(unit::crl_entries({{kShort, kLast2049 + 1, CrlReason::key_compromise}}),
               "3022020101180f32303530303130313030303030305a"
               "300c300a0603551d1504030a0101");
}

void a_whole_list(void**) {
    const Buffer tbs = unit::make_tbs_crl(full_spec(), kEntries);
    const Buffer signature(72, 0x5a);
    const Buffer der = unit::assemble_crl(tbs, kEcdsa, signature);
    Seen seen;
    const auto crl = x509::parse_crl(der, seen.collect());
    assert_ok(crl);
    assert_hex(crl->tbs, pki::hex_encode(tbs));
    assert_hex(crl->signature, pki::hex_encode(signature));
    assert_true(*x509::parse_signature_algorithm(crl->signature_algorithm) == kEcdsa);
    assert_facts(crl->facts, full_spec());
    assert_entries(seen, kEntries);
    for (std::size_t size = 0; size < der.size(); size++)
        assert_error(Errc::malformed, x509::parse_crl(Bytes(der).first(size)));
    Buffer longer = der;
    longer.push_back(0);
    assert_error(Errc::malformed, x509::parse_crl(longer));
    assert_error(Errc::malformed,
                 x509::parse_crl(unit::assemble_crl(
                     tbs, {ossl::KeyType::ed25519, ossl::Hash::none, false}, signature)));
}

CrlPtr openssl_crl(const Buffer& der) {
    const unsigned char* in = der.data();
    CrlPtr crl(d2i_X509_CRL(nullptr, &in, static_cast<long>(der.size())));
    assert_true(crl != nullptr && in == der.data() + der.size());
    return crl;
}

template <class T>
T* extension_of(const CrlPtr& crl, int nid, bool is_critical) {
    int critical = -1;
    void* const value = X509_CRL_get_ext_d2i(crl.get(), nid, &critical, nullptr);
    if (value != nullptr) assert_int_equal(critical, is_critical);
    return static_cast<T*>(value);
}

std::uint64_t number_of(const CrlPtr& crl, int nid, bool critical) {
    const IntegerPtr number(extension_of<ASN1_INTEGER>(crl, nid, critical));
    assert_non_null(number.get());
    std::uint64_t value = 0;
    assert_int_equal(ASN1_INTEGER_get_uint64(&value, number.get()), 1);
    return value;
}

void assert_time(const ASN1_TIME* time, std::int64_t expected) {
    assert_int_equal(time->type,
                     expected > kLast2049 ? V_ASN1_GENERALIZEDTIME : V_ASN1_UTCTIME);
    assert_int_equal(ASN1_TIME_cmp_time_t(time, static_cast<time_t>(expected)), 0);
}

void assert_names(const DIST_POINT_NAME* point, const std::vector<std::string>& urls) {
    assert_int_equal(point->type, 0);
    assert_int_equal(sk_GENERAL_NAME_num(point->name.fullname), urls.size());
    for (std::size_t i = 0; i < urls.size(); i++) {
        const auto* name = sk_GENERAL_NAME_value(point->name.fullname, static_cast<int>(i));
        assert_int_equal(name->type, GEN_URI);
        const ASN1_IA5STRING* url = name->d.uniformResourceIdentifier;
        assert_text(std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(url)),
                                static_cast<std::size_t>(ASN1_STRING_length(url))),
                    urls[i]);
    }
}

void assert_openssl_entry(X509_REVOKED* entry, const x509::CrlEntry& expected) {
    const ASN1_INTEGER* serial = X509_REVOKED_get0_serialNumber(entry);
    assert_hex(Bytes(ASN1_STRING_get0_data(serial),
                     static_cast<std::size_t>(ASN1_STRING_length(serial))),
               pki::hex_encode(expected.serial));
    assert_time(X509_REVOKED_get0_revocationDate(entry), expected.revoked);
    int critical = 0;
    ASN1_ENUMERATED* const reason = static_cast<ASN1_ENUMERATED*>(
        X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, &critical, nullptr));
    if (expected.reason == CrlReason::unspecified) return assert_null(reason);
    assert_int_equal(ASN1_ENUMERATED_get(reason), static_cast<int>(expected.reason));
    assert_int_equal(critical, 0);
    ASN1_ENUMERATED_free(reason);
}

CrlPtr openssl_view(const x509::CrlSpec& spec, const std::vector<x509::CrlEntry>& entries) {
    const Buffer tbs = unit::make_tbs_crl(spec, entries);
    CrlPtr crl = openssl_crl(unit::assemble_crl(tbs, spec.scheme, Buffer(72, 0x5a)));
    assert_int_equal(X509_CRL_get_version(crl.get()), X509_CRL_VERSION_2);
    assert_time(X509_CRL_get0_lastUpdate(crl.get()), spec.this_update);
    assert_time(X509_CRL_get0_nextUpdate(crl.get()), spec.next_update);
    assert_int_equal(number_of(crl, NID_crl_number, false), spec.number);
    STACK_OF(X509_REVOKED)* const revoked = X509_CRL_get_REVOKED(crl.get());
    assert_int_equal(sk_X509_REVOKED_num(revoked), entries.empty() ? -1 : (int)entries.size());
    for (std::size_t i = 0; i < entries.size(); i++)
        assert_openssl_entry(sk_X509_REVOKED_value(revoked, static_cast<int>(i)), entries[i]);
    assert_int_equal(ERR_peek_error(), 0);
    return crl;
}

void openssl_reads_the_same(void**) {
    x509::CrlSpec spec = full_spec();
    spec.this_update = kLast2049;
    spec.next_update = kLast2049 + 1;
    const CrlPtr crl = openssl_view(spec, kEntries);
    const PointPtr idp(
        extension_of<ISSUING_DIST_POINT>(crl, NID_issuing_distribution_point, true));
    assert_non_null(idp.get());
    assert_int_equal(idp->onlyuser, 0xff);
    assert_int_equal(idp->onlyCA, 0);
    assert_int_equal(idp->indirectCRL, 0);
    assert_null(idp->onlysomereasons);
    assert_names(idp->distpoint, spec.distribution_points);
    const PointsPtr freshest(extension_of<CRL_DIST_POINTS>(crl, NID_freshest_crl, false));
    assert_non_null(freshest.get());
    assert_int_equal(sk_DIST_POINT_num(freshest.get()), 1);
    assert_names(sk_DIST_POINT_value(freshest.get(), 0)->distpoint, spec.freshest);
}

void openssl_reads_the_same_without_entries(void**) {
    const CrlPtr crl = openssl_view(plain_spec(), {});
    assert_null(extension_of<void>(crl, NID_issuing_distribution_point, true));
    assert_null(extension_of<void>(crl, NID_freshest_crl, false));
    assert_null(extension_of<void>(crl, NID_delta_crl, true));
}

void openssl_reads_the_same_delta(void**) {
    const CrlPtr crl =
        openssl_view(delta_spec(), {{kLongest, kNow, CrlReason::remove_from_crl}});
    assert_int_equal(number_of(crl, NID_delta_crl, true), 0);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_in_any_parts),
        cmocka_unit_test(every_cut),
        cmocka_unit_test(lengths_of_all_sizes),
        cmocka_unit_test(revoked_certificates_is_absent_without_entries),
        cmocka_unit_test(sizes_beyond_32_bits),
        cmocka_unit_test(entries_as_octets),
        cmocka_unit_test(a_whole_list),
        cmocka_unit_test(openssl_reads_the_same),
        cmocka_unit_test(openssl_reads_the_same_without_entries),
        cmocka_unit_test(openssl_reads_the_same_delta),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
