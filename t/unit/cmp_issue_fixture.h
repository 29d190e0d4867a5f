// The issue path for CMP: messages of a client with the secret "factory", or with a
// certificate.
#pragma once

#include "libpki/wire/transaction.h"
#include "t/unit/approval_fixture.h"

#include "t/unit/unit.h"

namespace unit {

// One message: `number` makes its transaction, `message` its bytes.
struct Sent {
    std::string transaction = "transaction-0001";
    std::string message = "first";
    std::string recip_nonce = {};
    std::string sender_nonce = "nonce-of-answer-1";  // ours, for the answer
    std::string reference = "factory";               // of the secret
    pki::Buffer certificate = {};                    // in the place of that
    bool ra = false;
    std::string profile = "device";
    std::vector<std::string> others = {};  // other_profiles, of a message that comes later

    pki::Buffer turn() const {
        const pki::ossl::Sha256 hash = pki::ossl::sha256(pki::as_bytes(message));
        return *pki::wire::encode_turn({pki::as_bytes(transaction), hash,
                                        pki::as_bytes(recip_nonce),
                                        pki::as_bytes(sender_nonce)});
    }
    std::vector<pki::Bytes> other_profiles() const {
        std::vector<pki::Bytes> names;
        for (const std::string& name : others) names.push_back(pki::as_bytes(name));
        return names;
    }
    pki::Buffer originator() const {
        pki::wire::Originator made;
        made.ra = ra;
        if (certificate.empty()) {
            made.credential = pki::wire::Credential::mac;
            made.name = reference;
        } else {
            made.credential = pki::wire::Credential::certificate;
            made.signer_certificate = certificate;
        }
        return *pki::wire::encode_originator(made);
    }
};

class CmpFixture : public ApprovalFixture {
   public:
    CmpFixture() {
        rules().manual = false;
        cmp().names = signerd::CmpNames::any;
    }
    signerd::CmpRules& cmp() {
        auto& found = config->profiles["device"].cmp;
        if (!found) found.emplace();
        return *found;
    }

    std::uint64_t start(const pki::Buffer& csr, const Sent& sent,
                        pki::wire::RequestForm form = pki::wire::RequestForm::pkcs10,
                        bool implicit = false) {
        const pki::Buffer turn = sent.turn();
        const pki::Buffer originator = sent.originator();
        pki::wire::IssueRequest made = request(csr);
        made.profile = sent.profile;
        made.protocol = pki::wire::Protocol::cmp;
        made.form = form;
        made.turn = turn;
        made.originator = originator;
        made.transaction = "74782d31";
        made.implicit_confirm = implicit;
        return begin(made);
    }
    std::uint64_t send(const pki::Buffer& csr, const Sent& sent,
                       pki::wire::RequestForm form = pki::wire::RequestForm::pkcs10,
                       bool implicit = false) {
        const std::uint64_t id = start(csr, sent, form, implicit);
        finish();
        return id;
    }
    // "conflict transaction_id_in_use"-like: code, reason as its number.
    std::string refusal(std::uint64_t id) {
        const auto error = replies.error(id);
        if (!error) return "no error";
        return std::string(pki::name(error->code)) + " " +
               std::to_string(static_cast<int>(error->reason));
    }
    std::string nonce(std::uint64_t id) {
        const auto frame = *pki::wire::parse_frame(replies.frames.at(id));
        if (const auto reply = pki::wire::decode<pki::wire::IssueReply>(frame))
            return std::string(pki::as_text(reply->sender_nonce));
        if (const auto reply = pki::wire::decode<pki::wire::PendingReply>(frame))
            return std::string(pki::as_text(reply->sender_nonce));
        if (const auto reply = pki::wire::decode<pki::wire::TransactionReply>(frame))
            return std::string(pki::as_text(reply->sender_nonce));
        return "none";
    }
    pki::Buffer certificate(std::uint64_t id) {
        const auto reply = replies.issued(id);
        assert_ok(reply);
        return pki::to_buffer(reply->certificate);
    }
};

// "code reason" as CmpFixture::refusal() has it.
inline std::string refused(pki::Errc code, pki::Reason reason = pki::Reason::none) {
    return std::string(pki::name(code)) + " " + std::to_string(static_cast<int>(reason));
}

}  // namespace unit
