#include "signerd/admin.h"

#include <algorithm>
#include <cstdlib>

#include "libpki/x509/cert.h"
#include "signerd/certificate_json.h"
#include "signerd/peer.h"
#include "signerd/successor.h"

namespace signerd {

namespace wire = pki::wire;
namespace limits = pki::limits;
using pki::Buffer;
using pki::Errc;
using pki::fail;
using pki::Result;

namespace {

constexpr std::uint32_t kListed = 200;      // certificates looked at for one answer
constexpr std::uint32_t kAuditRows = 1000;  // as many as a wire::AuditPageReply holds
// Of a frame, for its header.
constexpr std::size_t kFrameRoom = limits::kFrame - wire::kHeaderSize;

}  // namespace

Result<Buffer> ca_certs(Services& services, const Request& request) {
    PKI_TRY(const auto asked, wire::decode<wire::CaCertsRequest>(request.frame));
    const Profile* profile = request.generation->profile(asked.profile);
    if (profile == nullptr || !may_use(*request.peer, asked.profile))
        return fail(Errc::not_found, "no such profile");
    const Generation& generation = *request.generation;
    const std::int64_t now = services.clock.now() / kMicroseconds;
    const auto certificates =
        ca_certificates(generation.ca(*profile), generation.config->cas, now);
    return wire::encode(wire::CaCertsReply{certificates}, request.to.id);
}

Result<Buffer> cert_list(Services& services, const Request& request) {
    PKI_TRY(const auto asked, wire::decode<wire::CertListRequest>(request.frame));
    const std::uint32_t wanted = std::min(asked.limit != 0 ? asked.limit : kListed, kListed);
    PKI_TRY(const auto records, services.store.list_certificates({std::string(asked.profile),
                                                                  std::string(asked.subject),
                                                                  asked.after, wanted + 1}));
    const std::int64_t now = services.clock.now() / kMicroseconds;
    JsonList list;
    std::size_t taken = 0;
    while (taken < std::min<std::size_t>(records.size(), wanted) &&
           list.add(certificate_json(records[taken], now)))
        taken++;
    const bool more = taken < records.size();
    return list.reply(more ? ",\"more\":true" : ",\"more\":false", request.to.id);
}

Result<Buffer> cert_show(Services& services, const Request& request) {
    PKI_TRY(const auto asked, wire::decode<wire::CertShowRequest>(request.frame));
    PKI_TRY(const auto records,
            services.store.certificates_with_serial(std::string(asked.serial)));
    if (records.empty()) return fail(Errc::not_found, "no such certificate");
    const std::int64_t now = services.clock.now() / kMicroseconds;
    JsonList list;
    for (const CertificateRecord& record : records) {
        const JsonPtr json = certificate_json(record, now);
        put(json.get(), "pem", pki::x509::certificate_to_pem(record.der));
        if (!list.add(json)) break;
    }
    return list.reply({}, request.to.id);
}

Result<Buffer> audit_page(Services& services, const Request& request) {
    PKI_TRY(const auto asked, wire::decode<wire::AuditPageRequest>(request.frame));
    const std::uint32_t wanted =
        std::min(asked.limit != 0 ? asked.limit : kAuditRows, kAuditRows);
    PKI_TRY(const auto entries, services.store.audit_page(asked.after, wanted));
    wire::AuditPageReply page;
    std::size_t size = 0;
    for (const AuditEntry& entry : entries) {
        size += entry.canonical.size() + entry.hash.size() + 2 * wire::kFieldOverhead;
        if (size > kFrameRoom) break;
        page.rows.emplace_back(entry.canonical);
        page.hashes.emplace_back(entry.hash);
    }
    return wire::encode(page, request.to.id);
}

}  // namespace signerd
