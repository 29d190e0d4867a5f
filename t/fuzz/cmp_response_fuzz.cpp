// Answers, as a server could protect them: ids and body of the input get a MAC anew, so that
// the client reads on behind it.
#include <openssl/err.h>

#include "libpki/base/limits.h"
#include "libpki/cmp/client.h"
#include "libpki/cmp/general_oids.h"
#include "libpki/cmp/revocation.h"
#include "t/fuzz/fuzz.h"

namespace {

using pki::Buffer;
using pki::Bytes;
namespace cmp = pki::cmp;
namespace limits = pki::limits;

using cmp::BodyType;

constexpr std::uint8_t kSecret[] = {'s', 'e', 's', 'a', 'm', 'e'};
constexpr std::uint8_t kSalt[16] = {1};

const cmp::MacParameters kMac{cmp::ProtectionKind::pbm, kSalt, 100};

Bytes mac_key() {
    static const pki::Secret key = *cmp::derive_mac_key(kMac, kSecret);
    return key.view();
}

// A request that such a body answers.
BodyType request_of(BodyType answer) {
    switch (answer) {
        case BodyType::ip: return BodyType::ir;
        case BodyType::cp: return BodyType::cr;
        case BodyType::kup: return BodyType::kur;
        case BodyType::rp: return BodyType::rr;
        case BodyType::genp: return BodyType::genm;
        case BodyType::pkiconf: return BodyType::cert_conf;
        default: return BodyType::poll_req;
    }
}

cmp::AnswerRules rules_for(const cmp::Message& message) {
    cmp::AnswerRules rules;
    rules.request = request_of(message.type);
    rules.transaction_id = message.header.transaction_id.value_or(Bytes());
    rules.nonce = message.header.recip_nonce.value_or(Bytes());
    return rules;
}

pki::Result<Buffer> protect_anew(const cmp::Message& message) {
    cmp::HeaderSpec header;
    header.transaction_id = message.header.transaction_id;
    header.sender_nonce = message.header.sender_nonce;
    header.recip_nonce = message.header.recip_nonce;
    header.implicit_confirm = message.header.implicit_confirm;
    cmp::Protector protector;
    protector.mac = &kMac;
    protector.mac_key = mac_key();
    return cmp::build_message(header, message.type, message.body, protector,
                              message.extra_certs);
}

void check_certificate(const cmp::Message& message) {
    for (const std::int64_t id : {-1, 0}) {
        const auto answer = cmp::read_certificate_answer(message, id);
        if (!answer) continue;
        PROPERTY(!answer->accepted() || !answer->certificate.empty());
        PROPERTY(!(answer->accepted() && answer->waiting()));
        PROPERTY(answer->ca_pubs.size() <= limits::kChain);
        const auto certificate = pki::x509::parse_certificate(answer->certificate);
        if (certificate) (void)cmp::build_confirmation(*certificate, id, false);
    }
}

void check_body(const cmp::Message& message) {
    check_certificate(message);
    if (message.type == BodyType::rp) (void)cmp::parse_rev_rep(message.body);
    if (message.type != BodyType::genp) return;
    if (const auto value = cmp::read_general_answer(message, {cmp::kCaCerts}))
        (void)cmp::parse_ca_certs(*value);
    if (const auto value = cmp::read_general_answer(message, {cmp::kRootCaKeyUpdate}))
        (void)cmp::parse_root_update(*value);
    if (const auto value = cmp::read_general_answer(message, {cmp::kCrls}))
        (void)cmp::parse_crls(*value);
}

// Without a secret of ours only a signature is believed, and an error is told.
void check_open(Bytes der, const cmp::AnswerRules& rules) {
    const auto answer = cmp::read_answer(der, rules);
    if (!answer) return;
    PROPERTY(answer->signer.has_value() != answer->unverified);
    PROPERTY(!answer->unverified || answer->message.type == BodyType::error);
    check_body(answer->message);
}

void check_mac(const cmp::Message& message, cmp::AnswerRules rules) {
    const auto der = protect_anew(message);
    if (!der) return;
    rules.secret = kSecret;
    const auto answer = cmp::read_answer(*der, rules);
    if (!answer) return;
    PROPERTY(!answer->signer);
    check_body(answer->message);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes der(data, size);
    if (const auto message = cmp::parse_message(der)) {
        const cmp::AnswerRules rules = rules_for(*message);
        check_open(der, rules);
        check_mac(*message, rules);
    }
    PROPERTY(ERR_peek_error() == 0);
    return 0;
}
