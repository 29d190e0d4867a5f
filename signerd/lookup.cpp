#include "signerd/lookup.h"

#include "libpki/cmp/general.h"
#include "libpki/wire/lookup.h"
#include "libpki/wire/revocation.h"
#include "libpki/wire/transaction.h"
#include "signerd/issuers.h"
#include "signerd/lookup_crl.h"
#include "signerd/lookup_root.h"
#include "signerd/peer.h"

namespace signerd {

namespace wire = pki::wire;
namespace limits = pki::limits;
using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::fail;
using pki::Result;

namespace {

Result<const Profile*> usable_profile(const Request& request, std::string_view name) {
    const Profile* profile = request.generation->profile(name);
    if (profile == nullptr || !may_use(*request.peer, name))
        return fail(Errc::not_found, "no such profile");
    return profile;
}

std::int64_t now(const Services& services) { return services.clock.now() / kMicroseconds; }

const CrlRecord* crl_by_url(const Services& services, const Cas& cas, const Ca& own,
                            std::string_view url) {
    for (const auto& [name, ca] : cas) {
        if (ca.tenant != own.tenant) continue;
        const auto kind = crl_at(ca, url);
        if (!kind) continue;
        if (const CrlRecord* record = services.crls.find(name, *kind)) return record;
    }
    return nullptr;
}

// nullptr: there is none.
Result<const CrlRecord*> find_crl(const Services& services, const Request& request,
                                  const Profile& profile, const wire::IssuerCrlRequest& asked) {
    const Cas& cas = request.generation->config->cas;
    const Ca& own = request.generation->ca(profile);
    if (!asked.url.empty()) return crl_by_url(services, cas, own, asked.url);
    if (asked.issuer.empty()) {
        const Ca& issuing = request.generation->issuing_ca(profile, now(services));
        return services.crls.find(issuing.name, {});
    }
    PKI_TRY(const auto named, cas_named(cas, own, asked.issuer));
    for (const Ca* ca : named)
        if (const CrlRecord* record = services.crls.find(ca->name, {})) return record;
    return static_cast<const CrlRecord*>(nullptr);
}

}  // namespace

Result<Buffer> certificate_by_serial(Services& services, const Request& request) {
    PKI_TRY(const auto asked, wire::decode<wire::CertificateRequest>(request.frame));
    PKI_TRY(const Profile* profile, usable_profile(request, asked.profile));
    const Generation& generation = *request.generation;
    PKI_TRY(const auto record,
            find_issued(services.store, generation.config->cas, generation.ca(*profile),
                        asked.issuer, asked.serial));
    if (record) {
        wire::IssueReply reply;
        reply.certificate = record->der;
        return wire::encode(reply, request.to.id);
    }
    return fail(Errc::not_found, "no such certificate");
}

Result<Buffer> crl_by_issuer(Services& services, const Request& request) {
    PKI_TRY(const auto asked, wire::decode<wire::IssuerCrlRequest>(request.frame));
    PKI_TRY(const Profile* profile, usable_profile(request, asked.profile));
    PKI_TRY(const CrlRecord* record, find_crl(services, request, *profile, asked));
    if (record == nullptr) return fail(Errc::not_found, "no such CRL");
    if (record->size > limits::kCrlChunk)
        return fail(Errc::denied,
                    "the CRL is too large for a message, get it from its distribution point",
                    std::to_string(record->size) + " bytes");
    PKI_TRY(const Buffer data, services.crls.files().read(*record, 0, limits::kCrlChunk));
    return wire::encode(wire::CrlReply{record->number, record->this_update, record->next_update,
                                       record->size, record->sha256, data},
                        request.to.id);
}

Result<Buffer> next_ca_certs(Services& services, const Request& request) {
    PKI_TRY(const auto asked, wire::decode<wire::NextCaRequest>(request.frame));
    PKI_TRY(const Profile* profile, usable_profile(request, asked.profile));
    // Of the one that issues now no successor's time has come.
    const Ca& issuing = request.generation->issuing_ca(*profile, now(services));
    if (!issuing.successor) return fail(Errc::not_found, "no CA is to take the place of this");
    const Ca& next = request.generation->config->cas.at(issuing.successor->ca);
    return wire::encode(wire::CaCertsReply{{next.chain.begin(), next.chain.end()}},
                        request.to.id);
}

Result<Buffer> request_template(Services&, const Request& request) {
    PKI_TRY(const auto asked, wire::decode<wire::TemplateRequest>(request.frame));
    PKI_TRY(const Profile* profile, usable_profile(request, asked.profile));
    if (!profile->cmp) return fail(Errc::denied, "the profile is not for CMP");
    PKI_TRY(const Buffer content, pki::cmp::cert_req_template_value(profile->rules));
    const auto signing = pki::cmp::key_pair_types(profile->rules, false);
    const auto encryption = pki::cmp::key_pair_types(profile->rules, true);
    wire::TemplateReply reply;
    reply.cert_req_template = content;
    reply.signing_keys = {signing.begin(), signing.end()};
    reply.encryption_keys = {encryption.begin(), encryption.end()};
    return wire::encode(reply, request.to.id);
}

Result<Buffer> root_update(Services&, const Request& request) {
    PKI_TRY(const auto asked, wire::decode<wire::RootUpdateRequest>(request.frame));
    PKI_TRY(const Profile* profile, usable_profile(request, asked.profile));
    const Generation& generation = *request.generation;
    const auto found =
        find_root_change(generation.config->cas, generation.ca(*profile), asked.root);
    if (!found) return fail(Errc::not_found, "no root is to take the place of this");
    return wire::encode(
        wire::RootUpdateReply{found->new_with_new, found->new_with_old, found->old_with_new},
        request.to.id);
}

}  // namespace signerd
