#include "clients/signerctl/ca.h"
#include "libpki/ossl/digest.h"
#include "libpki/x509/csr.h"
#include "libpki/x509/oids.h"
#include "libpki/x509/tbs.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Errc;
using signerctl::CaSpec;
namespace oid = pki::x509::oid;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

constexpr std::int64_t kNow = 1'795'194'000;
constexpr std::int64_t kDay = 86400;

CaSpec spec() {
    return {.root_name = "O=Example,CN=Root",
            .root_key = "ec:P-384",
            .root_days = 20,
            .name = "O=Example,CN=Issuing",
            .key = "ec:P-256",
            .days = 10};
}

std::string problem(const CaSpec& ca) {
    const auto made = signerctl::make_ca(ca, kNow);
    return made ? "none" : made.error().message();
}

// A CA certificate of any kind, to be refused or accepted.
struct Node {
    std::string name;
    const Node* issuer = nullptr;  // nullptr: self-signed
    ossl::PkeyPtr key = *ossl::generate_key("ec:P-256");
    bool ca = true;
    std::optional<std::uint64_t> path_length = {};
    std::uint16_t key_usage = x509::kKeyCertSign;
    std::int64_t not_before = kNow - kDay;
    std::int64_t not_after = kNow + kDay;
    const Node* signer = nullptr;  // nullptr: the issuer
    Buffer der = {};

    Node& make() {
        const Node& above = issuer ? *issuer : *this;
        const Node& signs = signer ? *signer : above;
        const Buffer subject = *x509::name_from_text(name);
        const Buffer issuer_name = *x509::name_from_text(above.name);
        const Buffer spki = *ossl::public_key_der(key.get());
        const std::uint8_t serial[] = {1};
        const std::uint8_t identifier[] = {2};
        x509::TbsSpec tbs_spec;
        tbs_spec.serial = serial;
        tbs_spec.scheme = *ossl::default_scheme(signs.key.get());
        tbs_spec.issuer = issuer_name;
        tbs_spec.subject = subject;
        tbs_spec.not_before = not_before;
        tbs_spec.not_after = not_after;
        tbs_spec.spki = spki;
        tbs_spec.subject_key_identifier = identifier;
        tbs_spec.ca = ca;
        tbs_spec.path_length = path_length;
        tbs_spec.key_usage = key_usage;
        const Buffer tbs = x509::build_tbs(tbs_spec);
        const Buffer signature = *ossl::sign(signs.key.get(), tbs_spec.scheme, tbs);
        der = x509::assemble_certificate(tbs, tbs_spec.scheme, signature);
        return *this;
    }
};

std::string chain_problem(std::initializer_list<const Node*> nodes, std::int64_t now = kNow) {
    std::vector<x509::Certificate> chain;
    for (const Node* node : nodes) chain.push_back(*x509::parse_certificate(node->der));
    const auto status = signerctl::check_ca_chain(chain, now);
    return status ? "none" : status.error().message();
}

x509::BasicConstraints constraints(const x509::Certificate& certificate) {
    const auto* extension = certificate.tbs.extensions.find(oid::kBasicConstraints);
    assert_non_null(extension);
    return *x509::parse_basic_constraints(extension->value);
}

void issuing_ca_is_signed_by_its_root(void**) {
    const auto made = signerctl::make_ca(spec(), kNow);
    assert_ok(made);
    const auto root = x509::parse_certificate(made->root);
    const auto issuing = x509::parse_certificate(made->certificate);
    assert_ok(root);
    assert_ok(issuing);
    assert_text(root->tbs.spki.describe(), "ec:P-384");
    assert_text(issuing->tbs.spki.describe(), "ec:P-256");
    assert_ok(signerctl::check_ca_chain({*issuing, *root}, kNow));
    assert_false(constraints(*root).path_length.has_value());
    assert_true(constraints(*issuing).path_length == 0u);
    assert_null(root->tbs.extensions.find(oid::kAuthorityKeyIdentifier));
    const auto* authority = issuing->tbs.extensions.find(oid::kAuthorityKeyIdentifier);
    assert_non_null(authority);
    assert_true(pki::equal(*x509::parse_authority_key_identifier(authority->value),
                           x509::key_identifier(root->tbs.spki)));
    assert_int_equal(x509::serial_text(issuing->tbs).size(), 32);
    assert_true(x509::serial_text(issuing->tbs) != x509::serial_text(root->tbs));
}

void validity_starts_five_minutes_ago(void**) {
    const auto made = signerctl::make_ca(spec(), kNow);
    assert_ok(made);
    const auto root = x509::parse_certificate(made->root);
    const auto issuing = x509::parse_certificate(made->certificate);
    assert_int_equal(root->tbs.not_before, kNow - 300);
    assert_int_equal(root->tbs.not_after, kNow + 20 * kDay);
    assert_int_equal(issuing->tbs.not_after, kNow + 10 * kDay);
}

void written_keys_are_those_of_the_certificates(void**) {
    const auto made = signerctl::make_ca(spec(), kNow);
    assert_ok(made);
    const auto key = ossl::read_private_key(made->key.view());
    assert_ok(key);
    const auto issuing = x509::parse_certificate(made->certificate);
    const auto root = x509::parse_certificate(made->root);
    assert_ok(signerctl::check_key(*issuing, key->get()));
    assert_error(Errc::denied, signerctl::check_key(*root, key->get()));
}

void impossible_cas_are_refused(void**) {
    CaSpec ca = spec();
    ca.days = 21;
    assert_text(problem(ca), "the issuing certificate would outlive its root");
    ca = spec();
    ca.name = "o=example, cn=ROOT";
    assert_text(problem(ca), "root and issuing CA need different names");
    ca = spec();
    ca.root_name = "";
    assert_text(problem(ca), "a CA needs a name");
    for (const char* name : {"Example", "CN=", "=x", "nosuch=x", "CN=a,,O=b"}) {
        ca = spec();
        ca.name = name;
        assert_true(problem(ca) != "none");
    }
    for (const char* key : {"", "rsa:1024", "ec:P-192", "dsa:2048"}) {
        ca = spec();
        ca.key = key;
        assert_true(problem(ca) != "none");
    }
}

void request_proves_possession_of_its_key(void**) {
    const auto made = signerctl::make_request("O=Example,CN=Issuing", "ed25519");
    assert_ok(made);
    const auto csr = x509::parse_csr(made->csr);
    assert_ok(csr);
    assert_ok(x509::verify_possession(*csr));
    assert_text(x509::name_text(csr->subject), "CN=Issuing,O=Example");
}

void chain_in_order_and_date_is_accepted(void**) {
    Node root{.name = "CN=Root"}, middle{.name = "CN=Middle", .issuer = &root};
    Node issuing{.name = "CN=Issuing", .issuer = &middle};
    root.path_length = 2;
    root.make(), middle.make(), issuing.make();
    assert_text(chain_problem({&issuing, &middle, &root}), "none");
    assert_text(chain_problem({&issuing, &middle}), "none");
    assert_text(chain_problem({&issuing}), "none");
    assert_text(chain_problem({&issuing, &middle, &root}, kNow + kDay), "none");
}

void chain_out_of_order_is_refused(void**) {
    Node root{.name = "CN=Root"}, middle{.name = "CN=Middle", .issuer = &root};
    Node issuing{.name = "CN=Issuing", .issuer = &middle};
    root.make(), middle.make(), issuing.make();
    const std::string expected =
        "the next certificate of the chain has not the issuer's name: CN=Issuing";
    assert_text(chain_problem({&issuing, &root, &middle}), expected);
    assert_text(chain_problem({&issuing, &root}), expected);
}

void signature_of_another_key_is_refused(void**) {
    Node root{.name = "CN=Root"}, other{.name = "CN=Root"};
    Node issuing{.name = "CN=Issuing", .issuer = &root, .signer = &other};
    root.make(), other.make(), issuing.make();
    const std::string expected = "the next certificate of the chain did not sign this one: ";
    assert_text(chain_problem({&issuing, &root}), expected + "CN=Issuing");
    assert_text(chain_problem({&issuing, &other}), "none");
    // A root that bears another key's signature.
    root.signer = &other;
    root.make();
    assert_text(chain_problem({&root}), expected + "CN=Root");
}

void certificate_that_may_not_sign_is_refused(void**) {
    Node root{.name = "CN=Root"};
    root.make();
    Node issuing{.name = "CN=Issuing", .issuer = &root, .ca = false};
    assert_text(chain_problem({&issuing.make(), &root}), "not a CA certificate: CN=Issuing");
    issuing.ca = true;
    issuing.key_usage = x509::kCrlSign;
    assert_text(chain_problem({&issuing.make(), &root}),
                "the certificate's keyUsage lacks keyCertSign: CN=Issuing");
    issuing.key_usage = 0;
    assert_text(chain_problem({&issuing.make(), &root}),
                "the certificate has no keyUsage: CN=Issuing");
    issuing.key_usage = x509::kKeyCertSign;
    root.ca = false;
    root.make();
    assert_text(chain_problem({&issuing.make(), &root}), "not a CA certificate: CN=Root");
}

void certificate_out_of_date_is_refused(void**) {
    Node root{.name = "CN=Root"};
    Node issuing{.name = "CN=Issuing", .issuer = &root, .not_after = kNow + 10};
    root.make(), issuing.make();
    assert_text(chain_problem({&issuing, &root}, kNow + 10), "none");
    assert_text(chain_problem({&issuing, &root}, kNow + 11),
                "the certificate has expired: CN=Issuing, on 2026-11-20T17:00:10Z");
    assert_text(chain_problem({&issuing, &root}, kNow - kDay), "none");
    assert_text(chain_problem({&issuing, &root}, kNow - kDay - 1),
                "the certificate is not valid yet: CN=Issuing, from 2026-11-19T17:00:00Z");
    root.not_after = kNow - 1;
    root.make();
    assert_text(chain_problem({&issuing, &root}),
                "the certificate has expired: CN=Root, on 2026-11-20T16:59:59Z");
}

void path_length_counts_cas_that_are_not_self_issued(void**) {
    Node root{.name = "CN=Root", .path_length = 0};
    root.make();
    // RFC 5280 6.1.4 (l): a root's renewal by itself does not count.
    Node renewed{.name = "CN=Root", .issuer = &root};
    renewed.make();
    assert_text(chain_problem({&renewed, &root}), "none");
    Node issuing{.name = "CN=Issuing", .issuer = &renewed};
    issuing.make();
    assert_text(chain_problem({&issuing, &renewed, &root}),
                "the chain is longer than the path length constraint of: CN=Root");
    root.path_length = 1;
    root.make();
    assert_text(chain_problem({&issuing, &renewed, &root}), "none");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(issuing_ca_is_signed_by_its_root),
        cmocka_unit_test(validity_starts_five_minutes_ago),
        cmocka_unit_test(written_keys_are_those_of_the_certificates),
        cmocka_unit_test(impossible_cas_are_refused),
        cmocka_unit_test(request_proves_possession_of_its_key),
        cmocka_unit_test(chain_in_order_and_date_is_accepted),
        cmocka_unit_test(chain_out_of_order_is_refused),
        cmocka_unit_test(signature_of_another_key_is_refused),
        cmocka_unit_test(certificate_that_may_not_sign_is_refused),
        cmocka_unit_test(certificate_out_of_date_is_refused),
        cmocka_unit_test(path_length_counts_cas_that_are_not_self_issued),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
