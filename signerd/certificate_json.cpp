#include "signerd/certificate_json.h"

#include "libpki/base/base64.h"
#include "libpki/base/time.h"

namespace signerd {

namespace {

// For what stands around the members.
constexpr std::size_t kAround = 160;

}  // namespace

const char* status_of(const CertificateRecord& record, std::int64_t now) {
    if (record.revocation)
        return record.revocation->reason == pki::x509::CrlReason::certificate_hold ? "hold"
                                                                                   : "revoked";
    return record.not_after < now ? "expired" : "good";
}

JsonPtr certificate_json(const CertificateRecord& record, std::int64_t now) {
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
    put(json.get(), "protocol", pki::wire::name(record.protocol));
    put(json.get(), "csr_sha256", pki::hex_encode(record.csr_sha256));
    put(json.get(), "status", status_of(record, now));
    if (record.revocation) {
        put(json.get(), "revoked", pki::format_iso8601(record.revocation->time));
        put(json.get(), "reason", name(record.revocation->reason));
    }
    return json;
}

bool JsonList::add(const JsonPtr& member) {
    const std::string text = json_text(member.get());
    if (!text_.empty() && text_.size() + text.size() + kAround > pki::limits::kAdminText)
        return false;
    text_ += (text_.empty() ? "" : ",") + text;
    return true;
}

pki::Result<pki::Buffer> JsonList::reply(std::string_view tail, std::uint64_t id) const {
    const std::string text =
        "{\"" + std::string(key_) + "\":[" + text_ + "]" + std::string(tail) + "}";
    return pki::wire::encode(pki::wire::JsonReply{pki::as_bytes(text)}, id);
}

}  // namespace signerd
