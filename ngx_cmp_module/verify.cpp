#include "ngx_cmp_module/verify.h"

#include "libpki/cmp/check.h"
#include "ngx_cmp_module/work.h"
#include "ngx_common/usages.h"

namespace ngx_enroll::cmp {

namespace {

using pki::Errc;
using pki::fail;
using pki::Reason;
using pki::cmp::BodyType;
using pki::cmp::ProtectionKind;

// What a derivation costs up to here is about that of a signature.
constexpr std::uint64_t kFastIterations = 1000;
// Anybody may fill extraCerts, and OpenSSL takes a while to read them. CRLs cost by their size.
constexpr std::size_t kFastChain = 3;

pki::Error bad_check(const char* text) {
    return fail(Errc::bad_signature, Reason::bad_message_check, text);
}

// RFC 9483 4.1.3, 4.2, 5.2.2: with the certificate that is concerned, or that of an RA.
bool needs_signature(BodyType type) {
    return type == BodyType::kur || type == BodyType::rr || type == BodyType::nested;
}

// The messages of a renewal, which signerd may grant to a certificate that is over; it takes
// the later ones from no other sender than the first (RFC 9483 4.1.3).
bool may_renew(BodyType type) {
    return type == BodyType::kur || type == BodyType::poll_req || type == BodyType::cert_conf;
}

pki::cmp::MacRules rules_of(const LocConf& conf) {
    pki::cmp::MacRules rules;
    rules.pbm = (conf.mac_algorithms & kPbm) != 0;
    rules.pbmac1 = (conf.mac_algorithms & kPbmac1) != 0;
    rules.min_iterations = conf.min_iterations;
    rules.max_iterations = conf.max_iterations;
    return rules;
}

pki::Status read_mac(Request& request, const LocConf& conf) {
    const pki::cmp::Message& message = *request.message;
    if (needs_signature(message.type))
        return fail(Errc::denied, Reason::wrong_integrity, "such a message needs a signature");
    if (conf.secrets == nullptr) return bad_check("there are no shared secrets");
    PKI_CHECK(pki::cmp::check_mac(request.protection.mac, rules_of(conf)));
    if (!message.header.sender_kid) return bad_check("there is no senderKID");
    request.secret = conf.secrets->find(*message.header.sender_kid);
    return {};
}

// The work for a reference that nobody has is that for a wrong secret.
pki::Status verify_mac(Request& request) {
    static constexpr std::uint8_t kNobody[16] = {};
    const pki::cmp::MacParameters& mac = request.protection.mac;
    const pki::Bytes secret =
        request.secret != nullptr ? request.secret->secret.view() : pki::Bytes(kNobody);
    PKI_TRY(pki::Secret key, pki::cmp::derive_mac_key(mac, secret));
    const pki::Status right = pki::cmp::verify_mac(*request.message, mac, key.view());
    if (request.secret == nullptr) return bad_check("nobody has this senderKID");
    PKI_CHECK(right);
    request.mac_key = std::move(key);
    return {};
}

// Those of an RA may chain to the same anchor as everybody's: the purpose tells.
pki::Status check_trust(Request& request, const LocConf& conf, std::int64_t now) {
    const pki::x509::Certificate& signer = *request.signer;
    const std::span<const pki::Bytes> others = request.message->extra_certs;
    if (conf.ras != nullptr && has_purpose(signer, pki::x509::oid::kCmcRa) &&
        check_signer(*conf.ras, signer.encoding, others, {.now = now, .ra = true})) {
        request.ra = true;
        return {};
    }
    if (conf.trust == nullptr)
        return fail(Errc::denied, Reason::signer_not_trusted, "nobody's signature is trusted");
    return check_signer(*conf.trust, signer.encoding, others,
                        {.now = now, .may_be_over = may_renew(request.message->type)});
}

// The signature first: a stranger can have neither a chain built nor his certificates read for
// less than that.
pki::Status verify_signature(Request& request, const LocConf& conf, std::int64_t now) {
    PKI_CHECK(pki::cmp::verify_signature(*request.message, request.protection.scheme,
                                         request.signer->tbs.spki));
    return check_trust(request, conf, now);
}

}  // namespace

pki::Status read_protection(Request& request, const LocConf& conf) {
    PKI_TRY(request.protection, pki::cmp::parse_protection(*request.message));
    switch (request.protection.kind) {
        case ProtectionKind::none: return bad_check("there is no protection");
        case ProtectionKind::pbm:
        case ProtectionKind::pbmac1: return read_mac(request, conf);
        case ProtectionKind::signature: break;
    }
    PKI_TRY(request.signer, pki::cmp::find_signer(*request.message));
    return {};
}

bool slow_to_verify(const Request& request, const LocConf& conf) {
    if (!request.signer) return request.protection.mac.iterations > kFastIterations;
    return slow_to_verify(request.signer->tbs.spki) ||
           request.message->extra_certs.size() > kFastChain || conf.crls != nullptr;
}

pki::Status verify_protection(Request& request, const LocConf& conf, std::int64_t now) {
    PKI_CHECK(request.signer ? verify_signature(request, conf, now) : verify_mac(request));
    request.verified = true;
    return {};
}

}  // namespace ngx_enroll::cmp
