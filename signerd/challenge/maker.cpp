#include "signerd/challenge/maker.h"

#include "libpki/base/time.h"
#include "signerd/audit.h"
#include "signerd/challenge/hmac.h"
#include "signerd/json_writer.h"
#include "signerd/reply.h"

namespace signerd {

namespace wire = pki::wire;
using pki::Errc;
using pki::fail;

struct ChallengeMaker::Job {
    std::shared_ptr<const Generation> generation;
    ReplyTo to;
    std::int64_t received = 0;  // microseconds since 1970
    Decided decided;            // the writer reads it until it has committed
    pki::Buffer answer;         // a frame

    std::int64_t now() const { return received / kMicroseconds; }
};

namespace {

constexpr std::int64_t kMaxLifetime = std::int64_t{365} * 24 * 3600;

const HmacChallenge* as_hmac(const ChallengePtr& challenge) {
    return dynamic_cast<const HmacChallenge*>(challenge.get());
}

// Of those that the profile takes: a token of another one would be of no use.
pki::Result<const HmacChallenge*> find_challenge(const Profile& profile,
                                                 std::string_view name) {
    const HmacChallenge* found = nullptr;
    if (profile.scep)
        for (const ChallengePtr& challenge : profile.scep->challenges) {
            const HmacChallenge* const hmac = as_hmac(challenge);
            if (hmac == nullptr || (!name.empty() && hmac->name() != name)) continue;
            if (found != nullptr)
                return fail(Errc::conflict,
                            "the profile has several such challenges, name one");
            found = hmac;
        }
    if (found == nullptr)
        return fail(Errc::not_found, "the profile has no such challenge of type hmac",
                    std::string(name));
    return found;
}

pki::Result<std::int64_t> lifetime_of(const HmacChallenge& challenge, std::uint32_t asked) {
    if (asked > kMaxLifetime) return fail(Errc::denied, "a lifetime of more than a year");
    return asked != 0 ? asked : challenge.rules().lifetime;
}

pki::Buffer answer_of(const std::string& token, std::int64_t expires, std::uint64_t id) {
    const JsonPtr json(json_object());
    put(json.get(), "challenge", token);
    put(json.get(), "expires", pki::format_iso8601(expires));
    const std::string text = json_text(json.get());
    return reply_frame(wire::JsonReply{pki::as_bytes(text)}, id);
}

}  // namespace

void ChallengeMaker::create(const Request& request) {
    const auto asked = wire::decode<wire::ChallengeCreateRequest>(request.frame);
    if (!asked) return replies_.send(request.to, error_frame(asked.error(), request.to.id));
    const auto job = std::make_shared<Job>();
    job->generation = request.generation;
    job->to = request.to;
    job->received = clock_.now();
    job->decided.audit = record_challenge(
        {job->received, request.generation->config->id, {}, request.peer->name}, *asked);
    if (const auto status = make(*job, *asked); !status) {
        record_refusal(job->decided.audit, status.error());
        job->answer = error_frame(status.error(), job->to.id);
    }
    commit(job);
}

pki::Status ChallengeMaker::make(Job& job, const wire::ChallengeCreateRequest& asked) const {
    const Profile* const profile = job.generation->profile(asked.profile);
    if (profile == nullptr) return fail(Errc::not_found, "no such profile");
    job.decided.audit.tenant = job.generation->ca(*profile).tenant;
    PKI_TRY(const HmacChallenge* const challenge, find_challenge(*profile, asked.challenge));
    const std::string& key = challenge->rules().keys.front().id;
    identify_by(job.decided.audit, challenge->name(), key);
    PKI_TRY(const std::int64_t lifetime, lifetime_of(*challenge, asked.lifetime));
    const std::int64_t expires = job.now() + lifetime;
    PKI_TRY(const std::string token,
            challenge->make({asked.version, expires, asked.profile, asked.subject}));
    record_allow(job.decided.audit, {}, "good until " + pki::format_iso8601(expires));
    job.answer = answer_of(token, expires, job.to.id);
    return {};
}

void ChallengeMaker::commit(const JobPtr& job) {
    committer_.commit(job->decided, [this, job](const pki::Status& status) {
        const pki::Error away = fail(Errc::unavailable, "not recorded");
        replies_.send(job->to, status ? std::move(job->answer) : error_frame(away, job->to.id));
    });
}

}  // namespace signerd
