// The issue path of IssueFixture with a person who decides, and clients who come again.
#pragma once

#include "libpki/wire/pending.h"
#include "signerd/poll.h"
#include "t/unit/issue_fixture.h"

namespace unit {

class ApprovalFixture : public IssueFixture {
   public:
    static constexpr std::int64_t kLifetime = kDay;

    ApprovalFixture() {
        admin.name = "operator";
        admin.role = signerd::Role::admin;
        config->profiles["device"].scep.emplace().open = true;
        rules().manual = true;
        rules().lifetime = kLifetime;
        rules().retry = 45;
    }
    signerd::ApprovalRules& rules() { return config->profiles["device"].approval; }

    // The rules of a configuration that was read again.
    void reload() { generation = *signerd::make_generation(2, config); }

    // As far as the key child or the committer; the id of the request is the result.
    std::uint64_t start(std::uint64_t request, bool approve, std::string_view reason = {}) {
        const std::uint64_t id = ++last_;
        const auto frame =
            *pki::wire::encode(pki::wire::RequestDecideRequest{request, approve, reason}, id);
        issuer.decide({generation, &admin, *pki::wire::parse_frame(frame), {8, id}});
        return id;
    }
    std::uint64_t decide(std::uint64_t request, bool approve, std::string_view reason = {}) {
        const std::uint64_t id = start(request, approve, reason);
        finish();
        return id;
    }

    static pki::wire::IssueRequest scep_request(const pki::Buffer& csr) {
        pki::wire::IssueRequest made = request(csr);
        made.protocol = pki::wire::Protocol::scep;
        made.idempotency_key = "t-1";
        made.transaction = "T-1";
        return made;
    }
    // Of the client that sent scep_request(csr).
    pki::Result<pki::Buffer> poll(const pki::Buffer& csr, std::string_view key = "t-1",
                                  bool want_chain = false) {
        const auto parsed = *pki::x509::parse_csr(csr);
        const pki::ossl::Sha256 spki = pki::ossl::sha256(parsed.spki.encoding);
        pki::wire::PollRequest asked;
        asked.profile = "device";
        asked.protocol = pki::wire::Protocol::scep;
        asked.idempotency_key = key;
        asked.spki_sha256 = spki;
        asked.want_chain = want_chain;
        return poll(asked);
    }
    pki::Result<pki::Buffer> poll(const pki::wire::PollRequest& asked) {
        const auto frame = *pki::wire::encode(asked, 1);
        return signerd::poll(*store, clock.seconds,
                             {generation, &peer, *pki::wire::parse_frame(frame), {7, 1}});
    }

    // "pending 1", "issued", "replayed", "json", or code and text of an error.
    static std::string said(const pki::Buffer& bytes) {
        const auto frame = *pki::wire::parse_frame(bytes);
        if (const auto pending = pki::wire::decode<pki::wire::PendingReply>(frame))
            return "pending " + std::to_string(pending->request);
        if (const auto issued = pki::wire::decode<pki::wire::IssueReply>(frame))
            return issued->replayed ? "replayed" : "issued";
        if (pki::wire::decode<pki::wire::JsonReply>(frame)) return "json";
        const auto error = pki::wire::decode<pki::wire::ErrorReply>(frame);
        if (!error) return "malformed";
        return std::string(pki::name(error->code)) + ": " + std::string(error->text);
    }
    std::string said(std::uint64_t id) const {
        const auto frame = replies.frames.find(id);
        return frame == replies.frames.end() ? "nothing" : said(frame->second);
    }
    static std::string said(const pki::Result<pki::Buffer>& answer) {
        return answer ? said(*answer)
                      : std::string(pki::name(answer.error().code)) + ": " +
                            answer.error().message();
    }

    // "pending", "allow: request 1 approved by operator", one for each audit record.
    std::vector<std::string> log() {
        std::vector<std::string> lines;
        for (const auto& row : audit())
            lines.push_back(std::string(name(row.decision)) + ": " + std::string(row.detail));
        return lines;
    }

    signerd::Peer admin;

   private:
    std::uint64_t last_ = 1000;  // apart from those of IssueFixture
};

}  // namespace unit
