#include "signerd/idempotency.h"

#include "signerd/field_hash.h"

namespace signerd {

namespace {

using pki::ossl::Sha256;

// The credential's kind goes in before it: a user name is never taken for a certificate.
void add_identity(FieldHash& hash, const pki::wire::IssueRequest& request) {
    if (!request.signer_certificate.empty())
        hash.text("signer").bytes(request.signer_certificate);
    if (!request.token_sha256.empty()) hash.text("token").bytes(request.token_sha256);
    hash.octet(request.credential);
    switch (request.credential) {
        case pki::wire::Credential::basic: hash.text(request.credential_name); break;
        case pki::wire::Credential::certificate:
            hash.bytes(pki::ossl::sha256(request.client_certificate));
            break;
        case pki::wire::Credential::none:
        case pki::wire::Credential::unproven:
        case pki::wire::Credential::mac:               // in the originator of a CMP message
        case pki::wire::Credential::token:             // beside whatever else there is
        case pki::wire::Credential::challenge: break;  // no request has them
    }
}

}  // namespace

RequestKey request_key(std::string_view tenant, const pki::wire::IssueRequest& request,
                       const CsrHashes& hashes) {
    const bool named = !request.idempotency_key.empty();
    const bool transaction = named && request.protocol == pki::wire::Protocol::scep;
    RequestKey key;
    key.csr_sha256 = hashes.csr;
    key.spki_sha256 = hashes.spki;
    key.given = named && !transaction;
    key.by_public_key = transaction;

    FieldHash hash;
    hash.text(tenant).text(request.profile).octet(request.protocol);
    add_identity(hash, request);
    if (request.make_key) hash.text("made key");  // beside a certificate for a key of his own
    hash.octet(named);
    if (named)
        hash.text(request.idempotency_key);
    else
        hash.bytes(hashes.csr);
    key.key = hash.take();
    return key;
}

bool answer_is_current(const Answer& answer, bool given, std::int64_t now,
                       std::int64_t window) {
    return given || now < answer.created || now - answer.created < window;
}

Earlier weigh(const Answer& answer, const RequestKey& request, std::int64_t now,
              std::int64_t window) {
    const Sha256& bound = request.by_public_key ? answer.spki_sha256 : answer.csr_sha256;
    const bool current = answer_is_current(answer, request.given, now, window);
    // What a transactionID meant is over with its window: somebody else may have it again.
    if (bound != request.binding())
        return current || !request.by_public_key ? Earlier::conflict : Earlier::expired;
    return current ? Earlier::replay : Earlier::expired;
}

}  // namespace signerd
