#include "libpki/x509/crmf.h"

#include <openssl/crmf.h>
#include <openssl/err.h>

#include "libpki/base/limits.h"
#include "libpki/base/time.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/oids.h"
#include "t/unit/crmf_fixture.h"

#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::Reason;
using unit::assert_reason;
using unit::hex;
using unit::message;
using unit::request_of;
using unit::with_fields;
namespace der = pki::der;
namespace limits = pki::limits;
namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

// --- what openssl cmp sends ---

void requests_of_openssl_are_read(void**) {
    constexpr std::pair<const char*, const char*> kKeys[] = {{"p256", "ec:P-256"},
                                                             {"p384", "ec:P-384"},
                                                             {"rsa2048", "rsa:2048"},
                                                             {"ed25519", "ed25519"}};
    for (const auto& [name, key] : kKeys) {
        const Buffer der = request_of(std::string("ir_") + name);
        const auto request = x509::parse_cert_request(der);
        assert_ok(request);
        assert_int_equal(request->id, 0);
        assert_text(x509::name_text(request->csr.subject), "CN=device.example.com,O=Example");
        assert_text(request->csr.spki.describe(), key);
        assert_true(request->csr.san.has_value());
        assert_int_equal(request->csr.san->names.size(), 2);
        assert_text(x509::general_name_text(request->csr.san->names[1]), "ip:192.0.2.7");
        assert_true(request->possession == x509::Possession::signature);
        assert_ok(x509::verify_possession(*request));
        assert_true(request->controls.empty());
        assert_int_equal(ERR_peek_error(), 0);
    }
}

// The fields, as OpenSSL reads them itself.
void openssl_sees_the_same_fields(void**) {
    const Buffer der = request_of("ir_days");
    const auto request = x509::parse_cert_request(der);
    assert_ok(request);
    const unsigned char* in = der.data();
    OSSL_CRMF_MSG* theirs = d2i_OSSL_CRMF_MSG(nullptr, &in, static_cast<long>(der.size()));
    assert_non_null(theirs);
    assert_int_equal(OSSL_CRMF_MSG_get_certReqId(theirs), request->id);
    const OSSL_CRMF_CERTTEMPLATE* const wanted = OSSL_CRMF_MSG_get0_tmpl(theirs);
    const X509_NAME* const issuer = OSSL_CRMF_CERTTEMPLATE_get0_issuer(wanted);
    const unsigned char* encoded = nullptr;
    std::size_t length = 0;
    assert_int_equal(X509_NAME_get0_der(issuer, &encoded, &length), 1);
    assert_true(pki::equal(request->issuer, {encoded, length}));
    assert_int_equal(request->not_after - request->not_before, 30 * 86400);
    OSSL_CRMF_MSG_free(theirs);
}

void an_update_names_the_old_certificate(void**) {
    const Buffer der = request_of("kur");
    const Buffer old = unit::read_vector("cmp/old.der");
    const auto request = x509::parse_cert_request(der);
    const auto certificate = x509::parse_certificate(old);
    assert_ok(request);
    assert_ok(certificate);
    assert_true(request->old_cert_id.has_value());
    assert_hex(request->old_cert_id->serial, pki::hex_encode(certificate->tbs.serial));
    assert_hex(request->old_cert_id->issuer, pki::hex_encode(certificate->tbs.issuer.encoding));
    assert_int_equal(request->controls.size(), 1);
    assert_ok(x509::verify_possession(*request));
}

// --- the views ---

void a_moved_request_still_sees_its_key(void**) {
    const Buffer der = request_of("ir_p256");
    std::vector<x509::CertRequest> kept;
    for (int i = 0; i < 5; i++) {
        auto request = x509::parse_cert_request(der);
        assert_ok(request);
        kept.push_back(*std::move(request));
    }
    x509::CertRequest assigned;
    assigned = std::move(kept[0]);
    assert_text(assigned.csr.spki.describe(), "ec:P-256");
    assert_ptr_equal(assigned.csr.spki.encoding.data(), assigned.spki_der.data());
    assert_text(x509::general_name_text(assigned.csr.san->names[0]), "dns:device.example.com");
    assert_ok(x509::verify_possession(assigned));
    assert_ok(x509::verify_possession(kept[4]));
}

void it_is_no_pkcs10(void**) {
    const Buffer der = request_of("ir_p256");
    const auto request = x509::parse_cert_request(der);
    assert_ok(request);
    assert_ptr_equal(request->csr.encoding.data(), der.data());
    assert_false(x509::verify_possession(request->csr).has_value());
    assert_false(x509::parse_csr(der).has_value());
}

// --- the template ---

void an_empty_template_is_read(void**) {
    const Buffer der = with_fields("");
    const auto request = x509::parse_cert_request(der);
    assert_ok(request);
    assert_hex(request->csr.subject.encoding, "3000");
    assert_true(request->csr.spki.encoding.empty());
    assert_true(request->issuer.empty() && request->wanted_algorithm.empty());
    assert_int_equal(request->not_before, 0);
    assert_int_equal(request->not_after, 0);
    assert_true(request->possession == x509::Possession::none);
    assert_error(Errc::bad_signature, x509::verify_possession(*request));
}

// RFC 4211 5: the CA's own fields.
void what_the_ca_decides_is_not_asked_for(void**) {
    assert_ok(x509::parse_cert_request(with_fields("800102")));
    for (const char* fields :
         {"800101", "80020002", "8000", "810105", "a20506032b6570", "87020080", "88020080"}) {
        const Buffer der = with_fields(fields);
        assert_error(Errc::malformed, x509::parse_cert_request(der));
        assert_reason(Reason::bad_cert_template, x509::parse_cert_request(der));
    }
}

void names_and_times_are_tagged_explicitly(void**) {
    const Buffer validity = with_fields(
        "a422 a00f170d3330303130313030303030305a a10f170d3331303130313030303030305a");
    const auto both = x509::parse_cert_request(validity);
    assert_ok(both);
    assert_text(pki::format_iso8601(both->not_before), "2030-01-01T00:00:00Z");
    assert_text(pki::format_iso8601(both->not_after), "2031-01-01T00:00:00Z");
    assert_ok(x509::parse_cert_request(with_fields("a400")));
    assert_ok(x509::parse_cert_request(with_fields("a502 3000")));
    for (const char* fields :
         {"a40f 800d3330303130313030303030305a", "a411 a10d170b333030313031303030305a", "a500",
          "a504 30003000", "a502 3100", "a302 0500", "a502 3000 a302 3000",
          "a411 a20f170d3330303130313030303030305a"})
        assert_error(Errc::malformed, x509::parse_cert_request(with_fields(fields)));
}

void a_key_may_be_asked_for(void**) {
    const Buffer der = with_fields("a618 3013 06072a8648ce3d0201 06082a8648ce3d030107 030100");
    const auto request = x509::parse_cert_request(der);
    assert_ok(request);
    assert_true(request->csr.spki.encoding.empty());
    assert_hex(request->wanted_algorithm, "301306072a8648ce3d020106082a8648ce3d030107");
    for (const char* fields :
         {"a617 3013 06072a8648ce3d0201 06082a8648ce3d030107 0300", "a602 0500", "a600",
          "a61a 3013 06072a8648ce3d0201 06082a8648ce3d030107 030100 0500"})
        assert_error(Errc::malformed, x509::parse_cert_request(with_fields(fields)));
}

void keys_are_those_of_a_pkcs10(void**) {
    const Buffer brainpool = unit::read_vector("spki/brainpool.der");
    const Buffer even = unit::read_vector("spki/rsa_exponent_even.der");
    const auto with_key = [](const Buffer& spki) {
        der::Writer w;
        w.primitive(der::constructed(6), der::only(spki, der::kSequence)->content);
        return message({.fields = std::move(w).take()});
    };
    assert_error(Errc::unsupported, x509::parse_cert_request(with_key(brainpool)));
    assert_error(Errc::weak_key, x509::parse_cert_request(with_key(even)));
}

void extensions_are_those_of_a_pkcs10(void**) {
    const Buffer usage = with_fields("a910 300e 0603551d0f 0101ff 0404 03020780");
    const auto request = x509::parse_cert_request(usage);
    assert_ok(request);
    assert_int_equal(request->csr.extensions.list.size(), 1);
    assert_true(request->csr.extensions.find(oid::kKeyUsage)->critical);
    assert_false(request->csr.san.has_value());
    assert_ok(x509::parse_cert_request(with_fields("a900")));
    // Twice the same, a SAN that is none, two tags.
    for (const char* fields :
         {"a914 3008 0603550101 040100 3008 0603550101 040100", "a909 3007 0603551d11 0400",
          "a90d 300b 0603551d11 0404 30028200", "a902 3000", "a900 a900", "b000"})
        assert_error(Errc::malformed, x509::parse_cert_request(with_fields(fields)));
}

// The offset of an error counts from the start of the whole, in a copy too.
void errors_count_from_the_start(void**) {
    const Buffer der =
        with_fields("a502 3000 a914 3008 0603550101 040100 3008 0603550101 040100");
    const auto request = x509::parse_cert_request(der);
    assert_error(Errc::malformed, request);
    assert_text(request.error().detail, "2.5.1.1");
    assert_hex(Bytes(der).subspan(request.error().offset, 2), "3008");
    assert_int_equal(request.error().offset, der.size() - 10);
}

// --- several requests, bounds ---

void the_number_of_requests_is_bounded(void**) {
    const Buffer one = with_fields("");
    const Buffer two = x509::build_cert_requests({one, one});
    assert_int_equal(x509::parse_cert_requests(two, 2)->size(), 2);
    assert_error(Errc::malformed, x509::parse_cert_requests(two, 1));
    assert_error(Errc::malformed, x509::parse_cert_requests(hex("3000"), 1));
    Buffer behind = x509::build_cert_requests({one});
    behind.push_back(0);
    assert_error(Errc::malformed, x509::parse_cert_requests(behind, 1));
}

void large_and_truncated_requests_are_refused(void**) {
    const Buffer large(limits::kCsr + 1, 0x30);
    assert_error(Errc::malformed, x509::parse_cert_request(large));
    assert_error(Errc::malformed, x509::parse_cert_template(large));
    const Buffer der = request_of("kur");
    for (std::size_t size = 0; size < der.size(); size++) {
        const auto request = x509::parse_cert_request(Bytes(der).first(size));
        assert_false(request.has_value());
        assert_true(request.error().offset <= size);
    }
}

// --- templates that describe a certificate ---

void a_template_may_describe_a_certificate(void**) {
    const Buffer der =
        hex("3023 800102 81020080 a20506032b6570 a30f 300d 310b 3009 0603550403 0c0261 62"
            "87020080");
    const auto described = x509::parse_cert_template(der);
    assert_ok(described);
    assert_hex(described->serial, "0080");
    assert_hex(described->issuer, "300d310b300906035504030c026162");
    assert_hex(described->csr.subject.encoding, "3000");
    for (const char* serial : {"3003 810100", "3003 810180", "3004 81020001", "3002 8100"})
        assert_reason(Reason::bad_cert_id, x509::parse_cert_template(hex(serial)));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(requests_of_openssl_are_read),
        cmocka_unit_test(openssl_sees_the_same_fields),
        cmocka_unit_test(an_update_names_the_old_certificate),
        cmocka_unit_test(a_moved_request_still_sees_its_key),
        cmocka_unit_test(it_is_no_pkcs10),
        cmocka_unit_test(an_empty_template_is_read),
        cmocka_unit_test(what_the_ca_decides_is_not_asked_for),
        cmocka_unit_test(names_and_times_are_tagged_explicitly),
        cmocka_unit_test(a_key_may_be_asked_for),
        cmocka_unit_test(keys_are_those_of_a_pkcs10),
        cmocka_unit_test(extensions_are_those_of_a_pkcs10),
        cmocka_unit_test(errors_count_from_the_start),
        cmocka_unit_test(the_number_of_requests_is_bounded),
        cmocka_unit_test(large_and_truncated_requests_are_refused),
        cmocka_unit_test(a_template_may_describe_a_certificate),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
