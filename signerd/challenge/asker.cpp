#include "signerd/challenge/asker.h"

#include "libpki/base/base64.h"
#include "libpki/ossl/digest.h"
#include "libpki/x509/cert.h"

namespace signerd {

namespace x509 = pki::x509;

namespace {

// A UUID of version 4 (RFC 4122 4.4), by which receivers know an event that they had before.
pki::Result<std::string> new_event_id() {
    std::array<std::uint8_t, 16> octets{};
    PKI_CHECK(pki::ossl::random_bytes(octets));
    octets[6] = static_cast<std::uint8_t>((octets[6] & 0x0f) | 0x40);
    octets[8] = static_cast<std::uint8_t>((octets[8] & 0x3f) | 0x80);
    std::string text = pki::hex_encode(octets);
    for (const std::size_t dash : {8, 13, 18, 23}) text.insert(dash, 1, '-');
    return text;
}

// What a question looks into.
struct Texts {
    std::string id;
    std::string subject;
    std::vector<std::string> sans;
    std::string serial;
    std::string issuer;
    std::string reason;
};

pki::Result<OutsideQuestion> make_question(const Challenge& challenge,
                                           const Presented& presented, std::int64_t now,
                                           Texts& texts) {
    PKI_TRY(texts.id, new_event_id());
    texts.subject = x509::name_text(presented.csr->subject);
    if (presented.csr->san)
        for (const x509::GeneralName& name : presented.csr->san->names)
            texts.sans.push_back(x509::general_name_text(name));
    OutsideQuestion question;
    question.challenge = challenge.name();
    question.id = texts.id;
    question.time = now;
    question.profile = presented.profile;
    question.transaction = presented.transaction;
    question.client_address = presented.client_address;
    question.subject = texts.subject;
    for (const std::string& san : texts.sans) question.sans.push_back(pki::as_bytes(san));
    question.csr = presented.csr->encoding;
    return question;
}

pki::Status put_certificate(OutsideQuestion& question, pki::Bytes der, Texts& texts) {
    PKI_TRY(const auto certificate, x509::parse_certificate(der));
    texts.serial = x509::serial_text(certificate.tbs);
    texts.issuer = x509::name_text(certificate.tbs.issuer);
    question.event = OutsideEvent::issued;
    question.serial = texts.serial;
    question.issuer = texts.issuer;
    question.certificate = der;
    question.not_after = certificate.tbs.not_after;
    return {};
}

void put_error(OutsideQuestion& question, const pki::Error& error, Texts& texts) {
    texts.reason = outside_reason(error.message());
    question.event = OutsideEvent::failed;
    question.reason = texts.reason;
    question.code = static_cast<std::uint8_t>(error.code);
}

pki::Result<Finding> finding_of(const pki::Status& verdict) {
    Finding finding;
    finding.verdict = Verdict::accepted;
    if (verdict) return finding;
    if (verdict.error().code != pki::Errc::unauthenticated) return verdict.error();
    finding.verdict = Verdict::refused;
    finding.cause = verdict.error().message();
    return finding;
}

}  // namespace

void OutsideAsker::ask(const Challenge& challenge, const Presented& presented, Done done) {
    if (presented.password.size() > kOutsideChallenge)
        return done(Finding{Verdict::refused, "too long", {}, {}});
    Texts texts;
    auto question = make_question(challenge, presented, clock_.now() / kMicroseconds, texts);
    if (!question) return done(question.error());
    question->password = pki::as_bytes(presented.password);
    client_.ask(*question, [done = std::move(done)](const pki::Status& verdict) {
        done(finding_of(verdict));
    });
}

// As far as it goes: nobody waits for this, and the decision stands.
void OutsideAsker::tell(const Challenge& challenge, const Presented& presented,
                        const Outcome& outcome) {
    Texts texts;
    auto question = make_question(challenge, presented, clock_.now() / kMicroseconds, texts);
    if (!question) return;
    if (outcome.error != nullptr)
        put_error(*question, *outcome.error, texts);
    else if (!put_certificate(*question, outcome.certificate, texts))
        return;
    client_.tell(*question);
}

}  // namespace signerd
