// The issue path, and tokens that an operator has made for its clients.
#pragma once

#include "libpki/wire/token.h"
#include "signerd/json_reader.h"
#include "signerd/token_maker.h"
#include "t/unit/approval_fixture.h"
#include "t/unit/unit.h"

namespace unit {

class TokenFixture : public ApprovalFixture {
   public:
    TokenFixture() {
        rules().manual = false;
        config->profiles["user"] = config->profiles["device"];
        config->profiles["user"].rules.name = "user";
    }

    static pki::wire::TokenCreateRequest asked(bool once = false) {
        static constexpr std::string_view kDevice = "device";
        pki::wire::TokenCreateRequest made;
        made.profiles = {pki::as_bytes(kDevice)};
        made.once = once;
        if (!once) made.lifetime = kHour;
        return made;
    }

    // As far as the committer; the id of the request is the result.
    template <class M>
    std::uint64_t tell(const M& message) {
        const std::uint64_t id = ++last_;
        const pki::Buffer frame = *pki::wire::encode(message, id);
        if (!generation) generation = *signerd::make_generation(1, config);
        const signerd::Request request{
            generation, &admin, *pki::wire::parse_frame(frame), {8, id}};
        if constexpr (std::is_same_v<M, pki::wire::TokenCreateRequest>)
            tokens.create(request);
        else
            tokens.revoke(request);
        return id;
    }
    // The answer to it, as JSON.
    signerd::JsonPtr json(std::uint64_t id) {
        const auto reply = pki::wire::decode<pki::wire::JsonReply>(
            *pki::wire::parse_frame(replies.frames.at(id)));
        assert_ok(reply);
        auto made = signerd::parse_json(pki::as_text(reply->json), "answer");
        assert_ok(made);
        return *std::move(made);
    }
    std::string member(std::uint64_t id, const char* name) {
        const signerd::JsonPtr answer = json(id);
        const char* text = json_string_value(json_object_get(answer.get(), name));
        return text == nullptr ? "none" : text;
    }
    // The token itself.
    std::string make(const pki::wire::TokenCreateRequest& request) {
        const std::uint64_t id = tell(request);
        finish();
        return member(id, "token");
    }
    void revoke(std::uint64_t number) {
        pki::wire::TokenRevokeRequest request;
        request.id = number;
        tell(request);
        finish();
    }

    // What said() tells of an enrolment with it.
    std::string enrol(const std::string& token, const pki::Buffer& csr,
                      std::string_view profile = "device") {
        return said(issue(request_with(token, csr, profile)));
    }
    pki::wire::IssueRequest request_with(const std::string& token, const pki::Buffer& csr,
                                         std::string_view profile = "device") {
        pki::wire::IssueRequest made = request(csr);
        made.profile = profile;
        hashes_.push_back(pki::ossl::sha256(pki::as_bytes(token)));
        made.token_sha256 = hashes_.back();
        return made;
    }
    std::string detail() { return std::string(audit().back().detail); }

    signerd::TokenMaker tokens{clock, *store, committer, replies};

   private:
    std::uint64_t last_ = 2000;  // apart from those of the others
    std::deque<pki::ossl::Sha256> hashes_;
};

}  // namespace unit
