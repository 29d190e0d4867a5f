#include "libpki/x509/cert.h"

#include <openssl/err.h>

#include "libpki/base/limits.h"
#include "libpki/x509/oids.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Errc;
using unit::read_vector;
namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

Buffer cert_vector(const std::string& name) { return read_vector("cert/" + name + ".der"); }

void every_key_type_is_read_and_verifies(void**) {
    for (const char* name :
         {"p256", "p384", "p521", "rsa2048", "rsa3072", "ed25519", "ed448"}) {
        const Buffer der = cert_vector(name);
        const auto root = x509::parse_certificate(der);
        assert_ok(root);
        assert_true(x509::same_name(root->tbs.subject, root->tbs.issuer));
        assert_text(x509::name_text(root->tbs.subject),
                    "CN=" + std::string(name) + ",O=Example");
        assert_ok(x509::verify_signature(*root, root->tbs.spki));
        assert_int_equal(ERR_peek_error(), 0);
    }
}

void fields_of_a_leaf_are_read(void**) {
    const Buffer der = cert_vector("leaf");
    const auto leaf = x509::parse_certificate(der);
    assert_ok(leaf);
    const x509::Tbs& tbs = leaf->tbs;
    assert_text(x509::serial_text(tbs), "7f00112233");
    assert_text(x509::name_text(tbs.issuer), "CN=p256,O=Example");
    assert_text(x509::name_text(tbs.subject), "CN=leaf,O=Example");
    assert_text(tbs.spki.describe(), "ec:P-384");
    assert_int_equal(tbs.not_after - tbs.not_before, std::int64_t{36500} * 86400);
    assert_int_equal(tbs.extensions.list.size(), 6);
    const auto san = x509::certificate_san(*leaf);
    assert_ok(san);
    assert_true(san->has_value());
    assert_int_equal((*san)->names.size(), 5);
}

void leaf_verifies_with_its_issuer_only(void**) {
    const Buffer leaf_der = cert_vector("leaf"), root_der = cert_vector("p256");
    const auto leaf = x509::parse_certificate(leaf_der);
    const auto root = x509::parse_certificate(root_der);
    assert_ok(leaf);
    assert_ok(root);
    assert_ok(x509::verify_signature(*leaf, root->tbs.spki));
    assert_error(Errc::unsupported,
                 x509::verify_signature(
                     *leaf, x509::parse_certificate(cert_vector("rsa2048"))->tbs.spki));
    assert_error(Errc::bad_signature, x509::verify_signature(*leaf, leaf->tbs.spki));
    const Buffer changed_der = cert_vector("bad_signature");
    const auto changed = x509::parse_certificate(changed_der);
    assert_ok(changed);
    assert_error(Errc::bad_signature, x509::verify_signature(*changed, root->tbs.spki));
}

void sha1_signatures_are_unsupported(void**) {
    const Buffer der = cert_vector("sha1");
    const auto root = x509::parse_certificate(der);
    assert_ok(root);
    assert_error(Errc::unsupported, x509::verify_signature(*root, root->tbs.spki));
}

void key_identifiers_of_issuer_and_leaf_match(void**) {
    const Buffer leaf_der = cert_vector("leaf"), root_der = cert_vector("p256");
    const auto leaf = x509::parse_certificate(leaf_der);
    const auto root = x509::parse_certificate(root_der);
    assert_ok(leaf);
    assert_ok(root);
    const auto* authority = leaf->tbs.extensions.find(oid::kAuthorityKeyIdentifier);
    assert_non_null(authority);
    const auto identifier = x509::parse_authority_key_identifier(authority->value);
    assert_ok(identifier);
    assert_hex(*identifier, pki::hex_encode(x509::key_identifier(root->tbs.spki)));
}

void version_1_has_no_extensions(void**) {
    const Buffer der = cert_vector("v1");
    const auto root = x509::parse_certificate(der);
    assert_ok(root);
    assert_true(root->tbs.extensions.list.empty());
    const auto san = x509::certificate_san(*root);
    assert_ok(san);
    assert_false(san->has_value());
    assert_error(Errc::malformed, x509::parse_certificate(cert_vector("v1_extensions")));
}

void other_versions_keys_and_identifiers_are_unsupported(void**) {
    for (const char* name : {"version_2", "unique_id", "brainpool"})
        assert_error(Errc::unsupported, x509::parse_certificate(cert_vector(name)));
}

void broken_certificates_are_refused(void**) {
    for (const char* name : {"version_4", "empty_extensions", "duplicate_extension",
                             "serial_zero", "serial_negative", "serial_long",
                             "validity_backwards", "two_algorithms", "trailing", "indefinite"})
        assert_error(Errc::malformed, x509::parse_certificate(cert_vector(name)));
    assert_error(Errc::malformed, x509::parse_certificate({}));
    const Buffer large(pki::limits::kCertificate + 1, 0x30);
    assert_error(Errc::malformed, x509::parse_certificate(large));
    assert_error(Errc::malformed, x509::parse_tbs(large));
}

void truncated_certificates_are_refused(void**) {
    const Buffer der = cert_vector("leaf");
    for (std::size_t size = 0; size < der.size(); size++)
        assert_false(x509::parse_certificate(pki::Bytes(der).first(size)).has_value());
}

void unreadable_san_is_not_an_absent_one(void**) {
    Buffer der = cert_vector("leaf");
    const Buffer dns_tag = unit::hex("82 12");
    auto at = std::search(der.begin(), der.end(), dns_tag.begin(), dns_tag.end());
    assert_true(at != der.end());
    *at = 0xa3;  // x400Address
    const auto leaf = x509::parse_certificate(der);
    assert_ok(leaf);
    assert_error(Errc::unsupported, x509::certificate_san(*leaf));
}

void serial_text_has_no_sign_octet(void**) {
    x509::Tbs tbs;
    const Buffer high = unit::hex("00 9f"), low = unit::hex("01 00");
    tbs.serial = high;
    assert_text(x509::serial_text(tbs), "9f");
    tbs.serial = low;
    assert_text(x509::serial_text(tbs), "0100");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_key_type_is_read_and_verifies),
        cmocka_unit_test(fields_of_a_leaf_are_read),
        cmocka_unit_test(leaf_verifies_with_its_issuer_only),
        cmocka_unit_test(sha1_signatures_are_unsupported),
        cmocka_unit_test(key_identifiers_of_issuer_and_leaf_match),
        cmocka_unit_test(version_1_has_no_extensions),
        cmocka_unit_test(other_versions_keys_and_identifiers_are_unsupported),
        cmocka_unit_test(broken_certificates_are_refused),
        cmocka_unit_test(truncated_certificates_are_refused),
        cmocka_unit_test(unreadable_san_is_not_an_absent_one),
        cmocka_unit_test(serial_text_has_no_sign_octet),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
