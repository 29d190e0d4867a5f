#include "clients/signerctl/ca_next.h"

#include "clients/signerctl/ca_identity.h"
#include "libpki/x509/oids.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Errc;
namespace oid = pki::x509::oid;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

constexpr std::int64_t kThen = 1'700'000'000;
constexpr std::int64_t kNow = 1'795'194'000;
constexpr std::int64_t kDay = 86400;
constexpr std::int64_t kRootDays = 3000;

// A CA of `ca init`, as it is read from its files.
struct Old {
    signerctl::NewCa made;
    ossl::PkeyPtr root_key;
    signerctl::OldCa ca;

    explicit Old(std::int64_t root_days = kRootDays)
        : made(*signerctl::make_ca({.root_name = "O=Example,CN=Root",
                                    .root_key = "ec:P-256",
                                    .root_days = root_days,
                                    .name = "O=Example,CN=Issuing",
                                    .key = "ec:P-256",
                                    .days = 2000},
                                   kThen)),
          root_key(*ossl::read_private_key(made.root_key.view())) {
        ca.root = *x509::parse_certificate(made.root);
        ca.issuing = *x509::parse_certificate(made.certificate);
        ca.root_key = root_key.get();
    }
};

Buffer name(const char* text) { return *x509::name_from_text(text); }

signerctl::NextSpec spec() {
    return {.root_name = name("O=Example,CN=Root"),
            .root_key = "ec:P-384",
            .root_days = 5000,
            .name = name("O=Example,CN=Issuing G2"),
            .key = "ec:P-256",
            .life = {1000, false}};
}

template <class T>
std::string problem(const pki::Result<T>& result) {
    return result ? "none" : result.error().message();
}

Buffer identifier(const x509::Certificate& certificate, bool authority) {
    const auto* found = certificate.tbs.extensions.find(authority ? oid::kAuthorityKeyIdentifier
                                                                  : oid::kSubjectKeyIdentifier);
    assert_non_null(found);
    return pki::to_buffer(authority ? *x509::parse_authority_key_identifier(found->value)
                                    : *x509::parse_subject_key_identifier(found->value));
}

void new_root_and_issuing_ca(void**) {
    const Old old;
    const auto made = signerctl::make_next_ca(old.ca, spec(), kNow);
    assert_ok(made);
    const auto root = *x509::parse_certificate(made->ca.root);
    const auto issuing = *x509::parse_certificate(made->ca.certificate);
    assert_ok(signerctl::check_ca_chain({issuing, root}, kNow));
    assert_text(x509::name_text(root.tbs.subject), "CN=Root,O=Example");
    assert_text(root.tbs.spki.describe(), "ec:P-384");
    assert_true(root.tbs.not_after == kNow + 5000 * kDay);
    assert_text(x509::name_text(issuing.tbs.subject), "CN=Issuing G2,O=Example");
    assert_true(issuing.tbs.not_after == kNow + 1000 * kDay);
    const auto root_key = ossl::read_private_key(made->ca.root_key.view());
    const auto key = ossl::read_private_key(made->ca.key.view());
    assert_ok(signerctl::check_key(root, root_key->get()));
    assert_ok(signerctl::check_key(issuing, key->get()));
    assert_error(Errc::denied, signerctl::check_key(old.ca.root, root_key->get()));
}

// RFC 9810 4.4.1.
void cross_certificates(void**) {
    const Old old;
    const auto made = signerctl::make_next_ca(old.ca, spec(), kNow);
    assert_ok(made);
    const auto root = *x509::parse_certificate(made->ca.root);
    const auto issuing = *x509::parse_certificate(made->ca.certificate);
    const auto old_with_new = *x509::parse_certificate(made->cross.old_with_new);
    const auto new_with_old = *x509::parse_certificate(made->cross.new_with_old);

    assert_ok(x509::verify_signature(old_with_new, root.tbs.spki));
    assert_true(pki::equal(old_with_new.tbs.spki.encoding, old.ca.root.tbs.spki.encoding));
    assert_true(old_with_new.tbs.not_before == old.ca.root.tbs.not_before);
    assert_true(old_with_new.tbs.not_after == old.ca.root.tbs.not_after);
    assert_true(identifier(old_with_new, false) == identifier(old.ca.root, false));
    assert_true(identifier(old_with_new, true) == identifier(root, false));

    assert_ok(x509::verify_signature(new_with_old, old.ca.root.tbs.spki));
    assert_true(pki::equal(new_with_old.tbs.spki.encoding, root.tbs.spki.encoding));
    assert_true(new_with_old.tbs.not_before == root.tbs.not_before);
    assert_true(new_with_old.tbs.not_after == old.ca.root.tbs.not_after);
    assert_true(identifier(new_with_old, false) == identifier(root, false));
    assert_true(identifier(new_with_old, true) == identifier(old.ca.root, false));

    assert_ok(signerctl::check_ca_chain({issuing, new_with_old, old.ca.root}, kNow));
    assert_ok(signerctl::check_ca_chain({old.ca.issuing, old_with_new, root}, kNow));
}

void another_name_for_the_root(void**) {
    const Old old;
    auto next = spec();
    next.root_name = name("O=Example,CN=Root 2027");
    const auto made = signerctl::make_next_ca(old.ca, next, kNow);
    assert_ok(made);
    const auto old_with_new = *x509::parse_certificate(made->cross.old_with_new);
    assert_text(x509::name_text(old_with_new.tbs.subject), "CN=Root,O=Example");
    assert_text(x509::name_text(old_with_new.tbs.issuer), "CN=Root 2027,O=Example");
}

void below_the_old_root(void**) {
    const Old old;
    const auto made = signerctl::make_next_issuing(old.ca, spec(), kNow);
    assert_ok(made);
    const auto issuing = *x509::parse_certificate(made->certificate);
    assert_ok(signerctl::check_ca_chain({issuing, old.ca.root}, kNow));
    assert_true(made->root.empty());
    assert_int_equal(made->root_key.size(), 0);
}

void the_end_of_the_root_is_the_end(void**) {
    const Old old;
    auto next = spec();
    const std::int64_t left = (old.ca.root.tbs.not_after - kNow) / kDay;
    next.life.days = left + 1;
    assert_text(problem(signerctl::make_next_issuing(old.ca, next, kNow)),
                "the issuing certificate would outlive its root");
    next.life.cut = true;
    const auto made = signerctl::make_next_issuing(old.ca, next, kNow);
    assert_ok(made);
    assert_true(x509::parse_certificate(made->certificate)->tbs.not_after ==
                old.ca.root.tbs.not_after);
    next.life = {5001, false};
    assert_text(problem(signerctl::make_next_ca(old.ca, next, kNow)),
                "the issuing certificate would outlive its root");
    next = spec();
    next.root_days = left - 1;
    assert_text(problem(signerctl::make_next_ca(old.ca, next, kNow)),
                "the new root would end before the old one");
}

void names_that_are_taken(void**) {
    const Old old;
    auto next = spec();
    next.name = name("O=example,CN=ISSUING");
    const std::string taken = "the old issuing CA has this name: CN=Issuing,O=Example";
    assert_text(problem(signerctl::make_next_ca(old.ca, next, kNow)), taken);
    assert_text(problem(signerctl::make_next_issuing(old.ca, next, kNow)), taken);
    next.name = name("O=Example,CN=Root");
    const std::string same = "root and issuing CA need different names";
    assert_text(problem(signerctl::make_next_ca(old.ca, next, kNow)), same);
    assert_text(problem(signerctl::make_next_issuing(old.ca, next, kNow)), same);
}

void what_is_no_root_is_refused(void**) {
    const Old old, other;
    auto ca = old.ca;
    ca.root_key = other.root_key.get();
    assert_text(problem(signerctl::make_next_ca(ca, spec(), kNow)),
                "the certificate is for another key: CN=Root,O=Example");
    assert_text(problem(signerctl::make_next_issuing(ca, spec(), kNow)),
                "the certificate is for another key: CN=Root,O=Example");
    ca = old.ca;
    ca.root = old.ca.issuing;
    assert_text(problem(signerctl::make_next_ca(ca, spec(), kNow)),
                "not a root: CN=Issuing,O=Example");
    const std::int64_t later = kThen + (kRootDays + 1) * kDay;
    assert_true(problem(signerctl::make_next_ca(old.ca, spec(), later))
                    .starts_with("the certificate has expired: CN=Root,O=Example"));
    assert_true(problem(signerctl::make_next_issuing(old.ca, spec(), later))
                    .starts_with("the certificate has expired: CN=Root,O=Example"));
}

// A root for exactly one level below cannot certify another one of another name.
void path_length_of_the_old_root(void**) {
    const Old plain;
    const auto identity = *signerctl::identity_of(plain.ca.root, plain.root_key.get());
    const Buffer der = *signerctl::certify(
        identity, identity, {plain.ca.root.tbs.not_before, plain.ca.root.tbs.not_after}, 1);
    auto old = plain.ca;
    old.root = *x509::parse_certificate(der);
    const auto made = signerctl::make_next_ca(old, spec(), kNow);
    assert_ok(made);
    const auto old_with_new = *x509::parse_certificate(made->cross.old_with_new);
    const auto* found = old_with_new.tbs.extensions.find(oid::kBasicConstraints);
    assert_true(x509::parse_basic_constraints(found->value)->path_length == 1u);
    auto renamed = spec();
    renamed.root_name = name("CN=Another");
    assert_true(problem(signerctl::make_next_ca(old, renamed, kNow))
                    .starts_with("the chain is longer than the path length constraint"));
}

std::string next_of(const char* text) {
    const Buffer encoded = name(text);
    const auto next = signerctl::next_name(*x509::parse_name(encoded));
    return next ? x509::name_text(*x509::parse_name(*next)) : next.error().message();
}

void names_with_a_number(void**) {
    assert_text(next_of("C=DE,O=Größe,CN=Issuing"), "CN=Issuing G2,O=Größe,C=DE");
    assert_text(next_of("CN=Issuing G2"), "CN=Issuing G3");
    assert_text(next_of("CN=Issuing G9,OU=a"), "OU=a,CN=Issuing G10");
    assert_text(next_of("CN=Issuing G02"), "CN=Issuing G02 G2");
    assert_text(next_of("CN=Issuing G"), "CN=Issuing G G2");
    assert_text(next_of("CN=Issuing G2 Test"), "CN=Issuing G2 Test G2");
    assert_text(next_of("CN=G7"), "CN=G7 G2");
    assert_text(next_of("CN=Issuing G999999999"), "CN=Issuing G1000000000");
    assert_text(next_of("CN=Issuing G18446744073709551615"),
                "CN=Issuing G18446744073709551615 G2");
}

void names_without_a_next_one(void**) {
    assert_text(next_of("O=Example"), "no next name: no CN: O=Example");
    assert_text(next_of(("CN=" + std::string(62, 'a')).c_str()),
                "name: value too long: CN: 65 characters, at most 64");
    assert_text(next_of(("CN=" + std::string(61, 'a')).c_str()),
                "CN=" + std::string(61, 'a') + " G2");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(new_root_and_issuing_ca),
        cmocka_unit_test(cross_certificates),
        cmocka_unit_test(another_name_for_the_root),
        cmocka_unit_test(below_the_old_root),
        cmocka_unit_test(the_end_of_the_root_is_the_end),
        cmocka_unit_test(names_that_are_taken),
        cmocka_unit_test(what_is_no_root_is_refused),
        cmocka_unit_test(path_length_of_the_old_root),
        cmocka_unit_test(names_with_a_number),
        cmocka_unit_test(names_without_a_next_one),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
