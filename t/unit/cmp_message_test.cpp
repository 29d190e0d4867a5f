// PKIMessage and its header: what clients send is read, what the RFC forbids is told apart from
// what cannot be answered at all.
#include "libpki/cmp/message.h"

#include <openssl/err.h>

#include "libpki/base/der_writer.h"
#include "libpki/base/limits.h"
#include "libpki/cmp/general.h"
#include "libpki/cmp/general_oids.h"
#include "libpki/cmp/protection.h"
#include "libpki/cmp/status.h"
#include "t/unit/unit.h"

namespace {

using pki::as_bytes;
using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::Reason;
using unit::hex;
using unit::read_vector;
namespace cmp = pki::cmp;
namespace der = pki::der;
namespace limits = pki::limits;

using cmp::BodyType;

constexpr char kNullDn[] = "a4023000";

Buffer tlv(std::uint8_t tag, Bytes content) {
    der::Writer w;
    w.primitive(tag, content);
    return std::move(w).take();
}

// A PKIMessage with pkiconf and these fields of the header behind recipient.
Buffer message_with(std::string_view fields,
                    std::string_view start = "020102 a4023000 a4023000",
                    std::string_view rest = "b3020500") {
    Buffer header = hex(start);
    pki::append(header, hex(fields));
    Buffer content = tlv(der::kSequence, header);
    pki::append(content, hex(rest));
    return tlv(der::kSequence, content);
}

std::string field(int number, const Buffer& value) {
    return pki::hex_encode(tlv(der::constructed(number), value));
}
std::string octets(int number, std::size_t size) {
    return field(number, tlv(der::kOctetString, Buffer(size, 7)));
}

// The error that an answer would have to report.
void problem(std::string_view fields, Reason reason, std::string_view text) {
    const Buffer in = message_with(fields);
    const auto message = cmp::parse_message(in);
    assert_ok(message);
    if (!message->header.problem) print_error("%s\n", std::string(fields).c_str());
    assert_true(message->header.problem.has_value());
    assert_int_equal(message->header.problem->code, Errc::malformed);
    assert_int_equal(message->header.problem->reason, reason);
    assert_text(message->header.problem->text, text);
}

void no_problem(std::string_view fields) {
    const Buffer in = message_with(fields);
    const auto message = cmp::parse_message(in);
    assert_ok(message);
    if (message->header.problem)
        print_error("%s\n", message->header.problem->message().c_str());
    assert_false(message->header.problem.has_value());
}

void names(void**) {
    assert_text(cmp::name(BodyType::ir), "ir");
    assert_text(cmp::name(BodyType::p10cr), "p10cr");
    assert_text(cmp::name(BodyType::pkiconf), "pkiconf");
    assert_text(cmp::name(BodyType::cert_conf), "certConf");
    assert_text(cmp::name(BodyType::poll_rep), "pollRep");
    assert_text(cmp::name(static_cast<BodyType>(27)), "unknown");
}

void what_openssl_sends(void**) {
    const Buffer in = read_vector("cmp/p256_cr.der");
    const auto message = cmp::parse_message(in);
    assert_ok(message);
    const cmp::Header& header = message->header;
    assert_int_equal(message->type, BodyType::cr);
    assert_int_equal(header.pvno, 2);
    assert_true(header.message_time > 1'700'000'000);
    assert_int_equal(header.transaction_id->size(), 16);
    assert_int_equal(header.sender_nonce->size(), 16);
    assert_false(header.recip_nonce.has_value());
    assert_false(header.implicit_confirm);
    assert_int_equal(header.sender_kid->size(), 20);
    assert_false(header.problem.has_value());
    assert_int_equal(message->extra_certs.size(), 1);
    assert_true(message->protection.has_value());
    assert_text(cmp::transaction_text(header), pki::hex_encode(*header.transaction_id));
    assert_int_equal(ERR_peek_error(), 0);
}

void implicit_confirmation(void**) {
    for (const char* name : {"cmp/pbm_implicit_ir.der", "cmp/pbm_implicit_ip.der"}) {
        const Buffer in = read_vector(name);
        assert_true(cmp::parse_message(in)->header.implicit_confirm);
    }
}

// What is covered by the protection comes as views of the message.
void parts_of_a_message(void**) {
    const Buffer in = message_with("");
    const auto message = *cmp::parse_message(in);
    assert_hex(message.header.encoding, "300b020102a4023000a4023000");
    assert_hex(message.body_encoding, "b3020500");
    assert_hex(message.body, "0500");
    assert_hex(message.header.sender, kNullDn);
    assert_true(message.encoding.data() == in.data());
    assert_false(message.protection.has_value());
    assert_true(message.extra_certs.empty());
}

void versions(void**) {
    for (const char* start : {"020100", "020101", "020103", "02087fffffffffffffff"}) {
        const Buffer in = message_with("", std::string(start) + "a4023000a4023000");
        assert_ok(cmp::parse_message(in));
    }
    for (const char* start : {"0201ff", "0209ffffffffffffffffff", "0200", "040102"}) {
        const Buffer in = message_with("", std::string(start) + "a4023000a4023000");
        assert_error(Errc::malformed, cmp::parse_message(in));
    }
}

void names_of_all_kinds(void**) {
    for (const char* name :
         {"820161", "860161", "870401020304", "88032a0304", "8100", "a000"}) {
        const Buffer in = message_with("", "020102" + std::string(name) + kNullDn);
        const auto message = cmp::parse_message(in);
        assert_ok(message);
        assert_hex(message->header.sender, name);
        assert_true(cmp::directory_name(message->header.sender).empty());
    }
    for (const char* name :
         {"3000", "890161", "a2023000", "a400", "a40430003000", "a4023100", "84023000"}) {
        const Buffer in = message_with("", "020102" + std::string(name) + kNullDn);
        assert_error(Errc::malformed, cmp::parse_message(in));
        const Buffer other = message_with("", "020102" + std::string(kNullDn) + name);
        assert_error(Errc::malformed, cmp::parse_message(other));
    }
    assert_hex(cmp::directory_name(hex("a4023000")), "3000");
    assert_true(cmp::directory_name(hex("a402300000")).empty());
    assert_true(cmp::directory_name({}).empty());
}

void bodies(void**) {
    for (int tag = 0xa0; tag <= 0xba; tag++) {
        const Buffer in =
            message_with("", "020102a4023000a4023000",
                         pki::hex_encode(tlv(static_cast<std::uint8_t>(tag), hex("3000"))));
        const auto message = cmp::parse_message(in);
        assert_ok(message);
        assert_int_equal(message->type, tag - 0xa0);
    }
    for (const char* body : {"", "bb023000", "9f023000", "30023000", "b300", "b30405000500",
                             "b3020501", "b303050000"}) {
        const Buffer in = message_with("", "020102a4023000a4023000", body);
        assert_error(Errc::malformed, cmp::parse_message(in));
    }
}

void what_stands_behind_the_body(void**) {
    const auto parse = [](const char* rest) {
        const Buffer in =
            message_with("", "020102a4023000a4023000", "b3020500" + std::string(rest));
        return cmp::parse_message(in).has_value();
    };
    assert_true(parse("a0040302 00ff"));
    assert_true(parse("a0030301 00"));
    assert_true(parse("a1043002 3000"));
    assert_true(parse("a0040302 00ff a1043002 3000"));
    assert_false(parse("a1043002 3000 a0040302 00ff"));
    assert_false(parse("a0040302 01fe"));  // not whole octets
    assert_false(parse("8002 00ff"));      // implicit tag
    assert_false(parse("a0060302 00ff 0500"));
    assert_false(parse("a1023000"));  // SIZE (1..MAX)
    assert_false(parse("a1043002 0500"));
    assert_false(parse("0500"));
    assert_false(parse("a0040302 00ff a0040302 00ff"));
}

void limits_of_a_message(void**) {
    const auto with_certificates = [](std::size_t count) {
        Buffer certificates;
        for (std::size_t i = 0; i < count; i++) pki::append(certificates, hex("3000"));
        const std::string extra =
            pki::hex_encode(tlv(der::constructed(1), tlv(der::kSequence, certificates)));
        const Buffer in = message_with("", "020102a4023000a4023000", "b3020500" + extra);
        return cmp::parse_message(in).has_value();
    };
    assert_true(with_certificates(limits::kChain));
    assert_false(with_certificates(limits::kChain + 1));

    const auto of_size = [](std::size_t octets) {
        Buffer content = hex("300b020102a4023000a4023000");
        pki::append(content, tlv(0xb3, tlv(der::kOctetString, Buffer(octets))));
        const Buffer in = tlv(der::kSequence, content);
        return std::pair(in.size(), cmp::parse_message(in).has_value());
    };
    const std::size_t around = of_size(70'000).first - 70'000;
    assert_true(of_size(limits::kCmpMessage - around).second);
    assert_int_equal(of_size(limits::kCmpMessage - around).first, limits::kCmpMessage);
    assert_false(of_size(limits::kCmpMessage - around + 1).second);
}

void only_der(void**) {
    const Buffer good = message_with("");
    for (std::size_t size = 0; size < good.size(); size++)
        assert_error(Errc::malformed, cmp::parse_message(Bytes(good).first(size)));
    Buffer trailing = good;
    trailing.push_back(0);
    assert_error(Errc::malformed, cmp::parse_message(trailing));
    assert_error(Errc::malformed,
                 cmp::parse_message(hex("3080 300b020102a4023000a4023000 b3020500 0000")));
}

void fields_of_a_header(void**) {
    const Buffer in = message_with(
        "a011180f3230323730313135303830303030 5a"
        "a20504036b6964 a3040402 0102 a4040402 0304 a5040402 0506 a6040402 0708"
        "a7063004 0c026869");
    const auto message = cmp::parse_message(in);
    assert_ok(message);
    const cmp::Header& header = message->header;
    assert_false(header.problem.has_value());
    assert_int_equal(*header.message_time, 1'800'000'000);
    assert_text(pki::as_text(*header.sender_kid), "kid");
    assert_hex(*header.recip_kid, "0102");
    assert_hex(*header.transaction_id, "0304");
    assert_hex(*header.sender_nonce, "0506");
    assert_hex(*header.recip_nonce, "0708");
}

// RFC 9810 5.2.9. The fields behind a wrong one are read.
void times(void**) {
    for (const char* time : {"a00f170d3237303131353038303030305a",          // UTCTime
                             "a013181132303237303131353038303030302e355a",  // fraction
                             "a010180e3230323730313135303830303030",        // local time
                             "a00f180d3230323730313135303830305a",          // no seconds
                             "a011180f3230323731333135303830303030 5a",     // month 13
                             "a0020500", "a000"}) {
        const std::string fields = std::string(time) + "a4040402 0304";
        problem(fields, Reason::bad_data_format, "CMP header: messageTime");
        const Buffer in = message_with(fields);
        const auto message = *cmp::parse_message(in);
        assert_false(message.header.message_time.has_value());
        assert_hex(*message.header.transaction_id, "0304");
    }
}

void sizes_of_fields(void**) {
    no_problem(octets(2, limits::kCmpReference));
    problem(octets(2, limits::kCmpReference + 1), Reason::bad_data_format,
            "CMP header: senderKID");
    no_problem(octets(3, limits::kCmpReference));
    problem(octets(3, limits::kCmpReference + 1), Reason::bad_data_format,
            "CMP header: recipKID");
    no_problem(octets(4, limits::kCmpTransaction));
    problem(octets(4, limits::kCmpTransaction + 1), Reason::bad_data_format,
            "CMP header: transactionID");
    problem(octets(4, 0), Reason::bad_data_format, "CMP header: transactionID");
    no_problem(octets(5, limits::kCmpNonce));
    problem(octets(5, limits::kCmpNonce + 1), Reason::bad_sender_nonce,
            "CMP header: senderNonce");
    no_problem(octets(6, limits::kCmpNonce));
    problem(octets(6, limits::kCmpNonce + 1), Reason::bad_recipient_nonce,
            "CMP header: recipNonce");
    const Buffer in = message_with(octets(4, limits::kCmpTransaction + 1));
    assert_false(cmp::parse_message(in)->header.transaction_id.has_value());
}

void the_order_of_fields(void**) {
    const char* unexpected = "CMP header: a field that is not expected";
    problem("a5040402 0506 a4040402 0304", Reason::bad_data_format, unexpected);
    problem("a4040402 0304 a4040402 0305", Reason::bad_data_format, unexpected);
    problem("a9020500", Reason::bad_data_format, unexpected);
    problem("0500", Reason::bad_data_format, unexpected);
    problem("84020304", Reason::bad_data_format, unexpected);
    // Of two fields the first stays.
    const Buffer in = message_with("a4040402 0304 a4040402 0305");
    assert_hex(*cmp::parse_message(in)->header.transaction_id, "0304");
}

void texts(void**) {
    no_problem("a7043002 0c00");
    problem("a7023000", Reason::bad_data_format, "CMP header: freeText");
    problem("a7063004 0c02c328", Reason::bad_data_format, "CMP header: freeText");
    problem("a7063004 13026869", Reason::bad_data_format, "CMP header: freeText");
}

Buffer info(Bytes type, Bytes value) {
    der::Writer w;
    w.sequence([&] {
        w.oid(type);
        w.raw(value);
    });
    return std::move(w).take();
}

std::string general_info(const std::vector<Buffer>& infos) {
    der::Writer w;
    w.tlv(der::constructed(8), [&] {
        w.sequence([&] {
            for (const Buffer& one : infos) w.raw(one);
        });
    });
    return pki::hex_encode(w.view());
}

cmp::Header header_with(const std::vector<Buffer>& infos, Buffer& in) {
    in = message_with(general_info(infos));
    return cmp::parse_message(in)->header;
}

void known_infos(void**) {
    Buffer in;
    const auto header =
        header_with({info(cmp::kImplicitConfirm, hex("0500")),
                     info(cmp::kConfirmWaitTime, hex("180f32303237303131353038303030305a")),
                     info(cmp::kCertProfile, hex("30050c03746c73")), info(hex("2a03"), {})},
                    in);
    assert_int_equal(header.general_info.size(), 4);
    assert_true(header.implicit_confirm);
    assert_int_equal(*header.confirm_wait_time, 1'800'000'000);
}

void cert_profiles(void**) {
    Buffer in;
    const auto header = header_with({info(cmp::kCertProfile, hex("3007 0c03746c73 0c00"))}, in);
    assert_false(header.problem.has_value());
    assert_int_equal(header.cert_profiles.size(), 2);
    assert_text(header.cert_profiles[0], "tls");
    assert_text(header.cert_profiles[1], "");
}

void without_the_null(void**) {
    Buffer in;
    const auto header = header_with({info(cmp::kImplicitConfirm, {})}, in);
    assert_true(header.implicit_confirm);
    assert_false(header.problem.has_value());
}

void bad_infos(void**) {
    const auto bad = [](const std::vector<Buffer>& infos) {
        problem(general_info(infos), Reason::bad_data_format, "CMP header: generalInfo");
    };
    bad({});
    bad({info(cmp::kConfirmWaitTime, hex("170d3237303131353038303030305a"))});  // UTCTime
    bad({info(cmp::kConfirmWaitTime, {})});
    bad({info(cmp::kImplicitConfirm, hex("0101ff"))});
    bad({info(cmp::kImplicitConfirm, hex("050100"))});
    bad({info(cmp::kCertProfile, hex("3000"))});
    bad({info(cmp::kCertProfile, hex("30041302 6162"))});
    bad({info(cmp::kCertProfile, hex("30030c010a"))});  // a line break
    bad({info(hex("2a03"), hex("0500")), info(hex("2a03"), hex("0500"))});
    bad({info(hex("2a03"), hex("05000500"))});
    bad({info({}, hex("0500"))});
    bad({hex("0500")});
    bad({hex("3100")});

    std::vector<Buffer> many;
    for (std::size_t i = 0; i < limits::kCmpInfos; i++)
        many.push_back(info(Buffer{0x2a, static_cast<std::uint8_t>(i)}, {}));
    no_problem(general_info(many));
    many.push_back(info(hex("2a7f"), {}));
    bad(many);
}

// What is wrong does not hide what stands behind it.
void a_bad_info_among_good_ones(void**) {
    Buffer in;
    const auto header = header_with(
        {info(cmp::kConfirmWaitTime, hex("0500")), info(cmp::kImplicitConfirm, hex("0500"))},
        in);
    assert_true(header.problem.has_value());
    assert_true(header.implicit_confirm);
    assert_false(header.confirm_wait_time.has_value());
    assert_int_equal(header.general_info.size(), 2);
}

void text_of_a_transaction(void**) {
    cmp::Header header;
    assert_text(cmp::transaction_text(header), "");
    const Buffer longest(limits::kCmpTransaction, 0xab);
    header.transaction_id = longest;
    assert_int_equal(cmp::transaction_text(header).size(), limits::kTransaction);
}

void what_is_built_is_read(void**) {
    const Buffer id(16, 1), ours(16, 2), theirs(16, 3), kid{9};
    const Buffer sender = hex("3000"), recipient = hex("820161");
    cmp::HeaderSpec spec;
    spec.pvno = 3;
    spec.sender = sender;
    spec.recipient = recipient;
    spec.message_time = 1'800'000'000;
    spec.recip_kid = kid;
    spec.transaction_id = id;
    spec.sender_nonce = ours;
    spec.recip_nonce = theirs;
    spec.implicit_confirm = true;
    spec.confirm_wait_time = 1'800'000'100;
    spec.cert_profiles = {"tls", ""};
    spec.free_text = "text";
    const auto built = cmp::build_message(spec, BodyType::genp, hex("3000"), {});
    assert_ok(built);
    const auto message = cmp::parse_message(*built);
    assert_ok(message);
    const cmp::Header& header = message->header;
    assert_false(header.problem.has_value());
    assert_int_equal(message->type, BodyType::genp);
    assert_hex(message->body, "3000");
    assert_int_equal(header.pvno, 3);
    assert_hex(header.sender, kNullDn);
    assert_hex(header.recipient, "820161");
    assert_int_equal(*header.message_time, spec.message_time);
    assert_hex(*header.recip_kid, "09");
    assert_true(pki::equal(*header.transaction_id, id));
    assert_true(pki::equal(*header.sender_nonce, ours));
    assert_true(pki::equal(*header.recip_nonce, theirs));
    assert_true(header.implicit_confirm);
    assert_int_equal(*header.confirm_wait_time, spec.confirm_wait_time);
    assert_int_equal(header.cert_profiles.size(), 2);
    assert_text(header.cert_profiles[0], "tls");
}

void the_least_that_is_built(void**) {
    const auto built = cmp::build_message({}, BodyType::pkiconf, hex("0500"), {});
    assert_ok(built);
    assert_hex(*built, pki::hex_encode(message_with("")));
}

void nested_messages(void**) {
    const Buffer one = message_with("");
    const std::vector<Bytes> messages{one, one, one};
    const Buffer body = cmp::build_nested(messages);
    const auto read = cmp::parse_nested(body);
    assert_ok(read);
    assert_int_equal(read->size(), 3);
    assert_true(pki::equal((*read)[2], one));

    assert_error(Errc::malformed, cmp::parse_nested(hex("3000")));
    assert_error(Errc::malformed, cmp::parse_nested(hex("30020500")));
    assert_error(Errc::malformed, cmp::parse_nested(hex("300230 0000")));
    const std::vector<Bytes> most(limits::kCmpNested, one);
    assert_ok(cmp::parse_nested(cmp::build_nested(most)));
    const std::vector<Bytes> more(limits::kCmpNested + 1, one);
    assert_error(Errc::malformed, cmp::parse_nested(cmp::build_nested(more)));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(what_openssl_sends),
        cmocka_unit_test(implicit_confirmation),
        cmocka_unit_test(parts_of_a_message),
        cmocka_unit_test(versions),
        cmocka_unit_test(names_of_all_kinds),
        cmocka_unit_test(bodies),
        cmocka_unit_test(what_stands_behind_the_body),
        cmocka_unit_test(limits_of_a_message),
        cmocka_unit_test(only_der),
        cmocka_unit_test(fields_of_a_header),
        cmocka_unit_test(times),
        cmocka_unit_test(sizes_of_fields),
        cmocka_unit_test(the_order_of_fields),
        cmocka_unit_test(texts),
        cmocka_unit_test(known_infos),
        cmocka_unit_test(cert_profiles),
        cmocka_unit_test(without_the_null),
        cmocka_unit_test(bad_infos),
        cmocka_unit_test(a_bad_info_among_good_ones),
        cmocka_unit_test(text_of_a_transaction),
        cmocka_unit_test(what_is_built_is_read),
        cmocka_unit_test(the_least_that_is_built),
        cmocka_unit_test(nested_messages),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
