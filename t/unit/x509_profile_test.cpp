#include "libpki/x509/profile.h"

#include "t/unit/request_fixture.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using unit::hex;
using unit::p256_key;
using unit::Request;
using unit::rsa_key;
namespace der = pki::der;
namespace oid = pki::x509::oid;
namespace x509 = pki::x509;

// "allowed", or the message of the refusal.
std::string verdict(const x509::Profile& profile, const Request& request) {
    const Buffer encoding = request.encode();
    const auto csr = x509::parse_csr(encoding);
    if (!csr) return "unreadable: " + csr.error().message();
    const auto status = x509::check_request(profile, *csr);
    return status ? "allowed" : status.error().message();
}

Errc code(const x509::Profile& profile, const Request& request) {
    const Buffer encoding = request.encode();
    return x509::check_request(profile, *x509::parse_csr(encoding)).error().code;
}

x509::Profile device_profile() {
    x509::Profile profile;
    profile.keys = {*x509::parse_key_rule("ec:P-256"), *x509::parse_key_rule("rsa:2048-3072")};
    profile.subject[pki::to_buffer(oid::kCommonName)] = {true, {"device-*"}};
    profile.subject[pki::to_buffer(oid::kOrganization)] = {false, {}};
    profile.key_usage = x509::kDigitalSignature | x509::kKeyEncipherment;
    profile.extended_key_usage = {pki::to_buffer(oid::kClientAuth)};
    return profile;
}

Buffer key_usage(std::uint32_t mask) {
    der::Writer w;
    w.named_bits(mask);
    return std::move(w).take();
}

Buffer purposes(std::initializer_list<Bytes> list) {
    der::Writer w;
    w.sequence([&] {
        for (const Bytes purpose : list) w.oid(purpose);
    });
    return std::move(w).take();
}

void a_fitting_request(void**) { assert_text(verdict(device_profile(), {}), "allowed"); }

void keys(void**) {
    Request request;
    request.key = rsa_key(256);
    assert_text(verdict(device_profile(), request), "allowed");
    request.key = rsa_key(128);
    assert_text(verdict(device_profile(), request),
                "profile: keys: rsa:1024 is none of ec:P-256, rsa:2048-3072");
    assert_int_equal(code(device_profile(), request), Errc::weak_key);
    request.key = rsa_key(512);
    assert_int_equal(code(device_profile(), request), Errc::weak_key);
    x509::Profile profile = device_profile();
    profile.keys = {*x509::parse_key_rule("ec:P-384")};
    assert_text(verdict(profile, {}), "profile: keys: ec:P-256 is none of ec:P-384");
}

void subject_attributes(void**) {
    Request request;
    request.subject = "CN=Device-2";
    assert_text(verdict(device_profile(), request), "allowed");
    request.subject = "CN=router-1";
    assert_text(verdict(device_profile(), request),
                "profile: subject: CN: \"router-1\" matches no pattern");
    assert_int_equal(code(device_profile(), request), Errc::denied);
    request.subject = "CN=device-1, CN=router-1";
    assert_text(verdict(device_profile(), request),
                "profile: subject: CN: \"router-1\" matches no pattern");
    request.subject = "CN=device-1, OU=any";
    assert_text(verdict(device_profile(), request), "profile: subject: OU is not allowed");
    request.subject = "O=Example";
    assert_text(verdict(device_profile(), request), "profile: subject: CN is required");
    request.subject = "CN=device-1, 1.2.3.4=a";
    assert_text(verdict(device_profile(), request), "profile: subject: 1.2.3.4 is not allowed");
}

void values_are_shown_safely(void**) {
    Request request;
    request.subject = "CN=a\\\"b" + std::string(200, 'c');
    assert_text(
        verdict(device_profile(), request),
        "profile: subject: CN: \"a\\x22b" + std::string(97, 'c') + "...\" matches no pattern");
}

void an_empty_subject_needs_a_san(void**) {
    x509::Profile profile = device_profile();
    profile.san[x509::SanType::dns] = {"**"};
    Request request;
    request.subject = "";
    request.san = {"dns:a.example"};
    assert_text(verdict(profile, request), "profile: subject: empty");
    profile.empty_subject = true;
    assert_text(verdict(profile, request), "allowed");
    request.san.clear();
    assert_text(verdict(profile, request), "profile: subject: empty");
}

void san_names(void**) {
    x509::Profile profile = device_profile();
    profile.san[x509::SanType::dns] = {"*.example.com", "*.example.net"};
    profile.san[x509::SanType::uri] = {"urn:dev:**"};
    Request request;
    request.san = {"dns:A.example.COM", "dns:b.example.net", "uri:urn:dev:1.2"};
    assert_text(verdict(profile, request), "allowed");
    request.san.push_back("dns:a.b.example.com");
    assert_text(verdict(profile, request),
                "profile: san: \"dns:a.b.example.com\" is not allowed");
    assert_int_equal(code(profile, request), Errc::denied);
    request.san = {"dns:*.example.com"};
    assert_text(verdict(profile, request),
                "profile: san: \"dns:*.example.com\" is not allowed");
    request.san = {"email:a@example.com"};
    assert_text(verdict(profile, request),
                "profile: san: \"email:a@example.com\" is not allowed");
    profile.san[x509::SanType::email] = {};
    assert_text(verdict(profile, request),
                "profile: san: \"email:a@example.com\" is not allowed");
}

void san_addresses(void**) {
    x509::Profile profile = device_profile();
    profile.san[x509::SanType::ip] = {"**"};
    Request request;
    request.san = {"ip:192.0.2.1"};
    assert_text(verdict(profile, request), "profile: san: \"ip:192.0.2.1\" is not allowed");
    profile.san_ip = {*x509::parse_ip_range("2001:db8::/32"),
                      *x509::parse_ip_range("192.0.2.0/24")};
    request.san.push_back("ip:2001:db8::1");
    assert_text(verdict(profile, request), "allowed");
    request.san.push_back("ip:192.0.3.1");
    assert_text(verdict(profile, request), "profile: san: \"ip:192.0.3.1\" is not allowed");
}

Request with_general_name(std::uint8_t tag, Bytes content) {
    der::Writer w;
    w.sequence([&] { w.primitive(tag, content); });
    Request request;
    request.extensions = {{oid::kSubjectAltName, false, std::move(w).take()}};
    return request;
}

void san_of_other_types(void**) {
    x509::Profile profile = device_profile();
    const Request directory =
        with_general_name(der::constructed(4), *x509::name_from_text("O=Example, CN=a"));
    const Request other =
        with_general_name(der::constructed(0), hex("06032a0304 a004 0c026162"));
    const Request registered = with_general_name(der::context(8), hex("2a0304"));
    assert_text(verdict(profile, directory),
                "profile: san: \"dirname:CN=a,O=Example\" is not allowed");
    assert_text(verdict(profile, other),
                "profile: san: \"other:1.2.3.4:0c026162\" is not allowed");
    assert_text(verdict(profile, registered), "profile: san: \"rid:1.2.3.4\" is not allowed");
    profile.san[x509::SanType::directory_name] = {"CN=*,O=Example"};
    profile.san[x509::SanType::other_name] = {"1.2.3.4:**"};
    profile.san[x509::SanType::registered_id] = {"1.2.3.*"};
    for (const Request& request : {directory, other, registered})
        assert_text(verdict(profile, request), "allowed");
}

// Whether a profile with this pattern allows the URI.
bool uri_allowed(const std::string& pattern, const std::string& uri) {
    x509::Profile profile = device_profile();
    profile.san[x509::SanType::uri] = {pattern};
    Request request;
    request.san = {"uri:" + uri};
    return verdict(profile, request) == "allowed";
}

void uri_patterns_keep_the_host(void**) {
    const std::string pattern = "https://*.example.com/**";
    assert_true(uri_allowed(pattern, "https://a.example.com/z"));
    assert_true(uri_allowed(pattern, "HTTPS://A.example.com/x/y?q=a@b:c#d.e"));
    for (const char* bad :
         {"https://u:p@evil:1/#.example.com/z", "https://evil/.example.com/z",
          "https://evil?.example.com/z", "https://evil#.example.com/z",
          "https://evil\\.example.com/z", "https://evil:1.example.com/z",
          "https://u@a.example.com/z", "https://a.b.example.com/z", "https://.example.com/z",
          "https://a.example.com:1/z", "https://a.example.com", "https://a.example.com/",
          "https:/a.example.com/z", "https:a.example.com/z", "http://a.example.com/z"})
        assert_false(uri_allowed(pattern, bad));
    assert_true(uri_allowed("https://**.example.com/**", "https://a.b.example.com/z"));
    for (const char* bad : {"https://u:p@evil:1/#.example.com/z", "https://a%2e.example.com/z",
                            "https://a_b.example.com/z", "https://[::1].example.com/z"})
        assert_false(uri_allowed("https://**.example.com/**", bad));
}

void uri_patterns_without_a_path(void**) {
    assert_true(uri_allowed("https://**", "https://a.example"));
    for (const char* bad : {"https://a.example/", "https://a.example?b", "https://a.example#b",
                            "https://a.example:1"})
        assert_false(uri_allowed("https://**", bad));
    assert_true(uri_allowed("https://a.example?**", "https://a.example?b"));
    assert_false(uri_allowed("https://a.example?**", "https://a.example/?b"));
}

void uri_patterns_name_ports_and_users(void**) {
    assert_true(uri_allowed("https://*.example:8443/**", "https://a.example:8443/b"));
    assert_true(uri_allowed("https://a.example:*/**", "https://a.example:8443/b"));
    assert_true(uri_allowed("ssh://**@a.example/**", "ssh://git@a.example/b"));
    assert_false(uri_allowed("ssh://**@a.example/**", "ssh://x@evil@a.example/b"));
    assert_true(uri_allowed("https://[2001:db8::1]/**", "https://[2001:db8::1]/b"));
}

void uri_patterns_without_an_authority(void**) {
    assert_true(uri_allowed("urn:dev:**", "urn:dev:mac:1//2"));
    assert_true(uri_allowed("mailto:**@a.example", "mailto:b@a.example"));
    for (const char* bad : {"https://evil/z", "https://u@a.example/z"})
        assert_false(uri_allowed("https:**", bad));
    assert_false(uri_allowed("**z", "https://evil/z"));
    assert_true(uri_allowed("file:///**", "file:///etc/hosts"));
    assert_false(uri_allowed("file:///**", "file://evil/etc/hosts"));
}

void two_stars_alone_allow_any_uri(void**) {
    for (const char* good : {"urn:a:b", "https://a.example:1/b?c#d", "mailto:a@b"})
        assert_true(uri_allowed("**", good));
    assert_false(uri_allowed("**", "https://u:p@a.example/"));
    assert_false(uri_allowed("*", "https://a"));
}

struct Pair {
    Bytes type;
    std::string value;
};

// A name of these RDNs; in each, as a SET.
Buffer name_of(const std::vector<std::vector<Pair>>& rdns) {
    der::Writer w;
    w.sequence([&] {
        for (const auto& rdn : rdns)
            w.set([&] {
                for (const Pair& pair : rdn)
                    w.sequence([&] {
                        w.oid(pair.type);
                        w.primitive(der::kUtf8String, pki::as_bytes(pair.value));
                    });
            });
    });
    return std::move(w).take();
}

bool directory_allowed(const std::string& pattern, const Buffer& name) {
    x509::Profile profile = device_profile();
    profile.san[x509::SanType::directory_name] = {pattern};
    return verdict(profile, with_general_name(der::constructed(4), name)) == "allowed";
}

void dirname_wildcards_stay_within_a_value(void**) {
    const std::string pattern = "CN=**,OU=Staff,O=Example";
    const Pair o{oid::kOrganization, "Example"}, ou{oid::kOrganizationalUnit, "Staff"};
    const auto cn = [](const char* value) { return Pair{oid::kCommonName, value}; };
    assert_true(directory_allowed(pattern, name_of({{o}, {ou}, {cn("J. Doe")}})));
    assert_true(directory_allowed(pattern, name_of({{o}, {ou}, {cn("Doe, J. + A")}})));
    const Pair boss{oid::kOrganizationalUnit, "Board"};
    assert_false(directory_allowed(pattern, name_of({{o}, {ou}, {boss}, {cn("a")}})));
    assert_false(directory_allowed(pattern, name_of({{o}, {ou}, {cn("a"), boss}})));
    assert_true(directory_allowed("CN=*+OU=*,O=Example", name_of({{o}, {cn("a"), boss}})));
}

// A separator of the pattern is none of a value.
void dirname_separators_are_no_characters(void**) {
    const auto cn = [](const char* value) { return name_of({{{oid::kCommonName, value}}}); };
    assert_false(directory_allowed("CN=**,O=Example", cn("a,O=Example")));
    assert_false(directory_allowed("CN=**+O=Example", cn("a+O=Example")));
    assert_true(directory_allowed("CN=**\\,O=Example", cn("a,O=Example")));
    assert_false(directory_allowed("CN=**\\,O=Example", cn("b,a,O=Example2")));
    assert_false(directory_allowed("CN=a*b", cn("a*b")));
    assert_true(directory_allowed("CN=a\\*b", cn("a*b")));
    assert_true(directory_allowed("CN=a\\\\b", cn("a\\b")));
}

void two_stars_alone_allow_any_dirname(void**) {
    const Pair o{oid::kOrganization, "Example"}, cn{oid::kCommonName, "a"};
    assert_true(directory_allowed("**", name_of({{o}, {cn}})));
    assert_false(directory_allowed("CN=**", name_of({{o}, {cn}})));
    assert_false(directory_allowed("***", name_of({{o}, {cn}})));
}

void a_san_can_be_required(void**) {
    x509::Profile profile = device_profile();
    profile.san_required = true;
    profile.san[x509::SanType::dns] = {"**"};
    assert_text(verdict(profile, {}), "profile: san: subjectAltName is required");
    Request request;
    request.san = {"dns:a"};
    assert_text(verdict(profile, request), "allowed");
}

void nobody_becomes_a_ca(void**) {
    Request request;
    request.extensions = {{oid::kBasicConstraints, true, hex("3000")}};
    assert_text(verdict(device_profile(), request), "allowed");
    request.extensions = {{oid::kBasicConstraints, false, hex("3003 0101ff")}};
    x509::Profile profile = device_profile();
    profile.ignore_requested_usages = true;
    for (const x509::Profile& p : {device_profile(), profile})
        assert_text(verdict(p, request),
                    "profile: basic_constraints: CA certificates are not issued");
}

void requested_key_usage(void**) {
    Request request;
    request.extensions = {{oid::kKeyUsage, true, key_usage(x509::kDigitalSignature)}};
    assert_text(verdict(device_profile(), request), "allowed");
    // Within the profile, though a certificate for an EC key will not have it.
    request.extensions = {{oid::kKeyUsage, true, key_usage(x509::kKeyEncipherment)}};
    assert_text(verdict(device_profile(), request), "allowed");
    request.extensions = {
        {oid::kKeyUsage, true, key_usage(x509::kDigitalSignature | x509::kKeyCertSign)}};
    assert_text(verdict(device_profile(), request),
                "profile: key_usage: keyCertSign is not allowed");
    request.extensions = {{oid::kKeyUsage, true, key_usage(x509::kDecipherOnly)}};
    assert_text(verdict(device_profile(), request),
                "profile: key_usage: decipherOnly is not allowed");
    x509::Profile profile = device_profile();
    profile.ignore_requested_usages = true;
    assert_text(verdict(profile, request), "allowed");
}

void requested_purposes(void**) {
    Request request;
    request.extensions = {{oid::kExtendedKeyUsage, false, purposes({oid::kClientAuth})}};
    assert_text(verdict(device_profile(), request), "allowed");
    request.extensions = {
        {oid::kExtendedKeyUsage, false, purposes({oid::kClientAuth, oid::kServerAuth})}};
    assert_text(verdict(device_profile(), request),
                "profile: extended_key_usage: 1.3.6.1.5.5.7.3.1 is not allowed");
    x509::Profile profile = device_profile();
    profile.ignore_requested_usages = true;
    assert_text(verdict(profile, request), "allowed");
}

void malformed_usages(void**) {
    Request request;
    for (const Bytes id : {oid::kKeyUsage, oid::kExtendedKeyUsage, oid::kBasicConstraints}) {
        request.extensions = {{id, false, hex("0500")}};
        assert_int_equal(code(device_profile(), request), Errc::malformed);
    }
}

// RFC 7633.
void requested_must_staple(void**) {
    x509::Profile profile = device_profile();
    Request request;
    request.extensions = {{oid::kTlsFeature, false, hex("3003020105")}};
    assert_text(verdict(profile, request), "profile: must_staple: not allowed");
    profile.ignore_requested_usages = true;
    assert_text(verdict(profile, request), "allowed");
    profile.ignore_requested_usages = false;
    profile.must_staple = true;
    assert_text(verdict(profile, request), "allowed");
}

void other_extensions(void**) {
    const Buffer unknown = hex("2a0304");
    Request request;
    request.extensions = {{unknown, false, hex("0500")}};
    assert_text(verdict(device_profile(), request), "allowed");
    request.extensions = {{unknown, true, hex("0500")}};
    assert_text(verdict(device_profile(), request),
                "profile: extensions: 1.2.3.4 is critical and not in the profile");
    x509::Profile profile = device_profile();
    profile.ignore_requested_usages = true;
    assert_text(verdict(profile, request), "allowed");
    request.extensions = {{oid::kSubjectKeyIdentifier, true, hex("0401aa")}};
    assert_text(verdict(device_profile(), request), "allowed");
    profile = device_profile();
    profile.san[x509::SanType::dns] = {"**"};
    request.extensions = {{oid::kSubjectAltName, true, *x509::build_san({"dns:a"})}};
    assert_text(verdict(profile, request), "allowed");
}

void required_attributes(void**) {
    x509::Profile profile = device_profile();
    profile.required_attributes = {pki::to_buffer(oid::kChallengePassword), hex("2a0304")};
    Request request;
    request.other_attributes = {oid::kChallengePassword};
    assert_text(verdict(profile, request), "profile: required_attributes: 1.2.3.4 is missing");
    const Buffer unknown = hex("2a0304");
    request.other_attributes.push_back(unknown);
    assert_text(verdict(profile, request), "allowed");
}

// The first rule that refuses is the one that is told.
void rules_have_an_order(void**) {
    x509::Profile profile = device_profile();
    profile.required_attributes = {pki::to_buffer(oid::kChallengePassword)};
    Request request;
    request.key = rsa_key(128);
    request.subject = "CN=router-1";
    request.san = {"dns:a"};
    request.extensions = {{oid::kTlsFeature, false, hex("3003020105")}};
    const auto starts_with = [&](std::string_view rule) {
        assert_text(verdict(profile, request).substr(0, rule.size()), rule);
    };
    starts_with("profile: keys");
    request.key = p256_key();
    starts_with("profile: subject");
    request.subject = "CN=device-1";
    starts_with("profile: san");
    request.san.clear();
    starts_with("profile: must_staple");
    request.extensions.clear();
    starts_with("profile: required_attributes");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_fitting_request),
        cmocka_unit_test(keys),
        cmocka_unit_test(subject_attributes),
        cmocka_unit_test(values_are_shown_safely),
        cmocka_unit_test(an_empty_subject_needs_a_san),
        cmocka_unit_test(san_names),
        cmocka_unit_test(san_addresses),
        cmocka_unit_test(san_of_other_types),
        cmocka_unit_test(uri_patterns_keep_the_host),
        cmocka_unit_test(uri_patterns_without_a_path),
        cmocka_unit_test(uri_patterns_name_ports_and_users),
        cmocka_unit_test(uri_patterns_without_an_authority),
        cmocka_unit_test(two_stars_alone_allow_any_uri),
        cmocka_unit_test(dirname_wildcards_stay_within_a_value),
        cmocka_unit_test(dirname_separators_are_no_characters),
        cmocka_unit_test(two_stars_alone_allow_any_dirname),
        cmocka_unit_test(a_san_can_be_required),
        cmocka_unit_test(nobody_becomes_a_ca),
        cmocka_unit_test(requested_key_usage),
        cmocka_unit_test(requested_purposes),
        cmocka_unit_test(malformed_usages),
        cmocka_unit_test(requested_must_staple),
        cmocka_unit_test(other_extensions),
        cmocka_unit_test(required_attributes),
        cmocka_unit_test(rules_have_an_order),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
