// Lists that the reader refuses, and lists at its bounds. Each is refused in the same way
// whatever the parts that it comes in.
#include "libpki/base/limits.h"
#include "t/unit/crl_fixture.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using unit::hex;
namespace x509 = pki::x509;

// The parts of a TBSCertList, of which a test spoils one.
struct Parts {
    Buffer version = hex("020101");
    Buffer algorithm = hex("300a06082a8648ce3d040302");
    Buffer issuer = *x509::name_from_text("CN=Issuing CA");
    Buffer this_update = hex("170d3236313132303137353935355a");
    Buffer next_update = hex("170d3236313132313137353935355a");
    Buffer entries = hex("3014 3012 020101 170d3236313132303137353935355a");
    std::vector<Buffer> extensions = {hex("300f 0603551d23 0408 3006 8004 01020304"),
                                      hex("300a 0603551d14 0403 020107")};
    Buffer behind;

    Buffer tbs() const {
        pki::der::Writer w;
        w.sequence([&] {
            for (const Buffer* part :
                 {&version, &algorithm, &issuer, &this_update, &next_update, &entries})
                w.raw(*part);
            if (!extensions.empty())
                w.tlv(pki::der::constructed(0), [&] {
                    w.sequence([&] {
                        for (const Buffer& extension : extensions) w.raw(extension);
                    });
                });
            w.raw(behind);
        });
        return std::move(w).take();
    }
};

void assert_refused(Errc code, const char* text, const Buffer& tbs) {
    const auto whole = unit::read_crl(tbs);
    assert_error(code, whole);
    assert_string_equal(whole.error().text, text);
    for (std::size_t part = 1; part < tbs.size() && part < 50; part++) {
        const auto facts = unit::read_crl_in_parts(tbs, part);
        assert_error(code, facts);
        assert_string_equal(facts.error().text, text);
        assert_int_equal(facts.error().offset, whole.error().offset);
    }
}
void assert_malformed(const char* text, const Buffer& tbs) {
    assert_refused(Errc::malformed, text, tbs);
}

Buffer entries_of(const Buffer& content) {
    pki::der::Writer w;
    w.primitive(pki::der::kSequence, content);
    return std::move(w).take();
}

// An entry with these octets behind serial and time.
Buffer entry_with(std::string_view serial, std::string_view rest = {}) {
    Buffer content = hex(serial);
    pki::append(content, hex("170d3236313132303137353935355a"));
    pki::append(content, hex(rest));
    return entries_of(entries_of(content));
}

void test_parts(void**) {
    const auto facts = unit::read_crl(Parts{}.tbs());
    assert_ok(facts);
    assert_int_equal(facts->number, 7);
    assert_int_equal(facts->entries, 1);
    assert_hex(facts->authority_key_identifier, "01020304");
}

void test_version(void**) {
    Parts parts;
    parts.version = {};
    assert_refused(Errc::unsupported, "CRL: version 1", parts.tbs());
    parts.version = hex("020100");
    assert_malformed("CRL: version", parts.tbs());
    parts.version = hex("020102");
    assert_malformed("CRL: version", parts.tbs());
    parts.version = hex("a003020101");
    assert_malformed("DER: unexpected tag", parts.tbs());
}

void test_head(void**) {
    Parts parts;
    parts.algorithm = hex("3000");
    assert_malformed("DER: element missing", parts.tbs());
    parts = {};
    parts.issuer = hex("3000");
    assert_malformed("CRL: issuer without a name", parts.tbs());
    parts.issuer = hex("0c0141");
    assert_malformed("DER: unexpected tag", parts.tbs());
}

void test_times(void**) {
    Parts parts;
    parts.next_update = {};
    assert_malformed("CRL: no nextUpdate", parts.tbs());
    parts.this_update = {};
    assert_malformed("DER: unexpected tag", parts.tbs());
    parts = {};
    parts.next_update = hex("180f32303439313233313233353935395a");
    assert_malformed("CRL: GeneralizedTime before 2050", parts.tbs());
    parts.next_update = hex("180f32303530303130313030303030305a");
    assert_ok(unit::read_crl(parts.tbs()));
    parts.this_update = hex("170b323631313230313735395a");
    assert_malformed("time: not in the form of RFC 5280", parts.tbs());
}

void test_lists(void**) {
    Parts parts;
    parts.entries = hex("3000");
    assert_malformed("CRL: empty list", parts.tbs());
    parts.entries = hex("3080 3012 020101 170d3236313132303137353935355a 0000");
    assert_malformed("DER: indefinite length", parts.tbs());
    parts.entries = hex("308114 3012 020101 170d3236313132303137353935355a");
    assert_malformed("DER: length not minimal", parts.tbs());
    // The list ends in the middle of an entry, and the other way round.
    parts.entries = hex("3013 3012 020101 170d3236313132303137353935355a");
    assert_malformed("DER: length beyond the input", parts.tbs());
    parts.entries = hex("3015 3012 020101 170d3236313132303137353935355a");
    assert_malformed("DER: unexpected tag", parts.tbs());
    parts.entries = hex("31143012020101170d3236313132303137353935355a");
    assert_malformed("DER: unexpected tag", parts.tbs());
    parts.entries = hex("30840fffffff 3012 020101 170d3236313132303137353935355a");
    assert_malformed("DER: length beyond the input", parts.tbs());
}

void test_serials(void**) {
    Parts parts;
    parts.entries = entry_with("0201ff");
    assert_malformed("DER: negative INTEGER", parts.tbs());
    parts.entries = entry_with("020100");
    assert_malformed("CRL: serial number 0", parts.tbs());
    parts.entries = entry_with("02020001");
    assert_malformed("DER: INTEGER not minimal", parts.tbs());
    parts.entries = entry_with("0200");
    assert_malformed("DER: empty INTEGER", parts.tbs());
    parts.entries = entry_with("0215 7f0000000000000000000000000000000000000001");
    assert_malformed("CRL: serial number too long", parts.tbs());
    parts.entries = entry_with("0215 00ff00000000000000000000000000000000000001");
    assert_ok(unit::read_crl(parts.tbs()));
}

void test_entry_extensions(void**) {
    constexpr auto kForeign = "CRL: foreign extension of an entry";
    Parts parts;
    parts.entries = entry_with("020101", "300c 300a 0603551d15 0403 0a0101");
    assert_ok(unit::read_crl(parts.tbs()));
    for (const char* reason : {"00", "07", "0b", "81"}) {
        parts.entries =
            entry_with("020101", std::string("300c 300a 0603551d15 0403 0a01") + reason);
        assert_malformed("CRL: reason", parts.tbs());
    }
    parts.entries = entry_with("020101", "300d 300b 0603551d15 0404 0a020001");
    assert_malformed("CRL: reason", parts.tbs());
    parts.entries = entry_with("020101", "3000");
    assert_malformed("DER: element missing", parts.tbs());
    parts.entries = entry_with("020101", "300f 300d 0603551d15 0101ff 0403 0a0101");
    assert_refused(Errc::unsupported, kForeign, parts.tbs());
    parts.entries = entry_with("020101", "300f 300d 0603551d15 010100 0403 0a0101");
    assert_malformed("CRL: FALSE is not left out", parts.tbs());
    parts.entries = entry_with("020101", "300c 300a 0603551d1d 0403 0a0101");
    assert_refused(Errc::unsupported, kForeign, parts.tbs());
    parts.entries =
        entry_with("020101", "3018 300a 0603551d15 0403 0a0101 300a 0603551d15 0403 0a0101");
    assert_malformed("DER: trailing data", parts.tbs());
    parts.entries = entry_with("020101", "300c 300a 0603551d15 0403 0a0101 0500");
    assert_malformed("DER: trailing data", parts.tbs());
}

void test_entry_bound(void**) {
    Parts parts;
    Buffer entry = hex("0201 01 170d3236313132303137353935355a");
    entry.resize(pki::limits::kCrlEntry - 3);  // with its header as long as may be
    parts.entries = entries_of(entries_of(entry));
    assert_malformed("DER: unexpected tag", parts.tbs());
    entry.push_back(0);
    parts.entries = entries_of(entries_of(entry));
    assert_malformed("CRL: entry too long", parts.tbs());
}

void test_removals(void**) {
    Parts parts;
    parts.entries = entry_with("020101", "300c 300a 0603551d15 0403 0a0108");
    assert_malformed("CRL: removeFromCRL in a complete list", parts.tbs());
    parts.extensions.push_back(hex("300d 0603551d1b 0101ff 0403 020106"));
    const auto facts = unit::read_crl(parts.tbs());
    assert_ok(facts);
    assert_int_equal(*facts->base, 6);
}

void test_extensions(void**) {
    Parts parts;
    parts.extensions = {};
    assert_malformed("CRL: truncated", parts.tbs());
    for (const std::size_t missing : {0, 1}) {
        parts = {};
        parts.extensions.erase(parts.extensions.begin() + static_cast<int>(missing));
        assert_malformed("CRL: extension missing", parts.tbs());
        parts = {};
        parts.extensions.push_back(parts.extensions[missing]);
        assert_malformed("CRL: extension twice", parts.tbs());
    }
    parts = {};
    std::swap(parts.extensions[0], parts.extensions[1]);
    assert_ok(unit::read_crl(parts.tbs()));
    // issuerAltName
    parts.extensions.push_back(hex("300b 0603551d12 0404 30028200"));
    assert_refused(Errc::unsupported, "CRL: foreign extension", parts.tbs());
    parts = {};
    parts.behind = hex("0500");
    assert_malformed("CRL: trailing data", parts.tbs());
}

// One extension in the place of the last.
void assert_last(const char* text, std::string_view extension, Errc code = Errc::malformed) {
    Parts parts;
    parts.extensions.push_back(hex(extension));
    assert_refused(code, text, parts.tbs());
}

void test_criticality(void**) {
    assert_last("CRL: criticality", "300a 0603551d1b 0403 020106");
    assert_last("CRL: criticality", "300c 0603551d1c 0405 3003 8101ff");
    assert_last("CRL: criticality", "3013 0603551d2e 0101ff 0409 3007 3005 a003 a001 86");
    Parts parts;
    parts.extensions[1] = hex("300d 0603551d14 0101ff 0403 020107");
    assert_malformed("CRL: criticality", parts.tbs());
}

void test_numbers(void**) {
    Parts parts;
    parts.extensions[1] = hex("300a 0603551d14 0403 0201ff");
    assert_malformed("DER: negative INTEGER", parts.tbs());
    parts.extensions[1] = hex("3012 0603551d14 040b 0209 010000000000000000");
    assert_malformed("DER: INTEGER too large", parts.tbs());
    parts.extensions[1] = hex("3012 0603551d14 040b 0209 00ffffffffffffffff");
    const auto facts = unit::read_crl(parts.tbs());
    assert_ok(facts);
    assert_true(facts->number == ~std::uint64_t{0});
    parts.extensions[1] = hex("300b 0603551d14 0404 020107 00");
    assert_malformed("DER: trailing data", parts.tbs());
}

void test_authority_key_identifier(void**) {
    Parts parts;
    parts.extensions[0] = hex("3009 0603551d23 0402 3000");
    assert_malformed("DER: element missing", parts.tbs());
    parts.extensions[0] = hex("300b 0603551d23 0404 3002 8000");
    assert_malformed("CRL: empty key identifier", parts.tbs());
    parts.extensions[0] = hex("3012 0603551d23 040b 3009 800101 a101 00 820101");
    assert_malformed("DER: trailing data", parts.tbs());
}

void test_issuing_distribution_point(void**) {
    assert_last("CRL: empty issuing distribution point", "300c 0603551d1c 0101ff 0402 3000");
    assert_last("CRL: onlyContainsUserCerts", "300f 0603551d1c 0101ff 0405 3003 810100");
    constexpr auto kScope = "CRL: scope of the issuing distribution point";
    for (const char* other : {"8201ff", "830201fe", "8401ff", "8501ff"}) {
        pki::der::Writer w;
        w.sequence([&] {
            w.oid(x509::oid::kIssuingDistributionPoint);
            w.boolean(true);
            w.tlv(pki::der::kOctetString, [&] { w.sequence([&] { w.raw(hex(other)); }); });
        });
        assert_last(kScope, pki::hex_encode(w.view()), Errc::unsupported);
    }
    assert_last("CRL: no name", "3010 0603551d1c 0101ff 0406 3004 a002 a000");
    assert_last("CRL: URL", "3013 0603551d1c 0101ff 0409 3007 a005 a003 860120");
    assert_last("CRL: URL", "3013 0603551d1c 0101ff 0409 3007 a005 a003 860180");
    assert_last("DER: unexpected tag", "3013 0603551d1c 0101ff 0409 3007 a005 a003 820141");
}

void test_freshest(void**) {
    const std::string one = "3012 0603551d2e 040b 3009 3007 a005 a003 860141";
    Parts parts;
    parts.extensions.push_back(hex(one));
    assert_ok(unit::read_crl(parts.tbs()));
    parts.extensions.push_back(hex("300d 0603551d1b 0101ff 0403 020106"));
    assert_malformed("CRL: freshestCRL in a delta CRL", parts.tbs());
    assert_last("DER: trailing data", "3015 0603551d2e 040e 300c 300a a005 a003 860141 810106");
}

void test_tail_bound(void**) {
    x509::CrlSpec spec;
    const Parts parts;
    spec.scheme = {pki::ossl::KeyType::ec, pki::ossl::Hash::sha256, false};
    spec.issuer = parts.issuer;
    spec.authority_key_identifier = parts.issuer;
    spec.next_update = 1;
    spec.freshest = {std::string(pki::limits::kCrlTail, 'u')};
    const auto fits = [&] { return x509::build_tbs_crl_frame(spec, 0).tail.size(); };
    assert_malformed("CRL: extensions too long", unit::make_tbs_crl(spec, {}));
    while (fits() > pki::limits::kCrlTail) spec.freshest[0].pop_back();
    assert_ok(unit::read_crl(unit::make_tbs_crl(spec, {})));
}

void test_head_bound(void**) {
    Parts parts;
    parts.issuer = entries_of(Buffer(pki::limits::kCrlHead));
    assert_malformed("CRL: too long before the first entry", parts.tbs());
}

void test_sizes(void**) {
    const Buffer tbs = Parts{}.tbs();
    for (const std::size_t size : {tbs.size() - 1, tbs.size() + 1, std::size_t{0}}) {
        x509::TbsCrlReader reader(size);
        const auto fed = reader.feed(tbs);
        assert_error(Errc::malformed, fed);
        assert_error(Errc::malformed, reader.finish());
    }
    // What comes behind it.
    x509::TbsCrlReader reader(tbs.size());
    assert_ok(reader.feed(tbs));
    assert_error(Errc::malformed, reader.feed(hex("00")));
    x509::TbsCrlReader largest(pki::limits::kCrl);
    assert_ok(largest.feed(hex("3084 0ffffffa")));
    assert_error(Errc::malformed, largest.finish());
    x509::TbsCrlReader larger(pki::limits::kCrl + 1);
    assert_error(Errc::malformed, larger.feed(hex("3084 0ffffffb")));
}

void test_truncations(void**) {
    const Buffer tbs = Parts{}.tbs();
    for (std::size_t size = 0; size < tbs.size(); size++) {
        x509::TbsCrlReader reader(tbs.size());
        assert_ok(reader.feed(Bytes(tbs).first(size)));
        assert_error(Errc::malformed, reader.finish());
        assert_error(Errc::malformed, unit::read_crl(Bytes(tbs).first(size)));
    }
}

// It stays refused, whatever follows.
void test_after_an_error(void**) {
    const Buffer tbs = Parts{}.tbs();
    x509::TbsCrlReader reader(tbs.size());
    assert_error(Errc::malformed,
                 reader.feed(hex("31")) ? reader.feed(hex("03")) : pki::Status());
    assert_error(Errc::malformed, reader.feed(tbs));
    assert_error(Errc::malformed, reader.finish());
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_serials),
        cmocka_unit_test(test_entry_extensions),
        cmocka_unit_test(test_entry_bound),
        cmocka_unit_test(test_removals),
        cmocka_unit_test(test_extensions),
        cmocka_unit_test(test_criticality),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_authority_key_identifier),
        cmocka_unit_test(test_issuing_distribution_point),
        cmocka_unit_test(test_freshest),
        cmocka_unit_test(test_tail_bound),
        cmocka_unit_test(test_head_bound),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_truncations),
        cmocka_unit_test(test_after_an_error),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
