#include "signerd/issue_limits.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <set>

#include "libpki/base/ascii.h"
#include "libpki/x509/oids.h"
#include "signerd/field_hash.h"

namespace signerd {

namespace wire = pki::wire;
namespace x509 = pki::x509;

namespace {

constexpr char kPerName[] = "per_name";
constexpr char kPerCredential[] = "per_credential";

constexpr std::size_t kNetwork = 8;  // octets of a /64

// What has no address, as a Unix socket, is its own text.
void add_address(FieldHash& hash, std::string_view text) {
    in6_addr address{};
    const std::string terminated(text);
    if (inet_pton(AF_INET6, terminated.c_str(), &address) != 1) {
        hash.text(text);
        return;
    }
    in_addr inner{};
    const pki::Bytes octets(reinterpret_cast<const std::uint8_t*>(&address), sizeof(address));
    if (IN6_IS_ADDR_V4MAPPED(&address) == 0) {
        hash.bytes(octets.first(kNetwork));
        return;
    }
    std::ranges::copy(octets.last(sizeof(inner)), reinterpret_cast<std::uint8_t*>(&inner));
    char shown[INET_ADDRSTRLEN] = "";
    inet_ntop(AF_INET, &inner, shown, sizeof(shown));
    hash.text(shown);
}

FieldHash begin(const char* rule, const IssueJob& job) {
    FieldHash hash;
    hash.text(rule).text(job.ca->tenant).text(job.request.profile);
    return hash;
}

void add(IssueJob& job, const char* rule, const IssueLimit& limit, const FieldHash& hash) {
    job.limits.push_back({rule, limit, {hash.take(), job.now() + limit.within}});
}

// As RFC 5280 7.1 compares names, but for letters beyond ASCII: without case, and white space
// at the ends or doubled makes no other name.
std::string folded(std::string_view name) {
    std::string out;
    for (const char c : name)
        if (c != ' ' || (!out.empty() && out.back() != ' ')) out += pki::to_lower(c);
    if (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

std::set<std::string> names_of(const x509::Csr& csr) {
    std::set<std::string> names;
    for (const x509::NameAttribute& attribute : csr.subject.attributes)
        if (pki::equal(attribute.type, x509::oid::kCommonName))
            names.insert(folded(x509::attribute_text(attribute)));
    if (!names.empty() || !csr.san) return names;
    for (const x509::GeneralName& name : csr.san->names)
        names.insert(folded(x509::general_name_text(name)));
    return names;
}

// Each name by itself: another one beside it would be a way out. What has none is one client.
void add_by_name(IssueJob& job, const IssueLimit& limit) {
    std::set<std::string> names = names_of(job.csr);
    if (names.empty()) names.insert("");
    for (const std::string& name : names) {
        FieldHash hash = begin(kPerName, job);
        if (!name.empty()) hash.text(name);
        add_address(hash.text("from"), job.request.client_address);
        add(job, kPerName, limit, hash);
    }
}

// Of one without a subject the key is what it is known by.
void add_certificate(IssueJob& job, const IssueLimit& limit,
                     const x509::Certificate& certificate) {
    FieldHash hash = begin(kPerCredential, job);
    hash.text("certificate").bytes(certificate.tbs.issuer.encoding);
    hash.bytes(certificate.tbs.subject.empty() ? certificate.tbs.spki.encoding
                                               : certificate.tbs.subject.encoding);
    add(job, kPerCredential, limit, hash);
}

void add_by_originator(IssueJob& job, const IssueLimit& limit) {
    if (job.cmp->turn.certificate)
        return add_certificate(job, limit, *job.cmp->turn.certificate);
    FieldHash hash = begin(kPerCredential, job);
    add(job, kPerCredential, limit, hash.text("mac").text(job.cmp->turn.originator.name));
}

void add_by_credential(IssueJob& job, const IssueLimit& limit) {
    const wire::IssueRequest& request = job.request;
    if (job.cmp) return add_by_originator(job, limit);
    if (job.shown) add_certificate(job, limit, *job.shown);
    if (job.signer) add_certificate(job, limit, *job.signer);
    FieldHash hash = begin(kPerCredential, job);
    if (request.credential == wire::Credential::basic)
        add(job, kPerCredential, limit,
            FieldHash(hash).text("user").text(request.credential_name));
    if (!request.token_sha256.empty())
        add(job, kPerCredential, limit,
            FieldHash(hash).text("token").bytes(request.token_sha256));
}

}  // namespace

void find_limits(IssueJob& job) {
    const IssueLimits& limits = job.profile->limits;
    if (limits.per_name.count != 0) add_by_name(job, limits.per_name);
    if (limits.per_credential.count != 0) add_by_credential(job, limits.per_credential);
}

pki::Error limit_reached(const LimitClaim& claim) {
    return pki::fail(pki::Errc::limited, "too many certificates",
                     std::string(claim.rule) + ": " + std::to_string(claim.limit.count) +
                         " within " + std::to_string(claim.limit.within) + " s");
}

}  // namespace signerd
