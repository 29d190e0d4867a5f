#include "libpki/cmp/protection.h"

#include "libpki/base/der_writer.h"
#include "libpki/cmp/mac.h"
#include "libpki/ossl/hmac.h"
#include "libpki/x509/algorithm.h"

namespace pki::cmp {

namespace {

Error wrong(const char* text) {
    return fail(Errc::bad_signature, Reason::bad_message_check, text);
}

// RFC 9481 3. SHA-1 would let who finds a collision move a signature to another message.
Result<ossl::SignatureScheme> parse_scheme(Bytes algorithm) {
    auto scheme = x509::parse_signature_algorithm(algorithm);
    if (!scheme) {
        scheme.error().reason = Reason::bad_alg;
        return scheme;
    }
    if (scheme->hash == ossl::Hash::sha1)
        return fail(Errc::unsupported, Reason::bad_alg, "CMP: signature with SHA-1");
    return scheme;
}

// ProtectedPart ::= SEQUENCE { header, body } (RFC 9810 5.1.3), of the octets that came.
Buffer protected_part(const Message& message) {
    const Bytes header = message.header.encoding;
    const Bytes body = message.body_encoding;
    der::Writer w(header.size() + body.size() + 8);
    w.header(der::kSequence, header.size() + body.size());
    w.raw(header);
    w.raw(body);
    return std::move(w).take();
}

}  // namespace

Result<Protection> parse_protection(const Message& message) {
    const Bytes encoding = message.header.protection_algorithm;
    Protection protection;
    if (encoding.empty() && !message.protection) return protection;
    if (encoding.empty()) return wrong("CMP: protection without an algorithm");
    if (!message.protection) return wrong("CMP: protectionAlg without protection");
    PKI_TRY(const x509::Algorithm algorithm, x509::parse_algorithm(encoding));
    PKI_TRY(const std::optional<MacParameters> mac, parse_mac(algorithm));
    if (mac) {
        protection.kind = mac->kind;
        protection.mac = *mac;
        return protection;
    }
    PKI_TRY(protection.scheme, parse_scheme(encoding));
    protection.kind = ProtectionKind::signature;
    return protection;
}

Status verify_signature(const Message& message, const ossl::SignatureScheme& scheme,
                        const x509::Spki& signer) {
    if (!message.protection) return wrong("CMP: no protection");
    PKI_TRY(const ossl::PkeyPtr key, ossl::make_public_key(signer.key));
    Status verified =
        ossl::verify(key.get(), scheme, protected_part(message), *message.protection);
    if (!verified) verified.error().reason = Reason::bad_message_check;
    return verified;
}

Status verify_mac(const Message& message, const MacParameters& mac, Bytes key) {
    if (!message.protection) return wrong("CMP: no protection");
    PKI_TRY(const Buffer expected, ossl::hmac(mac.mac, key, protected_part(message)));
    if (!equal_constant_time(expected, *message.protection))
        return wrong("CMP: the MAC does not verify");
    return {};
}

}  // namespace pki::cmp
