#include "signerd/token_maker.h"

#include <openssl/crypto.h>

#include "libpki/base/base64.h"
#include "libpki/base/secret.h"
#include "libpki/base/time.h"
#include "libpki/wire/token.h"
#include "signerd/audit.h"
#include "signerd/challenge/base64url.h"
#include "signerd/reply.h"

namespace signerd {

namespace wire = pki::wire;
using pki::Errc;
using pki::fail;

struct TokenMaker::Job {
    std::shared_ptr<const Generation> generation;
    ReplyTo to;
    Occasion occasion;  // its views look into the generation
    Token token;
    pki::Secret text;  // of a new one
    Decided decided;   // the writer reads it until it has committed

    AuditRecord& record() { return decided.audit; }
    std::int64_t now() const { return occasion.time / kMicroseconds; }
};

namespace {

constexpr std::size_t kRandom = 24;  // octets: 192 bits
constexpr std::int64_t kOnceLifetime = 3600;
constexpr std::int64_t kMaxLifetime = std::int64_t{365} * 24 * 3600;

pki::Result<pki::Secret> new_text() {
    pki::Secret random(kRandom);
    PKI_CHECK(pki::ossl::random_bytes(random.data()));
    std::string text = base64url_encode(random.view());
    pki::Secret secret(pki::as_bytes(text));
    OPENSSL_cleanse(text.data(), text.size());
    return secret;
}

// Who has it in his hands may not notice for long that it was stolen: it ends.
pki::Result<std::int64_t> lifetime_of(const wire::TokenCreateRequest& asked) {
    if (asked.lifetime > kMaxLifetime)
        return fail(Errc::denied, "a lifetime of more than a year");
    if (asked.lifetime != 0) return std::int64_t{asked.lifetime};
    if (asked.once) return kOnceLifetime;
    return fail(Errc::malformed, "a token that is good more than once needs a lifetime");
}

// One tenant's clients are nobody to another.
pki::Result<std::string> tenant_of(const Generation& generation, const Token& token) {
    if (token.profiles.empty()) return fail(Errc::malformed, "a token without a profile");
    std::string tenant;
    for (const std::string& name : token.profiles) {
        const Profile* const profile = generation.profile(name);
        if (profile == nullptr) return fail(Errc::not_found, "no such profile", name);
        const std::string& its = generation.ca(*profile).tenant;
        if (&name != &token.profiles.front() && its != tenant)
            return fail(Errc::denied, "profiles of several tenants");
        tenant = its;
    }
    return tenant;
}

Token token_of(const wire::TokenCreateRequest& asked) {
    Token token;
    token.name = asked.name;
    token.identity = asked.identity;
    token.once = asked.once;
    for (const pki::Bytes profile : asked.profiles)
        token.profiles.emplace_back(pki::as_text(profile));
    return token;
}

std::string detail_of(const Token& token) {
    std::string detail = "made, SHA-256 " + pki::hex_encode(token.sha256) + ", good ";
    if (token.once) detail += "once ";
    detail += "until " + pki::format_iso8601(token.expires) + " for";
    for (const std::string& profile : token.profiles) detail += ' ' + profile;
    return detail;
}

// The token needs no escapes. Where it stood is wiped, but for the frame, which is sent.
pki::Buffer frame_with(const pki::Secret& token, const std::string& json, std::uint64_t id) {
    std::string text = "{\"token\":\"";
    text.reserve(text.size() + token.size() + json.size() + 2);
    text.append(pki::as_text(token.view())).append("\",").append(json, 1);
    pki::Buffer frame = reply_frame(wire::JsonReply{pki::as_bytes(text)}, id);
    OPENSSL_cleanse(text.data(), text.size());
    return frame;
}

}  // namespace

TokenMaker::JobPtr TokenMaker::begin(const Request& request) const {
    auto job = std::make_shared<Job>();
    job->generation = request.generation;
    job->to = request.to;
    job->occasion = {clock_.now(), request.generation->config->id, {}, request.peer->name};
    job->record() = record_token(job->occasion, {});
    return job;
}

void TokenMaker::create(const Request& request) {
    const JobPtr job = begin(request);
    commit(job, make(*job, request));
}

pki::Status TokenMaker::make(Job& job, const Request& request) const {
    PKI_TRY(const auto asked, wire::decode<wire::TokenCreateRequest>(request.frame));
    Token& token = job.token = token_of(asked);
    token.created = job.now();
    token.created_by = request.peer->name;
    job.record() = record_token(job.occasion, token);
    PKI_TRY(job.record().tenant, tenant_of(*job.generation, token));
    PKI_TRY(const std::int64_t lifetime, lifetime_of(asked));
    token.expires = token.created + lifetime;
    PKI_TRY(job.text, new_text());
    token.sha256 = pki::ossl::sha256(job.text.view());
    record_allow(job.record(), {}, detail_of(token));
    job.decided.token = token;
    return {};
}

void TokenMaker::revoke(const Request& request) {
    const JobPtr job = begin(request);
    commit(job, prepare_revocation(*job, request));
}

pki::Status TokenMaker::prepare_revocation(Job& job, const Request& request) const {
    PKI_TRY(const auto asked, wire::decode<wire::TokenRevokeRequest>(request.frame));
    const std::string number = std::to_string(asked.id);
    const auto found = store_.find_token(asked.id);
    if (!found) return fail(Errc::unavailable, found.error().text);
    if (!*found) return fail(Errc::not_found, "no such token", number);
    job.token = **found;
    job.record() = record_token(job.occasion, job.token);
    const Profile* const profile = job.generation->profile(job.token.profiles.front());
    if (profile != nullptr) job.record().tenant = job.generation->ca(*profile).tenant;
    if (job.token.revoked) return fail(Errc::conflict, "the token is revoked already", number);
    record_allow(job.record(), {}, "token " + number + " revoked");
    job.decided.token_revocation = TokenRevocation{asked.id, job.now()};
    return {};
}

// An answer leaves when its record is durable, whatever it is.
void TokenMaker::commit(const JobPtr& job, const pki::Status& status) {
    if (!status) record_refusal(job->record(), status.error());
    committer_.commit(job->decided, [this, job, status](const pki::Status& done) {
        const std::uint64_t id = job->to.id;
        if (!done)
            return replies_.send(job->to,
                                 error_frame(fail(Errc::unavailable, "not recorded"), id));
        replies_.send(job->to, status ? answer_of(*job) : error_frame(status.error(), id));
    });
}

// Its number is the store's to give.
pki::Buffer TokenMaker::answer_of(const Job& job) const {
    const auto kept = job.decided.token ? store_.find_token(job.token.sha256)
                                        : store_.find_token(job.token.id);
    if (!kept || !*kept)
        return error_frame(fail(Errc::unavailable, "the token cannot be read"), job.to.id);
    const JsonPtr json = token_json(**kept, job.now());
    const std::string text = json_text(json.get());
    if (job.decided.token) return frame_with(job.text, text, job.to.id);
    return reply_frame(wire::JsonReply{pki::as_bytes(text)}, job.to.id);
}

}  // namespace signerd
