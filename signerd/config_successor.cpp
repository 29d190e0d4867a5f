// The CA that takes another one's place, and the certificates that lead from one root to the
// other (RFC 9810 4.4).
#include <algorithm>
#include <iterator>

#include "libpki/base/limits.h"
#include "libpki/base/time.h"
#include "signerd/config_files.h"
#include "signerd/config_keys.h"
#include "signerd/config_parts.h"
#include "signerd/config_values.h"
#include "signerd/successor.h"

namespace signerd {

namespace {

using pki::x509::Certificate;

// OldWithNew and NewWithOld, with air for text.
constexpr std::size_t kMaxCross = 2;
constexpr std::size_t kMaxCrossFile = 2 * kMaxCross * pki::limits::kCertificate;

pki::Result<std::int64_t> read_from(const JsonValue& value) {
    PKI_TRY(const std::string text, value.text());
    if (text == "now") return kFromNow;
    const auto time = pki::parse_iso8601(text);
    if (!time) return value.error("not a time as 2026-11-20T17:00:00Z, nor \"now\"");
    return *time;
}

pki::Result<std::vector<pki::Buffer>> read_cross(const JsonValue& value,
                                                 const std::filesystem::path& folder) {
    PKI_TRY(const std::string path, read_path(value, folder, "file"));
    const auto refused = [&](const pki::Error& error) {
        return value.error(path + ": " + error.message());
    };
    const auto pem = read_text_file(path, kMaxCrossFile);
    if (!pem) return refused(pem.error());
    auto certificates = pki::x509::certificates_from_pem(*pem);
    if (!certificates) return refused(certificates.error());
    if (certificates->size() > kMaxCross) return value.error(path + ": more than two");
    return certificates;
}

// What both ends of a rollover have to be for a cross certificate.
struct Link {
    const Certificate& subject;  // whose key and name stand in it
    const Certificate& issuer;   // whose key signed it
    std::size_t below;  // CA certificates under the subject that count for path lengths
};

bool is_link(const Certificate& cross, const Link& link) {
    return pki::equal(cross.tbs.spki.encoding, link.subject.tbs.spki.encoding) &&
           pki::x509::same_name(cross.tbs.subject, link.subject.tbs.subject) &&
           pki::x509::same_name(cross.tbs.issuer, link.issuer.tbs.subject) &&
           pki::x509::verify_signature(cross, link.issuer.tbs.spki).has_value();
}

// A chain and the highest certificate of it, its root or all that the file has of it.
struct Chain {
    std::vector<Certificate> certificates;

    const Certificate& top() const { return certificates.back(); }
    std::size_t below_top() const {
        std::size_t below = 0;
        for (std::size_t i = 0; i + 1 < certificates.size(); i++)
            below += is_self_issued(certificates[i]) ? 0 : 1;
        return below;
    }
};

pki::Result<Chain> parse_chain(const Ca& ca) {
    Chain chain;
    for (const pki::Buffer& der : ca.chain) {
        PKI_TRY(Certificate certificate, pki::x509::parse_certificate(der));
        chain.certificates.push_back(std::move(certificate));
    }
    return chain;
}

// Puts each where it belongs: OldWithNew, NewWithOld.
pki::Status sort_cross(std::vector<pki::Buffer>& cross, const Chain& before,
                       const Chain& after) {
    const Link links[kMaxCross] = {{before.top(), after.top(), before.below_top()},
                                   {after.top(), before.top(), after.below_top()}};
    std::vector<pki::Buffer> sorted[kMaxCross];
    for (pki::Buffer& der : cross) {
        PKI_TRY(const Certificate certificate, pki::x509::parse_certificate(der));
        const auto* link = std::ranges::find_if(
            links, [&](const Link& one) { return is_link(certificate, one); });
        const std::string name = pki::x509::name_text(certificate.tbs.subject);
        if (link == std::end(links))
            return pki::fail(pki::Errc::denied, "not one root's key, signed by the other's",
                             name);
        PKI_CHECK(check_ca(certificate, link->below));
        auto& place = sorted[link - links];
        if (!place.empty())
            return pki::fail(pki::Errc::denied, "two in the same direction", name);
        place.push_back(std::move(der));
    }
    cross.clear();
    for (auto& place : sorted)
        for (pki::Buffer& der : place) cross.push_back(std::move(der));
    return {};
}

pki::Status check_cross(Successor& successor, const Ca& ca, const Ca& next) {
    if (successor.cross.empty()) return {};
    PKI_TRY(const Chain before, parse_chain(ca));
    PKI_TRY(const Chain after, parse_chain(next));
    if (pki::equal(before.top().encoding, after.top().encoding))
        return pki::fail(pki::Errc::denied, "both chains end in the same certificate");
    return sort_cross(successor.cross, before, after);
}

// Everybody can follow the line to its end.
bool runs_in_a_circle(const Ca& ca, const Cas& cas) {
    std::size_t steps = 0;
    for (const Ca* next = &ca; next->successor; next = &cas.at(next->successor->ca))
        if (++steps > cas.size()) return true;
    return false;
}

pki::Status check_target(const JsonObject& object, const Ca& ca, const Cas& cas) {
    const std::string& name = ca.successor->ca;
    const auto next = cas.find(name);
    if (next == cas.end()) return object.error("ca", "no CA \"" + name + "\"");
    if (name == ca.name) return object.error("ca", "this CA itself");
    // Clients of one tenant would get certificates of another one's CA.
    if (next->second.tenant != ca.tenant)
        return object.error("ca", "of another tenant, \"" + next->second.tenant + "\"");
    return {};
}

pki::Status check_line(const JsonObject& object, Ca& ca, const Cas& cas) {
    Successor& successor = *ca.successor;
    const Ca& next = cas.at(successor.ca);
    if (runs_in_a_circle(ca, cas)) return object.error("ca", "the successors form a circle");
    if (successor.from && *successor.from > next.not_after)
        return object.error("from", "after the end of the certificate of \"" + next.name +
                                        "\", " + pki::format_iso8601(next.not_after));
    if (const auto checked = check_cross(successor, ca, next); !checked)
        return object.error("cross", checked.error().message());
    return {};
}

template <class Check>
pki::Status each_successor(const JsonValue& value, Cas& cas, Check check) {
    PKI_TRY(const auto members, value.members());
    for (const auto& [name, member] : members) {
        Ca& ca = cas.at(name);
        if (!ca.successor) continue;
        PKI_TRY(const JsonObject entry, member.object(config_keys::kCa));
        PKI_TRY(const JsonObject object,
                entry.find("successor")->object(config_keys::kSuccessor));
        PKI_CHECK(check(object, ca));
    }
    return {};
}

}  // namespace

pki::Result<Successor> read_successor(const JsonValue& value,
                                      const std::filesystem::path& folder) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kSuccessor));
    Successor successor;
    const auto cross = [&](const JsonValue& v) { return read_cross(v, folder); };
    PKI_CHECK(object.required("ca", into(successor.ca, read_name)));
    PKI_CHECK(object.optional("from", into(successor.from, read_from)));
    PKI_CHECK(object.optional("cross", into(successor.cross, cross)));
    return successor;
}

pki::Status check_successors(const JsonValue& value, Cas& cas) {
    PKI_CHECK(each_successor(value, cas, [&](const JsonObject& object, const Ca& ca) {
        return check_target(object, ca, cas);
    }));
    PKI_CHECK(each_successor(value, cas, [&](const JsonObject& object, Ca& ca) {
        return check_line(object, ca, cas);
    }));
    // What clients are told is one answer.
    return each_successor(value, cas, [&](const JsonObject& object, const Ca& ca) {
        if (ca_certificates(ca, cas, 0).size() <= pki::limits::kChain) return pki::Status();
        return pki::Status(object.error(
            "ca", "the chains and cross certificates are more than " +
                      std::to_string(pki::limits::kChain) + " certificates together"));
    });
}

}  // namespace signerd
