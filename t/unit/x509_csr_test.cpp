#include "libpki/x509/csr.h"

#include <openssl/err.h>

#include "libpki/base/der_writer.h"
#include "libpki/base/limits.h"
#include "libpki/x509/oids.h"
#include "t/unit/unit.h"

namespace {

using pki::as_bytes;
using pki::as_text;
using pki::Buffer;
using pki::Errc;
using unit::hex;
using unit::read_vector;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

Buffer csr_vector(const std::string& name) { return read_vector("csr/" + name + ".der"); }

// A request, no longer signed, with these attributes.
Buffer with_attributes(const Buffer& attributes) {
    const Buffer der = csr_vector("p256");
    const auto csr = x509::parse_csr(der);
    pki::der::Writer w;
    w.sequence([&] {
        w.sequence([&] {
            w.integer(0);
            w.raw(csr->subject.encoding);
            w.raw(csr->spki.encoding);
            w.tlv(pki::der::constructed(0), [&] { w.raw(attributes); });
        });
        w.raw(csr->signature_algorithm);
        w.bit_string(csr->signature);
    });
    return std::move(w).take();
}

void a_challenge_is_taken_out(void**) {
    const Buffer der = csr_vector("extensions");
    const auto csr = x509::parse_csr(der);
    const auto kept = x509::without_challenge_password(*csr);
    assert_ok(kept);
    assert_true(std::ranges::search(*kept, std::string_view("secret")).empty());
    const auto again = x509::parse_csr(*kept);
    assert_ok(again);
    assert_false(again->challenge_password.has_value());
    assert_int_equal(again->attribute_types.size(), 1);
    assert_true(pki::equal(again->subject.encoding, csr->subject.encoding));
    assert_true(pki::equal(again->spki.encoding, csr->spki.encoding));
    assert_int_equal(again->san->names.size(), 5);
    assert_int_equal(again->extensions.list.size(), 3);
    assert_true(again->signature.empty());
    assert_error(Errc::bad_signature, x509::verify_possession(*again));
    assert_int_equal(ERR_peek_error(), 0);
}

void without_a_challenge_nothing_changes(void**) {
    const Buffer der = csr_vector("p256");
    assert_true(*x509::without_challenge_password(*x509::parse_csr(der)) == der);
}

// Nothing is left then; an empty set of attributes is.
void a_challenge_may_be_the_only_attribute(void**) {
    const Buffer der =
        with_attributes(hex("3012"
                            "06092a864886f70d010907"
                            "3105"
                            "1303"
                            "616263"));
    const auto csr = x509::parse_csr(der);
    assert_ok(csr);
    const auto kept = x509::without_challenge_password(*csr);
    assert_ok(kept);
    assert_ok(x509::parse_csr(*kept));
    assert_true(x509::parse_csr(*kept)->attribute_types.empty());
}

void every_key_type_proves_possession(void**) {
    for (const char* name : {"p256", "p384", "p521", "rsa2048", "rsa3072", "rsa_pss",
                             "rsa_pss_sha512", "ed25519", "ed448"}) {
        const Buffer der = csr_vector(name);
        const auto csr = x509::parse_csr(der);
        assert_ok(csr);
        assert_ok(x509::verify_possession(*csr));
        assert_text(x509::name_text(csr->subject), "CN=device.example.com,O=Example");
        assert_true(csr->attribute_types.empty());
        assert_false(csr->san.has_value());
        assert_int_equal(ERR_peek_error(), 0);
    }
}

void views_are_into_the_input(void**) {
    const Buffer der = csr_vector("p256");
    const auto csr = x509::parse_csr(der);
    assert_ok(csr);
    assert_ptr_equal(csr->encoding.data(), der.data());
    assert_true(csr->info.data() > der.data());
    assert_int_equal(csr->info[0], pki::der::kSequence);
    assert_ptr_equal(csr->signature.data() + csr->signature.size(), der.data() + der.size());
}

void requested_extensions_are_read(void**) {
    const Buffer der = csr_vector("extensions");
    const auto csr = x509::parse_csr(der);
    assert_ok(csr);
    assert_int_equal(csr->extensions.list.size(), 3);
    const x509::Extension* usage = csr->extensions.find(oid::kKeyUsage);
    assert_non_null(usage);
    assert_true(usage->critical);
    assert_true(csr->san.has_value());
    assert_int_equal(csr->san->names.size(), 5);
    assert_text(x509::general_name_text(csr->san->names[0]), "dns:device.example.com");
    assert_text(as_text(csr->challenge_password.value_or(pki::Bytes())), "secret");
    assert_int_equal(csr->attribute_types.size(), 2);
}

void microsoft_extensions_are_read(void**) {
    const Buffer der = csr_vector("microsoft");
    const auto csr = x509::parse_csr(der);
    assert_ok(csr);
    assert_ok(x509::verify_possession(*csr));
    assert_true(csr->san.has_value());
    assert_int_equal(csr->extensions.list.size(), 3);
    assert_int_equal(csr->attribute_types.size(), 2);
    assert_true(pki::equal(csr->attribute_types[1], oid::kMicrosoftExtensionRequest));
}

void challenge_password_may_be_any_string(void**) {
    const Buffer der = csr_vector("challenge");
    const auto csr = x509::parse_csr(der);
    assert_ok(csr);
    assert_text(as_text(csr->challenge_password.value_or(pki::Bytes())), "7+Zq/secret=");
    const Buffer ia5 = csr_vector("challenge_ia5");
    const auto older = x509::parse_csr(ia5);
    assert_ok(older);
    assert_text(as_text(older->challenge_password.value_or(pki::Bytes())), "secret");
    assert_error(Errc::malformed, x509::parse_csr(csr_vector("challenge_integer")));
}

// OpenSSL refuses half a character of a wide string.
void challenge_password_has_whole_characters(void**) {
    Buffer der = csr_vector("challenge_ia5");
    const std::string_view secret = "\x16\x06secret";  // IA5String, six octets
    const auto tag = std::ranges::search(der, pki::as_bytes(secret)).begin();
    assert_true(tag != der.end());
    *tag = pki::der::kBmpString;
    assert_ok(x509::parse_csr(der));
    *tag = pki::der::kUniversalString;
    assert_error(Errc::malformed, x509::parse_csr(der));
}

void subject_may_be_empty(void**) {
    const Buffer der = csr_vector("empty_subject");
    const auto csr = x509::parse_csr(der);
    assert_ok(csr);
    assert_true(csr->subject.empty());
    assert_true(csr->san.has_value());
}

// RFC 2986 4.1 wants both; devices leave them out, or empty.
void attributes_and_extensions_may_be_missing(void**) {
    for (const char* name : {"no_attributes", "empty_extensions"}) {
        const Buffer der = csr_vector(name);
        const auto csr = x509::parse_csr(der);
        assert_ok(csr);
        assert_ok(x509::verify_possession(*csr));
        assert_true(csr->extensions.list.empty());
    }
}

void repeated_and_broken_attributes_are_refused(void**) {
    for (const char* name : {"two_extension_requests", "two_challenges", "challenge_two_values",
                             "attribute_empty", "duplicate_extension"})
        assert_error(Errc::malformed, x509::parse_csr(csr_vector(name)));
}

void other_attributes_are_kept_by_type(void**) {
    const Buffer der =
        with_attributes(hex("3009 0602 2a03 3103 0101ff 3008 0602 2a04 3102 3000"));
    const auto csr = x509::parse_csr(der);
    assert_ok(csr);
    assert_int_equal(csr->attribute_types.size(), 2);
    assert_hex(csr->attribute_types[0], "2a03");
    assert_hex(csr->attribute_types[1], "2a04");
    for (const char* bad : {"0500", "3000", "3004 0602 2a03", "3006 0602 2a03 3100",
                            "3007 0602 2a03 3101 05", "3009 0602 2a03 3103 0101ff 00",
                            "300b 0602 2a03 3103 0101ff 0500", "3007 0602 2a03 3001 05"})
        assert_error(Errc::malformed, x509::parse_csr(with_attributes(hex(bad))));
}

void the_number_of_attributes_is_bounded(void**) {
    Buffer attributes;
    for (std::size_t i = 0; i < pki::limits::kCsrAttributes; i++)
        pki::append(attributes, hex("3008 0602 2a03 3102 0500"));
    assert_ok(x509::parse_csr(with_attributes(attributes)));
    pki::append(attributes, hex("3008 0602 2a03 3102 0500"));
    assert_error(Errc::malformed, x509::parse_csr(with_attributes(attributes)));
}

void broken_requests_are_refused(void**) {
    for (const char* name : {"version_1", "trailing", "indefinite"})
        assert_error(Errc::malformed, x509::parse_csr(csr_vector(name)));
    assert_error(Errc::malformed, x509::parse_csr({}));
    const Buffer large(pki::limits::kCsr + 1, 0x30);
    assert_error(Errc::malformed, x509::parse_csr(large));
}

void truncated_requests_are_refused(void**) {
    const Buffer der = csr_vector("extensions");
    for (std::size_t size = 0; size < der.size(); size++)
        assert_false(x509::parse_csr(pki::Bytes(der).first(size)).has_value());
}

void wrong_signatures_prove_nothing(void**) {
    const Buffer der = csr_vector("bad_signature");
    const auto csr = x509::parse_csr(der);
    assert_ok(csr);
    assert_error(Errc::bad_signature, x509::verify_possession(*csr));
    assert_int_equal(ERR_peek_error(), 0);
}

void sha1_signatures_are_unsupported(void**) {
    const Buffer der = csr_vector("sha1");
    const auto csr = x509::parse_csr(der);
    assert_ok(csr);
    assert_error(Errc::unsupported, x509::verify_possession(*csr));
}

// The signature is by the key of the request, whatever algorithm it claims.
void algorithm_of_another_key_type_is_unsupported(void**) {
    const Buffer der = csr_vector("p256");
    auto csr = x509::parse_csr(der);
    assert_ok(csr);
    const Buffer ed25519 = hex("3005 0603 2b6570");
    csr->signature_algorithm = ed25519;
    assert_error(Errc::unsupported, x509::verify_possession(*csr));
}

void errors_count_from_the_start_of_the_request(void**) {
    const Buffer der = csr_vector("duplicate_extension");
    const auto csr = x509::parse_csr(der);
    assert_error(Errc::malformed, csr);
    assert_text(csr.error().detail, "2.5.29.17");
    const std::size_t offset = csr.error().offset;
    assert_true(offset > 0 && offset + 7 < der.size());
    assert_hex(pki::Bytes(der).subspan(offset + 2, 5), "0603551d11");
}

void what_is_built_is_read(void**) {
    const auto subject = x509::name_from_text("O=Example, CN=device");
    const auto san = x509::build_san({"dns:device.example.com", "ip:192.0.2.7"});
    assert_ok(subject);
    assert_ok(san);
    for (const char* spec :
         {"rsa:2048", "ec:P-256", "ec:P-384", "ec:P-521", "ed25519", "ed448"}) {
        auto key = ossl::generate_key(spec);
        assert_ok(key);
        const auto der = x509::build_csr({*subject, *san, "7+Zq/pass"}, key->get());
        assert_ok(der);
        const auto csr = x509::parse_csr(*der);
        assert_ok(csr);
        assert_ok(x509::verify_possession(*csr));
        assert_text(csr->spki.describe(), spec);
        assert_hex(csr->subject.encoding, pki::hex_encode(*subject));
        assert_hex(csr->san->encoding, pki::hex_encode(*san));
        assert_text(as_text(csr->challenge_password.value_or(pki::Bytes())), "7+Zq/pass");
    }
}

void what_is_built_without_attributes_has_none(void**) {
    auto key = ossl::generate_key("ec:P-256");
    assert_ok(key);
    const Buffer empty_name = hex("3000");
    const auto der = x509::build_csr({empty_name, {}, {}}, key->get());
    assert_ok(der);
    const auto csr = x509::parse_csr(*der);
    assert_ok(csr);
    assert_true(csr->subject.empty());
    assert_true(csr->attribute_types.empty());
    assert_false(csr->challenge_password.has_value());
    assert_hex(csr->info.last(2), "a000");
}

void built_request_satisfies_openssl(void**) {
    auto key = ossl::generate_key("ec:P-256");
    const auto san = x509::build_san({"dns:device.example.com"});
    assert_ok(key);
    assert_ok(san);
    const Buffer empty_name = hex("3000");
    const auto der = x509::build_csr({empty_name, *san, "p\xc3\xa4ss"}, key->get());
    assert_ok(der);
    const unsigned char* in = der->data();
    X509_REQ* request = d2i_X509_REQ(nullptr, &in, static_cast<long>(der->size()));
    assert_non_null(request);
    assert_int_equal(X509_REQ_verify(request, key->get()), 1);
    assert_int_equal(X509_REQ_get_attr_count(request), 2);
    X509_REQ_free(request);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_challenge_is_taken_out),
        cmocka_unit_test(without_a_challenge_nothing_changes),
        cmocka_unit_test(a_challenge_may_be_the_only_attribute),
        cmocka_unit_test(every_key_type_proves_possession),
        cmocka_unit_test(views_are_into_the_input),
        cmocka_unit_test(requested_extensions_are_read),
        cmocka_unit_test(microsoft_extensions_are_read),
        cmocka_unit_test(challenge_password_may_be_any_string),
        cmocka_unit_test(challenge_password_has_whole_characters),
        cmocka_unit_test(subject_may_be_empty),
        cmocka_unit_test(attributes_and_extensions_may_be_missing),
        cmocka_unit_test(repeated_and_broken_attributes_are_refused),
        cmocka_unit_test(other_attributes_are_kept_by_type),
        cmocka_unit_test(the_number_of_attributes_is_bounded),
        cmocka_unit_test(broken_requests_are_refused),
        cmocka_unit_test(truncated_requests_are_refused),
        cmocka_unit_test(wrong_signatures_prove_nothing),
        cmocka_unit_test(sha1_signatures_are_unsupported),
        cmocka_unit_test(algorithm_of_another_key_type_is_unsupported),
        cmocka_unit_test(errors_count_from_the_start_of_the_request),
        cmocka_unit_test(what_is_built_is_read),
        cmocka_unit_test(what_is_built_without_attributes_has_none),
        cmocka_unit_test(built_request_satisfies_openssl),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
