// "crl" and "ocsp" of a CA in signerd.json.
#include "t/unit/config_refusals.h"

namespace {

using unit::make_ca;

const unit::ConfigFolder* folder;

const signerd::Ca* load_ca(const char* key, const char* value) {
    static std::shared_ptr<const signerd::Config> kept;
    const auto config = folder->load_with(std::string("cas.issuing.") + key, value);
    assert_ok(config);
    kept = *config;
    return &kept->cas.at("issuing");
}

void defaults(void**) {
    const signerd::Ca& ca = *load_ca("tenant", "\"demo\"");
    assert_true(ca.crl.enabled);
    assert_int_equal(ca.crl.every, 3600);
    assert_int_equal(ca.crl.validity, 86400);
    assert_int_equal(ca.crl.delta_every, 0);
    assert_int_equal(ca.crl.partitions, 0);
    assert_true(ca.crl.distribution_point);
    assert_int_equal(ca.ocsp.validity, 4 * 3600);
    assert_text(ca.ocsp.key, "");
    assert_int_equal(ca.ocsp.certificate_validity, 7 * 86400);
}

void values(void**) {
    const signerd::CrlRules crl =
        load_ca("crl", R"({"every": "2h", "validity": "3h", "delta": "5m",
                           "delta_urls": ["http://a.example/d.crl"],
                           "distribution_point": false})")
            ->crl;
    assert_int_equal(crl.every, 7200);
    assert_int_equal(crl.validity, 10800);
    assert_int_equal(crl.delta_every, 300);
    assert_text(crl.delta_urls.at(0), "http://a.example/d.crl");
    assert_false(crl.distribution_point);
    const signerd::OcspRules ocsp = load_ca("ocsp", R"({"validity": "1h", "key": "rsa:3072",
                            "certificate_validity": "1d"})")
                                        ->ocsp;
    assert_int_equal(ocsp.validity, 3600);
    assert_text(ocsp.key, "rsa:3072");
    assert_int_equal(ocsp.certificate_validity, 86400);
    assert_false(load_ca("crl", R"({"enabled": false})")->crl.enabled);
}

void refused(void**) {
    const unit::Refusal rows[] = {
        {"cas.issuing.crl", "[]", "cas.issuing.crl: not an object"},
        {"cas.issuing.crl", R"({"often": "1h"})", "cas.issuing.crl.often: unknown key"},
        {"cas.issuing.crl", R"({"every": "1h", "validity": "1h"})",
         "cas.issuing.crl.validity: not longer than every"},
        {"cas.issuing.crl", R"({"every": "1h", "delta": "1h"})",
         "cas.issuing.crl.delta: not shorter than every"},
        {"cas.issuing.crl", R"({"delta_urls": ["http://a.example/d.crl"]})",
         "cas.issuing.crl.delta_urls: only with delta"},
        {"cas.issuing.crl", R"({"partitions": 2})",
         "cas.issuing.crl: partitions need {partition} in each of crl_urls"},
        {"cas.issuing.crl_urls", R"(["http://a.example/{partition}.crl"])",
         "{partition} in crl_urls needs crl.partitions"},
        {"cas.issuing.crl", R"({"partitions": 1025})", "cas.issuing.crl.partitions:"},
        {"cas.issuing.crl", R"({"delta": "5m", "partitions": 1})",
         "cas.issuing.crl.delta: not together with partitions"},
        {"cas.issuing.ocsp", R"({"key": "rsa:1024"})", "cas.issuing.ocsp.key:"},
        {"cas.issuing.ocsp", R"({"validity": "31d"})", "cas.issuing.ocsp.validity:"},
    };
    unit::check_refusals(*folder, rows);
}

// RFC 5280 5.2.3.
void one_issuer_under_two_names(void**) {
    const char* twin = R"({"tenant": "demo", "certificate": "ca/issuing-chain.pem",
                           "key": "file:ca/issuing.key"})";
    unit::check_refusal(*folder, "cas.twin", twin, "cas.twin: the same CA as \"issuing\"");
    const char* quiet = R"({"tenant": "demo", "certificate": "ca/issuing-chain.pem",
                            "key": "file:ca/issuing.key", "crl": {"enabled": false}})";
    assert_ok(folder->load_with("cas.twin", quiet));
}

// RFC 5280 4.2.1.3.
void a_ca_that_may_not_sign_crls(void**) {
    const unit::TestCa ca = make_ca_with(
        *pki::ossl::read_private_key(pki::as_bytes(folder->issuing.key_pem())),
        {.name = "CN=Test Issuing, O=Example", .key_usage = pki::x509::kKeyCertSign},
        &folder->root);
    folder->write("ca/no-crl.pem", ca.pem() + folder->root.pem());
    const auto config = folder->load_with("cas.issuing.certificate", "\"ca/no-crl.pem\"");
    assert_ok(config);
    assert_false((*config)->cas.at("issuing").crl.enabled);
    folder->write("ca/issuing-chain.pem", ca.pem() + folder->root.pem());
    unit::check_refusal(*folder, "cas.issuing.crl", "{}", "cas.issuing.crl: the key usage");
    folder->write("ca/issuing-chain.pem", folder->issuing.pem() + folder->root.pem());
}

}  // namespace

int main() {
    const unit::ConfigFolder made;
    folder = &made;
    const CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(values),
        cmocka_unit_test(refused),
        cmocka_unit_test(one_issuer_under_two_names),
        cmocka_unit_test(a_ca_that_may_not_sign_crls),
    };
    const int failed = cmocka_run_group_tests(tests, nullptr, nullptr);
    made.remove();
    return failed;
}
