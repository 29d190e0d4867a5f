// The files of a CA in signerd.json: the chain of certificates and the key.
#include <sys/stat.h>
#include <unistd.h>

#include "t/unit/config_fixture.h"

#include "t/unit/unit.h"

namespace {

using unit::make_ca;
using unit::TestCa;

const unit::ConfigFolder* folder;

// Loads the good configuration with this PEM as the CA's chain.
unit::LoadResult load_chain(const std::string& pem) {
    folder->write("ca/chain.pem", pem);
    return folder->load_with("cas.issuing.certificate", "\"ca/chain.pem\"");
}

void check_chain(const std::string& pem, const std::string& expected) {
    const auto result = load_chain(pem);
    assert_error(pki::Errc::malformed, result);
    const std::string prefix =
        "cas.issuing.certificate: " + folder->file("ca/chain.pem") + ": " + expected;
    assert_text(result.error().detail.substr(0, prefix.size()), prefix);
}

void ca_of_the_good_file(void**) {
    const auto config = folder->load(unit::kGoodConfig);
    assert_ok(config);
    const signerd::Ca& ca = (*config)->cas.at("issuing");
    assert_text(ca.name, "issuing");
    assert_text(ca.tenant, "demo");
    assert_int_equal(ca.chain.size(), 2);
    assert_true(ca.chain[0] == folder->issuing.certificate);
    assert_true(ca.chain[1] == folder->root.certificate);
    assert_true(ca.subject == folder->issuing.name);
    assert_hex(ca.key_identifier, "01020304");
    assert_int_equal(ca.not_before, unit::kTestNotBefore);
    assert_int_equal(ca.not_after, unit::kTestNotAfter);
    assert_text(ca.key_path, folder->file("ca/issuing.key"));
    assert_text(ca.crl_urls.at(0), "http://pki.example.com/issuing.crl");
    assert_text(ca.ocsp_urls.at(0), "http://pki.example.com/ocsp");
    assert_text(ca.ca_issuers_urls.at(0), "ldap://pki.example.com/cn=issuing");
}

void scheme_follows_the_key(void**) {
    struct Row {
        const char* key;
        pki::ossl::SignatureScheme scheme;
    };
    using enum pki::ossl::KeyType;
    using enum pki::ossl::Hash;
    for (const auto& [key, scheme] : (const Row[]){{"rsa:2048", {rsa, sha256}},
                                                   {"ec:P-256", {ec, sha256}},
                                                   {"ec:P-384", {ec, sha384}},
                                                   {"ec:P-521", {ec, sha512}},
                                                   {"ed25519", {ed25519, none}},
                                                   {"ed448", {ed448, none}}}) {
        const auto config = load_chain(make_ca({.name = "CN=Other", .key = key}).pem());
        assert_ok(config);
        assert_true((*config)->cas.at("issuing").scheme == scheme);
    }
}

// RFC 5280 4.2.1.2 (1): SHA-1 of the key bits.
void key_identifier_is_computed(void**) {
    const TestCa ca = make_ca({.name = "CN=Other", .key_identifier = {}});
    const auto config = load_chain(ca.pem());
    assert_ok(config);
    const auto certificate = pki::x509::parse_certificate(ca.certificate);
    assert_true((*config)->cas.at("issuing").key_identifier ==
                pki::x509::key_identifier(certificate->tbs.spki));
}

void chains_that_lead_upwards(void**) {
    assert_ok(load_chain(folder->issuing.pem()));
    assert_ok(load_chain(folder->root.pem()));
    const TestCa top = make_ca({.name = "CN=Top", .path_length = 2});
    const TestCa middle = make_ca({.name = "CN=Middle", .path_length = 1}, &top);
    const TestCa low = make_ca({.name = "CN=Low"}, &middle);
    assert_ok(load_chain("A text before\n" + low.pem() + middle.pem()));
    assert_ok(load_chain(low.pem() + middle.pem() + top.pem()));
    const TestCa old_root = unit::make_old_root("CN=Old Root");
    assert_ok(load_chain(make_ca({.name = "CN=Low"}, &old_root).pem() + old_root.pem()));
}

void chains_that_do_not(void**) {
    const TestCa impostor = make_ca({.name = "CN=Test Root, O=Example"});
    check_chain(folder->issuing.pem() + impostor.pem(), "signature");
    check_chain(folder->issuing.pem() + make_ca({.name = "CN=Other"}).pem(),
                "its issuer is not the next certificate's subject: certificate 1, "
                "O=Example,CN=Test Issuing");
    check_chain(folder->root.pem() + folder->issuing.pem(),
                "its issuer is not the next certificate's subject: certificate 1");
    check_chain(folder->root.pem() + folder->root.pem(), "the same certificate twice");
    check_chain("", "");
    std::string long_chain;
    for (int i = 0; i < 17; i++) long_chain += make_ca({.name = "CN=Other"}).pem();
    check_chain(long_chain, "too many certificates");
}

void certificates_that_may_not_sign(void**) {
    const TestCa leaf = make_ca({.name = "CN=Leaf", .ca = false});
    check_chain(leaf.pem(), "not a CA certificate: certificate 1, CN=Leaf");
    check_chain(make_ca({.name = "CN=Low"}, &leaf).pem() + leaf.pem(),
                "not a CA certificate: certificate 2, CN=Leaf");
    const TestCa only_crls = make_ca({.name = "CN=CRLs", .key_usage = pki::x509::kCrlSign});
    check_chain(only_crls.pem(), "its key usage lacks keyCertSign: certificate 1");
    check_chain(make_ca({.name = "CN=Low"}, &only_crls).pem() + only_crls.pem(),
                "its key usage lacks keyCertSign: certificate 2");
    check_chain(make_ca({.name = "CN=Other", .key_usage = 0}).pem(),
                "no key usage, keyCertSign is needed");
    check_chain(unit::make_old_root("CN=Old Root").pem(), "not a CA certificate");
    const TestCa top = make_ca({.name = "CN=Top", .path_length = 0});
    const TestCa middle = make_ca({.name = "CN=Middle"}, &top);
    check_chain(make_ca({.name = "CN=Low"}, &middle).pem() + middle.pem() + top.pem(),
                "its path length allows no CA this far below: certificate 3, CN=Top");
}

void weak_key(void**) {
    pki::ossl::PkeyPtr key(EVP_RSA_gen(1024));
    check_chain(unit::make_ca_with(std::move(key), {.name = "CN=Weak"}).pem(),
                "its RSA key is below 2048 bits: certificate 1, CN=Weak");
}

void check_key(const char* value, const std::string& expected) {
    const auto result = folder->load_with("cas.issuing.key", value);
    assert_error(pki::Errc::malformed, result);
    assert_text(result.error().detail, "cas.issuing.key: " + expected);
}

void key_files(void**) {
    const std::string path = folder->file("ca/other.key");
    const char* const value = "\"ca/other.key\"";
    check_key(value, path + ": cannot be read: No such file or directory");
    check_key("\"ca\"", folder->file("ca") + ": not a regular file");
    check_key("\"pkcs11:token=ca\"", "scheme \"pkcs11\" is not supported, only \"file\"");

    folder->write("ca/other.key", "not read here");
    for (const mode_t mode : {0640, 0604, 0620, 0601}) {
        chmod(path.c_str(), mode);
        check_key(value, path + ": the key file is open to group or others (chmod 0600)");
    }
    chmod(path.c_str(), 0400);
    assert_ok(folder->load_with("cas.issuing.key", value));
}

void key_file_of_another_user(void**) {
    if (geteuid() != 0) skip();
    const std::string path = folder->file("ca/stranger.key");
    folder->write("ca/stranger.key", "");
    chmod(path.c_str(), 0600);
    assert_int_equal(chown(path.c_str(), 12345, 0), 0);
    check_key("\"ca/stranger.key\"", path + ": the key file belongs to another user");
}

}  // namespace

int main() {
    const unit::ConfigFolder made;
    folder = &made;
    const CMUnitTest tests[] = {
        cmocka_unit_test(ca_of_the_good_file),
        cmocka_unit_test(scheme_follows_the_key),
        cmocka_unit_test(key_identifier_is_computed),
        cmocka_unit_test(chains_that_lead_upwards),
        cmocka_unit_test(chains_that_do_not),
        cmocka_unit_test(certificates_that_may_not_sign),
        cmocka_unit_test(weak_key),
        cmocka_unit_test(key_files),
        cmocka_unit_test(key_file_of_another_user),
    };
    const int failed = cmocka_run_group_tests(tests, nullptr, nullptr);
    made.remove();
    return failed;
}
