#include "libpki/base/der_reader.h"
#include "libpki/base/der_writer.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Errc;
using unit::hex;
namespace der = pki::der;

void any_gives_tag_content_and_encoding(void**) {
    const Buffer in = hex("04 02 abcd 05 00");
    der::Reader reader(in);
    const auto octets = reader.any();
    assert_ok(octets);
    assert_int_equal(octets->tag, der::kOctetString);
    assert_hex(octets->content, "abcd");
    assert_hex(octets->encoding, "0402abcd");
    assert_int_equal(reader.offset(), 4);
    assert_true(reader.next_is(der::kNull));
    assert_false(reader.next_is(der::kOctetString));
    assert_ok(reader.any());
    assert_true(reader.at_end());
    assert_false(reader.next_is(0));
    assert_error(Errc::malformed, reader.any());
}

// X.690 10.1: one form only for each length.
void length_is_definite_and_minimal(void**) {
    for (const char* bad :
         {"04", "04 80 0000", "04 81 05 0102030405", "04 82 0080", "04 81", "04 82 01", "04 01",
          "04 85 0000000001 00", "04 ff", "04 84 ffffffff 00", "04 82 00ff", "04 03 0102"}) {
        const Buffer in = hex(bad);
        assert_error(Errc::malformed, der::Reader(in).any());
    }
    Buffer long_form = hex("04 81 80");
    long_form.resize(3 + 0x80);
    assert_ok(der::only(long_form, der::kOctetString));
    Buffer longer = hex("04 82 0100");
    longer.resize(4 + 0x100);
    assert_ok(der::only(longer, der::kOctetString));
    longer.pop_back();
    assert_error(Errc::malformed, der::only(longer, der::kOctetString));
}

// Such a length would be far above any bound, or wrap around.
void lengths_have_at_most_four_octets(void**) {
    Buffer four = hex("04 84 01000000");
    four.resize(6 + 0x1000000);
    assert_ok(der::only(four, der::kOctetString));
    assert_error(Errc::malformed,
                 der::Reader(hex("04 89 010000000000000005 0102030405")).any());
    Buffer indefinite = hex("04 80");
    indefinite.resize(2 + 0x80);
    assert_error(Errc::malformed, der::Reader(indefinite).any());
}

// Of an element that comes in pieces: known with its last octet and not before, and the same
// whatever follows.
void headers_are_read_as_soon_as_they_tell(void**) {
    struct Case {
        const char* octets;
        std::size_t content;
    };
    for (const Case& c : {Case{"3000", 0},
                          {"307f", 0x7f},
                          {"308180", 0x80},
                          {"30820100", 0x100},
                          {"3083010000", 0x10000},
                          {"3084ffffffff", 0xffffffff}}) {
        const Buffer in = hex(c.octets);
        for (std::size_t size = 0; size < in.size(); size++) {
            const auto part = der::read_header(pki::Bytes(in).first(size));
            assert_ok(part);
            assert_false(part->has_value());
        }
        Buffer longer = in;
        longer.push_back(0xff);
        for (const Buffer& start : {in, longer}) {
            const auto header = der::read_header(start);
            assert_ok(header);
            assert_int_equal((*header)->tag, der::kSequence);
            assert_int_equal((*header)->size, in.size());
            assert_int_equal((*header)->content, c.content);
        }
    }
    for (const char* bad : {"3080", "30817f", "30820001", "3085", "1f", "10", "24"})
        assert_error(Errc::malformed, der::read_header(hex(bad)));
}

void multi_byte_tags_are_refused(void**) {
    for (const char* bad : {"1f 01 00", "1f 81 00 00", "bf 01 00", "bf 22 00", "ff 00"})
        assert_error(Errc::malformed, der::Reader(hex(bad)).any());
}

// X.690 10.2.
void strings_are_primitive_and_sequences_are_not(void**) {
    for (const char* bad : {"2403 040161", "2c03 0c0161", "3303 130161", "2103 0101ff", "1000",
                            "1100", "0800", "0b00"})
        assert_error(Errc::malformed, der::Reader(hex(bad)).any());
    for (const char* good : {"3000", "3100", "2800", "2b00", "a000", "8000", "6000", "c000"})
        assert_ok(der::Reader(hex(good)).any());
}

void unexpected_tags_are_refused_and_not_taken(void**) {
    const Buffer in = hex("02 01 05");
    der::Reader reader(in);
    assert_error(Errc::malformed, reader.element(der::kOctetString));
    assert_error(Errc::malformed, reader.enter(der::kSequence));
    assert_int_equal(reader.offset(), 0);
    assert_ok(reader.content(der::kInteger));
    assert_error(Errc::malformed, reader.element(der::kInteger));
    assert_error(Errc::malformed, der::Reader({}).element(der::kInteger));
}

void only_refuses_trailing_data(void**) {
    const Buffer one = hex("30 03 020105");
    assert_ok(der::only(one, der::kSequence));
    assert_error(Errc::malformed, der::only(one, der::kSet));
    const Buffer two = hex("30 03 020105 00");
    const auto status = der::only(two, der::kSequence);
    assert_error(Errc::malformed, status);
    assert_int_equal(status.error().offset, 5);
}

void offsets_count_from_the_outermost_input(void**) {
    const Buffer in = hex("30 08 30 06 020101 0101 07");
    der::Reader outer(in);
    auto sequence = outer.enter(der::kSequence);
    assert_ok(sequence);
    auto inner = sequence->enter(der::kSequence);
    assert_ok(inner);
    assert_ok(inner->small_integer());
    const auto flag = inner->boolean();
    assert_error(Errc::malformed, flag);
    assert_int_equal(inner->offset(), 10);
    assert_int_equal(flag.error().offset, 10);
}

void boolean_is_00_or_ff(void**) {
    const auto read = [](const char* digits) {
        const Buffer in = hex(digits);
        return der::Reader(in).boolean();
    };
    assert_ok(read("0101ff"));
    assert_true(*read("0101ff"));
    assert_false(*read("010100"));
    for (const char* bad : {"010101", "0100", "01020000", "0201ff"})
        assert_error(Errc::malformed, read(bad));
}

void integers_are_minimal_and_not_negative(void**) {
    const auto read = [](const char* digits) {
        const Buffer in = hex(digits);
        auto magnitude = der::Reader(in).unsigned_integer();
        return magnitude ? pki::hex_encode(*magnitude) : std::string("refused");
    };
    assert_text(read("020100"), "00");
    assert_text(read("02017f"), "7f");
    assert_text(read("02020080"), "80");
    assert_text(read("0209 00ffffffffffffffff"), "ffffffffffffffff");
    assert_text(read("0200"), "refused");
    assert_text(read("020180"), "refused");
    assert_text(read("0202007f"), "refused");
    assert_text(read("02020000"), "refused");
    assert_text(read("0202ff80"), "refused");
}

void small_integers_fit_64_bits(void**) {
    const Buffer largest = hex("0209 00ffffffffffffffff");
    const auto value = der::Reader(largest).small_integer();
    assert_ok(value);
    assert_true(*value == UINT64_MAX);
    const Buffer larger = hex("0209 010000000000000000");
    assert_error(Errc::malformed, der::Reader(larger).small_integer());
}

void oids_are_whole_and_not_padded(void**) {
    for (const char* good : {"55", "2a864800", "550403", "2a8680 01", "2a8648ce3d040302"}) {
        der::Writer w;
        w.oid(hex(good));
        assert_ok(der::Reader(w.view()).oid());
        assert_true(der::valid_oid(hex(good)));
    }
    for (const char* bad : {"", "80", "8001", "2a80", "2a8001", "2a86", "2a03 8001 05"}) {
        der::Writer w;
        w.oid(hex(bad));
        assert_error(Errc::malformed, der::Reader(w.view()).oid());
        assert_false(der::valid_oid(hex(bad)));
    }
}

void bit_strings_of_whole_bytes(void**) {
    const Buffer good = hex("0303 00 beef");
    const auto octets = der::Reader(good).bit_string_octets();
    assert_ok(octets);
    assert_hex(*octets, "beef");
    for (const char* bad : {"0300", "0302 04 f0", "0302 08 00"}) {
        const Buffer in = hex(bad);
        assert_error(Errc::malformed, der::Reader(in).bit_string_octets());
    }
}

std::string written(auto&& body) {
    der::Writer w;
    body(w);
    return pki::hex_encode(w.view());
}

void containers_get_the_shortest_length(void**) {
    const auto sequence_of = [](std::size_t size) {
        der::Writer w;
        w.sequence([&] { w.raw(Buffer(size)); });
        return std::move(w).take();
    };
    assert_hex(pki::Bytes(sequence_of(0)).first(2), "3000");
    assert_hex(pki::Bytes(sequence_of(0x7f)).first(2), "307f");
    assert_hex(pki::Bytes(sequence_of(0x80)).first(3), "308180");
    assert_hex(pki::Bytes(sequence_of(0xff)).first(3), "3081ff");
    assert_hex(pki::Bytes(sequence_of(0x100)).first(4), "30820100");
    assert_hex(pki::Bytes(sequence_of(0x10000)).first(5), "3083010000");
    for (const std::size_t size : {0u, 0x7fu, 0x80u, 0xffffu, 0x10000u})
        assert_ok(der::only(sequence_of(size), der::kSequence));
}

void headers_without_content(void**) {
    der::Writer w;
    w.header(der::kSequence, 0);
    w.header(der::kSequence, 0x7f);
    w.header(der::kOctetString, 0x80);
    w.header(der::constructed(0), 0x123456789a);
    assert_hex(w.view(), "3000307f048180a085123456789a");
}

void containers_nest(void**) {
    assert_text(written([](der::Writer& w) {
                    w.sequence([&] {
                        w.set([&] { w.boolean(true); });
                        w.tlv(der::constructed(3), [&] { w.null(); });
                        w.boolean(false);
                    });
                }),
                "300c31030101ffa3020500010100");
}

void integers_are_written_minimal(void**) {
    const auto number = [](std::uint64_t value) {
        return written([&](der::Writer& w) { w.integer(value); });
    };
    assert_text(number(0), "020100");
    assert_text(number(127), "02017f");
    assert_text(number(128), "02020080");
    assert_text(number(UINT64_MAX), "020900ffffffffffffffff");
    const auto magnitude = [](const char* digits) {
        return written([&](der::Writer& w) { w.integer(pki::Bytes(hex(digits))); });
    };
    assert_text(magnitude(""), "020100");
    assert_text(magnitude("0000"), "020100");
    assert_text(magnitude("0080"), "02020080");
    assert_text(magnitude("01ff"), "020201ff");
}

void strings_and_oids(void**) {
    assert_text(written([](der::Writer& w) { w.octet_string(hex("0102")); }), "04020102");
    assert_text(written([](der::Writer& w) { w.oid(hex("550403")); }), "0603550403");
    assert_text(written([](der::Writer& w) { w.bit_string(hex("f0"), 4); }), "030204f0");
    assert_text(written([](der::Writer& w) { w.primitive(der::context(2), hex("61")); }),
                "820161");
}

// X.690 11.2.2: no zero bits at the end.
void named_bits_are_trimmed(void**) {
    const auto bits = [](std::uint32_t mask) {
        return written([&](der::Writer& w) { w.named_bits(mask); });
    };
    assert_text(bits(0), "030100");
    assert_text(bits(1), "03020780");
    assert_text(bits(1 | 4), "030205a0");
    assert_text(bits(1 << 7), "03020001");
    assert_text(bits(1 << 8), "0303070080");
}

// RFC 5280 4.1.2.5: UTCTime through 2049.
void times_take_the_type_of_their_year(void**) {
    const auto time = [](std::int64_t seconds) {
        return written([&](der::Writer& w) { w.time(seconds); }).substr(0, 4);
    };
    assert_text(time(2524607999), "170d");
    assert_text(time(2524608000), "180f");
    assert_text(written([&](der::Writer& w) { w.generalized_time(1800000000); }),
                "180f32303237303131353038303030305a");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(any_gives_tag_content_and_encoding),
        cmocka_unit_test(length_is_definite_and_minimal),
        cmocka_unit_test(lengths_have_at_most_four_octets),
        cmocka_unit_test(headers_are_read_as_soon_as_they_tell),
        cmocka_unit_test(multi_byte_tags_are_refused),
        cmocka_unit_test(strings_are_primitive_and_sequences_are_not),
        cmocka_unit_test(unexpected_tags_are_refused_and_not_taken),
        cmocka_unit_test(only_refuses_trailing_data),
        cmocka_unit_test(offsets_count_from_the_outermost_input),
        cmocka_unit_test(boolean_is_00_or_ff),
        cmocka_unit_test(integers_are_minimal_and_not_negative),
        cmocka_unit_test(small_integers_fit_64_bits),
        cmocka_unit_test(oids_are_whole_and_not_padded),
        cmocka_unit_test(bit_strings_of_whole_bytes),
        cmocka_unit_test(containers_get_the_shortest_length),
        cmocka_unit_test(headers_without_content),
        cmocka_unit_test(containers_nest),
        cmocka_unit_test(integers_are_written_minimal),
        cmocka_unit_test(strings_and_oids),
        cmocka_unit_test(named_bits_are_trimmed),
        cmocka_unit_test(times_take_the_type_of_their_year),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
