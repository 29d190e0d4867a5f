#include "clients/enroll/scep_exchange.h"

#include <array>

#include "libpki/base/limits.h"
#include "libpki/ossl/digest.h"

namespace enroll {

using pki::Buffer;
using pki::Errc;
using pki::fail;
using pki::Result;
namespace scep = pki::scep;
namespace x509 = pki::x509;

namespace {

using Nonce = std::array<std::uint8_t, 16>;  // RFC 8894 3.2.1.5

Result<bool> can_open(const Buffer& certificate) {
    PKI_TRY(const x509::Certificate parsed, x509::parse_certificate(certificate));
    return parsed.tbs.spki.key.type == pki::ossl::KeyType::rsa;
}

Result<Buffer> build(const ScepSession& session, const ScepSigner& signer, const ScepTask& task,
                     const Nonce& nonce, bool rsa) {
    scep::RequestSpec spec;
    spec.type = task.type;
    spec.transaction_id = task.transaction_id;
    spec.sender_nonce = nonce;
    spec.key = signer.key;
    spec.signer_certificate = signer.certificate;
    spec.digest = session.algorithms.digest;
    spec.cipher = session.algorithms.cipher;
    spec.content = task.content;
    spec.recipient_certificate = session.ca.recipient;
    // The server opens it with the same password that it seals the answer with.
    if (!rsa || session.ca.recipient.empty()) {
        if (signer.challenge == nullptr)
            return fail(Errc::denied, "no RSA key to seal messages for, and no challenge",
                        "--challenge-file, or --key-type rsa:2048");
        spec.password = signer.challenge->view();
    }
    return scep::build_request(spec);
}

// The signature tells whose answer it is: each of those who may is tried.
Result<scep::Response> read(const ScepSession& session, const ScepSigner& signer,
                            pki::Bytes answer, const scep::ResponseRules& rules, bool rsa) {
    std::vector<pki::cms::RecipientKey> own;
    if (rsa) own.push_back({signer.certificate, signer.key});
    std::vector<pki::Secret> passwords;
    if (signer.challenge != nullptr) passwords.emplace_back(signer.challenge->view());
    std::optional<pki::Error> problem;
    for (const Buffer& der : session.ca.signers) {
        PKI_TRY(const x509::Certificate ra, x509::parse_certificate(der));
        auto response = scep::read_response(answer, ra, own, passwords, rules);
        if (response) return response;
        problem = response.error();
    }
    return *problem;
}

}  // namespace

Result<scep::Response> scep_exchange(ScepSession& session, const ScepSigner& signer,
                                     const ScepTask& task) {
    Nonce nonce{};
    PKI_CHECK(pki::ossl::random_bytes(nonce));
    PKI_TRY(const bool rsa, can_open(signer.certificate));
    PKI_TRY(const Buffer message, build(session, signer, task, nonce, rsa));
    PKI_TRY(const Buffer answer, scep_send(session.server, message, session.algorithms.post));
    const scep::ResponseRules rules{task.transaction_id, nonce, session.algorithms.hashes,
                                    session.algorithms.ciphers};
    return from_server(session.server.report, read(session, signer, answer, rules, rsa));
}

pki::Error scep_refusal(const scep::Response& response, Report& report) {
    if (response.status == scep::PkiStatus::pending) {
        report.errors_mean(Exit::pending);
        return fail(Errc::unavailable, "the request is pending",
                    "somebody has to approve it; see enroll scep poll");
    }
    std::string why(response.fail_info ? scep::name(*response.fail_info) : "no reason");
    report.set("fail_info", why);
    if (!response.fail_text.empty()) {
        report.set("fail_text", response.fail_text);
        why += ", " + response.fail_text;
    }
    return fail(Errc::denied, "the CA refuses", why);
}

}  // namespace enroll
