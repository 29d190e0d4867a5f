// Messages about transactions of CMP: each field has its place, and bounds hold on both sides.
#include "libpki/wire/transaction.h"

#include "libpki/wire/pending.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using unit::hex;
namespace limits = pki::limits;
namespace wire = pki::wire;

// Through a frame and back; the frame must outlive the result.
template <class M>
M there_and_back(const M& message, Buffer& encoded) {
    auto written = wire::encode(message, 7);
    assert_ok(written);
    encoded = *std::move(written);
    const auto frame = wire::parse_frame(encoded);
    assert_ok(frame);
    assert_true(frame->header.kind == M::kKind);
    const auto read = wire::decode<M>(*frame);
    assert_ok(read);
    assert_hex(*wire::encode(*read, 7), pki::hex_encode(encoded));
    return *read;
}

void numbers_of_kinds(void**) {
    assert_int_equal(wire::ConfirmRequest::kKind, 42);
    assert_int_equal(wire::TransactionReply::kKind, 43);
    assert_int_equal(wire::CmpRevokeRequest::kKind, 44);
    assert_int_equal(wire::TemplateRequest::kKind, 45);
    assert_int_equal(wire::TemplateReply::kKind, 46);
    assert_int_equal(wire::RootUpdateRequest::kKind, 47);
    assert_int_equal(wire::RootUpdateReply::kKind, 48);
    assert_ok(wire::parse_frame(hex("0000000c 01 30 0000 0000000000000001")));
    assert_error(Errc::unsupported,
                 wire::parse_frame(hex("0000000c 01 36 0000 0000000000000001")));
}

void a_turn(void**) {
    const Buffer id = hex("0a"), hash(32, 0xab), theirs = hex("0b"), ours = hex("0c");
    const auto encoded = wire::encode_turn({id, hash, theirs, ours});
    assert_ok(encoded);
    assert_hex(*encoded,
               "01000000010a"
               "0200000020" +
                   pki::hex_encode(hash) +
                   "03000000010b"
                   "04000000010c");
    const auto turn = wire::decode_turn(*encoded);
    assert_ok(turn);
    assert_hex(turn->transaction_id, "0a");
    assert_hex(turn->message_sha256, pki::hex_encode(hash));
    assert_hex(turn->recip_nonce, "0b");
    assert_hex(turn->sender_nonce, "0c");
    assert_ok(wire::decode_turn({}));
}

void bounds_of_a_turn(void**) {
    const Buffer id(limits::kCmpTransaction, 1), hash(32, 2), nonce(limits::kCmpNonce, 3);
    const auto longest = wire::encode_turn({id, hash, nonce, nonce});
    assert_ok(longest);
    assert_true(longest->size() <= limits::kTurn);
    const Buffer long_id(limits::kCmpTransaction + 1, 1), long_hash(33, 2),
        long_nonce(limits::kCmpNonce + 1, 3);
    assert_error(Errc::internal, wire::encode_turn({long_id, hash, nonce, nonce}));
    assert_error(Errc::internal, wire::encode_turn({id, long_hash, nonce, nonce}));
    assert_error(Errc::internal, wire::encode_turn({id, hash, long_nonce, nonce}));
    assert_error(Errc::internal, wire::encode_turn({id, hash, nonce, long_nonce}));
    assert_error(Errc::malformed, wire::decode_turn(hex("05 00000001 01")));
    assert_error(Errc::malformed, wire::decode_turn(hex("01 00000001 01 01 00000001 01")));
    assert_error(Errc::malformed, wire::decode_turn(hex("01 00000002 01")));
    assert_error(Errc::malformed,
                 wire::decode_turn(hex("01 00000081 " + pki::hex_encode(long_id))));
}

void an_originator(void**) {
    const Buffer certificate = hex("3000");
    const auto encoded =
        wire::encode_originator({wire::Credential::certificate, "CN=ra", certificate, true});
    assert_ok(encoded);
    assert_hex(*encoded,
               "010000000102"
               "0200000005434e3d7261"
               "03000000023000"
               "040000000101");
    const auto originator = wire::decode_originator(*encoded);
    assert_ok(originator);
    assert_true(originator->credential == wire::Credential::certificate);
    assert_text(originator->name, "CN=ra");
    assert_hex(originator->signer_certificate, "3000");
    assert_true(originator->ra);
}

void bounds_of_an_originator(void**) {
    const std::string name(limits::kCredentialName, 'a');
    const Buffer certificate(limits::kCertificate, 1);
    const auto longest =
        wire::encode_originator({wire::Credential::mac, name, certificate, true});
    assert_ok(longest);
    assert_true(longest->size() <= limits::kOriginator);
    const std::string long_name = name + 'a';
    assert_error(Errc::internal,
                 wire::encode_originator({wire::Credential::mac, long_name, {}}));
    assert_error(Errc::internal, wire::encode_originator({wire::Credential::mac, "a\nb", {}}));
    assert_ok(wire::decode_originator(hex("01 00000001 05")));
    assert_error(Errc::malformed, wire::decode_originator(hex("01 00000001 06")));
    assert_error(Errc::malformed, wire::decode_originator(hex("04 00000001 02")));
}

void a_confirmation(void**) {
    const Buffer turn = hex("01"), originator = hex("02"), hash(64, 0xab);
    wire::ConfirmRequest request;
    request.profile = "device";
    request.turn = turn;
    request.originator = originator;
    request.client_address = "192.0.2.1";
    request.transaction = "0a0b";
    request.empty = true;
    request.cert_req_id = -1;
    request.cert_hash = hash;
    request.hash = 2;
    request.accepted = true;
    request.reason = "no need";
    const Buffer other = hex("6d616e75616c");
    request.other_profiles = {other, other};
    request.gave_up = true;
    Buffer encoded;
    const auto read = there_and_back(request, encoded);
    assert_text(read.profile, "device");
    assert_hex(read.turn, "01");
    assert_hex(read.originator, "02");
    assert_text(read.client_address, "192.0.2.1");
    assert_text(read.transaction, "0a0b");
    assert_true(read.empty);
    assert_true(read.cert_req_id == -1);
    assert_hex(read.cert_hash, pki::hex_encode(hash));
    assert_int_equal(read.hash, 2);
    assert_true(read.accepted);
    assert_text(read.reason, "no need");
    assert_int_equal(read.other_profiles.size(), 2);
    assert_hex(read.other_profiles[1], "6d616e75616c");
    assert_true(read.gave_up);
    request.other_profiles.assign(wire::kOtherProfiles + 1, other);
    assert_error(Errc::internal, wire::encode(request, 1));
    request.other_profiles.clear();
    const Buffer too_long(65, 1);
    request.cert_hash = too_long;
    assert_error(Errc::internal, wire::encode(request, 1));
}

void an_answer(void**) {
    const Buffer nonce(16, 1);
    Buffer encoded;
    const auto read = there_and_back(wire::TransactionReply{nonce, true}, encoded);
    assert_hex(read.sender_nonce, pki::hex_encode(nonce));
    assert_true(read.replayed);
}

void a_revocation(void**) {
    const Buffer turn = hex("01"), originator = hex("02"), issuer = hex("3000"),
                 serial(limits::kSerial, 0x4a);
    wire::CmpRevokeRequest request;
    request.profile = "device";
    request.turn = turn;
    request.originator = originator;
    request.client_address = "::1";
    request.transaction = "0a";
    request.issuer = issuer;
    request.serial = serial;
    request.reason = 6;
    request.release = true;
    Buffer encoded;
    const auto read = there_and_back(request, encoded);
    assert_text(read.profile, "device");
    assert_hex(read.turn, "01");
    assert_hex(read.originator, "02");
    assert_text(read.client_address, "::1");
    assert_text(read.transaction, "0a");
    assert_hex(read.issuer, "3000");
    assert_hex(read.serial, pki::hex_encode(serial));
    assert_int_equal(read.reason, 6);
    assert_true(read.release);
}

void a_template(void**) {
    Buffer request_encoded, reply_encoded;
    assert_text(there_and_back(wire::TemplateRequest{"device"}, request_encoded).profile,
                "device");
    const Buffer content = hex("3000"), rsa = hex("3001"), ec = hex("3002");
    const auto read =
        there_and_back(wire::TemplateReply{content, {rsa, ec}, {rsa}}, reply_encoded);
    assert_hex(read.cert_req_template, "3000");
    assert_int_equal(read.signing_keys.size(), 2);
    assert_hex(read.signing_keys[1], "3002");
    assert_int_equal(read.encryption_keys.size(), 1);
    wire::TemplateReply many;
    many.signing_keys.assign(limits::kKeyRules + 1, rsa);
    assert_error(Errc::internal, wire::encode(many, 1));
}

void a_root_update(void**) {
    const Buffer root = hex("3000"), new_old = hex("3001"), old_new = hex("3002");
    Buffer request_encoded, reply_encoded;
    const auto request =
        there_and_back(wire::RootUpdateRequest{"device", root}, request_encoded);
    assert_text(request.profile, "device");
    assert_hex(request.root, "3000");
    const auto reply =
        there_and_back(wire::RootUpdateReply{root, new_old, old_new}, reply_encoded);
    assert_hex(reply.new_with_new, "3000");
    assert_hex(reply.new_with_old, "3001");
    assert_hex(reply.old_with_new, "3002");
}

void waiting(void**) {
    const Buffer turn = hex("01"), originator = hex("02"), nonce(16, 3);
    wire::PollRequest request;
    request.protocol = wire::Protocol::cmp;
    request.turn = turn;
    request.originator = originator;
    request.cert_req_id = -1;
    Buffer request_encoded, reply_encoded;
    const auto read = there_and_back(request, request_encoded);
    assert_hex(read.turn, "01");
    assert_hex(read.originator, "02");
    assert_true(read.cert_req_id == -1);
    const auto reply = there_and_back(wire::PendingReply{5, 60, nonce}, reply_encoded);
    assert_hex(reply.sender_nonce, pki::hex_encode(nonce));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_kinds),
        cmocka_unit_test(a_turn),
        cmocka_unit_test(bounds_of_a_turn),
        cmocka_unit_test(an_originator),
        cmocka_unit_test(bounds_of_an_originator),
        cmocka_unit_test(a_confirmation),
        cmocka_unit_test(an_answer),
        cmocka_unit_test(a_revocation),
        cmocka_unit_test(a_template),
        cmocka_unit_test(a_root_update),
        cmocka_unit_test(waiting),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
