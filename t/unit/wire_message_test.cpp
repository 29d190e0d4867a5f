#include "libpki/wire/lookup.h"
#include "libpki/wire/registration.h"
#include "libpki/wire/report.h"
#include "t/unit/unit.h"

namespace {

using pki::as_bytes;
using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using unit::hex;
namespace wire = pki::wire;

// The frame of a message of this kind with these fields.
Buffer frame(wire::Kind kind, std::string_view fields) {
    Buffer out = hex("00000000 01 00 0000 0000000000000007");
    pki::append(out, hex(fields));
    out[3] = static_cast<std::uint8_t>(out.size() - wire::kLengthSize);
    out[5] = static_cast<std::uint8_t>(kind);
    return out;
}

template <class M>
bool readable(std::string_view fields) {
    const Buffer in = frame(M::kKind, fields);
    return wire::decode<M>(*wire::parse_frame(in)).has_value();
}

void encoding_of_a_frame(void**) {
    wire::ErrorReply reply;
    reply.code = Errc::limited;
    reply.text = "slow";
    reply.retry_after = 60;
    const auto encoded = wire::encode(reply, 0x0102030405060708);
    assert_ok(encoded);
    assert_hex(*encoded,
               "00000024"
               "01"
               "01"
               "0000"
               "0102030405060708"
               "01"
               "00000001"
               "09"
               "02"
               "00000004"
               "736c6f77"
               "03"
               "00000004"
               "0000003c");
    const auto parsed = wire::parse_frame(*encoded);
    assert_ok(parsed);
    assert_true(parsed->header.kind == wire::Kind::error_reply);
    assert_true(parsed->header.id == 0x0102030405060708);
    const auto decoded = wire::decode<wire::ErrorReply>(*parsed);
    assert_ok(decoded);
    assert_int_equal(decoded->code, Errc::limited);
    assert_text(decoded->text, "slow");
    assert_int_equal(decoded->retry_after, 60);
}

void empty_values_are_left_out(void**) {
    assert_hex(*wire::encode(wire::IssueRequest{}, 0), "0000000c010200000000000000000000");
    assert_hex(*wire::encode(wire::StatusRequest{}, 1), "0000000c011000000000000000000001");
}

void size_of_a_frame(void**) {
    const auto size = [](const char* digits) { return wire::frame_size(hex(digits)); };
    assert_int_equal(*size(""), 0);
    assert_int_equal(*size("000000"), 0);
    assert_int_equal(*size("0000000c"), 16);
    assert_int_equal(*size("0000000c01"), 16);
    assert_int_equal(*size("00040000"), 4 + pki::limits::kFrame);
    assert_error(Errc::malformed, size("00040001"));
    assert_error(Errc::malformed, size("ffffffff"));
    assert_error(Errc::malformed, size("0000000b"));
    assert_error(Errc::malformed, size("00000000"));
}

void bad_headers(void**) {
    const auto parse = [](const char* digits) {
        const Buffer in = hex(digits);
        return wire::parse_frame(in);
    };
    assert_ok(parse("0000000c 01 10 0000 0000000000000001"));
    assert_error(Errc::unsupported, parse("0000000c 00 10 0000 0000000000000001"));
    assert_error(Errc::unsupported, parse("0000000c 02 10 0000 0000000000000001"));
    assert_error(Errc::unsupported, parse("0000000c 01 00 0000 0000000000000001"));
    assert_error(Errc::unsupported, parse("0000000c 01 0f 0000 0000000000000001"));
    assert_error(Errc::unsupported, parse("0000000c 01 ff 0000 0000000000000001"));
    assert_error(Errc::malformed, parse("0000000c 01 10 0001 0000000000000001"));
    assert_error(Errc::malformed, parse("0000000c 01 10 0000 00000000000000"));
    assert_error(Errc::malformed, parse("0000000c 01 10 0000 0000000000000001 00"));
    assert_error(Errc::malformed, parse("0000"));
}

void another_kind_is_not_decoded(void**) {
    const Buffer in = frame(wire::Kind::status_request, "");
    assert_ok(wire::decode<wire::StatusRequest>(*wire::parse_frame(in)));
    assert_error(Errc::malformed, wire::decode<wire::CaCertsRequest>(*wire::parse_frame(in)));
}

// What FieldWriter would not have written is refused: a message has one encoding.
void only_the_canonical_encoding(void**) {
    using M = wire::CertListRequest;
    assert_true(readable<M>(""));
    assert_true(readable<M>("01 00000001 61 04 00000004 00000001"));
    assert_false(readable<M>("04 00000004 00000001 01 00000001 61"));  // out of order
    assert_false(readable<M>("01 00000001 61 01 00000001 61"));        // repeated
    assert_false(readable<M>("05 00000001 61"));                       // unknown tag
    assert_false(readable<M>("00 00000001 61"));
    assert_false(readable<M>("01 00000000"));           // empty
    assert_false(readable<M>("04 00000004 00000000"));  // zero
    assert_false(readable<M>("04 00000001 01"));        // width
    assert_false(readable<M>("04 00000008 0000000000000001"));
    assert_false(readable<M>("01 00000002 61"));  // truncated
    assert_false(readable<M>("01 000000"));
    assert_false(readable<M>("01"));
    assert_false(readable<M>("01 ffffffff 61"));
}

void text_is_plain(void**) {
    using M = wire::CaCertsRequest;
    assert_true(readable<M>("01 00000005 636166c3a9"));
    for (const char* bad : {"01 00000001 0a", "01 00000001 00", "01 00000001 7f",
                            "01 00000001 e9", "01 00000002 c285"})
        assert_false(readable<M>(bad));
    wire::CaCertsRequest request;
    request.profile = "a\nb";
    assert_error(Errc::internal, wire::encode(request, 1));
}

void bounds_hold_on_both_sides(void**) {
    const std::string longest(pki::limits::kProfileName, 'a');
    wire::CaCertsRequest request;
    request.profile = longest;
    const auto encoded = wire::encode(request, 1);
    assert_ok(encoded);
    assert_ok(wire::decode<wire::CaCertsRequest>(*wire::parse_frame(*encoded)));

    const std::string too_long = longest + 'a';
    request.profile = too_long;
    assert_error(Errc::internal, wire::encode(request, 1));
    assert_false(
        readable<wire::CaCertsRequest>("01 00000041 " + pki::hex_encode(as_bytes(too_long))));
}

void enumerations_are_checked(void**) {
    using M = wire::IssueRequest;
    assert_true(readable<M>("02 00000001 04 03 00000001 02"));
    assert_false(readable<M>("02 00000001 05"));
    assert_false(readable<M>("03 00000001 03"));
    assert_false(readable<M>("06 00000001 03"));
    assert_true(readable<wire::ErrorReply>("01 00000001 0b"));
    assert_false(readable<wire::ErrorReply>("01 00000001 0c"));
    assert_false(readable<wire::ErrorReply>(""));  // no Errc is zero
    wire::IssueRequest request;
    request.protocol = static_cast<wire::Protocol>(9);
    assert_error(Errc::internal, wire::encode(request, 1));
}

// The form of a request, the reason of an error, and the credentials that an originator has.
void enumerations_of_cmp(void**) {
    assert_true(readable<wire::IssueRequest>("0f 00000001 01"));
    assert_false(readable<wire::IssueRequest>("0f 00000001 02"));
    assert_false(readable<wire::IssueRequest>("06 00000001 05"));
    assert_true(readable<wire::ErrorReply>("01 00000001 0b 04 00000001 16"));
    assert_false(readable<wire::ErrorReply>("01 00000001 0b 04 00000001 17"));
}

void flags_are_0_or_1(void**) {
    using M = wire::IssueRequest;
    assert_true(readable<M>("05 00000001 01"));
    assert_false(readable<M>("05 00000001 00"));
    assert_false(readable<M>("05 00000001 02"));
    assert_false(readable<M>("0d 00000001 ff"));
}

void all_fields_of_an_issue_request(void**) {
    const Buffer csr = hex("3000"), certificate = hex("300100");
    wire::IssueRequest request;
    request.profile = "tls";
    request.protocol = wire::Protocol::est;
    request.operation = wire::Operation::renew;
    request.csr = csr;
    request.possession_verified = true;
    request.credential = wire::Credential::certificate;
    request.credential_name = "CN=a";
    request.client_certificate = certificate;
    request.client_address = "192.0.2.1";
    request.idempotency_key = "key";
    request.idempotency_window = 3600;
    request.transaction = "t-1";
    request.want_chain = true;
    const auto encoded = wire::encode(request, 1);
    assert_ok(encoded);
    const auto decoded = wire::decode<wire::IssueRequest>(*wire::parse_frame(*encoded));
    assert_ok(decoded);
    assert_text(decoded->profile, "tls");
    assert_true(decoded->protocol == wire::Protocol::est);
    assert_true(decoded->operation == wire::Operation::renew);
    assert_hex(decoded->csr, "3000");
    assert_true(decoded->possession_verified);
    assert_true(decoded->credential == wire::Credential::certificate);
    assert_text(decoded->credential_name, "CN=a");
    assert_hex(decoded->client_certificate, "300100");
    assert_text(decoded->client_address, "192.0.2.1");
    assert_text(decoded->idempotency_key, "key");
    assert_int_equal(decoded->idempotency_window, 3600);
    assert_text(decoded->transaction, "t-1");
    assert_true(decoded->want_chain);
    assert_hex(*wire::encode(*decoded, 1), pki::hex_encode(*encoded));
}

void fields_of_cmp_in_an_issue_request(void**) {
    const Buffer turn = hex("01"), originator = hex("02");
    wire::IssueRequest request;
    request.protocol = wire::Protocol::cmp;
    request.form = wire::RequestForm::crmf;
    request.turn = turn;
    request.originator = originator;
    request.implicit_confirm = true;
    const auto encoded = wire::encode(request, 1);
    assert_ok(encoded);
    assert_hex(wire::parse_frame(*encoded)->fields,
               "020000000103"
               "0f0000000101"
               "100000000101"
               "110000000102"
               "120000000101");
    const auto decoded = wire::decode<wire::IssueRequest>(*wire::parse_frame(*encoded));
    assert_ok(decoded);
    assert_true(decoded->form == wire::RequestForm::crmf);
    assert_hex(decoded->turn, "01");
    assert_hex(decoded->originator, "02");
    assert_true(decoded->implicit_confirm);
}

void fields_of_cmp_in_an_issue_reply(void**) {
    const Buffer certificate = hex("3000"), nonce(16, 1), key = hex("3001");
    wire::IssueReply reply;
    reply.certificate = certificate;
    reply.sender_nonce = nonce;
    reply.confirm_until = 1'800'000'000;
    reply.modified = true;
    reply.private_key = key;
    const auto encoded = wire::encode(reply, 1);
    assert_ok(encoded);
    const auto decoded = wire::decode<wire::IssueReply>(*wire::parse_frame(*encoded));
    assert_ok(decoded);
    assert_hex(decoded->sender_nonce, pki::hex_encode(nonce));
    assert_true(decoded->confirm_until == 1'800'000'000);
    assert_true(decoded->modified);
    assert_hex(decoded->private_key, "3001");
    assert_hex(*wire::encode(*decoded, 1), pki::hex_encode(*encoded));
}

void the_reason_of_an_error(void**) {
    wire::ErrorReply reply;
    reply.code = Errc::conflict;
    reply.reason = pki::Reason::cert_confirmed;
    const auto encoded = wire::encode(reply, 1);
    assert_hex(wire::parse_frame(*encoded)->fields,
               "010000000107"
               "04000000010e");
    assert_true(wire::decode<wire::ErrorReply>(*wire::parse_frame(*encoded))->reason ==
                pki::Reason::cert_confirmed);
}

// Lookups share their first two fields.
void all_fields_of_lookups(void**) {
    const Buffer issuer = hex("3000"), serial = hex("4a01");
    const auto certificate =
        wire::encode(wire::CertificateRequest{"device", issuer, serial}, 1);
    assert_ok(certificate);
    assert_hex(wire::parse_frame(*certificate)->fields,
               "0100000006646576696365020000000230000300000002"
               "4a01");
    const auto read = wire::decode<wire::CertificateRequest>(*wire::parse_frame(*certificate));
    assert_ok(read);
    assert_text(read->profile, "device");
    assert_hex(read->issuer, "3000");
    assert_hex(read->serial, "4a01");
    const auto crl = wire::encode(wire::IssuerCrlRequest{"device", issuer, {}}, 1);
    assert_hex(wire::parse_frame(*crl)->fields, "010000000664657669636502000000023000");
    const auto of_url = wire::encode(wire::IssuerCrlRequest{"device", {}, "http://a"}, 1);
    assert_hex(wire::parse_frame(*of_url)->fields,
               "010000000664657669636503"
               "00000008687474703a2f2f61");
    const auto next = wire::encode(wire::NextCaRequest{"device"}, 1);
    assert_hex(wire::parse_frame(*next)->fields, "0100000006646576696365");
    assert_error(Errc::malformed, wire::decode<wire::NextCaRequest>(*wire::parse_frame(*crl)));
    const Buffer too_long(pki::limits::kSerial + 1, 1);
    assert_error(Errc::internal,
                 wire::encode(wire::CertificateRequest{"device", issuer, too_long}, 1));
}

void all_fields_of_an_ra_request(void**) {
    const Buffer csr = hex("3000");
    const auto encoded =
        wire::encode(wire::RaIssueRequest{"issuing", csr, 3600, true, true}, 1);
    assert_ok(encoded);
    const auto decoded = wire::decode<wire::RaIssueRequest>(*wire::parse_frame(*encoded));
    assert_ok(decoded);
    assert_text(decoded->ca, "issuing");
    assert_hex(decoded->csr, "3000");
    assert_int_equal(decoded->validity, 3600);
    assert_true(decoded->cmp);
    assert_true(decoded->key_generation);
    assert_hex(*wire::encode(*decoded, 1), pki::hex_encode(*encoded));
}

void lists(void**) {
    const Buffer first = hex("aa"), second = hex("bbcc");
    wire::CaCertsReply reply;
    reply.certificates = {first, second};
    const auto encoded = wire::encode(reply, 1);
    assert_ok(encoded);
    assert_hex(wire::parse_frame(*encoded)->fields, "0100000001aa0100000002bbcc");
    const auto decoded = wire::decode<wire::CaCertsReply>(*wire::parse_frame(*encoded));
    assert_ok(decoded);
    assert_int_equal(decoded->certificates.size(), 2);
    assert_hex(decoded->certificates[1], "bbcc");
    assert_false(readable<wire::CaCertsReply>("01 00000001 aa 01 00000000"));
    reply.certificates.push_back({});
    assert_error(Errc::internal, wire::encode(reply, 1));
    reply.certificates.assign(pki::limits::kChain, first);
    const auto longest = wire::encode(reply, 1);
    assert_ok(longest);
    assert_ok(wire::decode<wire::CaCertsReply>(*wire::parse_frame(*longest)));
    reply.certificates.push_back(first);
    assert_error(Errc::internal, wire::encode(reply, 1));
    std::string fields;
    for (std::size_t i = 0; i < pki::limits::kChain + 1; i++) fields += "01 00000001 aa";
    assert_false(readable<wire::CaCertsReply>(fields));
}

void a_message_fits_a_frame(void**) {
    const Buffer row(16 * 1024);
    constexpr std::size_t kRows = 15;
    Buffer last(pki::limits::kFrame - (wire::kHeaderSize - wire::kLengthSize) -
                kRows * row.size() - (kRows + 1) * wire::kFieldOverhead);
    wire::AuditPageReply page;
    page.rows.assign(kRows, row);
    page.rows.push_back(last);
    const auto encoded = wire::encode(page, 1);
    assert_ok(encoded);
    assert_int_equal(encoded->size(), wire::kLengthSize + pki::limits::kFrame);
    assert_ok(wire::parse_frame(*encoded));
    last.push_back(0);
    page.rows.back() = last;
    assert_error(Errc::internal, wire::encode(page, 1));
}

void json_is_bounded(void**) {
    Buffer json(pki::limits::kAdminText, ' ');
    wire::JsonReply reply;
    reply.json = json;
    assert_ok(wire::encode(reply, 1));
    json.push_back(' ');
    reply.json = json;
    assert_error(Errc::internal, wire::encode(reply, 1));
}

wire::ReportedDecision longest_decision(std::string_view text, const Buffer& hash) {
    wire::ReportedDecision decision;
    decision.time = -1;
    decision.profile = text.substr(0, pki::limits::kProfileName);
    decision.protocol = wire::Protocol::est;
    decision.operation = wire::Operation::revoke;
    decision.reason = Errc::unauthenticated;
    decision.http_status = 401;
    decision.detail = text.substr(0, pki::limits::kReportDetail);
    decision.client_address = text.substr(0, pki::limits::kAddress);
    decision.credential = wire::Credential::unproven;
    decision.credential_name = text.substr(0, pki::limits::kCredentialName);
    decision.transaction = text.substr(0, pki::limits::kTransaction);
    decision.csr_sha256 = hash;
    return decision;
}

// As many decisions as there may be, each as long as it may be, fit a frame.
void the_largest_report(void**) {
    const std::string text(pki::limits::kCredentialName, 'x');
    const Buffer hash(32, 0xab), reporter(pki::limits::kReporter, 1);
    const Buffer decision = *wire::encode_decision(longest_decision(text, hash));
    assert_true(decision.size() <= pki::limits::kDecision);
    wire::ReportRequest request;
    request.reporter = reporter;
    request.sequence = 3;
    request.lost = 4;
    request.lost_from = 5;
    request.lost_to = 6;
    request.decisions.assign(pki::limits::kReported, decision);
    const auto encoded = wire::encode(request, 1);
    assert_ok(encoded);
    const auto decoded = wire::decode<wire::ReportRequest>(*wire::parse_frame(*encoded));
    assert_ok(decoded);
    assert_hex(*wire::encode(*decoded, 1), pki::hex_encode(*encoded));
    request.decisions.push_back(decision);
    assert_error(Errc::internal, wire::encode(request, 1));
}

void all_fields_of_a_decision(void**) {
    const std::string text(pki::limits::kCredentialName, 'x');
    const Buffer hash(32, 0xab);
    const Buffer encoded = *wire::encode_decision(longest_decision(text, hash));
    const auto decoded = wire::decode_decision(encoded);
    assert_ok(decoded);
    assert_true(decoded->time == -1);
    assert_true(decoded->operation == wire::Operation::revoke);
    assert_int_equal(decoded->reason, Errc::unauthenticated);
    assert_int_equal(decoded->http_status, 401);
    assert_true(decoded->credential == wire::Credential::unproven);
    assert_int_equal(decoded->credential_name.size(), pki::limits::kCredentialName);
    assert_hex(*wire::encode_decision(*decoded), pki::hex_encode(encoded));
    // What is granted, signerd has granted: there is no decision without a reason.
    assert_error(Errc::malformed, wire::decode_decision({}));
    assert_error(Errc::malformed, wire::decode_decision(hex("05 00000001 0c")));
    assert_error(Errc::malformed, wire::decode_decision(hex("05 00000001 05 09 00000001 04")));
    // A challenge is signerd's to find, a MAC is verified by who reports.
    assert_ok(wire::decode_decision(hex("05 00000001 05 09 00000001 05")));
    assert_error(Errc::malformed, wire::decode_decision(hex("05 00000001 05 09 00000001 06")));
    assert_ok(wire::decode_decision(hex("05 00000001 05 06 00000002 0191")));
}

// An unproven name is nothing to issue for.
void a_request_needs_a_proof(void**) {
    assert_false(readable<wire::IssueRequest>("06 00000001 03"));
}

void names(void**) {
    assert_text(wire::name(wire::Protocol::est), "est");
    assert_text(wire::name(wire::Protocol::enroll), "enroll");
    assert_text(wire::name(wire::Operation::renew), "renew");
    assert_text(wire::name(wire::Credential::basic), "basic");
    assert_text(wire::name(wire::Credential::unproven), "unproven");
    assert_text(wire::name(wire::Credential::mac), "mac");
    assert_text(wire::name(static_cast<wire::Protocol>(99)), "unknown");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(encoding_of_a_frame),
        cmocka_unit_test(empty_values_are_left_out),
        cmocka_unit_test(size_of_a_frame),
        cmocka_unit_test(bad_headers),
        cmocka_unit_test(another_kind_is_not_decoded),
        cmocka_unit_test(only_the_canonical_encoding),
        cmocka_unit_test(text_is_plain),
        cmocka_unit_test(bounds_hold_on_both_sides),
        cmocka_unit_test(enumerations_are_checked),
        cmocka_unit_test(enumerations_of_cmp),
        cmocka_unit_test(flags_are_0_or_1),
        cmocka_unit_test(all_fields_of_an_issue_request),
        cmocka_unit_test(fields_of_cmp_in_an_issue_request),
        cmocka_unit_test(fields_of_cmp_in_an_issue_reply),
        cmocka_unit_test(the_reason_of_an_error),
        cmocka_unit_test(all_fields_of_lookups),
        cmocka_unit_test(all_fields_of_an_ra_request),
        cmocka_unit_test(lists),
        cmocka_unit_test(a_message_fits_a_frame),
        cmocka_unit_test(json_is_bounded),
        cmocka_unit_test(the_largest_report),
        cmocka_unit_test(all_fields_of_a_decision),
        cmocka_unit_test(a_request_needs_a_proof),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
