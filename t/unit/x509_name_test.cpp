#include "libpki/x509/name.h"

#include "libpki/base/limits.h"
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

void write_attribute(der::Writer& w, Bytes type, std::uint8_t tag, Bytes value) {
    w.sequence([&] {
        w.oid(type);
        w.primitive(tag, value);
    });
}

// A name of one attribute.
Buffer one(Bytes type, std::uint8_t tag, Bytes value) {
    der::Writer w;
    w.sequence([&] { w.set([&] { write_attribute(w, type, tag, value); }); });
    return std::move(w).take();
}

Buffer common_name(std::string_view value) {
    return one(oid::kCommonName, der::kUtf8String, as_bytes(value));
}

// The UTF-8 of the value, or "refused".
std::string text_of(std::uint8_t tag, std::string_view content) {
    const Buffer encoding = one(oid::kCommonName, tag, as_bytes(content));
    const auto name = x509::parse_name(encoding);
    return name ? x509::attribute_text(name->attributes[0]) : "refused";
}

std::string text_of_hex(std::uint8_t tag, std::string_view digits) {
    const Buffer content = hex(digits);
    return text_of(tag, pki::as_text(content));
}

std::string round_trip(std::string_view text) {
    const auto encoding = x509::name_from_text(text);
    if (!encoding) return "refused";
    const auto name = x509::parse_name(*encoding);
    return name ? x509::name_text(*name) : "unreadable";
}

bool same(const Buffer& a, const Buffer& b) {
    return x509::same_name(*x509::parse_name(a), *x509::parse_name(b));
}

void attributes_in_the_order_of_the_encoding(void**) {
    const Buffer encoding = *x509::name_from_text("C=CH, O=Example, CN=a, CN=b");
    const auto name = x509::parse_name(encoding);
    assert_ok(name);
    assert_int_equal(name->attributes.size(), 4);
    assert_text(x509::attribute_text(name->attributes[0]), "CH");
    assert_int_equal(name->attributes[3].rdn, 3);
    assert_ptr_equal(name->find(oid::kCommonName), &name->attributes[2]);
    assert_null(name->find(oid::kSerialNumber));
    assert_hex(name->attributes[0].encoding, "3009060355040613024348");
    assert_hex(name->encoding, pki::hex_encode(encoding));
}

void the_empty_name(void**) {
    const Buffer encoding = hex("3000");
    const auto name = x509::parse_name(encoding);
    assert_ok(name);
    assert_true(name->empty());
    assert_text(x509::name_text(*name), "");
}

void structure_is_checked(void**) {
    for (const char* bad : {
             "", "3100", "3000 00",
             "3002 3100",                                // empty RDN
             "300c 300a 3008 0603550403 0c0161",         // SEQUENCE for SET
             "300a 3108 3006 0603550403 00",             // value truncated
             "3009 3107 3005 0603550403",                // no value
             "300f 310d 300b 0603550403 0c0161 0c0162",  // two values
             "300c 310a 3008 0603550483 0c0161",         // OID not whole
             "300c 310a 3008 0403550403 0c0161",         // no OID
         })
        assert_error(Errc::malformed, x509::parse_name(hex(bad)));
    assert_ok(x509::parse_name(hex("300c 310a 3008 0603550403 0c0161")));
}

void errors_tell_where_and_which(void**) {
    const Buffer encoding =
        hex("3019 310b 3009 0603550406 13024348 310a 3008 0603550403 0c0107");
    const auto name = x509::parse_name(encoding);
    assert_error(Errc::malformed, name);
    assert_int_equal(name.error().offset, 17);
    assert_text(name.error().detail, "CN");
}

void string_types_become_utf8(void**) {
    assert_text(text_of(der::kUtf8String, "caf\xc3\xa9"), "caf\xc3\xa9");
    assert_text(text_of(der::kPrintableString, "Example 1"), "Example 1");
    assert_text(text_of(der::kIa5String, "a@b.example"), "a@b.example");
    assert_text(text_of(der::kTeletexString, "caf\xe9"), "caf\xc3\xa9");
    assert_text(text_of_hex(der::kBmpString, "0063 0061 0066 00e9 4e2d"),
                "caf\xc3\xa9\xe4\xb8\xad");
    assert_text(text_of_hex(der::kUniversalString, "00000061 0001f512"), "a\xf0\x9f\x94\x92");
    assert_text(text_of_hex(der::kTeletexString, "a0ff"), "\xc2\xa0\xc3\xbf");
    assert_text(text_of_hex(der::kBmpString, "d7ffe000ffff"),
                "\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf");
    assert_text(text_of_hex(der::kUniversalString, "0010ffff"), "\xf4\x8f\xbf\xbf");
}

// Seen in the field, beside what X.680 41.4 allows.
void printable_string_holds_ascii(void**) {
    assert_text(text_of(der::kPrintableString, "a@b_c*d&e!"), "a@b_c*d&e!");
    assert_text(text_of(der::kPrintableString, "caf\xc3\xa9"), "refused");
    assert_text(text_of(der::kPrintableString, "caf\xe9"), "refused");
}

void characters_outside_the_type_are_refused(void**) {
    assert_text(text_of(der::kUtf8String, "caf\xe9"), "refused");
    assert_text(text_of(der::kIa5String, "caf\xe9"), "refused");
    assert_text(text_of_hex(der::kBmpString, "0061 00"), "refused");
    for (const char* surrogate : {"d800", "dbff", "dc00", "dfff", "d83d dd12"})
        assert_text(text_of_hex(der::kBmpString, surrogate), "refused");
    assert_text(text_of_hex(der::kUniversalString, "0000 d83d"), "refused");
    assert_text(text_of_hex(der::kUniversalString, "0011 0000"), "refused");
    assert_text(text_of_hex(der::kUniversalString, "0000 0061 0000"), "refused");
    assert_text(text_of(der::kOctetString, "a"), "refused");
    assert_text(text_of(der::kInteger, "a"), "refused");
}

void control_characters_are_refused(void**) {
    for (const char* bad : {"00", "610a", "1b", "7f", "61 00 62"})
        for (const std::uint8_t tag :
             {der::kUtf8String, der::kPrintableString, der::kIa5String, der::kTeletexString})
            assert_text(text_of_hex(tag, bad), "refused");
    assert_text(text_of_hex(der::kUtf8String, "c285"), "refused");
    assert_text(text_of_hex(der::kTeletexString, "85"), "refused");
    assert_text(text_of_hex(der::kBmpString, "0085"), "refused");
    assert_text(text_of_hex(der::kBmpString, "0000"), "refused");
    assert_text(text_of_hex(der::kUniversalString, "0000000a"), "refused");
}

void values_are_bounded(void**) {
    assert_text(text_of(der::kUtf8String, ""), "refused");
    const std::string longest(pki::limits::kAttributeValue, 'a');
    assert_text(text_of(der::kUtf8String, longest), longest);
    assert_text(text_of(der::kUtf8String, longest + 'a'), "refused");
}

Buffer many(std::size_t rdns, std::size_t attributes_each) {
    der::Writer w;
    w.sequence([&] {
        for (std::size_t i = 0; i < rdns; i++)
            w.set([&] {
                for (std::size_t j = 0; j < attributes_each; j++)
                    write_attribute(w, oid::kCommonName, der::kUtf8String, as_bytes("a"));
            });
    });
    return std::move(w).take();
}

void attributes_are_bounded(void**) {
    constexpr std::size_t kMax = pki::limits::kRdns;
    assert_ok(x509::parse_name(many(kMax, 1)));
    assert_error(Errc::malformed, x509::parse_name(many(kMax + 1, 1)));
    assert_ok(x509::parse_name(many(1, kMax)));
    assert_error(Errc::malformed, x509::parse_name(many(1, kMax + 1)));
}

// RFC 4514 2.1: last RDN first.
void text_of_a_name(void**) {
    assert_text(round_trip("C=CH, O=Example, CN=device 1"), "CN=device 1,O=Example,C=CH");
    assert_text(round_trip("serialNumber=1,emailAddress=a@b.example,DC=x"),
                "DC=x,emailAddress=a@b.example,serialNumber=1");
    assert_text(round_trip("cn=a,ou=b,SURNAME=c,givenname=d"), "GN=d,SN=c,OU=b,CN=a");
}

void special_characters_are_escaped(void**) {
    const auto escaped = [](std::string_view value) {
        const Buffer encoding = common_name(value);
        return x509::name_text(*x509::parse_name(encoding));
    };
    assert_text(escaped("a,b+c\"d\\e<f>g;h"), "CN=a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h");
    assert_text(escaped("#a#"), "CN=\\#a#");
    assert_text(escaped(" a b "), "CN=\\ a b\\ ");
    assert_text(escaped(" "), "CN=\\ ");
    assert_text(escaped("a=b"), "CN=a=b");
    assert_text(escaped("caf\xc3\xa9"), "CN=caf\xc3\xa9");
}

// RFC 4514 2.3: no short name, so the value is its DER.
void unknown_types_are_dotted(void**) {
    const Buffer encoding = one(hex("2a0304"), der::kUtf8String, as_bytes("ab"));
    assert_text(x509::name_text(*x509::parse_name(encoding)), "1.2.3.4=#0c026162");
}

Buffer two_in_one_rdn(bool swapped) {
    der::Writer w;
    w.sequence([&] {
        w.set([&] {
            write_attribute(w, swapped ? oid::kSerialNumber : oid::kCommonName,
                            der::kUtf8String, as_bytes(swapped ? "7" : "a"));
            write_attribute(w, swapped ? oid::kCommonName : oid::kSerialNumber,
                            der::kUtf8String, as_bytes(swapped ? "a" : "7"));
        });
        w.set([&] { write_attribute(w, oid::kTitle, der::kUtf8String, as_bytes("t")); });
    });
    return std::move(w).take();
}

void several_attributes_in_one_rdn(void**) {
    const Buffer encoding = two_in_one_rdn(false);
    assert_text(x509::name_text(*x509::parse_name(encoding)), "title=t,CN=a+serialNumber=7");
    assert_true(same(two_in_one_rdn(false), two_in_one_rdn(true)));
    assert_false(
        same(two_in_one_rdn(false), *x509::name_from_text("CN=a,serialNumber=7,title=t")));
}

// RFC 5280 7.1.
void comparison_folds_case_and_spaces(void**) {
    assert_true(same(common_name("Device  One"), common_name(" device one ")));
    assert_false(same(common_name("deviceone"), common_name("device one")));
    assert_false(same(common_name("a"), common_name("b")));
    assert_false(same(common_name("caf\xc3\xa9"), common_name("caf\xc3\x89")));
    assert_true(same(hex("3000"), hex("3000")));
    assert_false(same(hex("3000"), common_name("a")));
}

void comparison_ignores_the_string_type(void**) {
    const Buffer utf8 = common_name("caf\xc3\xa9");
    assert_true(same(utf8, one(oid::kCommonName, der::kBmpString, hex("0043 0041 0046 00e9"))));
    assert_true(same(utf8, one(oid::kCommonName, der::kTeletexString, hex("636166e9"))));
}

void comparison_keeps_order_and_type(void**) {
    const Buffer name = *x509::name_from_text("O=a,CN=b");
    assert_true(same(name, *x509::name_from_text("O=A,CN=B")));
    assert_false(same(name, *x509::name_from_text("CN=b,O=a")));
    assert_false(same(name, *x509::name_from_text("O=a,CN=b,CN=b")));
    assert_false(same(name, *x509::name_from_text("OU=a,CN=b")));
}

void names_of_attribute_types(void**) {
    assert_text(x509::attribute_name(oid::kCommonName), "CN");
    assert_text(x509::attribute_name(hex("2a0304")), "1.2.3.4");
    assert_hex(*x509::attribute_type("SERIALNUMBER"), "550405");
    assert_hex(*x509::attribute_type("1.2.3.4"), "2a0304");
    for (const char* bad : {"", "commonname", "1", "1.2.", "1..2", "3.1", "1.40", "01.2",
                            "1.02", "1.2.x", "-1.2"})
        assert_error(Errc::malformed, x509::attribute_type(bad));
}

void string_types_that_are_written(void**) {
    const auto tag_of = [](std::string_view text) {
        const Buffer encoding = *x509::name_from_text(text);
        return x509::parse_name(encoding)->attributes[0].tag;
    };
    assert_int_equal(tag_of("C=CH"), der::kPrintableString);
    assert_int_equal(tag_of("serialNumber=1"), der::kPrintableString);
    assert_int_equal(tag_of("dnQualifier=1"), der::kPrintableString);
    assert_int_equal(tag_of("DC=example"), der::kIa5String);
    assert_int_equal(tag_of("emailAddress=a@b"), der::kIa5String);
    assert_int_equal(tag_of("CN=a"), der::kUtf8String);
}

void values_that_cannot_be_written(void**) {
    for (const char* bad : {"serialNumber=a@b", "C=\xc3\xa9", "DC=\xc3\xa9", "CN=", "CN=a\nb",
                            "CN=\xff", "O=a,CN="})
        assert_error(Errc::malformed, x509::name_from_text(bad));
    const std::string too_long = "CN=" + std::string(pki::limits::kAttributeValue + 1, 'a');
    assert_error(Errc::malformed, x509::name_from_text(too_long));
}

void escapes_in_text(void**) {
    assert_text(round_trip("CN=a\\, b\\+c"), "CN=a\\, b\\+c");
    assert_text(round_trip("CN=\\ a\\ "), "CN=\\ a\\ ");
    assert_text(round_trip("CN=\\ "), "CN=\\ ");
    assert_text(round_trip("CN= a  ,O= b "), "O=b,CN=a");
    assert_text(round_trip("CN=caf\\C3\\a9"), "CN=caf\xc3\xa9");
    assert_text(round_trip("CN=a\\=b=c"), "CN=a=b=c");
    assert_text(round_trip(""), "");
    assert_text(round_trip("CN=\\#0c0161"), "CN=\\#0c0161");
    assert_error(Errc::unsupported, x509::name_from_text("1.2.3.4=#0c0161"));
    for (const char* bad : {"CN", "CN=a,", "CN=a+O=b", "CN=\"a\"", "CN=a\\", "CN=a\\q",
                            "CN=a\\4", "=a", "CN=a;O=b", "CN=a,,O=b", ",CN=a", "CN =a"})
        assert_text(round_trip(bad), "refused");
}

void dotted_oids(void**) {
    constexpr const char* kVectors[][2] = {
        {"1.2.840.113549.1.1.11", "2a864886f70d01010b"},
        {"2.5.4.3", "550403"},
        {"0.0", "00"},
        {"0.39", "27"},
        {"1.39", "4f"},
        {"2.0", "50"},
        {"2.999.1", "883701"},
        {"1.3.6.1.4.1.18446744073709551615", "2b0601040181ffffffffffffffff7f"},
    };
    for (const auto& [dotted, content] : kVectors) {
        assert_hex(*x509::oid_from_text(dotted), content);
        assert_text(x509::oid_to_text(hex(content)), dotted);
    }
    assert_error(Errc::malformed, x509::oid_from_text("1.3.18446744073709551616"));
    assert_error(Errc::malformed, x509::oid_from_text("2.18446744073709551615"));
    assert_text(x509::oid_to_text(hex("2b 83ffffffffffffffff7f")),
                "hex:2b83ffffffffffffffff7f");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(attributes_in_the_order_of_the_encoding),
        cmocka_unit_test(the_empty_name),
        cmocka_unit_test(structure_is_checked),
        cmocka_unit_test(errors_tell_where_and_which),
        cmocka_unit_test(string_types_become_utf8),
        cmocka_unit_test(printable_string_holds_ascii),
        cmocka_unit_test(characters_outside_the_type_are_refused),
        cmocka_unit_test(control_characters_are_refused),
        cmocka_unit_test(values_are_bounded),
        cmocka_unit_test(attributes_are_bounded),
        cmocka_unit_test(text_of_a_name),
        cmocka_unit_test(special_characters_are_escaped),
        cmocka_unit_test(unknown_types_are_dotted),
        cmocka_unit_test(several_attributes_in_one_rdn),
        cmocka_unit_test(comparison_folds_case_and_spaces),
        cmocka_unit_test(comparison_ignores_the_string_type),
        cmocka_unit_test(comparison_keeps_order_and_type),
        cmocka_unit_test(names_of_attribute_types),
        cmocka_unit_test(string_types_that_are_written),
        cmocka_unit_test(values_that_cannot_be_written),
        cmocka_unit_test(escapes_in_text),
        cmocka_unit_test(dotted_oids),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
