#include "libpki/cmp/check.h"

#include "libpki/x509/oids.h"

namespace pki::cmp {

namespace {

constexpr std::size_t kLeastNonce = 16;  // RFC 9483 3.1: at least 128 bits

// RFC 9810 7: 2 and 3 alone have the nonces and the certConf that everything rests on.
Status check_version(const Header& header) {
    if (header.pvno == 2 || header.pvno == 3) return {};
    return fail(Errc::unsupported, Reason::unsupported_version, "pvno is neither 2 nor 3");
}

Status check_transaction(const Message& message) {
    const Header& header = message.header;
    if (header.transaction_id && !header.transaction_id->empty()) return {};
    // Confirmed can only be what has a transaction.
    const Reason reason =
        message.type == BodyType::cert_conf ? Reason::bad_request : Reason::bad_data_format;
    return fail(Errc::malformed, reason, "there is no transactionID");
}

// Of a transaction; a nested message has the nonces of the one that is in it (RFC 9483 5.2.2).
bool is_first(BodyType type) {
    switch (type) {
        case BodyType::ir:
        case BodyType::cr:
        case BodyType::p10cr:
        case BodyType::kur:
        case BodyType::rr:
        case BodyType::genm: return true;
        default: return false;
    }
}

Status check_nonces(const Message& message) {
    const Header& header = message.header;
    if (!header.sender_nonce || header.sender_nonce->size() < kLeastNonce)
        return fail(Errc::malformed, Reason::bad_sender_nonce,
                    "senderNonce has less than 16 octets");
    // It repeats a nonce of ours, and we have given none yet.
    if (is_first(message.type) && header.recip_nonce && !header.recip_nonce->empty())
        return fail(Errc::malformed, Reason::bad_recipient_nonce,
                    "the first message of a transaction has a recipNonce");
    return {};
}

Status check_time(const Header& header, const HeaderRules& rules) {
    if (!header.message_time)
        return rules.require_time
                   ? fail(Errc::malformed, Reason::bad_time, "there is no messageTime")
                   : Status();
    if (rules.clock_skew == 0) return {};
    const std::int64_t off = *header.message_time - rules.now;
    if (off >= -rules.clock_skew && off <= rules.clock_skew) return {};
    return fail(Errc::malformed, Reason::bad_time, "messageTime is too far from ours");
}

Error not_the_signer(const char* text) {
    return fail(Errc::bad_signature, Reason::bad_message_check, text);
}

Status check_name(const Header& header, const x509::Certificate& certificate) {
    const Bytes name = directory_name(header.sender);
    if (name.empty()) return not_the_signer("sender is no directoryName");
    const auto sender = x509::parse_name(name);
    if (!sender) return not_the_signer("sender is no name");
    return x509::same_name(*sender, certificate.tbs.subject)
               ? Status()
               : not_the_signer("sender is not the subject of the signer");
}

}  // namespace

Status check_header(const Message& message, const HeaderRules& rules) {
    PKI_CHECK(check_version(message.header));
    if (message.header.problem) return *message.header.problem;
    PKI_CHECK(check_transaction(message));
    PKI_CHECK(check_nonces(message));
    return check_time(message.header, rules);
}

Status check_sender(const Header& header, const x509::Certificate& certificate) {
    PKI_CHECK(check_name(header, certificate));
    const auto* extension = certificate.tbs.extensions.find(x509::oid::kSubjectKeyIdentifier);
    if (extension == nullptr) return {};
    const auto identifier = x509::parse_subject_key_identifier(extension->value);
    if (!identifier) return not_the_signer("the signer's key identifier cannot be read");
    if (!header.sender_kid) return not_the_signer("there is no senderKID");
    return equal(*header.sender_kid, *identifier)
               ? Status()
               : not_the_signer("senderKID is not the signer's key identifier");
}

Result<x509::Certificate> find_signer(const Message& message) {
    std::optional<Error> first;
    for (const Bytes der : message.extra_certs) {
        auto certificate = x509::parse_certificate(der);
        const Status named =
            certificate ? check_sender(message.header, *certificate)
                        : Status(not_the_signer("the signer's certificate cannot be read"));
        if (named) return *std::move(certificate);
        if (!first) first = named.error();
    }
    if (!first) return not_the_signer("extraCerts has no certificate of the signer");
    return *std::move(first);
}

}  // namespace pki::cmp
