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

// canonical_name(), or the message of its refusal; and that it does not change what it made.
std::string canonical(const Buffer& encoding) {
    const auto made = x509::canonical_name(*x509::parse_name(encoding));
    if (!made) {
        assert_int_equal(made.error().code, Errc::denied);
        return made.error().message();
    }
    const auto name = x509::parse_name(*made);
    assert_ok(name);
    assert_true(same(encoding, *made));
    assert_hex(*x509::canonical_name(*name), pki::hex_encode(*made));
    return pki::hex_encode(*made);
}

// What a value of this type, with these octets, becomes.
std::string canonical(Bytes type, std::uint8_t tag, Bytes value) {
    return canonical(one(type, tag, value));
}

std::string encoded(Bytes type, std::uint8_t tag, std::string_view text) {
    return pki::hex_encode(one(type, tag, as_bytes(text)));
}

void canonical_names_stay(void**) {
    for (const char* text :
         {"", "CN=a", "C=CH, O=caf\\C3\\A9, OU=x, CN=a b, serialNumber=1",
          "DC=example, DC=com, UID=u, emailAddress=a@b.example, 1.2.3.4=x"}) {
        const Buffer name = *x509::name_from_text(text);
        assert_text(canonical(name), pki::hex_encode(name));
    }
    const Buffer printable = one(oid::kCommonName, der::kPrintableString, as_bytes("a b"));
    assert_text(canonical(printable), pki::hex_encode(printable));
}

// RFC 5280 4.1.2.4: PrintableString or UTF8String.
void canonical_string_types(void**) {
    const std::string ascii = encoded(oid::kCommonName, der::kUtf8String, "a");
    assert_text(canonical(oid::kCommonName, der::kTeletexString, hex("61")), ascii);
    assert_text(canonical(oid::kCommonName, der::kBmpString, hex("0061")), ascii);
    assert_text(canonical(oid::kCommonName, der::kUniversalString, hex("00000061")), ascii);
    assert_text(canonical(oid::kCommonName, der::kIa5String, hex("61")), ascii);
    assert_text(canonical(oid::kCommonName, der::kPrintableString, as_bytes("a_*@b")),
                encoded(oid::kCommonName, der::kUtf8String, "a_*@b"));
    assert_text(canonical(oid::kCommonName, der::kTeletexString, hex("636166e9")),
                encoded(oid::kCommonName, der::kUtf8String, "caf\xc3\xa9"));
    const Buffer unknown = one(hex("2a0304"), der::kIa5String, as_bytes("a"));
    assert_text(canonical(unknown), pki::hex_encode(unknown));
}

// RFC 5280 A.1: IA5String and nothing else.
void canonical_addresses_and_domains(void**) {
    for (const Bytes type : {oid::kEmailAddress, oid::kDomainComponent}) {
        const std::string expected = encoded(type, der::kIa5String, "a@b");
        for (const std::uint8_t tag :
             {der::kIa5String, der::kUtf8String, der::kPrintableString, der::kTeletexString})
            assert_text(canonical(type, tag, as_bytes("a@b")), expected);
        assert_text(canonical(type, der::kBmpString, hex("0061 0040 0062")), expected);
    }
    assert_text(canonical(oid::kEmailAddress, der::kUtf8String, hex("c3a9")),
                "name: not ASCII: emailAddress");
    assert_text(canonical(oid::kDomainComponent, der::kBmpString, hex("00e9")),
                "name: not ASCII: DC");
}

void canonical_country(void**) {
    const std::string expected = encoded(oid::kCountry, der::kPrintableString, "CH");
    assert_text(canonical(oid::kCountry, der::kPrintableString, as_bytes("CH")), expected);
    assert_text(canonical(oid::kCountry, der::kUtf8String, as_bytes("CH")), expected);
    assert_text(canonical(oid::kCountry, der::kBmpString, hex("0043 0048")), expected);
    for (const char* bad : {"C", "CHE", "C1", "C ", "\xc3\xa9", "\xc3\xa9h"})
        assert_text(canonical(oid::kCountry, der::kUtf8String, as_bytes(bad)),
                    "name: not a country code of two letters: C");
}

// RFC 5280 A.1 wants a PrintableString; characters that it lacks are in the field.
void canonical_serial_numbers(void**) {
    for (const Bytes type : {oid::kSerialNumber, oid::kDnQualifier}) {
        assert_text(canonical(type, der::kUtf8String, as_bytes("PID:1 SN:2")),
                    encoded(type, der::kPrintableString, "PID:1 SN:2"));
        assert_text(canonical(type, der::kPrintableString, as_bytes("a_1")),
                    encoded(type, der::kUtf8String, "a_1"));
        assert_text(canonical(type, der::kUtf8String, as_bytes("a_1")),
                    encoded(type, der::kUtf8String, "a_1"));
    }
}

// X.690 11.6.
void canonical_order_within_an_rdn(void**) {
    const std::string ordered = "3018 3116 3008 0603550403 0c0161 300a 0603550405 1303373737";
    const auto rdn = [](const char* attributes) {
        const Buffer content = hex(attributes);
        der::Writer w;
        w.sequence([&] { w.set([&] { w.raw(content); }); });
        return std::move(w).take();
    };
    const char* const in_order = "3008 0603550403 0c0161 300a 0603550405 1303373737";
    const char* const swapped = "300a 0603550405 1303373737 3008 0603550403 0c0161";
    assert_text(canonical(rdn(in_order)), pki::hex_encode(hex(ordered)));
    assert_text(canonical(rdn(swapped)), pki::hex_encode(hex(ordered)));
    // In order only as it came: the value in UTF-8 is longer.
    const char* const grows = "3008 0603550403 1401e9 3008 0603550405 130137";
    assert_text(
        canonical(rdn(grows)),
        pki::hex_encode(hex("3017 3115 3008 0603550405 130137 3009 0603550403 0c02c3a9")));
}

void canonical_attributes_of_an_rdn_differ(void**) {
    assert_text(canonical(many(1, 2)), "name: attribute twice in one RDN: CN");
    assert_text(canonical(many(2, 1)), pki::hex_encode(many(2, 1)));
}

// RFC 5280 A.1, upper bounds in characters.
void canonical_values_are_bounded(void**) {
    struct Bound {
        Bytes type;
        std::size_t characters;
    };
    for (const Bound& bound :
         {Bound{oid::kCommonName, 64}, Bound{oid::kOrganization, 64},
          Bound{oid::kOrganizationalUnit, 64}, Bound{oid::kTitle, 64},
          Bound{oid::kLocality, 128}, Bound{oid::kState, 128}, Bound{oid::kSerialNumber, 64},
          Bound{oid::kPseudonym, 128}, Bound{oid::kEmailAddress, 255}}) {
        const auto name_of = [&](std::size_t count) {
            return *x509::build_name({{bound.type, std::string(count, 'a')}});
        };
        assert_text(canonical(name_of(bound.characters)),
                    pki::hex_encode(name_of(bound.characters)));
        assert_text(canonical(name_of(bound.characters + 1)),
                    "name: value too long: " + x509::attribute_name(bound.type) + ": " +
                        std::to_string(bound.characters + 1) + " characters, at most " +
                        std::to_string(bound.characters));
    }
}

void canonical_bounds_count_characters(void**) {
    const auto repeat = [](std::string_view digits, std::size_t count) {
        Buffer value;
        for (std::size_t i = 0; i < count; i++) pki::append(value, hex(digits));
        return value;
    };
    struct Form {
        std::uint8_t tag;
        const char* character;
    };
    for (const Form& form :
         {Form{der::kUtf8String, "c3a9"}, Form{der::kBmpString, "00e9"},
          Form{der::kUniversalString, "000000e9"}, Form{der::kTeletexString, "e9"}}) {
        assert_text(
            canonical(oid::kCommonName, form.tag, repeat(form.character, 64)),
            pki::hex_encode(one(oid::kCommonName, der::kUtf8String, repeat("c3a9", 64))));
        assert_text(canonical(oid::kCommonName, form.tag, repeat(form.character, 65)),
                    "name: value too long: CN: 65 characters, at most 64");
    }
    // A type without a bound, whose value would outgrow what we read.
    const Buffer wide = repeat("e9", pki::limits::kAttributeValue / 2 + 1);
    assert_text(canonical(oid::kStreet, der::kTeletexString, wide),
                "name: value too long: street: 514 bytes, at most 512");
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
        cmocka_unit_test(canonical_names_stay),
        cmocka_unit_test(canonical_string_types),
        cmocka_unit_test(canonical_addresses_and_domains),
        cmocka_unit_test(canonical_country),
        cmocka_unit_test(canonical_serial_numbers),
        cmocka_unit_test(canonical_order_within_an_rdn),
        cmocka_unit_test(canonical_attributes_of_an_rdn_differ),
        cmocka_unit_test(canonical_values_are_bounded),
        cmocka_unit_test(canonical_bounds_count_characters),
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
