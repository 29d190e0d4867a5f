#include "signerd/issue_token.h"

#include <algorithm>

#include "libpki/base/ascii.h"
#include "libpki/base/utf8.h"
#include "libpki/x509/string_type.h"
#include "signerd/audit.h"
#include "signerd/originator_names.h"

namespace signerd {

namespace wire = pki::wire;
namespace x509 = pki::x509;
using pki::Errc;
using pki::fail;

namespace {

constexpr std::size_t kShownValue = 100;  // characters of a client's value in an error

pki::Error not_bound_to(std::string_view value) {
    return fail(Errc::denied, "the token is bound to another name",
                pki::printable(value, kShownValue));
}

// nullptr: nothing speaks against it.
const char* cause_against(const Token& token, const IssueJob& job) {
    if (token.revoked) return "revoked";
    if (token.used) return "used already";
    if (token.expires <= job.now()) return "expired";
    if (!std::ranges::count(token.profiles, job.request.profile)) return "of other profiles";
    if (job.request.single_use && !token.once) return "good more than once";
    return nullptr;
}

// Who has proven more than that is known by it.
void identify(IssueJob& job, const Token& token) {
    AuditRecord& record = job.record();
    if (record.credential != wire::Credential::none) {
        job.challenge.beside = token.name.empty() ? token_name(token) : "token " + token.name;
        return;
    }
    identify_by(record, token);
}

Objection as_objection(pki::Status status) {
    if (status) return std::optional<pki::Error>();
    return std::optional(std::move(status).error());
}

Objection object_to(const Token& token, IssueJob& job) {
    identify(job, token);
    if (const char* const cause = cause_against(token, job); cause != nullptr) {
        job.challenge.refusal = token_refused(cause);
        return std::optional<pki::Error>();
    }
    // It is remembered for as long as the token.
    if (token.once)
        job.challenge.claims.once =
            UsedValue{UsedKind::token, token.sha256, token.expires + kTokenKept};
    if (token.identity.empty()) return std::optional<pki::Error>();
    return as_objection(check_bound_names(job.csr, token.identity));
}

}  // namespace

pki::Status check_token_fields(const wire::IssueRequest& request) {
    if (request.token_sha256.empty()) return {};
    if (request.token_sha256.size() != pki::ossl::Sha256().size())
        return fail(Errc::malformed, "issue: token_sha256 is no SHA-256");
    if (request.protocol != wire::Protocol::est && request.protocol != wire::Protocol::enroll)
        return fail(Errc::malformed, "issue: a token with this protocol");
    return {};
}

Objection object_to_token(Store& store, IssueJob& job) {
    const pki::Bytes hash = job.request.token_sha256;
    if (hash.empty()) {
        if (job.request.single_use) job.challenge.refusal = token_refused("there is none");
        return std::optional<pki::Error>();
    }
    pki::ossl::Sha256 key{};
    std::ranges::copy(hash, key.begin());
    PKI_TRY(const std::optional<Token> token, store.find_token(key));
    if (token) return object_to(*token, job);
    job.challenge.refusal = token_refused("unknown");
    return std::optional<pki::Error>();
}

pki::Error token_refused(const char* cause) {
    return fail(Errc::unauthenticated, "the token is not valid", std::string(cause));
}

pki::Status check_bound_names(const x509::Csr& csr, std::string_view identity) {
    bool named = false;
    for (const x509::NameAttribute& attribute : csr.subject.attributes) {
        if (is_place(attribute.type)) continue;
        const std::string text = x509::attribute_text(attribute);
        if (text != identity) return not_bound_to(text);
        named = true;
    }
    if (csr.san)
        for (const x509::GeneralName& name : csr.san->names) {
            if (name.type != x509::SanType::dns ||
                !pki::equal_ignoring_case(pki::as_text(name.value), identity))
                return not_bound_to(x509::general_name_text(name));
            named = true;
        }
    return named ? pki::Status() : not_bound_to("");
}

}  // namespace signerd
