#include "libpki/cmp/client.h"
#include "libpki/ossl/digest.h"
#include "libpki/x509/algorithm.h"

namespace pki::cmp {

namespace {

constexpr std::size_t kRandom = 16;  // RFC 9483 3.1: 128 bits, of transactionID and nonces

Result<Buffer> random_octets() {
    Buffer octets(kRandom);
    PKI_CHECK(ossl::random_bytes(octets));
    return octets;
}

struct HashChoice {
    ossl::Hash hash = ossl::Hash::sha256;
    bool told = false;  // in hashAlg
};

HashChoice choose_hash(const ossl::SignatureScheme& scheme) {
    const auto hash = confirmation_hash(scheme);
    // RFC 9810 5.3.18: where the signature names no hash that we have, we name one.
    if (!hash) return {ossl::Hash::sha512, true};
    return {*hash, false};
}

}  // namespace

Result<Buffer> build_client_message(ClientTransaction& transaction,
                                    const ClientMessage& message, const Protector& protector) {
    if (transaction.id.empty()) {
        PKI_TRY(transaction.id, random_octets());
    }
    PKI_TRY(transaction.nonce, random_octets());
    HeaderSpec spec;
    spec.pvno = message.pvno;
    spec.sender = message.sender;
    spec.message_time = message.now;
    spec.transaction_id = transaction.id;
    spec.sender_nonce = transaction.nonce;
    if (!transaction.their_nonce.empty()) spec.recip_nonce = transaction.their_nonce;
    spec.implicit_confirm = message.implicit_confirm;
    if (!message.cert_profile.empty()) spec.cert_profiles = {message.cert_profile};
    return build_message(spec, message.type, message.body, protector);
}

Result<Confirmation> build_confirmation(const x509::Certificate& certificate, std::int64_t id,
                                        bool rejected) {
    PKI_TRY(const ossl::SignatureScheme scheme,
            x509::parse_signature_algorithm(certificate.signature_algorithm));
    const HashChoice choice = choose_hash(scheme);
    PKI_TRY(const Buffer hash, ossl::digest(choice.hash, certificate.encoding));
    CertStatus status;
    status.cert_hash = hash;
    status.id = id;
    if (choice.told) status.hash = choice.hash;
    if (rejected)
        status.status = {.status = PkiStatus::rejection, .fail_info = FailInfo::incorrect_data};
    return Confirmation{build_cert_conf({status}), choice.told ? 3u : 2u};
}

}  // namespace pki::cmp
