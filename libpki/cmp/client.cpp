#include "libpki/cmp/client.h"

#include <algorithm>

#include "libpki/cmp/check.h"

namespace pki::cmp {

namespace {

Error not_ours(const char* text) { return fail(Errc::bad_signature, text); }

// RFC 9810 5.1.1: an answer to this message, and to no other one.
Status check_answers(const Header& header, const AnswerRules& rules) {
    if (!equal(*header.transaction_id, rules.transaction_id))
        return not_ours("CMP: the answer is to another transaction");
    if (!header.recip_nonce || !equal(*header.recip_nonce, rules.nonce))
        return not_ours("CMP: the answer is to another message");
    return {};
}

// RFC 9483 4: what may come back. A request that waits is answered as what it is once it is
// decided, so a pollReq has the answers of all.
bool may_answer(BodyType request, BodyType answer) {
    if (answer == BodyType::error) return true;
    switch (request) {
        case BodyType::ir: return answer == BodyType::ip;
        case BodyType::cr:
        case BodyType::p10cr: return answer == BodyType::cp;
        case BodyType::kur: return answer == BodyType::kup;
        case BodyType::rr: return answer == BodyType::rp;
        case BodyType::genm: return answer == BodyType::genp;
        case BodyType::cert_conf: return answer == BodyType::pkiconf;
        case BodyType::poll_req:
            return answer == BodyType::poll_rep || answer == BodyType::ip ||
                   answer == BodyType::cp || answer == BodyType::kup;
        default: return false;
    }
}

Status verify_mac_of(const Message& message, const Protection& protection,
                     const AnswerRules& rules) {
    if (rules.secret.empty()) return not_ours("CMP: a MAC where a signature is due");
    PKI_CHECK(check_mac(protection.mac, rules.mac));
    PKI_TRY(const Secret key, derive_mac_key(protection.mac, rules.secret));
    return verify_mac(message, protection.mac, key.view());
}

Result<x509::Certificate> signer_of(const Message& message, const AnswerRules& rules) {
    auto found = find_signer(message);
    if (found || rules.server_certificate.empty()) return found;
    PKI_TRY(x509::Certificate known, x509::parse_certificate(rules.server_certificate));
    PKI_CHECK(check_sender(message.header, known));
    return known;
}

Status verify_protection(Answer& answer, const AnswerRules& rules) {
    PKI_TRY(const Protection protection, parse_protection(answer.message));
    switch (protection.kind) {
        case ProtectionKind::none: return not_ours("CMP: the answer is not protected");
        case ProtectionKind::pbm:
        case ProtectionKind::pbmac1: return verify_mac_of(answer.message, protection, rules);
        case ProtectionKind::signature: break;
    }
    // Errors alone: a server that did not find the secret has no other way to protect them.
    if (!rules.secret.empty() && answer.message.type != BodyType::error)
        return not_ours("CMP: a signature where a MAC is due");
    PKI_TRY(const x509::Certificate signer, signer_of(answer.message, rules));
    PKI_CHECK(verify_signature(answer.message, protection.scheme, signer.tbs.spki));
    answer.signer = signer;
    return {};
}

Result<CertificateAnswer> read_error_answer(const Message& message) {
    PKI_TRY(ErrorContent error, parse_error(message.body));
    CertificateAnswer answer;
    answer.status = std::move(error.status);
    if (answer.status.text.empty()) answer.status.text = error.details;
    // Whatever it says, nothing in an error is good, and we wait for certificates alone.
    answer.status.status = PkiStatus::rejection;
    return answer;
}

Result<CertificateAnswer> read_poll_answer(const Message& message, std::int64_t id) {
    PKI_TRY(PollRep reply, parse_poll_rep(message.body));
    if (reply.id != id) return fail(Errc::malformed, "CMP: pollRep about another certReqId");
    CertificateAnswer answer;
    answer.status = {.status = PkiStatus::waiting, .text = std::move(reply.reason)};
    answer.check_after = reply.check_after;
    return answer;
}

Result<CertificateAnswer> read_response(const Message& message, std::int64_t id) {
    PKI_TRY(const CertRep rep, parse_cert_rep(message.body));
    if (rep.responses.size() != 1 || rep.responses[0].id != id)
        return fail(Errc::malformed, "CMP: the answer is about another certReqId");
    const CertResponse& response = rep.responses[0];
    CertificateAnswer answer;
    answer.status = response.status;
    answer.certificate = to_buffer(response.certificate);
    answer.private_key = to_buffer(response.private_key);
    for (const Bytes certificate : rep.ca_pubs)
        answer.ca_pubs.push_back(to_buffer(certificate));
    if (answer.accepted() && answer.certificate.empty())
        return fail(Errc::malformed, "CMP: accepted, and no certificate");
    // The warnings of a status are no answers to requests (RFC 9810 5.2.3).
    if (!answer.accepted() && !answer.waiting()) answer.status.status = PkiStatus::rejection;
    return answer;
}

}  // namespace

Result<Answer> read_answer(Bytes der, const AnswerRules& rules) {
    Answer answer;
    PKI_TRY(answer.message, parse_message(der));
    const BodyType type = answer.message.type;
    if (!may_answer(rules.request, type))
        return fail(Errc::malformed, "CMP: a body that is no answer to the request",
                    std::string(name(type)));
    const bool error = type == BodyType::error;
    Status status = check_header(answer.message, {});
    if (status) status = check_answers(answer.message.header, rules);
    if (status) status = verify_protection(answer, rules);
    if (!status && !error) return status.error();
    answer.unverified = !status;
    if (answer.unverified) answer.signer.reset();
    return answer;
}

Result<CertificateAnswer> read_certificate_answer(const Message& message, std::int64_t id) {
    switch (message.type) {
        case BodyType::ip:
        case BodyType::cp:
        case BodyType::kup: return read_response(message, id);
        case BodyType::poll_rep: return read_poll_answer(message, id);
        case BodyType::error: return read_error_answer(message);
        default: return fail(Errc::malformed, "CMP: no answer to a request for a certificate");
    }
}

Result<Bytes> read_general_answer(const Message& message, const std::vector<Bytes>& types) {
    PKI_TRY(const std::vector<Info> infos, parse_general(message.body));
    const auto wanted = [&](const Info& info) {
        return std::ranges::any_of(types, [&](Bytes type) { return equal(info.type, type); });
    };
    const auto found = std::ranges::find_if(infos, wanted);
    if (found == infos.end())
        return fail(Errc::not_found, "CMP: the server does not answer such a question");
    return found->value;
}

}  // namespace pki::cmp
