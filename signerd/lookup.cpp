#include "signerd/lookup.h"

#include <algorithm>

#include "libpki/base/base64.h"
#include "libpki/wire/lookup.h"
#include "libpki/wire/revocation.h"
#include "signerd/peer.h"

namespace signerd {

namespace wire = pki::wire;
namespace limits = pki::limits;
namespace x509 = pki::x509;
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

// Those with this subject. CAs that take each other's place may share it: the profile's own
// comes first.
Result<std::vector<const Ca*>> cas_named(const Request& request, const Profile& profile,
                                         Bytes issuer) {
    PKI_TRY(const x509::Name wanted, x509::parse_name(issuer));
    const Ca& own = request.generation->ca(profile);
    std::vector<const Ca*> found;
    for (const auto& [name, ca] : request.generation->config->cas) {
        if (ca.tenant != own.tenant) continue;
        PKI_TRY(const x509::Name subject, x509::parse_name(ca.subject));
        if (x509::same_name(wanted, subject)) found.push_back(&ca);
    }
    std::stable_partition(found.begin(), found.end(), [&](const Ca* ca) { return ca == &own; });
    return found;
}

// The text of a serial in the store, which knows no sign octet.
std::string stored_serial(Bytes magnitude) {
    while (!magnitude.empty() && magnitude.front() == 0) magnitude = magnitude.subspan(1);
    return pki::hex_encode(magnitude);
}

// A CA of this name may have had another certificate before a reload.
bool issued_by(const CertificateRecord& record, const Ca& ca) {
    const auto certificate = x509::parse_certificate(record.der);
    const auto subject = x509::parse_name(ca.subject);
    return certificate && subject && x509::same_name(certificate->tbs.issuer, *subject);
}

}  // namespace

Result<Buffer> certificate_by_serial(Services& services, const Request& request) {
    PKI_TRY(const auto asked, wire::decode<wire::CertificateRequest>(request.frame));
    PKI_TRY(const Profile* profile, usable_profile(request, asked.profile));
    PKI_TRY(const auto cas, cas_named(request, *profile, asked.issuer));
    const std::string serial = stored_serial(asked.serial);
    for (const Ca* ca : cas) {
        PKI_TRY(const auto record, services.store.find_certificate(ca->name, serial));
        if (!record || record->tenant != ca->tenant || !issued_by(*record, *ca)) continue;
        wire::IssueReply reply;
        reply.certificate = record->der;
        return wire::encode(reply, request.to.id);
    }
    return fail(Errc::not_found, "no such certificate");
}

Result<Buffer> crl_by_issuer(Services& services, const Request& request) {
    PKI_TRY(const auto asked, wire::decode<wire::IssuerCrlRequest>(request.frame));
    PKI_TRY(const Profile* profile, usable_profile(request, asked.profile));
    PKI_TRY(const auto cas, cas_named(request, *profile, asked.issuer));
    const CrlRecord* record = nullptr;
    for (const Ca* ca : cas)
        if (record == nullptr) record = services.crls.find(ca->name, {});
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
    const std::int64_t now = services.clock.now() / kMicroseconds;
    // Of the one that issues now no successor's time has come.
    const Ca& issuing = request.generation->issuing_ca(*profile, now);
    if (!issuing.successor) return fail(Errc::not_found, "no CA is to take the place of this");
    const Ca& next = request.generation->config->cas.at(issuing.successor->ca);
    return wire::encode(wire::CaCertsReply{{next.chain.begin(), next.chain.end()}},
                        request.to.id);
}

}  // namespace signerd
