// PKIStatusInfo and ErrorMsgContent, and what our errors are called in them.
#include "libpki/cmp/status.h"

#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Errc;
using pki::Error;
using pki::Reason;
using unit::hex;
namespace cmp = pki::cmp;
namespace der = pki::der;

using cmp::FailInfo;
using cmp::PkiStatus;

Error error_of(Errc code, Reason reason = Reason::none) { return {code, "", 0, {}, reason}; }

Buffer written(const cmp::PkiStatusInfo& info) {
    der::Writer w;
    cmp::write_status_info(w, info);
    return std::move(w).take();
}

pki::Result<cmp::PkiStatusInfo> read(const char* digits) {
    const Buffer in = hex(digits);
    der::Reader reader(in);
    return cmp::read_status_info(reader);
}

void names(void**) {
    assert_text(cmp::name(FailInfo::bad_alg), "badAlg");
    assert_text(cmp::name(FailInfo::bad_pop), "badPOP");
    assert_text(cmp::name(FailInfo::transaction_id_in_use), "transactionIdInUse");
    assert_text(cmp::name(FailInfo::duplicate_cert_req), "duplicateCertReq");
    assert_text(cmp::name(static_cast<FailInfo>(cmp::kLastFailInfo + 1)), "unknown");
    assert_text(cmp::name(PkiStatus::accepted), "accepted");
    assert_text(cmp::name(PkiStatus::key_update_warning), "keyUpdateWarning");
    assert_text(cmp::name(static_cast<PkiStatus>(7)), "unknown");
}

void reason_before_code(void**) {
    const Error plain = error_of(Errc::denied);
    assert_int_equal(cmp::fail_info(plain), FailInfo::not_authorized);
    const Error reasoned = error_of(Errc::denied, Reason::bad_cert_template);
    assert_int_equal(cmp::fail_info(reasoned), FailInfo::bad_cert_template);
}

void codes(void**) {
    const auto info = [](Errc code) { return cmp::fail_info(error_of(code)); };
    assert_int_equal(info(Errc::malformed), FailInfo::bad_data_format);
    assert_int_equal(info(Errc::unsupported), FailInfo::bad_alg);
    assert_int_equal(info(Errc::bad_signature), FailInfo::bad_message_check);
    // A wrong secret and no such reference look the same.
    assert_int_equal(info(Errc::unauthenticated), FailInfo::bad_message_check);
    assert_int_equal(info(Errc::weak_key), FailInfo::bad_cert_template);
    assert_int_equal(info(Errc::conflict), FailInfo::transaction_id_in_use);
    assert_int_equal(info(Errc::not_found), FailInfo::bad_cert_id);
    assert_int_equal(info(Errc::limited), FailInfo::system_unavail);
    assert_int_equal(info(Errc::unavailable), FailInfo::system_unavail);
    assert_int_equal(info(Errc::internal), FailInfo::system_failure);
}

// Reasons are named after the bits, so that each has a bit of its own.
void every_reason_has_its_bit(void**) {
    unsigned seen = 0;
    for (int reason = 1; reason <= static_cast<int>(pki::kLastReason); reason++) {
        const Error error = error_of(Errc::internal, static_cast<Reason>(reason));
        const auto bit = static_cast<unsigned>(cmp::fail_info(error));
        assert_true(bit != static_cast<unsigned>(FailInfo::system_failure));
        assert_false(seen & 1u << bit);
        seen |= 1u << bit;
    }
}

void encoding(void**) {
    assert_hex(written({}), "3003020100");
    assert_hex(written({PkiStatus::rejection, "no", FailInfo::bad_alg}),
               "300d"
               "020102"
               "3004"
               "0c026e6f"
               "03020780");
    assert_hex(written({PkiStatus::rejection, {}, FailInfo::duplicate_cert_req}),
               "300a"
               "020102"
               "0305"
               "0500000020");
}

void what_is_written_is_read(void**) {
    for (int bit = 0; bit <= cmp::kLastFailInfo; bit++) {
        const Buffer in =
            written({PkiStatus::rejection, "caf\xc3\xa9", static_cast<FailInfo>(bit)});
        der::Reader reader(in);
        const auto info = cmp::read_status_info(reader);
        assert_ok(info);
        assert_true(reader.at_end());
        assert_int_equal(info->status, PkiStatus::rejection);
        assert_text(info->text, "caf\xc3\xa9");
        assert_int_equal(*info->fail_info, bit);
    }
}

void several_texts_and_bits(void**) {
    const auto info = read("3012 020102 3008 0c02 6e6f 0c02 6e69 0303 05 0420");
    assert_ok(info);
    assert_text(info->text, "no");
    assert_int_equal(*info->fail_info, FailInfo::bad_data_format);
}

void bits_that_nobody_knows(void**) {
    const auto none = read("3006 020102 0301 00");
    assert_ok(none);
    assert_false(none->fail_info.has_value());
    const auto beyond = read("300a 020102 0305 00 00000001");
    assert_ok(beyond);
    assert_false(beyond->fail_info.has_value());
}

void malformed(void**) {
    for (const char* bad : {
             "3003 020107",                      // unknown status
             "3003 0201ff",                      // negative
             "3000",                             // no status
             "3005 020102 3000",                 // PKIFreeText of nothing
             "3009 020102 3004 0c02 c328",       // not UTF-8
             "3009 020102 3004 1302 6e6f",       // PrintableString
             "3005 020102 0300",                 // BIT STRING without octets
             "3006 020102 0301 07",              // unused bits of no octet
             "3007 020102 0302 0880",            // eight unused bits
             "3007 020102 0302 0781",            // unused bits that are set
             "3005 020102 0500",                 // something else
             "300b 020102 0302 0780 3002 0c00",  // out of order
             "301d 020102 3018 0c006e 0c00",     // length beyond the input
         })
        assert_error(Errc::malformed, read(bad));
    std::string many = "3021 020102 301c";
    for (int i = 0; i < 14; i++) many += "0c00";
    assert_error(Errc::malformed, read(many.c_str()));
}

void error_content(void**) {
    const Buffer full = cmp::build_error(
        {{PkiStatus::rejection, "text", FailInfo::bad_request}, 20, "details"});
    const auto content = cmp::parse_error(full);
    assert_ok(content);
    assert_int_equal(content->status.status, PkiStatus::rejection);
    assert_text(content->status.text, "text");
    assert_int_equal(*content->status.fail_info, FailInfo::bad_request);
    assert_int_equal(*content->code, 20);
    assert_text(content->details, "details");

    const auto least = cmp::parse_error(cmp::build_error({{PkiStatus::waiting}, {}, {}}));
    assert_ok(least);
    assert_int_equal(least->status.status, PkiStatus::waiting);
    assert_false(least->code.has_value());
    assert_text(least->details, "");
}

// errorCode says something to its maker only.
void error_codes_of_others(void**) {
    for (const char* foreign :
         {"3008 3003020102 0201ff", "3010 3003020102 0209 0100000000000000 00"}) {
        const auto content = cmp::parse_error(hex(foreign));
        assert_ok(content);
        assert_false(content->code.has_value());
    }
}

void malformed_errors(void**) {
    for (const char* bad : {"3000", "3005 3003020102 00", "3007 3003020102 0500",
                            "300a 3003020102 3000 020101", "3003020102"})
        assert_error(Errc::malformed, cmp::parse_error(hex(bad)));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(reason_before_code),
        cmocka_unit_test(codes),
        cmocka_unit_test(every_reason_has_its_bit),
        cmocka_unit_test(encoding),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(several_texts_and_bits),
        cmocka_unit_test(bits_that_nobody_knows),
        cmocka_unit_test(malformed),
        cmocka_unit_test(error_content),
        cmocka_unit_test(error_codes_of_others),
        cmocka_unit_test(malformed_errors),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
