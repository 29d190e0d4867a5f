#include "libpki/x509/tbs.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "libpki/x509/oids.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using unit::hex;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

constexpr std::int64_t kNow = 1795197600;  // 2026-11-20
constexpr std::int64_t kDay = 86400;

// A key with what a certificate says about it.
struct Party {
    ossl::PkeyPtr key;
    ossl::SignatureScheme scheme;
    Buffer name;
    Buffer spki;
    Buffer identifier;
};

pki::Result<Party> make_party(const char* spec, const char* name) {
    Party party;
    PKI_TRY(party.key, ossl::generate_key(spec));
    PKI_TRY(party.scheme, ossl::default_scheme(party.key.get()));
    PKI_TRY(party.name, x509::name_from_text(name));
    PKI_TRY(party.spki, ossl::public_key_der(party.key.get()));
    PKI_TRY(const x509::Spki spki, x509::parse_spki(party.spki));
    party.identifier = x509::key_identifier(spki);
    return party;
}

const Buffer kSerial = hex("7f 00112233445566778899aabbccddeeff001122");

x509::TbsSpec root_spec(const Party& root) {
    x509::TbsSpec spec;
    spec.serial = kSerial;
    spec.scheme = root.scheme;
    spec.issuer = root.name;
    spec.subject = root.name;
    spec.not_before = kNow - kDay;
    spec.not_after = kNow + 10000 * kDay;
    spec.spki = root.spki;
    spec.subject_key_identifier = root.identifier;
    spec.ca = true;
    spec.path_length = 0;
    spec.key_usage = x509::kKeyCertSign | x509::kCrlSign;
    return spec;
}

x509::TbsSpec leaf_spec(const Party& issuer, const Party& leaf, Bytes san) {
    x509::TbsSpec spec;
    spec.serial = kSerial;
    spec.scheme = issuer.scheme;
    spec.issuer = issuer.name;
    spec.subject = leaf.name;
    spec.not_before = kNow - 300;
    spec.not_after = kNow + 90 * kDay;
    spec.spki = leaf.spki;
    spec.subject_key_identifier = leaf.identifier;
    spec.authority_key_identifier = issuer.identifier;
    spec.key_usage = x509::kDigitalSignature | x509::kKeyEncipherment;
    spec.extended_key_usage = {oid::kClientAuth, oid::kServerAuth};
    spec.san = san;
    spec.must_staple = true;
    spec.ocsp_no_check = true;
    spec.crl_urls = {"http://ca.example/one.crl", "http://ca.example/two.crl"};
    spec.ocsp_urls = {"http://ocsp.example/"};
    spec.ca_issuers_urls = {"http://ca.example/ca.cer"};
    return spec;
}

pki::Result<Buffer> issue(const Party& issuer, const x509::TbsSpec& spec) {
    const Buffer tbs = x509::build_tbs(spec);
    PKI_TRY(const Buffer signature, ossl::sign(issuer.key.get(), spec.scheme, tbs));
    return x509::assemble_certificate(tbs, spec.scheme, signature);
}

ossl::X509Ptr openssl_certificate(const Buffer& der) {
    const unsigned char* in = der.data();
    return ossl::X509Ptr(d2i_X509(nullptr, &in, static_cast<long>(der.size())));
}

// As "openssl verify -x509_strict" does it.
int strict_verify(X509* root, X509* leaf) {
    const ossl::StorePtr store(X509_STORE_new());
    X509_STORE_add_cert(store.get(), root);
    const ossl::StoreCtxPtr context(X509_STORE_CTX_new());
    X509_STORE_CTX_init(context.get(), store.get(), leaf, nullptr);
    X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_X509_STRICT);
    X509_STORE_CTX_set_time(context.get(), 0, static_cast<time_t>(kNow));
    X509_verify_cert(context.get());
    const int result = X509_STORE_CTX_get_error(context.get());
    ERR_clear_error();
    return result;
}

void openssl_verifies_strictly_with_every_key_type(void**) {
    const auto san = x509::build_san({"dns:device.example.com"});
    assert_ok(san);
    for (const char* spec :
         {"rsa:2048", "ec:P-256", "ec:P-384", "ec:P-521", "ed25519", "ed448"}) {
        auto root = make_party(spec, "CN=Root");
        auto leaf = make_party("ec:P-256", "CN=device.example.com");
        assert_ok(root);
        assert_ok(leaf);
        const auto root_der = issue(*root, root_spec(*root));
        const auto leaf_der = issue(*root, leaf_spec(*root, *leaf, *san));
        assert_ok(root_der);
        assert_ok(leaf_der);
        const ossl::X509Ptr root_certificate = openssl_certificate(*root_der);
        const ossl::X509Ptr leaf_certificate = openssl_certificate(*leaf_der);
        assert_int_equal(strict_verify(root_certificate.get(), leaf_certificate.get()),
                         X509_V_OK);
        const auto parsed = x509::parse_certificate(*leaf_der);
        assert_ok(parsed);
        const auto root_spki = x509::parse_spki(root->spki);
        assert_ok(root_spki);
        assert_ok(x509::verify_signature(*parsed, *root_spki));
    }
}

void pss_certificates_verify(void**) {
    auto root = make_party("rsa:2048", "CN=Root");
    assert_ok(root);
    root->scheme = {ossl::KeyType::rsa, ossl::Hash::sha384, true};
    const auto der = issue(*root, root_spec(*root));
    assert_ok(der);
    const ossl::X509Ptr certificate = openssl_certificate(*der);
    assert_int_equal(strict_verify(certificate.get(), certificate.get()), X509_V_OK);
}

void what_is_built_is_read(void**) {
    const auto san = x509::build_san({"dns:device.example.com", "ip:192.0.2.1"});
    auto root = make_party("ec:P-384", "O=Example, CN=Root");
    auto leaf = make_party("rsa:2048", "O=Example, CN=device");
    assert_ok(san);
    assert_ok(root);
    assert_ok(leaf);
    const x509::TbsSpec spec = leaf_spec(*root, *leaf, *san);
    const Buffer der = x509::build_tbs(spec);
    const auto tbs = x509::parse_tbs(der);
    assert_ok(tbs);
    assert_hex(tbs->serial, pki::hex_encode(kSerial));
    assert_hex(tbs->issuer.encoding, pki::hex_encode(root->name));
    assert_hex(tbs->subject.encoding, pki::hex_encode(leaf->name));
    assert_hex(tbs->spki.encoding, pki::hex_encode(leaf->spki));
    assert_int_equal(tbs->not_before, spec.not_before);
    assert_int_equal(tbs->not_after, spec.not_after);
    const auto usage = x509::parse_key_usage(tbs->extensions.find(oid::kKeyUsage)->value);
    assert_ok(usage);
    assert_int_equal(*usage, spec.key_usage);
    assert_hex(tbs->extensions.find(oid::kSubjectAltName)->value, pki::hex_encode(*san));
}

void extensions_have_their_order_and_criticality(void**) {
    const auto san = x509::build_san({"dns:device.example.com"});
    auto root = make_party("ec:P-256", "CN=Root");
    auto leaf = make_party("ec:P-256", "CN=device");
    assert_ok(san);
    assert_ok(root);
    assert_ok(leaf);
    const Buffer der = x509::build_tbs(leaf_spec(*root, *leaf, *san));
    const auto tbs = x509::parse_tbs(der);
    assert_ok(tbs);
    const std::pair<Bytes, bool> expected[] = {
        {oid::kBasicConstraints, true},
        {oid::kKeyUsage, true},
        {oid::kExtendedKeyUsage, false},
        {oid::kSubjectAltName, false},
        {oid::kSubjectKeyIdentifier, false},
        {oid::kAuthorityKeyIdentifier, false},
        {oid::kCrlDistributionPoints, false},
        {oid::kAuthorityInfoAccess, false},
        {oid::kTlsFeature, false},
        {oid::kOcspNoCheck, false},
    };
    assert_int_equal(tbs->extensions.list.size(), std::size(expected));
    for (std::size_t i = 0; i < std::size(expected); i++) {
        const x509::Extension& extension = tbs->extensions.list[i];
        assert_text(x509::oid_to_text(extension.id), x509::oid_to_text(expected[i].first));
        assert_int_equal(extension.critical, expected[i].second);
    }
    assert_hex(tbs->extensions.list[0].value, "3000");
    assert_hex(tbs->extensions.find(oid::kTlsFeature)->value, "3003020105");
    assert_hex(tbs->extensions.find(oid::kOcspNoCheck)->value, "0500");
}

// RFC 5280 4.2.1.6: with an empty subject the names must be understood.
void san_is_critical_when_the_subject_is_empty(void**) {
    const auto san = x509::build_san({"dns:device.example.com"});
    auto root = make_party("ec:P-256", "CN=Root");
    auto leaf = make_party("ec:P-256", "");
    assert_ok(san);
    assert_ok(root);
    assert_ok(leaf);
    const auto der = issue(*root, leaf_spec(*root, *leaf, *san));
    assert_ok(der);
    const auto certificate = x509::parse_certificate(*der);
    assert_ok(certificate);
    assert_true(certificate->tbs.extensions.find(oid::kSubjectAltName)->critical);
    const auto root_der = issue(*root, root_spec(*root));
    assert_ok(root_der);
    const ossl::X509Ptr root_certificate = openssl_certificate(*root_der);
    const ossl::X509Ptr leaf_certificate = openssl_certificate(*der);
    assert_int_equal(strict_verify(root_certificate.get(), leaf_certificate.get()), X509_V_OK);
}

void what_is_not_asked_for_is_left_out(void**) {
    auto root = make_party("ec:P-256", "CN=Root");
    assert_ok(root);
    x509::TbsSpec spec = root_spec(*root);
    spec.ca = false;
    spec.key_usage = 0;
    spec.subject_key_identifier = {};
    const Buffer der = x509::build_tbs(spec);
    const auto tbs = x509::parse_tbs(der);
    assert_ok(tbs);
    assert_int_equal(tbs->extensions.list.size(), 1);
    assert_hex(tbs->extensions.list[0].value, "3000");
    spec.ca = true;
    const Buffer ca_der = x509::build_tbs(spec);
    const auto ca = x509::parse_tbs(ca_der);
    assert_ok(ca);
    assert_hex(ca->extensions.list[0].value, "30060101ff020100");
}

// X509V3's own readers see the same URLs.
void openssl_sees_the_urls(void**) {
    auto root = make_party("ec:P-256", "CN=Root");
    auto leaf = make_party("ec:P-256", "CN=device");
    assert_ok(root);
    assert_ok(leaf);
    const auto der = issue(*root, leaf_spec(*root, *leaf, {}));
    assert_ok(der);
    const ossl::X509Ptr certificate = openssl_certificate(*der);
    const ossl::BioPtr text(BIO_new(BIO_s_mem()));
    X509V3_extensions_print(text.get(), nullptr, X509_get0_extensions(certificate.get()), 0, 0);
    char* data = nullptr;
    const long size = BIO_get_mem_data(text.get(), &data);
    const std::string_view printed(data, static_cast<std::size_t>(size));
    for (const char* expected :
         {"URI:http://ca.example/one.crl", "URI:http://ca.example/two.crl",
          "OCSP - URI:http://ocsp.example/", "CA Issuers - URI:http://ca.example/ca.cer",
          "status_request", "CA:FALSE", "Digital Signature, Key Encipherment"})
        assert_true(printed.find(expected) != printed.npos);
}

void times_from_2050_are_generalized(void**) {
    auto root = make_party("ec:P-256", "CN=Root");
    assert_ok(root);
    x509::TbsSpec spec = root_spec(*root);
    spec.not_before = 2524607999;  // 2049-12-31T23:59:59Z
    spec.not_after = 2524608000;
    const Buffer der = x509::build_tbs(spec);
    const auto tbs = x509::parse_tbs(der);
    assert_ok(tbs);
    assert_int_equal(tbs->not_before, spec.not_before);
    assert_int_equal(tbs->not_after, spec.not_after);
    const Buffer validity =
        hex("3020 170d 3439313233313233353935395a 180f 32303530303130313030303030305a");
    assert_true(std::search(der.begin(), der.end(), validity.begin(), validity.end()) !=
                der.end());
}

void serial_of_twenty_octets_is_read_again(void**) {
    auto root = make_party("ec:P-256", "CN=Root");
    assert_ok(root);
    x509::TbsSpec spec = root_spec(*root);
    const Buffer high(20, 0xff), longer(21, 0x7f);
    spec.serial = high;
    const Buffer der = x509::build_tbs(spec);
    const auto tbs = x509::parse_tbs(der);
    assert_ok(tbs);
    assert_text(x509::serial_text(*tbs), pki::hex_encode(high));
    spec.serial = longer;
    assert_error(Errc::malformed, x509::parse_tbs(x509::build_tbs(spec)));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(openssl_verifies_strictly_with_every_key_type),
        cmocka_unit_test(pss_certificates_verify),
        cmocka_unit_test(what_is_built_is_read),
        cmocka_unit_test(extensions_have_their_order_and_criticality),
        cmocka_unit_test(san_is_critical_when_the_subject_is_empty),
        cmocka_unit_test(what_is_not_asked_for_is_left_out),
        cmocka_unit_test(openssl_sees_the_urls),
        cmocka_unit_test(times_from_2050_are_generalized),
        cmocka_unit_test(serial_of_twenty_octets_is_read_again),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
