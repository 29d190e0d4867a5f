#include "signerd/crl_service.h"

#include "libpki/base/time.h"
#include "libpki/wire/revocation.h"
#include "signerd/peer.h"
#include "signerd/reply.h"

namespace signerd {

namespace wire = pki::wire;
using pki::Errc;
using pki::fail;

namespace {

pki::Error none() { return fail(Errc::not_found, "no such CRL"); }

// What was published of these CAs, when all have answered.
class Publication {
   public:
    Publication(Services& services, const Request& request, std::vector<std::string> cas)
        : crls_(services.crls),
          replies_(services.replies),
          to_(request.to),
          cas_(std::move(cas)),
          left_(cas_.size()) {}

    const std::vector<std::string>& cas() const { return cas_; }

    void done(const pki::Status& status) {
        if (!status) failure_ = status.error();
        if (--left_ == 0) answer();
    }

   private:
    void answer() const {
        if (failure_) return replies_.send(to_, error_frame(*failure_, to_.id));
        JsonPtr list(json_array());
        for (const std::string& ca : cas_)
            if (const CrlRecord* record = crls_.find(ca, {}))
                json_array_append_new(list.get(), crl_json(*record).release());
        JsonPtr json(json_object());
        put(json.get(), "crls", std::move(list));
        const std::string text = json_text(json.get());
        replies_.send(to_, reply_frame(wire::JsonReply{pki::as_bytes(text)}, to_.id));
    }

    const CrlPublisher& crls_;
    Replies& replies_;
    const ReplyTo to_;
    const std::vector<std::string> cas_;
    std::size_t left_;
    std::optional<pki::Error> failure_;
};

std::vector<std::string> cas_with_crls(const Config& config) {
    std::vector<std::string> names;
    for (const auto& [name, ca] : config.cas)
        if (ca.crl.enabled) names.push_back(name);
    return names;
}

}  // namespace

pki::Result<pki::Buffer> crl_piece(Services& services, const Request& request) {
    PKI_TRY(const auto asked, wire::decode<wire::CrlRequest>(request.frame));
    const std::string ca(asked.ca);
    if (!may_ask_about(*request.peer, *request.generation->config, ca)) return none();
    const CrlRecord* record =
        services.crls.find(ca, {asked.partition, asked.delta}, asked.number);
    if (record == nullptr) return none();
    PKI_TRY(const pki::Buffer data,
            services.crls.files().read(*record, asked.offset, pki::limits::kCrlChunk));
    return wire::encode(wire::CrlReply{record->number, record->this_update, record->next_update,
                                       record->size, record->sha256, data},
                        request.to.id);
}

void crl_publish(Services& services, const Request& request) {
    const auto asked = wire::decode<wire::CrlPublishRequest>(request.frame);
    if (!asked)
        return services.replies.send(request.to, error_frame(asked.error(), request.to.id));
    auto cas = asked->ca.empty() ? cas_with_crls(*request.generation->config)
                                 : std::vector{std::string(asked->ca)};
    if (cas.empty())
        return services.replies.send(
            request.to, error_frame(fail(Errc::not_found, "no CA makes CRLs"), request.to.id));
    const auto publication = std::make_shared<Publication>(services, request, std::move(cas));
    for (const std::string& ca : publication->cas())
        services.crls.publish(
            ca, [publication](const pki::Status& status) { publication->done(status); });
}

JsonPtr crl_json(const CrlRecord& record) {
    JsonPtr json(json_object());
    put(json.get(), "ca", record.ca);
    if (record.partition != 0)
        put(json.get(), "partition", static_cast<std::uint64_t>(record.partition));
    if (record.delta) put(json.get(), "delta", JsonPtr(json_true()));
    put(json.get(), "number", record.number);
    put(json.get(), "this_update", pki::format_iso8601(record.this_update));
    put(json.get(), "next_update", pki::format_iso8601(record.next_update));
    put(json.get(), "entries", record.entries);
    put(json.get(), "size", record.size);
    return json;
}

}  // namespace signerd
