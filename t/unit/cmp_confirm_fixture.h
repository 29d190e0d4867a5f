// CmpFixture with what comes after the first message: certConf, pollReq, and the time.
#pragma once

#include "signerd/confirm.h"
#include "signerd/confirm_sweep.h"
#include "t/unit/cmp_issue_fixture.h"

#include "t/unit/unit.h"

namespace unit {

// Of a certificate that make_ca() signed: ECDSA with SHA-256.
struct Conf {
    bool empty = false;
    bool accepted = true;
    std::int64_t cert_req_id = -1;
    pki::Buffer cert_hash = {};
    std::uint8_t hash = 0;
    std::string reason = {};
    bool gave_up = false;
};

class ConfirmFixture : public CmpFixture {
   public:
    // The certificate of a first message, and the one that confirms it.
    pki::Buffer enrolled(const Sent& sent = {}) {
        return CmpFixture::certificate(send(make_csr(), sent));
    }
    static Sent second() {
        return {.message = "second",
                .recip_nonce = "nonce-of-answer-1",
                .sender_nonce = "nonce-of-answer-2"};
    }
    static Conf conf(const pki::Buffer& certificate, bool accepted = true) {
        return {.accepted = accepted,
                .cert_hash = pki::to_buffer(pki::ossl::sha256(certificate))};
    }
    std::uint64_t start_confirm(const Conf& conf, const Sent& sent) {
        const pki::Buffer turn = sent.turn();
        const pki::Buffer originator = sent.originator();
        pki::wire::ConfirmRequest asked;
        asked.profile = sent.profile;
        asked.other_profiles = sent.other_profiles();
        asked.turn = turn;
        asked.originator = originator;
        asked.client_address = "192.0.2.1";
        asked.transaction = "74782d31";
        asked.empty = conf.empty;
        asked.cert_req_id = conf.cert_req_id;
        asked.cert_hash = conf.cert_hash;
        asked.hash = conf.hash;
        asked.accepted = conf.accepted;
        asked.reason = conf.reason;
        asked.gave_up = conf.gave_up;
        const std::uint64_t id = ++last_;
        const pki::Buffer frame = *pki::wire::encode(asked, id);
        confirmer.confirm({generation, &peer, *pki::wire::parse_frame(frame), {9, id}});
        return id;
    }
    std::uint64_t confirm(const Conf& conf, const Sent& sent = second()) {
        const std::uint64_t id = start_confirm(conf, sent);
        finish();
        return id;
    }
    std::uint64_t poll(const Sent& sent, std::int64_t cert_req_id = -1) {
        const pki::Buffer turn = sent.turn();
        const pki::Buffer originator = sent.originator();
        pki::wire::PollRequest asked;
        asked.profile = sent.profile;
        asked.other_profiles = sent.other_profiles();
        asked.protocol = pki::wire::Protocol::cmp;
        asked.turn = turn;
        asked.originator = originator;
        asked.cert_req_id = cert_req_id;
        const std::uint64_t id = ++last_;
        const pki::Buffer frame = *pki::wire::encode(asked, id);
        confirmer.poll({generation, &peer, *pki::wire::parse_frame(frame), {9, id}});
        finish();
        return id;
    }
    // "done", "done again", or as refusal() has it.
    std::string outcome(std::uint64_t id) {
        if (!replies.frames.contains(id)) return "nothing";
        const auto reply = pki::wire::decode<pki::wire::TransactionReply>(
            *pki::wire::parse_frame(replies.frames.at(id)));
        if (!reply) return refusal(id);
        return reply->replayed ? "done again" : "done";
    }
    signerd::TransactionState state(const Sent& sent = {}) {
        const auto found = *store->find_transaction(
            signerd::transaction_key("demo", sent.profile, pki::as_bytes(sent.transaction)));
        assert_true(found.has_value());
        return found->state;
    }
    std::optional<signerd::Revocation> revocation(std::uint64_t row = 1) {
        return store->list_certificates({.after = row - 1})->at(0).revocation;
    }

    // Runs what the sweep put off, once; what that puts off is for the next time.
    void pass(int times = 1) {
        for (int i = 0; i < times; i++) {
            for (auto& action : std::exchange(later, {})) action();
            finish();
        }
    }

    int revoked = 0;
    signerd::Revoker revoker{clock, *store, committer, replies, [this] { revoked++; }};
    signerd::Confirmer confirmer{clock,  *store, committer, replies, issuer.transactions(),
                                 revoker};
    std::vector<std::function<void()>> later;
    signerd::ConfirmSweep sweep{
        clock,     *store,
        committer, issuer.transactions(),
        revoker,   [this](auto, auto action) { later.push_back(std::move(action)); }};

   private:
    std::uint64_t last_ = 5000;  // apart from those of ApprovalFixture
};

}  // namespace unit
