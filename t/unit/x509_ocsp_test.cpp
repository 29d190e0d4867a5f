// CertIDs and OCSP requests, ours and OpenSSL's.
#include "libpki/base/limits.h"
#include "t/unit/ocsp_parts.h"

#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using unit::hex;
using namespace unit::ocsp;
namespace der = pki::der;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

// Parts of a request that the tests put together as they like.
struct Parts {
    Buffer before;      // what stands before the list
    Buffer list;        // content of requestList
    Buffer extensions;  // SEQUENCE OF Extension
    Buffer behind;      // what follows tbsRequest
};

Buffer request_of(const Parts& parts) {
    der::Writer w;
    w.sequence([&] {
        w.sequence([&] {
            w.raw(parts.before);
            w.sequence([&] { w.raw(parts.list); });
            if (!parts.extensions.empty())
                w.tlv(der::constructed(2), [&] { w.raw(parts.extensions); });
        });
        w.raw(parts.behind);
    });
    return std::move(w).take();
}

Parts good_parts() { return {{}, single(cert_id(kSerial)), {}, {}}; }

Buffer extensions_of(Bytes id, Bytes value, bool critical = false) {
    der::Writer w;
    w.sequence([&] {
        w.sequence([&] {
            w.oid(id);
            if (critical) w.boolean(true);
            w.octet_string(value);
        });
    });
    return std::move(w).take();
}

Buffer wrapped(int n, Bytes content) {
    der::Writer w;
    w.tlv(der::constructed(n), [&] { w.raw(content); });
    return std::move(w).take();
}

void a_cert_id_is_read(void**) {
    const std::pair<ossl::Hash, const EVP_MD*> hashes[] = {{ossl::Hash::sha1, EVP_sha1()},
                                                           {ossl::Hash::sha256, EVP_sha256()},
                                                           {ossl::Hash::sha384, EVP_sha384()},
                                                           {ossl::Hash::sha512, EVP_sha512()}};
    for (const auto& [hash, theirs] : hashes)
        for (const Buffer& serial : {kSerial, kHighSerial}) {
            const Buffer encoding = cert_id(serial, hash);
            const auto id = x509::parse_ocsp_cert_id(encoding);
            assert_ok(id);
            const auto issuer = x509::ocsp_issuer(hash, test_ca().name, ca_key_bits());
            assert_true(id->hash == hash);
            assert_hex(id->issuer_name_hash, pki::hex_encode(issuer.name_hash));
            assert_hex(id->issuer_key_hash, pki::hex_encode(issuer.key_hash));
            assert_hex(id->serial, pki::hex_encode(serial));
            // The same hashes as OpenSSL's, which leaves the parameters as it likes.
            unsigned char* out = nullptr;
            const CertIdPtr other = openssl_cert_id(theirs, serial);
            const int size = i2d_OCSP_CERTID(other.get(), &out);
            const Buffer other_encoding(out, out + size);
            OPENSSL_free(out);
            const auto read = x509::parse_ocsp_cert_id(other_encoding);
            assert_ok(read);
            assert_hex(read->issuer_name_hash, pki::hex_encode(issuer.name_hash));
            assert_hex(read->issuer_key_hash, pki::hex_encode(issuer.key_hash));
        }
}

// hashAlgorithm, two hashes, INTEGER.
Buffer odd_cert_id(std::string_view algorithm, std::size_t name, std::size_t key,
                   std::string_view serial, std::string_view behind = "") {
    der::Writer w;
    w.sequence([&] {
        w.raw(hex(algorithm));
        w.octet_string(Buffer(name, 1));
        w.octet_string(Buffer(key, 2));
        w.raw(hex(serial));
        w.raw(hex(behind));
    });
    return std::move(w).take();
}

void a_cert_id_is_refused(void**) {
    constexpr char kSha1[] = "3009 06052b0e03021a 0500";
    constexpr char kSerialOne[] = "020101";
    assert_ok(x509::parse_ocsp_cert_id(odd_cert_id(kSha1, 20, 20, kSerialOne)));
    assert_ok(x509::parse_ocsp_cert_id(odd_cert_id("3007 06052b0e03021a", 20, 20, kSerialOne)));
    const Buffer longest = odd_cert_id(kSha1, 20, 20, "0215 00" + std::string(40, 'f'));
    assert_ok(x509::parse_ocsp_cert_id(longest));
    // Well formed, and no certificate's: 0, negative, 21 octets.
    for (const std::string& serial :
         {std::string("020100"), std::string("0201ff"), "0215 01" + std::string(40, '0')}) {
        const Buffer encoding = odd_cert_id(kSha1, 20, 20, serial);
        const auto id = x509::parse_ocsp_cert_id(encoding);
        assert_ok(id);
        assert_true(id->serial.empty());
    }
    // MD5
    assert_error(Errc::unsupported, x509::parse_ocsp_cert_id(odd_cert_id(
                                        "300c 06082a864886f70d0205 0500", 16, 16, kSerialOne)));
    const Buffer malformed[] = {
        odd_cert_id("300a 06052b0e03021a 020101", 20, 20, kSerialOne),  // parameters
        odd_cert_id("3000", 20, 20, kSerialOne),
        odd_cert_id(kSha1, 19, 20, kSerialOne),
        odd_cert_id(kSha1, 20, 21, kSerialOne),
        odd_cert_id(kSha1, 32, 32, kSerialOne),
        odd_cert_id(kSha1, 20, 20, "0200"),      // no octet
        odd_cert_id(kSha1, 20, 20, "02020001"),  // not minimal
        odd_cert_id(kSha1, 20, 20, "0202ff80"),
        odd_cert_id(kSha1, 20, 20, ""),
        odd_cert_id(kSha1, 20, 20, kSerialOne, "0500"),
        Buffer(),
    };
    for (const Buffer& encoding : malformed)
        assert_error(Errc::malformed, x509::parse_ocsp_cert_id(encoding));
    Buffer trailing = cert_id(kSerial);
    trailing.push_back(0);
    assert_error(Errc::malformed, x509::parse_ocsp_cert_id(trailing));
}

void a_request_is_read(void**) {
    const Buffer first = cert_id(kSerial), second = cert_id(kHighSerial, ossl::Hash::sha1);
    const Buffer nonce = hex("0403 010203");
    const Buffer encoding = x509::build_ocsp_request({first, second}, nonce);
    const auto request = x509::parse_ocsp_request(encoding);
    assert_ok(request);
    assert_int_equal(request->requests.size(), 2);
    assert_hex(request->requests[0].encoding, pki::hex_encode(first));
    assert_hex(request->requests[1].encoding, pki::hex_encode(second));
    assert_hex(request->nonce.value_or(Bytes()), pki::hex_encode(nonce));
    const Buffer bare = x509::build_ocsp_request({first}, {});
    const auto without = x509::parse_ocsp_request(bare);
    assert_ok(without);
    assert_false(without->nonce.has_value());
}

void what_openssl_asks_is_read(void**) {
    for (const EVP_MD* hash : {EVP_sha1(), EVP_sha256()})
        for (const bool nonce : {false, true}) {
            const RequestPtr theirs(OCSP_REQUEST_new());
            for (const Buffer& serial : {kSerial, kHighSerial, hex("01")})
                assert_non_null(OCSP_request_add0_id(theirs.get(),
                                                     openssl_cert_id(hash, serial).release()));
            Buffer octets(32, 0x5a);
            if (nonce) OCSP_request_add1_nonce(theirs.get(), octets.data(), 32);
            unsigned char* out = nullptr;
            const int size = i2d_OCSP_REQUEST(theirs.get(), &out);
            const Buffer encoding(out, out + size);
            OPENSSL_free(out);
            const auto ours = x509::parse_ocsp_request(encoding);
            assert_ok(ours);
            assert_int_equal(ours->requests.size(), 3);
            assert_hex(ours->requests[1].serial, "ff01");
            assert_int_equal(ours->nonce.has_value(), nonce);
            if (nonce) assert_hex(*ours->nonce, "0420" + pki::hex_encode(octets));
        }
}

// requestorName, version 1 written out, a signature, extensions that say nothing to us.
void what_is_ignored(void**) {
    Parts parts = good_parts();
    parts.before = hex("a003020100 a107 8205 612e636f6d");
    parts.list = single(cert_id(kSerial),
                        wrapped(0, extensions_of(hex("2b06010505073001 07"), hex("3000"))));
    parts.extensions = extensions_of(hex("2b0601050507300104"), hex("3000"));
    parts.behind =
        wrapped(0, hex("301a 300a06082a8648ce3d040302 0303 00aabb a007 3005 3003020101"));
    assert_ok(x509::parse_ocsp_request(request_of(parts)));
    parts.behind = wrapped(0, hex("3011 300a06082a8648ce3d040302 0303 00aabb"));
    assert_ok(x509::parse_ocsp_request(request_of(parts)));
}

void check_nonce(const Buffer& value, bool good) {
    Parts parts = good_parts();
    parts.extensions = extensions_of(oid::kOcspNonce, value);
    const Buffer encoding = request_of(parts);
    const auto request = x509::parse_ocsp_request(encoding);
    if (!good) {
        assert_error(Errc::malformed, request);
        return;
    }
    assert_ok(request);
    assert_hex(request->nonce.value_or(Bytes()), pki::hex_encode(value));
}

// RFC 9654 2.1, with and without the OCTET STRING.
void the_nonce_has_a_length(void**) {
    check_nonce({}, false);
    check_nonce(octet_string(0), false);
    check_nonce(octet_string(1), true);
    check_nonce(octet_string(128), true);
    check_nonce(octet_string(129), false);
    check_nonce(Buffer(1, 0x77), true);
    check_nonce(Buffer(128, 0x77), true);
    check_nonce(Buffer(129, 0x77), false);
    check_nonce(hex("0400 00"), true);  // bare octets that begin like one
}

void critical_extensions_are_known_or_refused(void**) {
    Parts parts = good_parts();
    parts.extensions = extensions_of(oid::kOcspNonce, octet_string(8), true);
    assert_ok(x509::parse_ocsp_request(request_of(parts)));
    parts.extensions = extensions_of(hex("2b0601050507300104"), hex("3000"), true);
    assert_error(Errc::malformed, x509::parse_ocsp_request(request_of(parts)));
    parts = good_parts();
    parts.list = single(cert_id(kSerial), wrapped(0, extensions_of(hex("2a03"), {}, true)));
    assert_error(Errc::malformed, x509::parse_ocsp_request(request_of(parts)));
}

void a_request_is_refused(void**) {
    const auto refused = [](const auto& change) {
        Parts parts = good_parts();
        change(parts);
        assert_error(Errc::malformed, x509::parse_ocsp_request(request_of(parts)));
    };
    assert_ok(x509::parse_ocsp_request(request_of(good_parts())));
    refused([](Parts& p) { p.before = hex("a003020101"); });             // version 2
    refused([](Parts& p) { p.before = hex("a006020100 020100"); });      // two versions
    refused([](Parts& p) { p.before = hex("a100"); });                   // no name
    refused([](Parts& p) { p.before = hex("a104 8200 8200"); });         // two names
    refused([](Parts& p) { p.before = hex("a102 8200 a003 020100"); });  // in another order
    refused([](Parts& p) { p.list.clear(); });
    refused([](Parts& p) { p.list = hex("3000"); });
    refused([](Parts& p) { p.list = single(cert_id(kSerial), hex("0500")); });
    refused([](Parts& p) { p.extensions = hex("0500"); });
    refused([](Parts& p) { p.extensions = hex("3000 3000"); });
    refused([](Parts& p) { p.behind = hex("0500"); });
    refused([](Parts& p) { p.behind = hex("a000"); });
    refused([](Parts& p) { p.behind = hex("a002 3000"); });
    refused([](Parts& p) { p.behind = hex("a008 3006 3000 0302 00aa a0"); });
    refused([](Parts& p) { p.behind = hex("a00a 3008 3000 0302 00aa 0500"); });
    refused([](Parts& p) { p.behind = hex("a00a 3008 3000 0302 00aa a000"); });
    refused([](Parts& p) { p.behind = hex("a008 3006 3000 0302 01aa"); });
    Buffer trailing = request_of(good_parts());
    trailing.push_back(0);
    assert_error(Errc::malformed, x509::parse_ocsp_request(trailing));
    assert_error(Errc::malformed, x509::parse_ocsp_request({}));
    assert_error(Errc::malformed,
                 x509::parse_ocsp_request(Buffer(pki::limits::kOcspRequest + 1)));
}

void a_request_is_cut_anywhere(void**) {
    const Buffer first = cert_id(kSerial);
    const Buffer encoding = x509::build_ocsp_request({first}, hex("040101"));
    for (std::size_t size = 0; size < encoding.size(); size++)
        assert_error(Errc::malformed, x509::parse_ocsp_request(Bytes(encoding).first(size)));
}

void certificates_in_a_request_are_counted(void**) {
    const Buffer id = cert_id(kSerial);
    std::vector<Bytes> ids(pki::limits::kOcspSingle, id);
    assert_ok(x509::parse_ocsp_request(x509::build_ocsp_request(ids, {})));
    ids.push_back(id);
    assert_error(Errc::malformed, x509::parse_ocsp_request(x509::build_ocsp_request(ids, {})));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_cert_id_is_read),
        cmocka_unit_test(a_cert_id_is_refused),
        cmocka_unit_test(a_request_is_read),
        cmocka_unit_test(what_openssl_asks_is_read),
        cmocka_unit_test(what_is_ignored),
        cmocka_unit_test(the_nonce_has_a_length),
        cmocka_unit_test(critical_extensions_are_known_or_refused),
        cmocka_unit_test(a_request_is_refused),
        cmocka_unit_test(a_request_is_cut_anywhere),
        cmocka_unit_test(certificates_in_a_request_are_counted),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
