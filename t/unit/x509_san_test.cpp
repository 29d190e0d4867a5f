#include "libpki/x509/san.h"

#include "libpki/base/der_writer.h"
#include "libpki/base/limits.h"
#include "libpki/x509/name.h"
#include "libpki/x509/oids.h"
#include "t/unit/unit.h"

namespace {

using pki::as_bytes;
using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using unit::hex;
namespace der = pki::der;
namespace oid = pki::x509::oid;
namespace x509 = pki::x509;
using x509::SanType;

Buffer sequence_of(Bytes names) {
    der::Writer w;
    w.sequence([&] { w.raw(names); });
    return std::move(w).take();
}

Buffer one(std::uint8_t tag, Bytes content) {
    der::Writer w;
    w.primitive(tag, content);
    return sequence_of(w.view());
}

Buffer one(SanType type, std::string_view text) {
    return one(der::context(static_cast<int>(type)), as_bytes(text));
}

// general_name_text() of the only name, or "refused".
std::string text_of(const Buffer& encoding) {
    const auto san = x509::parse_san(encoding);
    return san ? x509::general_name_text(san->names.at(0)) : "refused";
}

bool accepted(SanType type, std::string_view text) {
    return text_of(one(type, text)) != "refused";
}

bool same(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    const Buffer first = *x509::build_san(a), second = *x509::build_san(b);
    return x509::same_san(*x509::parse_san(first), *x509::parse_san(second));
}

void text_of_each_type(void**) {
    assert_text(text_of(one(SanType::dns, "a.example")), "dns:a.example");
    assert_text(text_of(one(SanType::email, "a@b.example")), "email:a@b.example");
    assert_text(text_of(one(SanType::uri, "urn:dev:1")), "uri:urn:dev:1");
    assert_text(text_of(one(der::context(7), hex("c0000201"))), "ip:192.0.2.1");
    assert_text(text_of(one(der::context(7), hex("20010db8000000000000000000000001"))),
                "ip:2001:db8::1");
    assert_text(text_of(one(der::context(8), hex("2a0304"))), "rid:1.2.3.4");
    const Buffer name = *x509::name_from_text("O=Example, CN=a");
    assert_text(text_of(one(der::constructed(4), name)), "dirname:CN=a,O=Example");
    assert_text(text_of(one(der::constructed(0), hex("06032a0304 a004 0c026162"))),
                "other:1.2.3.4:0c026162");
}

void values_are_views_of_the_content(void**) {
    const Buffer other = one(der::constructed(0), hex("06032a0304 a004 0c026162"));
    const auto san = x509::parse_san(other);
    assert_ok(san);
    assert_hex(san->names[0].other_type, "2a0304");
    assert_hex(san->names[0].value, "0c026162");
    assert_hex(san->names[0].encoding, "a00b06032a0304a0040c026162");
    assert_hex(san->encoding, pki::hex_encode(other));
}

void structure_is_checked(void**) {
    for (const char* bad : {
             "",
             "3000",                                 // no name
             "3103 820161",                          // no SEQUENCE
             "3003 820161 00",                       // trailing
             "3003 0c0161",                          // no GeneralName
             "3003 a20161",                          // constructed dNSName
             "3003 890161",                          // no such type
             "3004 a402 0500",                       // directoryName that is no Name
             "3004 a402 3000",                       // empty directoryName
             "3003 840161",                          // primitive directoryName
             "3002 8800",                            // empty OID
             "3005 88032a0384",                      // OID not whole
             "3002 a000",                            // empty otherName
             "3007 a005 06032a0304",                 // without value
             "3009 a007 06032a0304 a000",            // with an empty one
             "300d a00b 06032a0304 a004 0500 0500",  // with two
             "300d a00b 06032a0304 a002 0500 0500",  // and something behind it
             "300b a009 06032a0304 8002 0500",       // not EXPLICIT
         })
        assert_error(Errc::malformed, x509::parse_san(hex(bad)));
}

void types_that_we_do_not_have(void**) {
    assert_error(Errc::unsupported, x509::parse_san(hex("3002 a300")));
    assert_error(Errc::unsupported, x509::parse_san(hex("3002 a500")));
}

void errors_tell_where(void**) {
    const auto san = x509::parse_san(hex("3007 820161 82022e2e"));
    assert_error(Errc::malformed, san);
    assert_int_equal(san.error().offset, 5);
}

void dns_names(void**) {
    const std::string label(63, 'a');
    const std::string longest = label + '.' + label + '.' + label + '.' + std::string(61, 'b');
    for (const std::string& good :
         {std::string("a"), std::string("Device-1.example.com"), std::string("*.example.com"),
          std::string("_sip.example"), std::string("1.2.example"), std::string("a.1b"),
          std::string("x--y.example"), label + ".example", longest})
        assert_true(accepted(SanType::dns, good));
    for (const std::string& bad :
         {std::string(), std::string("."), std::string("a."), std::string(".a"),
          std::string("a..b"), std::string("*"), std::string("*."), std::string("a.*.b"),
          std::string("a*.b"), std::string("*a.b"), std::string("*.*.b"), std::string("a b"),
          std::string("a/b"), std::string("caf\xc3\xa9"), std::string("a\0b", 3),
          std::string("a\nb"), label + "a.example", longest + 'b'})
        assert_false(accepted(SanType::dns, bad));
}

// RFC 1123 2.1: what ends in a number would be read as an address.
void dns_names_are_no_addresses(void**) {
    for (const char* bad : {"192.0.2.1", "1", "a.1", "*.2", "2130706433"})
        assert_false(accepted(SanType::dns, bad));
}

void labels_have_hyphens_inside_only(void**) {
    for (const char* bad : {"-", "-a", "a-", "a.-b", "a-.b", "*.-b.example", "a.b.example-"})
        assert_false(accepted(SanType::dns, bad));
}

void email_addresses(void**) {
    for (const char* good :
         {"a@b", "a+b@c.example", "a.b.c@d.example", "!#$%&'*+-/=?^_`{|}~@b.example"})
        assert_true(accepted(SanType::email, good));
    for (const char* bad : {"", "a", "@b", "a@", "a b@c", "caf\xc3\xa9@b", "a@b\n", "A <a@b>"})
        assert_false(accepted(SanType::email, bad));
}

// RFC 5321 4.1.2: a dot-string and a domain, so that no reader finds a second address in it.
void email_addresses_are_one_mailbox(void**) {
    for (const char* bad :
         {"x@evil.com@example.com", "Bob<bob@evil.com>,x@example.com", "a,b@example.com",
          "<a@example.com>", "a:b@example.com", "a;b@example.com", "a(b)@example.com",
          "a[b@example.com", "a\\b@example.com", "\"a\"@example.com", "\"a@b\"@example.com"})
        assert_false(accepted(SanType::email, bad));
    for (const char* bad :
         {".a@example.com", "a.@example.com", "a..b@example.com", ".@example.com"})
        assert_false(accepted(SanType::email, bad));
    for (const char* bad : {"a@.example", "a@example.", "a@*.example.com", "a@[192.0.2.1]",
                            "a@192.0.2.1", "a@-b.example", "a@b,c"})
        assert_false(accepted(SanType::email, bad));
}

void uris(void**) {
    for (const char* good : {"urn:uuid:1", "https://a.example/b?c#d", "x:y", "a+b-c.1:d"})
        assert_true(accepted(SanType::uri, good));
    for (const char* bad :
         {"", "a", ":a", "a:", "/a/b", "1a:b", "a b:c", "a:b c", "a/b:c", "a:\xc3\xa9"})
        assert_false(accepted(SanType::uri, bad));
}

Buffer directory_name(std::uint8_t tag, std::string_view common_name) {
    der::Writer w;
    w.sequence([&] {
        w.set([&] {
            w.sequence([&] {
                w.oid(oid::kCommonName);
                w.primitive(tag, as_bytes(common_name));
            });
        });
    });
    return one(der::constructed(4), w.view());
}

// A SAN goes into the certificate as it is.
void directory_names_are_canonical(void**) {
    assert_text(text_of(directory_name(der::kUtf8String, "a")), "dirname:CN=a");
    assert_text(text_of(directory_name(der::kPrintableString, "a")), "dirname:CN=a");
    for (const std::uint8_t tag : {der::kTeletexString, der::kIa5String})
        assert_error(Errc::malformed, x509::parse_san(directory_name(tag, "a")));
    const auto refused =
        x509::parse_san(directory_name(der::kUtf8String, std::string(65, 'a')));
    assert_error(Errc::malformed, refused);
    assert_text(refused.error().text, "SAN: directoryName is not canonical");
    assert_text(refused.error().detail, "CN: 65 characters, at most 64");
}

void ip_addresses_have_4_or_16_bytes(void**) {
    for (const char* bad : {"", "c00002", "c000020100", "c0000201ffffff00"})
        assert_text(text_of(one(der::context(7), hex(bad))), "refused");
}

void names_are_bounded(void**) {
    const auto san_of = [](std::size_t count) {
        return x509::build_san(std::vector<std::string>(count, "dns:a.example"));
    };
    assert_ok(san_of(pki::limits::kGeneralNames));
    assert_error(Errc::malformed, san_of(pki::limits::kGeneralNames + 1));
}

void comparison_is_of_sets(void**) {
    assert_true(same({"dns:a", "ip:192.0.2.1"}, {"ip:192.0.2.1", "dns:a"}));
    assert_true(same({"dns:a", "dns:a"}, {"dns:a"}));
    assert_false(same({"dns:a"}, {"dns:a", "dns:b"}));
    assert_false(same({"dns:a", "dns:b"}, {"dns:a"}));
    assert_false(same({"dns:a"}, {"dns:b"}));
}

// RFC 5280 7.2 and 7.5: host names without case, local parts with it.
void comparison_ignores_case_of_hosts_only(void**) {
    assert_true(same({"dns:A.Example"}, {"dns:a.example"}));
    assert_true(same({"email:a@B.Example"}, {"email:a@b.example"}));
    assert_false(same({"email:A@b.example"}, {"email:a@b.example"}));
    assert_false(same({"uri:urn:A"}, {"uri:urn:a"}));
}

void comparison_tells_types_apart(void**) {
    const Buffer address = one(der::context(7), hex("2a030405"));
    const Buffer registered = one(der::context(8), hex("2a030405"));
    assert_false(x509::same_san(*x509::parse_san(address), *x509::parse_san(registered)));
    const Buffer first = one(der::constructed(0), hex("06032a0304 a004 0c026162"));
    const Buffer second = one(der::constructed(0), hex("06032a0305 a004 0c026162"));
    assert_false(x509::same_san(*x509::parse_san(first), *x509::parse_san(second)));
}

void built_from_text(void**) {
    assert_hex(*x509::build_san({"dns:a.b", "ip:192.0.2.1", "email:a@b", "uri:u:v"}),
               "30158203612e628704c0000201810361406286"
               "03753a76");
    assert_hex(*x509::build_san({"ip:2001:db8::1"}),
               "3012871020010db8000000000000000000000001");
    for (const std::vector<std::string>& bad : {std::vector<std::string>{},
                                                {"a.example"},
                                                {"dns:"},
                                                {"dns:a b"},
                                                {"ip:1.2.3"},
                                                {"ip:a.example"},
                                                {"ip:192.0.2.1/24"},
                                                {"dns:a", "email:x"}})
        assert_error(Errc::malformed, x509::build_san(bad));
    assert_error(Errc::unsupported, x509::build_san({"rid:1.2.3"}));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(text_of_each_type),
        cmocka_unit_test(values_are_views_of_the_content),
        cmocka_unit_test(structure_is_checked),
        cmocka_unit_test(types_that_we_do_not_have),
        cmocka_unit_test(errors_tell_where),
        cmocka_unit_test(dns_names),
        cmocka_unit_test(dns_names_are_no_addresses),
        cmocka_unit_test(labels_have_hyphens_inside_only),
        cmocka_unit_test(email_addresses),
        cmocka_unit_test(email_addresses_are_one_mailbox),
        cmocka_unit_test(uris),
        cmocka_unit_test(directory_names_are_canonical),
        cmocka_unit_test(ip_addresses_have_4_or_16_bytes),
        cmocka_unit_test(names_are_bounded),
        cmocka_unit_test(comparison_is_of_sets),
        cmocka_unit_test(comparison_ignores_case_of_hosts_only),
        cmocka_unit_test(comparison_tells_types_apart),
        cmocka_unit_test(built_from_text),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
