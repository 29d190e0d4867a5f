// The parts of a profile: patterns, key rules, IP ranges.
#include "libpki/x509/profile.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Errc;
using pki::x509::glob_match;
using pki::x509::parse_ip_range;
using pki::x509::parse_key_rule;
using unit::hex;

void a_star_stays_within_a_label(void**) {
    assert_true(glob_match("*.example.com", "a.example.com"));
    assert_true(glob_match("*.example.com", "device-1.example.com"));
    assert_false(glob_match("*.example.com", "a.b.example.com"));
    assert_false(glob_match("*.example.com", ".example.com"));
    assert_false(glob_match("*.example.com", "example.com"));
    assert_true(glob_match("dev-*", "dev-1"));
    assert_false(glob_match("dev-*", "dev-"));
    assert_true(glob_match("*-*.a", "x-y.a"));
    assert_true(glob_match("*-*.a", "x-y-z.a"));
    assert_false(glob_match("*-*.a", "xy.a"));
}

void two_stars_go_anywhere(void**) {
    assert_true(glob_match("**.example.com", "a.example.com"));
    assert_true(glob_match("**.example.com", "a.b.c.example.com"));
    assert_false(glob_match("**.example.com", ".example.com"));
    assert_false(glob_match("**.example.com", "a.example.com.evil"));
    assert_false(glob_match("**.example.com", "aexample.com"));
    assert_true(glob_match("**", "any thing.at all"));
    assert_false(glob_match("**", ""));
    assert_true(glob_match("**.*.b", "w.x.y.b"));
    assert_true(glob_match("***", "a.b"));
    assert_false(glob_match("***", "a"));
}

void everything_else_is_literal(void**) {
    assert_true(glob_match("a.example", "a.example"));
    assert_false(glob_match("a.example", "axexample"));
    assert_false(glob_match("a", "ab"));
    assert_false(glob_match("ab", "a"));
    assert_true(glob_match("", ""));
    assert_false(glob_match("", "a"));
    assert_true(glob_match("?[a]", "?[a]"));
    assert_false(glob_match("?", "a"));
    assert_true(glob_match("caf\xc3\xa9", "caf\xc3\xa9"));
}

void case_of_ascii_does_not_matter(void**) {
    assert_true(glob_match("*.Example.com", "A.eXAMPLE.COM"));
    assert_false(glob_match("caf\xc3\xa9", "caf\xc3\x89"));
}

// Where a pattern finds, nothing hides from it.
void names_are_found(void**) {
    using pki::x509::name_match;
    assert_true(name_match("**", "CN=*.example.com,O=Example"));
    assert_true(name_match("CN=*", "CN=*"));
    assert_true(name_match("**O=Example**", "CN=a,O=Example,C=DE"));
    assert_true(name_match("CN=a\\,b", "CN=a\\,b"));
    assert_false(name_match("CN=a,b", "CN=a\\,b"));
    assert_false(name_match("CN=a,O=b", "CN=a\\,O=b"));
    assert_true(name_match("CN=device-*", "cn=DEVICE-1"));
    assert_false(name_match("CN=device-*", "CN=device-1.example.com"));
    assert_false(name_match("**", ""));
}

// A request for "*.example.com" is for more than one host: only a pattern that says so allows
// it.
void a_requested_wildcard_needs_an_escaped_star(void**) {
    assert_false(glob_match("*.example.com", "*.example.com"));
    assert_false(glob_match("**.example.com", "*.example.com"));
    assert_false(glob_match("**", "*.example.com"));
    assert_false(glob_match("**", "a.*.com"));
    assert_true(glob_match("\\*.example.com", "*.example.com"));
    assert_false(glob_match("\\*.example.com", "a.example.com"));
    assert_true(glob_match("\\*.*.example.com", "*.a.example.com"));
    assert_true(glob_match("a\\\\b", "a\\b"));
    assert_true(glob_match("a\\", "a\\"));
}

// Backtracking would need longer than the universe is old.
void hostile_patterns_take_no_longer(void**) {
    std::string pattern, text(5000, 'a');
    for (int i = 0; i < 100; i++) pattern += "*a**a";
    assert_false(glob_match(pattern + 'b', text));
    assert_true(glob_match(pattern, text));
}

void key_rules(void**) {
    for (const char* rule : {"rsa:2048-4096", "rsa:3072", "rsa:2048-8192", "ec:P-256",
                             "ec:P-384", "ec:P-521", "ed25519", "ed448"}) {
        const auto parsed = parse_key_rule(rule);
        assert_ok(parsed);
        assert_text(parsed->describe(), rule);
    }
    assert_error(Errc::weak_key, parse_key_rule("rsa:1024"));
    assert_error(Errc::weak_key, parse_key_rule("rsa:2047-4096"));
    for (const char* bad :
         {"", "rsa", "rsa:", "rsa:2048-", "rsa:-4096", "rsa:4096-2048", "rsa:2048-8193",
          "rsa: 2048", "rsa:2048x", "rsa:02048", "RSA:2048", "ec", "ec:", "ec:p-256",
          "ec:P-192", "ec:secp256k1", "ed25519:1", "rsa:18446744073709553664", "dsa:2048"})
        assert_error(Errc::malformed, parse_key_rule(bad));
}

pki::x509::Spki rsa_key(pki::Bytes modulus) {
    pki::x509::Spki spki;
    spki.key.modulus = modulus;
    return spki;
}

void rsa_sizes(void**) {
    const auto rule = *parse_key_rule("rsa:2048-3072");
    Buffer modulus(256, 0xff);
    assert_true(rule.allows(rsa_key(modulus)));
    modulus[0] = 0x7f;  // 2047 bits
    assert_false(rule.allows(rsa_key(modulus)));
    modulus.assign(384, 0xff);
    assert_true(rule.allows(rsa_key(modulus)));
    modulus.insert(modulus.begin(), 1);  // 3073 bits
    assert_false(rule.allows(rsa_key(modulus)));
}

void curves_and_types(void**) {
    pki::x509::Spki p256;
    p256.key.type = pki::ossl::KeyType::ec;
    p256.key.curve = pki::ossl::Curve::p256;
    assert_true(parse_key_rule("ec:P-256")->allows(p256));
    assert_false(parse_key_rule("ec:P-384")->allows(p256));
    assert_false(parse_key_rule("rsa:2048")->allows(p256));
    pki::x509::Spki ed25519;
    ed25519.key.type = pki::ossl::KeyType::ed25519;
    assert_true(parse_key_rule("ed25519")->allows(ed25519));
    assert_false(parse_key_rule("ed448")->allows(ed25519));
}

void ip_ranges(void**) {
    const auto contains = [](const char* range, const char* octets) {
        return parse_ip_range(range)->contains(hex(octets));
    };
    assert_true(contains("192.0.2.0/24", "c0000200"));
    assert_true(contains("192.0.2.0/24", "c00002ff"));
    assert_false(contains("192.0.2.0/24", "c0000300"));
    assert_true(contains("192.0.2.128/25", "c0000280"));
    assert_false(contains("192.0.2.128/25", "c000027f"));
    assert_true(contains("192.0.2.1", "c0000201"));
    assert_false(contains("192.0.2.1", "c0000202"));
    assert_true(contains("0.0.0.0/0", "ffffffff"));
    assert_true(contains("2001:db8::/33", "20010db87fff00000000000000000001"));
    assert_false(contains("2001:db8::/33", "20010db8800000000000000000000001"));
    assert_true(contains("::1", "00000000000000000000000000000001"));
    assert_false(contains("0.0.0.0/0", "00000000000000000000000000000001"));
    assert_false(contains("::/0", "c0000201"));
    assert_false(contains("0.0.0.0/0", ""));
}

void bad_ip_ranges(void**) {
    for (const char* bad : {"", "/", "192.0.2.0/", "192.0.2.0/33", "192.0.2/24", "192.0.2.0/-1",
                            "192.0.2.0/024", "2001:db8::/129", "a.example/8", "192.0.2.0/24/8",
                            "192.0.2.1/24", "2001:db8::1/64", "192.0.2.128/24"})
        assert_error(Errc::malformed, parse_ip_range(bad));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_star_stays_within_a_label),
        cmocka_unit_test(two_stars_go_anywhere),
        cmocka_unit_test(everything_else_is_literal),
        cmocka_unit_test(case_of_ascii_does_not_matter),
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(a_requested_wildcard_needs_an_escaped_star),
        cmocka_unit_test(hostile_patterns_take_no_longer),
        cmocka_unit_test(key_rules),
        cmocka_unit_test(rsa_sizes),
        cmocka_unit_test(curves_and_types),
        cmocka_unit_test(ip_ranges),
        cmocka_unit_test(bad_ip_ranges),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
