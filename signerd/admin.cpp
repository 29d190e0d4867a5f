#include "signerd/admin.h"

#include <algorithm>
#include <cstdlib>

#include "libpki/base/base64.h"
#include "libpki/base/time.h"
#include "signerd/json_writer.h"
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

JsonPtr certificate_json(const CertificateRecord& record) {
    JsonPtr json(json_object());
    put(json.get(), "row", record.row);
    put(json.get(), "ca", record.ca);
    put(json.get(), "tenant", record.tenant);
    put(json.get(), "profile", record.profile);
    put(json.get(), "serial", record.serial);
    put(json.get(), "subject", record.subject);
    put(json.get(), "sans", record.sans);
    put(json.get(), "not_before", pki::format_iso8601(record.not_before));
    put(json.get(), "not_after", pki::format_iso8601(record.not_after));
    put(json.get(), "issued", pki::format_iso8601(record.issued));
    put(json.get(), "protocol", wire::name(record.protocol));
    put(json.get(), "csr_sha256", pki::hex_encode(record.csr_sha256));
    return json;
}

// Members of one array, joined as long as they fit an answer. The first is always taken: an
// answer without any would have the reader ask for ever.
class JsonList {
   public:
    bool add(const JsonPtr& member) {
        const std::string text = json_text(member.get());
        if (!text_.empty() && text_.size() + text.size() + kFrame > limits::kAdminText)
            return false;
        text_ += (text_.empty() ? "" : ",") + text;
        return true;
    }

    Result<Buffer> reply(std::string_view tail, std::uint64_t id) const {
        const std::string text = "{\"certificates\":[" + text_ + "]" + std::string(tail) + "}";
        return wire::encode(wire::JsonReply{pki::as_bytes(text)}, id);
    }

   private:
    static constexpr std::size_t kFrame = 64;  // for what stands around the members

    std::string text_;
};

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
    JsonList list;
    std::size_t taken = 0;
    while (taken < std::min<std::size_t>(records.size(), wanted) &&
           list.add(certificate_json(records[taken])))
        taken++;
    const bool more = taken < records.size();
    return list.reply(more ? ",\"more\":true" : ",\"more\":false", request.to.id);
}

Result<Buffer> cert_show(Services& services, const Request& request) {
    PKI_TRY(const auto asked, wire::decode<wire::CertShowRequest>(request.frame));
    PKI_TRY(const auto records,
            services.store.certificates_with_serial(std::string(asked.serial)));
    if (records.empty()) return fail(Errc::not_found, "no such certificate");
    JsonList list;
    for (const CertificateRecord& record : records) {
        const JsonPtr json = certificate_json(record);
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
