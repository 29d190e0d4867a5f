#include "t/bench/messages.h"

#include <fstream>
#include <sstream>

#include "libpki/base/base64.h"
#include "libpki/ossl/digest.h"
#include "libpki/ossl/key.h"
#include "libpki/scep/client.h"
#include "libpki/x509/csr.h"
#include "libpki/x509/oids.h"

namespace bench {

namespace {

constexpr std::int64_t kDay = 24 * 60 * 60;
constexpr std::size_t kNonce = 16;

pki::Result<pki::Buffer> common_name(const std::string& text) {
    return pki::x509::build_name({{pki::x509::oid::kCommonName, text}});
}

// What signs the requests with this key, as a client makes it for itself (RFC 8894 2.3).
pki::Result<pki::Buffer> self_signed(EVP_PKEY* key, std::time_t now) {
    PKI_TRY(const pki::Buffer subject, common_name("bench"));
    return pki::scep::build_self_signed(key, subject, now - kDay, now + kDay);
}

pki::Result<std::string> message(const MessageSpec& spec, pki::Bytes ra, EVP_PKEY* key,
                                 pki::Bytes certificate, const std::string& name) {
    PKI_TRY(const pki::Buffer subject, common_name(name));
    PKI_TRY(const pki::Buffer csr, pki::x509::build_csr({subject, {}, spec.challenge}, key));
    pki::Buffer nonce(kNonce);
    PKI_CHECK(pki::ossl::random_bytes(nonce));
    pki::scep::RequestSpec request;
    request.transaction_id = name;
    request.sender_nonce = nonce;
    request.key = key;
    request.signer_certificate = certificate;
    request.recipient_certificate = ra;
    request.content = csr;
    PKI_TRY(const pki::Buffer der, pki::scep::build_request(request));
    return pki::base64_encode(der);
}

}  // namespace

pki::Result<std::vector<std::string>> make_messages(const MessageSpec& spec, const Keys& keys,
                                                    std::size_t count) {
    PKI_TRY(const pki::Buffer ra, read_certificate(spec.ra));
    std::vector<pki::Buffer> certificates;
    for (const auto& key : keys) {
        PKI_TRY(pki::Buffer certificate, self_signed(key.get(), spec.now));
        certificates.push_back(std::move(certificate));
    }
    std::vector<std::string> messages;
    messages.reserve(count);
    for (std::size_t i = 0; i < count; i++) {
        const std::size_t which = i % keys.size();
        PKI_TRY(std::string one,
                message(spec, ra, keys[which].get(), certificates[which], request_name(i)));
        messages.push_back(std::move(one));
    }
    return messages;
}

pki::Status write_keys(const Keys& keys, const std::string& file) {
    std::vector<std::string> lines;
    for (const auto& key : keys) {
        PKI_TRY(const pki::Secret pem, pki::ossl::write_private_key(key.get()));
        lines.push_back(pki::base64_encode(pem.view()));
    }
    return write_lines(lines, file);
}

pki::Result<Keys> read_keys(const std::string& file) {
    PKI_TRY(const auto lines, read_lines(file));
    Keys keys;
    for (const std::string& line : lines) {
        PKI_TRY(const pki::Buffer pem, pki::base64_decode(pki::as_bytes(line)));
        PKI_TRY(auto key, pki::ossl::read_private_key(pem));
        keys.push_back(std::move(key));
    }
    return keys;
}

pki::Result<pki::Buffer> read_certificate(const std::string& file) {
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    PKI_TRY(auto certificates, pki::x509::certificates_from_pem(text.str()));
    if (certificates.empty()) return pki::fail(pki::Errc::internal, "no certificate", file);
    return std::move(certificates[0]);
}

pki::Status check_answer(pki::Bytes message, pki::Bytes answer, pki::Bytes ra, EVP_PKEY* key) {
    PKI_TRY(const auto request, pki::scep::parse_request(message));
    PKI_TRY(const auto certificate, pki::x509::parse_certificate(ra));
    pki::scep::ResponseRules rules;
    rules.transaction_id = pki::as_text(request.transaction_id);
    rules.sender_nonce = request.sender_nonce;
    const pki::cms::RecipientKey own{request.signer.encoding, key};
    PKI_TRY(const auto response,
            pki::scep::read_response(answer, certificate, {&own, 1}, {}, rules));
    if (response.certificates.empty())
        return pki::fail(pki::Errc::not_found, "no certificate in the answer");
    PKI_TRY(const auto issued, pki::x509::parse_certificate(response.certificates[0]));
    if (!pki::equal(issued.tbs.spki.encoding, request.signer.tbs.spki.encoding))
        return pki::fail(pki::Errc::denied, "the certificate is for another key");
    return {};
}

}  // namespace bench
