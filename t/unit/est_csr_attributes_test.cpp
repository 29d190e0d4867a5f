#include "libpki/est/csr_attributes.h"

#include "libpki/base/der_writer.h"
#include "libpki/base/limits.h"
#include "libpki/x509/oids.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::est::CsrAttributesForm;
using pki::est::CsrDemands;
using pki::est::parse_csr_attributes;
namespace est = pki::est;
namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

constexpr CsrAttributesForm kForms[] = {CsrAttributesForm::attributes,
                                        CsrAttributesForm::request_template,
                                        CsrAttributesForm::both};

CsrDemands read(std::string_view base64) {
    const auto der = pki::base64_decode(pki::as_bytes(base64));
    assert_ok(der);
    auto demands = parse_csr_attributes(*der);
    assert_ok(demands);
    return *demands;
}

std::string texts(const std::vector<Buffer>& oids) {
    std::string out;
    for (const Buffer& id : oids) out += (out.empty() ? "" : " ") + x509::oid_to_text(id);
    return out;
}

// RFC 9908 5.2, and RFC 7030 4.5.2 without what was wrong there.
void example_of_rfc_7030(void**) {
    const CsrDemands demands =
        read("MDIGCSqGSIb3DQEJBzASBgcqhkjOPQIBMQcGBSuBBAAiBgcrBgEBAQEWBggqhkjOPQQDAw==");
    assert_text(texts(demands.attributes),
                "1.2.840.113549.1.9.7 1.3.6.1.1.1.1.22 "
                "1.2.840.10045.4.3.3");
    assert_true(demands.key.has_value());
    assert_true(pki::equal(demands.key->algorithm, oid::kEcPublicKey));
    assert_true(pki::equal(demands.key->curve, oid::kP384));
    assert_int_equal(demands.key->rsa_bits, 0);
    assert_true(demands.subject.empty() && demands.extensions.empty());
}

// As it stood there, with an OID where Extensions have to be.
void example_with_a_bare_oid(void**) {
    const CsrDemands demands = read(
        "MEEGCSqGSIb3DQEJBzASBgcqhkjOPQIBMQcGBSuBBAAiMBYGCSqGSIb3DQEJDjEJBgcrBgEBAQEWBggqhkjO"
        "PQQDAw==");
    assert_text(texts(demands.attributes),
                "1.2.840.113549.1.9.7 1.3.6.1.1.1.1.22 "
                "1.2.840.10045.4.3.3");
    assert_true(demands.key && pki::equal(demands.key->curve, oid::kP384));
    assert_true(demands.subject.empty() && demands.extensions.empty());
}

// RFC 9908 5.1
void example_of_acp(void**) {
    const CsrDemands demands = read(
        "MGgwZgYJKoZIhvcNAQkOMVkwVzBVBgNVHREBAf8ESzBJoEcGCCsGAQUFBwgKoDsWOXJmYzg5OTQrZmQ3Mzlm"
        "YzIzYzM0NDAxMTIyMzM0NDU1MDAwMDAwMDArQGFjcC5leGFtcGxlLmNvbQ==");
    assert_int_equal(demands.extensions.size(), 1);
    assert_true(pki::equal(demands.extensions[0].id, oid::kSubjectAltName));
    assert_true(demands.extensions[0].critical);
    const auto san = x509::parse_san(*demands.extensions[0].value);
    assert_ok(san);
    assert_int_equal(san->names.size(), 1);
}

// RFC 9908 5.4 and 5.5
void examples_of_keys(void**) {
    const CsrDemands rsa = read("MCkGCSqGSIb3DQEJBzARBgkqhkiG9w0BAQExBAICEAAGCSqGSIb3DQEBCw==");
    assert_true(pki::equal(rsa.key->algorithm, oid::kRsaEncryption));
    assert_int_equal(rsa.key->rsa_bits, 4096);
    const CsrDemands ec =
        read("MC4GCSqGSIb3DQEJBzASBgcqhkjOPQIBMQcGBSuBBAAiBgNVBAUGCCqGSM49BAMD");
    assert_true(pki::equal(ec.key->curve, oid::kP384));
    assert_int_equal(ec.subject.size(), 1);
    assert_true(pki::equal(ec.subject[0].type, oid::kSerialNumber));
    assert_true(ec.subject[0].value.empty());
}

// RFC 9908 3.4: the example at its end.
void example_of_the_template(void**) {
    const CsrDemands demands = read(
        "MIGpMIGmBgsqhkiG9w0BCRACPTGBljCBkwIBADAsMQcwBQYDVQQDMQ8wDQYDVQQLDAZteURlcHQxEDAOBgNV"
        "BAsMB215R3JvdXCgFTATBgcqhkjOPQIBBggqhkjOPQMBB6FJMEcGCyqGSIb3DQEJEAI+MTgwNjAdBgNVHREE"
        "FjAUghB3d3cubXlTZXJ2ZXIuY29thwAwDgYDVR0PAQH/BAQDAgOIMAUGA1UdJQ==");
    assert_true(demands.attributes.empty());
    assert_int_equal(demands.subject.size(), 3);
    assert_true(demands.subject[0].value.empty());
    assert_hex(demands.subject[1].value, "0c066d7944657074");
    assert_true(pki::equal(demands.subject[2].type, oid::kOrganizationalUnit));
    assert_true(pki::equal(demands.key->curve, oid::kP256));
    assert_int_equal(demands.extensions.size(), 3);
    assert_true(demands.extensions[0].value.has_value());
    assert_true(demands.extensions[1].critical);
    assert_hex(*demands.extensions[1].value, "03020388");
    assert_false(demands.extensions[2].value.has_value());
}

CsrDemands everything() {
    CsrDemands demands;
    demands.key = est::KeyDemand{pki::to_buffer(oid::kRsaEncryption), {}, 3072};
    demands.subject = {{pki::to_buffer(oid::kCommonName), {}},
                       {pki::to_buffer(oid::kOrganization), unit::hex("0c0441636d65")}};
    demands.extensions = {{pki::to_buffer(oid::kKeyUsage), true, unit::hex("03020780")},
                          {pki::to_buffer(oid::kSubjectAltName), false, std::nullopt}};
    demands.attributes = {pki::to_buffer(oid::kChallengePassword)};
    return demands;
}

void template_comes_back(void**) {
    const CsrDemands demands = everything();
    for (const CsrAttributesForm form :
         {CsrAttributesForm::request_template, CsrAttributesForm::both}) {
        const auto read = parse_csr_attributes(est::write_csr_attributes(demands, form));
        assert_ok(read);
        assert_true(*read == demands);
    }
}

// Extensions without a value stand in front of the others, as OIDs.
void attributes_come_back(void**) {
    CsrDemands demands = everything();
    const auto read =
        parse_csr_attributes(est::write_csr_attributes(demands, CsrAttributesForm::attributes));
    assert_ok(read);
    std::swap(demands.extensions[0], demands.extensions[1]);
    assert_true(*read == demands);
}

// RFC 9908 section 4: who knows the template ignores the rest.
void template_counts_alone(void**) {
    const Buffer whole =
        est::write_csr_attributes(everything(), CsrAttributesForm::request_template);
    const auto element = pki::der::only(whole, pki::der::kSequence);
    assert_ok(element);
    pki::der::Writer w;
    w.sequence([&] {
        w.oid(oid::kEcdsaSha384);
        w.oid(oid::kEcPublicKey);
        w.raw(element->content);
    });
    const auto read = parse_csr_attributes(w.view());
    assert_ok(read);
    assert_true(*read == everything());
}

void nothing_is_nothing(void**) {
    for (const CsrAttributesForm form : kForms)
        assert_true(est::write_csr_attributes({}, form).empty());
    const auto read = parse_csr_attributes(unit::hex("3000"));
    assert_ok(read);
    assert_true(read->empty());
}

void bad_forms(void**) {
    const char* const kBad[] = {
        "",                                                    // nothing at all
        "3000 00",                                             // something behind it
        "3003 020100",                                         // neither OID nor attribute
        "300b 3009 0607 2a8648ce3d0201",                       // no SET
        "3014 06072a8648ce3d0201 06092a864886f70d010101",      // two keys
        "3011 300f 06072a8648ce3d0201 3104 02020800",          // a size on a curve
        "3013 3011 06092a864886f70d010101 3104 06022a03",      // a curve on RSA
        "3013 3011 06092a864886f70d010101 3104 0202ff01",      // a negative size
        "3015 3013 06092a864886f70d010101 3106 020400ffffff",  // a size beyond all
        "3011 300f 06092a864886f70d01090e 3102 0400",          // no Extensions
        "300d 300b 06092a864886f70d01090e 3100",               // none in it
        "3014 3012 060b2a864886f70d010910023d 3103 300102",    // no template
        "3018 3016 060b2a864886f70d010910023d 3107 3005 020101 a100",  // version 1
        "3016 3014 060b2a864886f70d010910023d 3105 3003 020100",       // no attributes
        "300a 0603551d11 0603551d11",                                  // an extension twice
    };
    for (const char* const bad : kBad)
        assert_error(Errc::malformed, parse_csr_attributes(unit::hex(bad)));
    assert_error(Errc::malformed, parse_csr_attributes(Buffer(pki::limits::kCsrAttrs + 1)));
}

x509::Profile profile_with_keys(std::initializer_list<const char*> keys) {
    x509::Profile profile;
    for (const char* const key : keys) {
        const auto rule = x509::parse_key_rule(key);
        assert_ok(rule);
        profile.keys.push_back(*rule);
    }
    return profile;
}

void key_is_told_where_one_type_is_left(void**) {
    const auto key = [](std::initializer_list<const char*> keys) {
        return est::demands_of(profile_with_keys(keys), {}).key;
    };
    assert_false(key({"rsa:2048", "ec:P-256"}).has_value());
    assert_true(pki::equal(key({"ec:P-384"})->curve, oid::kP384));
    assert_true(pki::equal(key({"ec:P-256", "ec:P-384"})->curve, oid::kP256));
    assert_int_equal(key({"rsa:2048-4096"})->rsa_bits, 2048);
    assert_int_equal(key({"rsa:3072"})->rsa_bits, 3072);
    assert_true(pki::equal(key({"ed25519"})->algorithm, oid::kEd25519));
    assert_true(key({"ed25519"})->curve.empty());
}

void subject_is_told_where_it_is_required(void**) {
    x509::Profile profile = profile_with_keys({"rsa:2048", "ec:P-256"});
    profile.subject[pki::to_buffer(oid::kCommonName)] = {true, {"*.example"}};
    profile.subject[pki::to_buffer(oid::kOrganization)] = {true, {"Acme"}};
    profile.subject[pki::to_buffer(oid::kCountry)] = {false, {"CH"}};
    const CsrDemands demands = est::demands_of(profile, {});
    assert_int_equal(demands.subject.size(), 2);
    assert_true(demands.subject[0].value.empty());
    assert_hex(demands.subject[1].value, "0c0441636d65");
    profile.empty_subject = true;
    assert_true(est::demands_of(profile, {}).empty());
}

void san_is_told_where_it_is_required(void**) {
    x509::Profile profile = profile_with_keys({"rsa:2048", "ec:P-256"});
    profile.san[x509::SanType::dns] = {"a.example"};
    assert_true(est::demands_of(profile, {}).empty());
    profile.san_required = true;
    CsrDemands demands = est::demands_of(profile, {});
    assert_int_equal(demands.extensions.size(), 1);
    assert_hex(*demands.extensions[0].value, "300b8209612e6578616d706c65");
    profile.san[x509::SanType::dns].push_back("b.example");
    assert_false(est::demands_of(profile, {}).extensions[0].value.has_value());
    profile.san[x509::SanType::dns] = {"*.example"};
    assert_false(est::demands_of(profile, {}).extensions[0].value.has_value());
}

void usages_are_those_of_the_key(void**) {
    constexpr Bytes kUsages[] = {oid::kKeyUsage, oid::kExtendedKeyUsage};
    x509::Profile profile = profile_with_keys({"ec:P-256"});
    profile.key_usage = x509::kDigitalSignature | x509::kKeyEncipherment;
    profile.extended_key_usage = {pki::to_buffer(oid::kClientAuth)};
    const CsrDemands demands = est::demands_of(profile, kUsages);
    assert_int_equal(demands.extensions.size(), 2);
    assert_hex(*demands.extensions[0].value, "03020780");
    assert_true(demands.extensions[0].critical);
    assert_hex(*demands.extensions[1].value, "300a06082b06010505070302");
    profile = profile_with_keys({"rsa:2048"});
    profile.key_usage = x509::kDigitalSignature | x509::kKeyEncipherment;
    assert_hex(*est::demands_of(profile, kUsages).extensions[0].value, "030205a0");
}

// Any extension satisfies it: one is named that fits.
void extension_request_itself_is_required(void**) {
    x509::Profile profile = profile_with_keys({"rsa:2048", "ec:P-256"});
    profile.required_attributes = {pki::to_buffer(oid::kExtensionRequest),
                                   pki::to_buffer(oid::kChallengePassword)};
    profile.key_usage = x509::kDigitalSignature;
    const CsrDemands demands = est::demands_of(profile, {});
    assert_text(texts(demands.attributes), "1.2.840.113549.1.9.7");
    assert_int_equal(demands.extensions.size(), 1);
    assert_true(pki::equal(demands.extensions[0].id, oid::kKeyUsage));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(example_of_rfc_7030),
        cmocka_unit_test(example_with_a_bare_oid),
        cmocka_unit_test(example_of_acp),
        cmocka_unit_test(examples_of_keys),
        cmocka_unit_test(example_of_the_template),
        cmocka_unit_test(template_comes_back),
        cmocka_unit_test(attributes_come_back),
        cmocka_unit_test(template_counts_alone),
        cmocka_unit_test(nothing_is_nothing),
        cmocka_unit_test(bad_forms),
        cmocka_unit_test(key_is_told_where_one_type_is_left),
        cmocka_unit_test(subject_is_told_where_it_is_required),
        cmocka_unit_test(san_is_told_where_it_is_required),
        cmocka_unit_test(usages_are_those_of_the_key),
        cmocka_unit_test(extension_request_itself_is_required),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
