// What a server asks of requests, told and put into one.
#include "clients/enroll/est_wishes.h"

#include "libpki/x509/csr.h"
#include "libpki/x509/oids.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Errc;
using pki::est::CsrDemands;
using pki::est::KeyDemand;
namespace oid = pki::x509::oid;
namespace x509 = pki::x509;

Buffer octets(pki::Bytes bytes) { return pki::to_buffer(bytes); }

const Buffer kExample = {0x0c, 0x07, 'E', 'x', 'a', 'm', 'p', 'l', 'e'};

enroll::RequestNames names(const char* subject) { return {*x509::name_from_text(subject), {}}; }

// What came of it: the subject, or the error.
std::string fulfilled(const CsrDemands& demands, const char* subject, bool bound = false,
                      bool renewing = false) {
    enroll::Report report(false);
    enroll::RequestNames of = names(subject);
    const auto status = enroll::fulfil(demands, {bound, renewing}, of, report);
    if (!status) return status.error().message();
    return x509::name_text(*x509::parse_name(of.subject));
}

void demands_are_told(void**) {
    assert_text(enroll::demand_text({}), "nothing is asked for");
    CsrDemands demands;
    demands.key = KeyDemand{octets(oid::kEcPublicKey), octets(oid::kP384), 0};
    demands.subject = {{octets(oid::kCommonName), {}}, {octets(oid::kOrganization), kExample}};
    demands.extensions = {{octets(oid::kSubjectAltName), false, {}},
                          {octets(oid::kKeyUsage), true, Buffer{3, 2, 7, 0x80}}};
    demands.attributes = {octets(oid::kChallengePassword)};
    const auto lines = enroll::demand_lines(demands);
    assert_int_equal(lines.size(), 4);
    assert_text(lines[0], "key: ec:P-384");
    assert_text(lines[1], "subject: CN, O=Example");
    assert_text(lines[2], "extensions: subjectAltName, keyUsage (value given)");
    assert_text(lines[3], "attributes: challengePassword");
}

void keys_have_their_names(void**) {
    assert_text(enroll::key_text({octets(oid::kRsaEncryption), {}, 3072}), "rsa:3072");
    assert_text(enroll::key_text({octets(oid::kRsaEncryption), {}, 0}), "rsa");
    assert_text(enroll::key_text({octets(oid::kEcPublicKey), {}, 0}), "ec");
    assert_text(enroll::key_text({octets(oid::kEd25519), {}, 0}), "ed25519");
    assert_text(enroll::key_text({{0x2a, 0x03}, {}, 0}), "1.2.3");
}

void missing_names_are_filled_in_or_asked_for(void**) {
    CsrDemands demands;
    demands.subject = {{octets(oid::kCommonName), {}}, {octets(oid::kOrganization), kExample}};
    assert_text(fulfilled(demands, "CN=a"), "O=Example,CN=a");
    assert_text(fulfilled(demands, "O=Example,CN=a"), "CN=a,O=Example");
    assert_text(fulfilled(demands, "O=Other,CN=a"),
                "the server asks for another subject: O=Example");
    assert_text(fulfilled(demands, "OU=x"), "the server asks for more in --subject: CN");
    assert_text(fulfilled(demands, "OU=x", false, true), "OU=x");
}

void extensions_have_the_value_of_the_server(void**) {
    CsrDemands demands;
    demands.extensions = {{octets(oid::kKeyUsage), true, Buffer{3, 2, 7, 0x80}}};
    enroll::Report report(false);
    enroll::RequestNames of = names("CN=a");
    of.san = *x509::build_san({"dns:a.example"});
    assert_ok(enroll::fulfil(demands, {}, of, report));
    const auto key = *pki::ossl::generate_key("ec:P-256");
    const Buffer der = *enroll::make_request(of, "tie", key.get());
    const x509::Csr csr = *x509::parse_csr(der);
    assert_ok(x509::verify_possession(csr));
    assert_text(pki::as_text(*csr.challenge_password), "tie");
    assert_int_equal(csr.extensions.list.size(), 2);
    const auto* usage = csr.extensions.find(oid::kKeyUsage);
    assert_non_null(usage);
    assert_true(usage->critical);
    assert_true(pki::equal(usage->value, Buffer{3, 2, 7, 0x80}));
    assert_true(csr.san.has_value());
}

void what_only_the_user_knows_is_named(void**) {
    const auto san = enroll::type_text(oid::kSubjectAltName);
    CsrDemands demands;
    demands.extensions = {{octets(oid::kSubjectAltName), false, {}}};
    assert_text(fulfilled(demands, "CN=a"), "the server asks for --san: " + san);
    assert_text(fulfilled(demands, "CN=a", false, true), "CN=a");
    demands.extensions = {{octets(oid::kKeyUsage), false, {}}};
    assert_text(fulfilled(demands, "CN=a"),
                "the server asks for an extension whose value it leaves open: " +
                    enroll::type_text(oid::kKeyUsage));
    demands.extensions.clear();
    demands.attributes = {octets(oid::kChallengePassword), {0x2a, 0x03}};
    assert_text(fulfilled(demands, "CN=a"), "the server asks for --channel-binding: " +
                                                enroll::type_text(oid::kChallengePassword));
    assert_text(fulfilled(demands, "CN=a", true), "CN=a");
}

CsrDemands for_key(KeyDemand key) {
    CsrDemands demands;
    demands.key = std::move(key);
    return demands;
}

void keys_are_those_asked_for(void**) {
    const CsrDemands any;
    const CsrDemands p384 = for_key({octets(oid::kEcPublicKey), octets(oid::kP384), 0});
    const CsrDemands ec = for_key({octets(oid::kEcPublicKey), {}, 0});
    const CsrDemands rsa = for_key({octets(oid::kRsaEncryption), {}, 2048});
    const CsrDemands large = for_key({octets(oid::kRsaEncryption), {}, 4096});
    assert_text(enroll::key_type_for(any, "ec:P-256"), "ec:P-256");
    assert_text(enroll::key_type_for(p384, "ec:P-256"), "ec:P-384");
    assert_text(enroll::key_type_for(ec, "ec:P-521"), "ec:P-521");
    assert_text(enroll::key_type_for(ec, "ed25519"), "ec:P-256");
    assert_text(enroll::key_type_for(rsa, "ec:P-256"), "rsa:2048");
    const auto p256 = *pki::ossl::generate_key("ec:P-256");
    const auto middle = *pki::ossl::generate_key("rsa:3072");
    assert_ok(enroll::check_key_demand(any, p256.get()));
    assert_ok(enroll::check_key_demand(ec, p256.get()));
    assert_error(Errc::denied, enroll::check_key_demand(p384, p256.get()));
    assert_error(Errc::denied, enroll::check_key_demand(rsa, p256.get()));
    assert_error(Errc::denied, enroll::check_key_demand(ec, middle.get()));
    assert_ok(enroll::check_key_demand(rsa, middle.get()));
    assert_error(Errc::denied, enroll::check_key_demand(large, middle.get()));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(demands_are_told),
        cmocka_unit_test(keys_have_their_names),
        cmocka_unit_test(missing_names_are_filled_in_or_asked_for),
        cmocka_unit_test(extensions_have_the_value_of_the_server),
        cmocka_unit_test(what_only_the_user_knows_is_named),
        cmocka_unit_test(keys_are_those_asked_for),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
