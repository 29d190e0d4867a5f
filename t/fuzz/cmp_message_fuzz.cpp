// Messages of CMP: where OpenSSL reads one that we read, both see the same; what a header says
// survives being written again; protection and contents are taken apart without harm.
#include <openssl/cmp.h>
#include <openssl/err.h>

#include <algorithm>

#include "libpki/base/limits.h"
#include "libpki/cmp/general.h"
#include "libpki/cmp/protection.h"
#include "libpki/cmp/status.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/cert.h"
#include "t/fuzz/openssl_view.h"

namespace {

using pki::Buffer;
using pki::Bytes;
namespace cmp = pki::cmp;
namespace limits = pki::limits;
namespace x509 = pki::x509;

using MsgPtr = std::unique_ptr<OSSL_CMP_MSG, pki::ossl::Deleter<OSSL_CMP_MSG_free>>;

// More would test the hash and not us.
constexpr std::uint64_t kIterations = 300;

MsgPtr theirs(Bytes input) {
    const std::uint8_t* in = input.data();
    MsgPtr message(d2i_OSSL_CMP_MSG(nullptr, &in, static_cast<long>(input.size())));
    ERR_clear_error();
    if (message && in != input.data() + input.size()) message.reset();
    return message;
}

void check_octets(const std::optional<Bytes>& ours, const ASN1_OCTET_STRING* others) {
    PROPERTY(ours.has_value() == (others != nullptr));
    if (ours) PROPERTY(pki::equal(*ours, fuzz::octets(others)));
}

// OpenSSL takes an ANY of any other constructed universal type for a string in pieces, and
// writes the pieces back without their headers.
bool kept_by_openssl(Bytes any) {
    constexpr std::uint8_t kClassAndForm = 0xe0;
    constexpr std::uint8_t kConstructedUniversal = 0x20;
    return any.empty() || (any[0] & kClassAndForm) != kConstructedUniversal || any[0] == 0x30 ||
           any[0] == 0x31;
}

bool kept_by_openssl(const cmp::Header& header) {
    const auto algorithm = x509::parse_algorithm(header.protection_algorithm);
    return (!algorithm || kept_by_openssl(algorithm->parameters)) &&
           std::ranges::all_of(header.general_info, [](const cmp::Info& info) {
               return kept_by_openssl(info.value);
           });
}

void check_theirs(const cmp::Message& message) {
    const MsgPtr read = theirs(message.encoding);
    if (!read || message.header.problem) return;
    PROPERTY(OSSL_CMP_MSG_get_bodytype(read.get()) == static_cast<int>(message.type));
    const OSSL_CMP_PKIHEADER* const header = OSSL_CMP_MSG_get0_header(read.get());
    PROPERTY(
        !kept_by_openssl(message.header) ||
        pki::equal(fuzz::encoded(i2d_OSSL_CMP_PKIHEADER, header), message.header.encoding));
    check_octets(message.header.transaction_id, OSSL_CMP_HDR_get0_transactionID(header));
    check_octets(message.header.recip_nonce, OSSL_CMP_HDR_get0_recipNonce(header));
}

// What is written again from what was read.
cmp::HeaderSpec spec_of(const cmp::Header& header) {
    cmp::HeaderSpec spec;
    spec.pvno = header.pvno;
    spec.sender = cmp::directory_name(header.sender);
    spec.recipient = header.recipient;
    spec.message_time = header.message_time.value_or(0);
    spec.recip_kid = header.recip_kid;
    spec.transaction_id = header.transaction_id;
    spec.sender_nonce = header.sender_nonce;
    spec.recip_nonce = header.recip_nonce;
    spec.implicit_confirm = header.implicit_confirm;
    spec.confirm_wait_time = header.confirm_wait_time.value_or(0);
    spec.cert_profiles = header.cert_profiles;
    return spec;
}

bool same(const std::optional<Bytes>& a, const std::optional<Bytes>& b) {
    return a.has_value() == b.has_value() && (!a || pki::equal(*a, *b));
}

void check_rebuilt(const cmp::Message& message) {
    const cmp::Header& was = message.header;
    const cmp::HeaderSpec spec = spec_of(was);
    const auto built = cmp::build_message(spec, message.type, message.body, {});
    PROPERTY(built);
    if (built->size() > limits::kCmpMessage) return;
    const auto again = cmp::parse_message(*built);
    PROPERTY(again && again->type == message.type && pki::equal(again->body, message.body));
    const cmp::Header& now = again->header;
    PROPERTY(!now.problem && now.pvno == was.pvno);
    PROPERTY(pki::equal(now.recipient, was.recipient));
    PROPERTY(same(now.recip_kid, was.recip_kid));
    PROPERTY(same(now.transaction_id, was.transaction_id));
    PROPERTY(same(now.sender_nonce, was.sender_nonce));
    PROPERTY(same(now.recip_nonce, was.recip_nonce));
    PROPERTY(now.implicit_confirm == was.implicit_confirm);
    PROPERTY(now.message_time.value_or(0) == spec.message_time);
    PROPERTY(now.confirm_wait_time.value_or(0) == spec.confirm_wait_time);
    PROPERTY(now.cert_profiles == was.cert_profiles);
    PROPERTY(cmp::parse_protection(*again)->kind == cmp::ProtectionKind::none);
}

void check_header(const cmp::Header& header) {
    PROPERTY(cmp::transaction_text(header).size() <= limits::kTransaction);
    PROPERTY(header.general_info.size() <= limits::kCmpInfos);
    if (header.transaction_id)
        PROPERTY(!header.transaction_id->empty() &&
                 header.transaction_id->size() <= limits::kCmpTransaction);
    if (header.sender_nonce) PROPERTY(header.sender_nonce->size() <= limits::kCmpNonce);
    if (header.problem)
        PROPERTY(header.problem->reason != pki::Reason::none && *header.problem->text != '\0');
}

void check_mac(const cmp::Message& message, const cmp::MacParameters& mac) {
    PROPERTY(mac.salt.size() <= limits::kCmpSalt);
    if (cmp::check_mac(mac, {}))
        PROPERTY(mac.iterations >= 100 && mac.iterations <= limits::kPasswordIterations);
    if (mac.iterations > kIterations && mac.iterations <= limits::kPasswordIterations) return;
    const auto key = cmp::derive_mac_key(mac, pki::as_bytes("secret"));
    PROPERTY(key.has_value() == (mac.iterations > 0 && mac.iterations <= kIterations));
    if (key) (void)cmp::verify_mac(message, mac, key->view());
}

void check_protection(const cmp::Message& message) {
    const auto protection = cmp::parse_protection(message);
    if (!protection) return;
    const bool none = protection->kind == cmp::ProtectionKind::none;
    PROPERTY(message.protection.has_value() != none);
    if (none) return;
    if (protection->kind != cmp::ProtectionKind::signature)
        return check_mac(message, protection->mac);
    PROPERTY(protection->scheme.hash != pki::ossl::Hash::sha1);
    if (message.extra_certs.empty()) return;
    const auto signer = x509::parse_certificate(message.extra_certs[0]);
    if (signer) (void)cmp::verify_signature(message, protection->scheme, signer->tbs.spki);
}

void check_body(const cmp::Message& message) {
    if (const auto nested = cmp::parse_nested(message.body)) {
        PROPERTY(!nested->empty() && nested->size() <= limits::kCmpNested);
        PROPERTY(pki::equal(cmp::build_nested(*nested), message.body));
    }
    const auto error = cmp::parse_error(message.body);
    if (!error) return;
    const auto again = cmp::parse_error(cmp::build_error(*error));
    PROPERTY(again && again->status.text == error->status.text &&
             again->status.fail_info == error->status.fail_info && again->code == error->code &&
             again->details == error->details);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto message = cmp::parse_message({data, size});
    if (message) {
        check_header(message->header);
        check_protection(*message);
        check_body(*message);
        if (!message->header.problem) check_rebuilt(*message);
        PROPERTY(ERR_peek_error() == 0);
        check_theirs(*message);
    }
    PROPERTY(ERR_peek_error() == 0);
    return 0;
}
