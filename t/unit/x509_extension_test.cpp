#include "libpki/x509/extension.h"

#include "libpki/base/der_writer.h"
#include "libpki/base/limits.h"
#include "libpki/x509/oids.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Errc;
using unit::hex;
namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

void extensions_are_listed_and_found(void**) {
    const Buffer der =
        hex("301d 300c 0603551d13 0101ff 0402 3000 300d 0603551d0f 0101ff 0403 030100");
    const auto found = x509::parse_extensions(der);
    assert_ok(found);
    assert_int_equal(found->list.size(), 2);
    const x509::Extension* constraints = found->find(oid::kBasicConstraints);
    assert_non_null(constraints);
    assert_true(constraints->critical);
    assert_hex(constraints->value, "3000");
    assert_null(found->find(oid::kSubjectAltName));
}

void critical_defaults_to_false_however_written(void**) {
    for (const char* text :
         {"300b 3009 0603551d13 0402 3000", "300e 300c 0603551d13 010100 0402 3000"}) {
        const Buffer der = hex(text);
        const auto found = x509::parse_extensions(der);
        assert_ok(found);
        assert_false(found->list[0].critical);
    }
}

void extensions_may_be_empty(void**) {
    const auto found = x509::parse_extensions(hex("3000"));
    assert_ok(found);
    assert_true(found->list.empty());
}

void malformed_extensions_are_refused(void**) {
    for (const char* bad :
         {"", "3100", "3000 00", "3002 3000", "3007 3005 0603551d13",
          "300e 300c 0603551d13 010101 0402 3000", "300b 3009 0603551d13 0302 3000",
          "300d 300b 0603551d13 0402 3000 0500", "3009 3007 0403551d13 0400",
          "3016 3009 0603551d13 0402 3000 3009 0603551d13 0402 3000"})
        assert_error(Errc::malformed, x509::parse_extensions(hex(bad)));
}

Buffer many_extensions(std::size_t count) {
    pki::der::Writer writer;
    writer.sequence([&] {
        for (std::size_t i = 0; i < count; i++)
            writer.sequence([&] {
                const std::uint8_t id[] = {0x2a, static_cast<std::uint8_t>(i + 1)};
                writer.oid(id);
                writer.octet_string({});
            });
    });
    return std::move(writer).take();
}

void the_number_of_extensions_is_bounded(void**) {
    assert_ok(x509::parse_extensions(many_extensions(pki::limits::kExtensions)));
    assert_error(Errc::malformed,
                 x509::parse_extensions(many_extensions(pki::limits::kExtensions + 1)));
}

void key_usage_bits_have_their_places(void**) {
    const std::pair<const char*, unsigned> expected[] = {
        {"0302 0780", x509::kDigitalSignature},
        {"0302 05a0", x509::kDigitalSignature | x509::kKeyEncipherment},
        {"0302 0106", x509::kKeyCertSign | x509::kCrlSign},
        {"0302 0001", x509::kEncipherOnly},
        {"0303 070080", x509::kDecipherOnly},
        {"0302 01a0", x509::kDigitalSignature | x509::kKeyEncipherment},
        {"0303 00a000", x509::kDigitalSignature | x509::kKeyEncipherment},
    };
    for (const auto& [text, usage] : expected) {
        const auto found = x509::parse_key_usage(hex(text));
        assert_ok(found);
        assert_int_equal(*found, usage);
    }
}

void malformed_key_usages_are_refused(void**) {
    for (const char* bad :
         {"", "0300", "0301 00", "0302 0700", "0302 0880", "0302 07c0", "0303 060040",
          "0304 00800000", "0402 0780", "0302 0780 00", "0301 07"})
        assert_error(Errc::malformed, x509::parse_key_usage(hex(bad)));
}

void extended_key_usage_lists_purposes(void**) {
    const Buffer der = hex("3014 0608 2b06010505070302 0608 2b06010505070301");
    const auto purposes = x509::parse_extended_key_usage(der);
    assert_ok(purposes);
    assert_int_equal(purposes->size(), 2);
    assert_true(pki::equal((*purposes)[0], oid::kClientAuth));
    assert_true(pki::equal((*purposes)[1], oid::kServerAuth));
    for (const char* bad : {"", "3000", "3002 0500", "3003 0601 2a 00"})
        assert_error(Errc::malformed, x509::parse_extended_key_usage(hex(bad)));
}

void basic_constraints_are_read(void**) {
    const auto leaf = x509::parse_basic_constraints(hex("3000"));
    assert_ok(leaf);
    assert_false(leaf->ca);
    const auto spoken = x509::parse_basic_constraints(hex("3003 010100"));
    assert_ok(spoken);
    assert_false(spoken->ca);
    const auto ca = x509::parse_basic_constraints(hex("3003 0101ff"));
    assert_ok(ca);
    assert_true(ca->ca);
    assert_false(ca->path_length.has_value());
    const auto bounded = x509::parse_basic_constraints(hex("3006 0101ff 020103"));
    assert_ok(bounded);
    assert_int_equal(bounded->path_length.value_or(99), 3);
    for (const char* bad : {"", "3003 020100", "3003 010101", "3006 010100 020100",
                            "3006 0101ff 0201ff", "3009 0101ff 020100 020100", "3000 00"})
        assert_error(Errc::malformed, x509::parse_basic_constraints(hex(bad)));
}

void key_identifiers_are_read(void**) {
    const Buffer subject = hex("0403 010203");
    const auto own = x509::parse_subject_key_identifier(subject);
    assert_ok(own);
    assert_hex(*own, "010203");
    assert_error(Errc::malformed, x509::parse_subject_key_identifier(hex("0303 010203")));

    const Buffer authority = hex("300b 8003 010203 a100 8202 0105");
    const auto by_key = x509::parse_authority_key_identifier(authority);
    assert_ok(by_key);
    assert_hex(*by_key, "010203");
    const auto none = x509::parse_authority_key_identifier(hex("3000"));
    assert_ok(none);
    assert_true(none->empty());
    for (const char* bad :
         {"", "3002 a100", "3003 820105", "3005 8003 010203 00", "3007 8003 010203 8301"})
        assert_error(Errc::malformed, x509::parse_authority_key_identifier(hex(bad)));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(extensions_are_listed_and_found),
        cmocka_unit_test(critical_defaults_to_false_however_written),
        cmocka_unit_test(extensions_may_be_empty),
        cmocka_unit_test(malformed_extensions_are_refused),
        cmocka_unit_test(the_number_of_extensions_is_bounded),
        cmocka_unit_test(key_usage_bits_have_their_places),
        cmocka_unit_test(malformed_key_usages_are_refused),
        cmocka_unit_test(extended_key_usage_lists_purposes),
        cmocka_unit_test(basic_constraints_are_read),
        cmocka_unit_test(key_identifiers_are_read),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
