#include "libpki/cms/ber.h"

#include "libpki/base/der_writer.h"
#include "libpki/base/limits.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Errc;
using unit::hex;
using unit::read_vector;
namespace limits = pki::limits;

pki::Result<Buffer> der(std::string_view digits) {
    return pki::cms::der_from_ber(hex(digits), limits::kScepMessage);
}

void becomes(std::string_view ber, std::string_view expected) {
    const auto out = der(ber);
    assert_ok(out);
    assert_hex(*out, pki::hex_encode(hex(expected)));
    assert_hex(*der(pki::hex_encode(*out)), pki::hex_encode(*out));
}

void lengths_become_definite_and_minimal(void**) {
    becomes("3080 020105 0000", "3003020105");
    becomes("3080 3080 0000 a080 020105 0000 0000", "3007 3000 a003020105");
    becomes("308103 020105", "3003020105");
    becomes("3084 00000003 020105", "3003020105");
    becomes("0488 0000000000000001 61", "040161");
    becomes("3080 0000", "3000");
    becomes("3009 3080 020105 0000 0500", "3007 3003020105 0500");
}

void strings_become_primitive(void**) {
    becomes("2480 040161 040162 0000", "04026162");
    becomes("2480 2480 040161 0000 2403 040162 2400 0000", "04026162");
    becomes("2c06 040161 040162", "0c026162");
    becomes("3703 040161", "170161");
    becomes("2400", "0400");
}

// A context tag does not say whether it is a string.
void context_tags_keep_their_form(void**) {
    becomes("a080 040161 040162 0000", "a006 040161 040162");
    becomes("8002 0000", "8002 0000");
}

void long_content_gets_a_long_length(void**) {
    Buffer ber = hex("30 80 04 82 01 00");
    ber.resize(ber.size() + 256, 0x55);
    pki::append(ber, hex("0000"));
    const auto out = pki::cms::der_from_ber(ber, ber.size());
    assert_ok(out);
    assert_hex(pki::Bytes(*out).first(8), "3082010404820100");
    assert_int_equal(out->size(), 4 + 4 + 256);
}

void der_is_copied(void**) {
    for (const char* name : {"cert/leaf.der", "csr/extensions.der", "certs_only/chain.der"}) {
        const Buffer input = read_vector(name);
        assert_hex(*pki::cms::der_from_ber(input, input.size()), pki::hex_encode(input));
    }
    // Neither sorted nor a BOOLEAN of DER: that is for whoever reads it.
    becomes("3106 020105 010101", "3106 020105 010101");
}

// The same in BER: every length indefinite, every OCTET STRING in two parts.
Buffer as_ber(pki::Bytes der) {
    Buffer ber;
    pki::der::Reader reader(der);
    while (!reader.at_end()) {
        const auto element = *reader.any();
        pki::der::Writer parts;
        if (element.tag == pki::der::kOctetString) {
            parts.octet_string(element.content.first(element.content.size() / 2));
            parts.octet_string(element.content.subspan(element.content.size() / 2));
        }
        const bool constructed = (element.tag & 0x20) != 0;
        if (!constructed && element.tag != pki::der::kOctetString) {
            pki::append(ber, element.encoding);
            continue;
        }
        pki::append(ber, Buffer{static_cast<std::uint8_t>(element.tag | 0x20), 0x80});
        pki::append(ber, constructed ? as_ber(element.content) : std::move(parts).take());
        pki::append(ber, hex("0000"));
    }
    return ber;
}

// Also the attributes: what is signed is the DER of these.
void whole_messages_come_back(void**) {
    for (const char* name : {"cms/signed_sha256.der", "cms/enveloped_aes128.der",
                             "cms/enveloped_password_aes128.der", "csr/extensions.der"}) {
        const Buffer message = read_vector(name);
        const Buffer ber = as_ber(message);
        assert_false(pki::equal(ber, message));
        const auto out = pki::cms::der_from_ber(ber, ber.size());
        assert_ok(out);
        assert_hex(*out, pki::hex_encode(message));
    }
}

void other_input_is_refused(void**) {
    for (const char* malformed : {"",
                                  "30",
                                  "3001",
                                  "3080",
                                  "3080 020105",
                                  "3080 020105 00",
                                  "0480 0000",
                                  "3002 0000",
                                  "0000",
                                  "3003 020105 00",
                                  "3080 0000 00",
                                  "30ff",
                                  "3089 00",
                                  "3004 0203 0101",
                                  "3089 000000000000000003 020105",
                                  "2403 020105",
                                  "2403 0c0161",
                                  "2480 040161",
                                  "3088 ffffffffffffffff 00",
                                  "3003 3080 00 0000"})
        assert_error(Errc::malformed, der(malformed));
    for (const char* unsupported : {"1f8101 00", "3080 3f2100 0000", "2304 03020000"})
        assert_error(Errc::unsupported, der(unsupported));
}

std::string nested(std::size_t levels) {
    std::string digits = "0500";
    for (std::size_t i = 1; i < levels; i++) digits = "3080" + digits + "0000";
    return digits;
}

void depth_is_bounded(void**) {
    assert_ok(der(nested(limits::kBerDepth + 1)));
    assert_error(Errc::malformed, der(nested(limits::kBerDepth + 2)));
    std::string strings = "040161";
    for (std::size_t i = 0; i < limits::kBerDepth + 1; i++) strings = "2480" + strings + "0000";
    assert_error(Errc::malformed, der(strings));
}

void elements_are_bounded(void**) {
    Buffer ber = hex("3080");
    for (std::size_t i = 1; i < limits::kBerElements; i++) pki::append(ber, hex("0500"));
    Buffer more = ber;
    pki::append(ber, hex("0000"));
    assert_ok(pki::cms::der_from_ber(ber, ber.size()));
    pki::append(more, hex("0500 0000"));
    assert_error(Errc::malformed, pki::cms::der_from_ber(more, more.size()));
}

void size_is_bounded(void**) {
    assert_ok(pki::cms::der_from_ber(hex("040161"), 3));
    assert_error(Errc::malformed, pki::cms::der_from_ber(hex("040161"), 2));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(lengths_become_definite_and_minimal),
        cmocka_unit_test(strings_become_primitive),
        cmocka_unit_test(context_tags_keep_their_form),
        cmocka_unit_test(long_content_gets_a_long_length),
        cmocka_unit_test(der_is_copied),
        cmocka_unit_test(whole_messages_come_back),
        cmocka_unit_test(other_input_is_refused),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(elements_are_bounded),
        cmocka_unit_test(size_is_bounded),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
