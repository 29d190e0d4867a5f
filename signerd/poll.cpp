#include "signerd/poll.h"

#include "libpki/wire/pending.h"
#include "signerd/approval.h"
#include "signerd/issue_revoked.h"
#include "signerd/peer.h"
#include "signerd/reply.h"
#include "signerd/stored.h"

namespace signerd {

namespace wire = pki::wire;
namespace x509 = pki::x509;
using pki::Errc;
using pki::fail;

namespace {

pki::Error unknown() { return fail(Errc::not_found, "no such request"); }

pki::Status check(const wire::PollRequest& asked) {
    if (asked.protocol == wire::Protocol::none || asked.idempotency_key.empty())
        return fail(Errc::malformed, "poll: protocol or idempotency key missing");
    if (asked.signer_certificate.empty() &&
        asked.spki_sha256.size() != sizeof(pki::ossl::Sha256))
        return fail(Errc::malformed, "poll: spki_sha256 is no SHA-256");
    return {};
}

// The signer of a renewal is in the key of its request, and holds another key.
bool is_for(const wire::PollRequest& asked, const pki::ossl::Sha256& spki_sha256) {
    return !asked.signer_certificate.empty() || pki::equal(spki_sha256, asked.spki_sha256);
}

// The key of an IssueRequest with these parts.
RequestKey key_of(std::string_view tenant, const wire::PollRequest& asked) {
    wire::IssueRequest request;
    request.profile = asked.profile;
    request.protocol = asked.protocol;
    request.idempotency_key = asked.idempotency_key;
    request.client_certificate = asked.client_certificate;
    request.signer_certificate = asked.signer_certificate;
    if (!asked.client_certificate.empty()) request.credential = wire::Credential::certificate;
    return request_key(tenant, request, {});
}

// As the issue path does it: a client whose certificate is revoked is nobody.
pki::Status check_client(Store& store, pki::Bytes certificate) {
    if (certificate.empty()) return {};
    PKI_TRY(const auto shown, x509::parse_certificate(certificate));
    PKI_TRY(const auto objection, object_to_client(store, shown));
    if (objection) return *objection;
    return {};
}

// nullopt when no certificate answers; not_found when it is one for another key.
pki::Result<std::optional<CertificateRecord>> find_issued(Store& store, const RequestKey& key,
                                                          const wire::PollRequest& asked,
                                                          const Generation& generation,
                                                          std::int64_t window,
                                                          std::int64_t now) {
    PKI_TRY(const auto answer, store.find_answer(key.key));
    if (!answer || !answer_is_current(*answer, key.given, now, window))
        return std::optional<CertificateRecord>();
    PKI_TRY(auto record, store.find_certificate(answer->ca, answer->serial));
    if (!record) return damaged("an answer without its certificate", answer->serial);
    PKI_TRY(const auto certificate, x509::parse_certificate(record->der));
    const auto& spki = certificate.tbs.spki;
    if (!is_for(asked, pki::ossl::sha256(spki.encoding))) return unknown();
    PKI_CHECK(check_stored(*record, spki, generation));
    if (record->not_after <= now || record->revocation)
        return std::optional<CertificateRecord>();
    return record;
}

pki::Result<pki::Buffer> issued(const CertificateRecord& record, bool want_chain,
                                const Request& request) {
    wire::IssueReply reply;
    reply.certificate = record.der;
    reply.replayed = true;
    if (want_chain) {
        const auto& cas = request.generation->config->cas;
        const auto ca = cas.find(record.ca);
        if (ca == cas.end()) return unknown();
        reply.chain = {ca->second.chain.begin(), ca->second.chain.end()};
    }
    return wire::encode(reply, request.to.id);
}

pki::Result<pki::Buffer> waiting(const PendingRequest& kept, const wire::PollRequest& asked,
                                 const ApprovalRules& rules, const Request& request,
                                 std::int64_t now) {
    if (!is_for(asked, kept.spki_sha256) || kept.expired(now)) return unknown();
    switch (kept.state) {
        case PendingState::waiting: break;
        case PendingState::issued: return unknown();  // that certificate is no answer any more
        case PendingState::denied: return without_detail(denied_by_person(kept));
    }
    return wire::encode(wire::PendingReply{kept.id, rules.retry}, request.to.id);
}

}  // namespace

pki::Result<pki::Buffer> poll(Store& store, std::int64_t now, const Request& request) {
    PKI_TRY(const auto asked, wire::decode<wire::PollRequest>(request.frame));
    PKI_CHECK(check(asked));
    const Profile* profile = request.generation->profile(asked.profile);
    if (profile == nullptr || !may_use(*request.peer, asked.profile))
        return fail(Errc::not_found, "no such profile");
    PKI_CHECK(check_client(store, asked.client_certificate));
    PKI_CHECK(check_client(store, asked.signer_certificate));
    const Ca& ca = request.generation->issuing_ca(*profile, now);
    const RequestKey key = key_of(ca.tenant, asked);
    const std::int64_t window =
        asked.idempotency_window != 0 ? asked.idempotency_window : profile->idempotency_window;
    PKI_TRY(const auto certificate,
            find_issued(store, key, asked, *request.generation, window, now));
    if (certificate) return issued(*certificate, asked.want_chain, request);
    PKI_TRY(const auto kept, store.find_request(key.key));
    if (!kept) return unknown();
    return waiting(*kept, asked, profile->approval, request, now);
}

}  // namespace signerd
