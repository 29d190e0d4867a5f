#include "t/bench/cmp_messages.h"

#include <fstream>
#include <sstream>

#include "libpki/base/base64.h"
#include "libpki/cmp/certificate.h"
#include "libpki/ossl/digest.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/crmf.h"
#include "libpki/x509/csr.h"
#include "libpki/x509/oids.h"

namespace bench {

namespace {

namespace cmp = pki::cmp;

constexpr std::size_t kNonce = 16;
constexpr std::uint64_t kIterations = 500;  // what OpenSSL's client has
// One salt: what a server has to compute for a message does not depend on it.
constexpr std::uint8_t kSalt[] = {0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a,
                                  0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a};

std::string read_text(const std::string& file) {
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

pki::Result<pki::Buffer> random_octets() {
    pki::Buffer octets(kNonce);
    PKI_CHECK(pki::ossl::random_bytes(octets));
    return octets;
}

pki::Result<pki::Buffer> cert_requests(pki::Bytes subject, EVP_PKEY* key) {
    PKI_TRY(const pki::Buffer spki, pki::ossl::public_key_der(key));
    pki::x509::CertRequestSpec spec;
    spec.subject = subject;
    spec.public_key = spki;
    spec.key = key;
    PKI_TRY(const pki::Buffer one, pki::x509::build_cert_request(spec));
    return pki::x509::build_cert_requests({one});
}

// The body of a request.
pki::Result<pki::Buffer> wanted(cmp::BodyType type, EVP_PKEY* key, std::size_t number) {
    PKI_TRY(const pki::Buffer subject,
            pki::x509::build_name({{pki::x509::oid::kCommonName, request_name(number)}}));
    if (type == cmp::BodyType::ir) return cert_requests(subject, key);
    return pki::x509::build_csr({subject, {}, {}}, key);
}

// messageTime is left out: the messages of one file serve several figures.
pki::Result<pki::Buffer> request(cmp::BodyType type, bool implicit, const Sender& sender,
                                 pki::Bytes body) {
    PKI_TRY(const pki::Buffer transaction, random_octets());
    PKI_TRY(const pki::Buffer nonce, random_octets());
    cmp::HeaderSpec header;
    header.transaction_id = transaction;
    header.sender_nonce = nonce;
    header.implicit_confirm = implicit;
    return cmp::build_message(header, type, body, sender.protector());
}

// The key that a request asks a certificate for.
pki::Result<pki::Buffer> wanted_key(const cmp::Message& message) {
    if (message.type == cmp::BodyType::p10cr) {
        PKI_TRY(const auto csr, pki::x509::parse_csr(message.body));
        return pki::to_buffer(csr.spki.encoding);
    }
    PKI_TRY(const auto requests, pki::x509::parse_cert_requests(message.body, 1));
    return pki::to_buffer(requests[0].csr.spki.encoding);
}

pki::Status check_protection(const cmp::Message& message, pki::Bytes certificate,
                             const Sender& sender) {
    PKI_TRY(const auto protection, cmp::parse_protection(message));
    if (sender.has_secret()) return cmp::verify_mac(message, protection.mac, sender.mac_key());
    PKI_TRY(const auto server, pki::x509::parse_certificate(certificate));
    return cmp::verify_signature(message, protection.scheme, server.tbs.spki);
}

}  // namespace

pki::Result<Sender> Sender::with_key(const std::string& key_file,
                                     const std::string& certificate_file) {
    Sender sender;
    PKI_TRY(sender.key_, pki::ossl::read_private_key(pki::as_bytes(read_text(key_file))));
    PKI_TRY(auto all, pki::x509::certificates_from_pem(read_text(certificate_file)));
    sender.certificate_ = std::move(all.front());
    return sender;
}

pki::Result<Sender> Sender::with_secret(const std::string& secret,
                                        const std::string& reference) {
    Sender sender;
    sender.reference_ = reference;
    sender.mac_ = std::make_unique<cmp::MacParameters>();
    sender.mac_->salt = kSalt;
    sender.mac_->iterations = kIterations;
    PKI_TRY(sender.mac_key_, cmp::derive_mac_key(*sender.mac_, pki::as_bytes(secret)));
    return sender;
}

cmp::Protector Sender::protector() const {
    cmp::Protector protector;
    if (has_secret()) {
        protector.mac = mac_.get();
        protector.mac_key = mac_key();
        protector.reference = pki::as_bytes(reference_);
    } else {
        protector.key = key_.get();
        protector.certificate = certificate_;
    }
    return protector;
}

pki::Result<std::vector<std::string>> make_cmp_messages(const std::string& type, bool implicit,
                                                        const Sender& sender, const Keys& keys,
                                                        std::size_t count) {
    const auto body_type = type == "p10cr" ? cmp::BodyType::p10cr : cmp::BodyType::ir;
    std::vector<std::string> messages;
    messages.reserve(count);
    for (std::size_t i = 0; i < count; i++) {
        PKI_TRY(const pki::Buffer body, wanted(body_type, keys[i % keys.size()].get(), i));
        PKI_TRY(const pki::Buffer message, request(body_type, implicit, sender, body));
        messages.push_back(pki::base64_encode(message));
    }
    return messages;
}

pki::Result<CmpAnswer> read_cmp_answer(pki::Bytes answer) {
    PKI_TRY(const auto message, cmp::parse_message(answer));
    if (message.type == cmp::BodyType::pkiconf) return CmpAnswer{true, {}, false, 0};
    if (message.type != cmp::BodyType::ip && message.type != cmp::BodyType::cp)
        return pki::fail(pki::Errc::denied, "the answer has another body");
    PKI_TRY(const auto rep, cmp::parse_cert_rep(message.body));
    const auto& response = rep.responses.front();
    if (response.status.status > cmp::PkiStatus::granted_with_mods ||
        response.certificate.empty())
        return pki::fail(pki::Errc::denied, "no certificate", response.status.text);
    return CmpAnswer{false, response.certificate, message.header.implicit_confirm, response.id};
}

pki::Result<pki::Buffer> make_confirmation(pki::Bytes answer, const Sender& sender) {
    PKI_TRY(const auto message, cmp::parse_message(answer));
    PKI_TRY(const CmpAnswer read, read_cmp_answer(answer));
    PKI_TRY(const pki::Buffer nonce, random_octets());
    // P-256, as the CA of such a load is, signs with SHA-256.
    const auto hash = pki::ossl::sha256(read.certificate);
    cmp::HeaderSpec header;
    header.transaction_id = message.header.transaction_id.value_or(pki::Bytes());
    header.sender_nonce = nonce;
    header.recip_nonce = message.header.sender_nonce.value_or(pki::Bytes());
    return cmp::build_message(header, cmp::BodyType::cert_conf,
                              cmp::build_cert_conf({{hash, read.id, {}, {}}}),
                              sender.protector());
}

pki::Status check_cmp_answer(pki::Bytes request_der, pki::Bytes answer, pki::Bytes certificate,
                             const Sender& sender) {
    PKI_TRY(const auto request_message, cmp::parse_message(request_der));
    PKI_TRY(const auto message, cmp::parse_message(answer));
    PKI_CHECK(check_protection(message, certificate, sender));
    if (!pki::equal(message.header.transaction_id.value_or(pki::Bytes()),
                    *request_message.header.transaction_id))
        return pki::fail(pki::Errc::denied, "the answer has another transactionID");
    PKI_TRY(const CmpAnswer read, read_cmp_answer(answer));
    if (read.confirmed) return {};
    PKI_TRY(const auto issued, pki::x509::parse_certificate(read.certificate));
    PKI_TRY(const pki::Buffer key, wanted_key(request_message));
    if (!pki::equal(issued.tbs.spki.encoding, key))
        return pki::fail(pki::Errc::denied, "the certificate is for another key");
    return {};
}

}  // namespace bench
