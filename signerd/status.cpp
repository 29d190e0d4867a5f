#include "signerd/status.h"

#include "libpki/base/time.h"
#include "signerd/crl_service.h"
#include "signerd/json_writer.h"
#include "signerd/version.h"

namespace signerd {

namespace wire = pki::wire;

namespace {

// What is listed of a large configuration: both lists and the rest fit an answer.
constexpr std::size_t kListed = 100;
constexpr std::size_t kListText = pki::limits::kAdminText / 3;

// The first ones, as many as there is room for, and how many there are.
template <class Entries, class MakeJson>
void put_list(json_t* json, const std::string& key, const Entries& entries,
              const MakeJson& make_json) {
    JsonPtr list(json_array());
    std::size_t size = 0;
    for (const auto& entry : entries) {
        JsonPtr member = make_json(entry);
        size += json_text(member.get()).size() + 1;
        if (json_array_size(list.get()) == kListed || size > kListText) break;
        json_array_append_new(list.get(), member.release());
    }
    put(json, key.c_str(), std::move(list));
    put(json, (key + "_total").c_str(), entries.size());
}

void put_successor(json_t* json, const Ca& ca) {
    if (!ca.successor) return;
    put(json, "successor", ca.successor->ca);
    if (!ca.successor->from) return;
    put(json, "successor_from",
        *ca.successor->from == kFromNow ? "now" : pki::format_iso8601(*ca.successor->from));
}

JsonPtr ca_json(const std::pair<const std::string, Ca>& entry, const CrlPublisher& crls) {
    const auto& [name, ca] = entry;
    JsonPtr json(json_object());
    put(json.get(), "name", name);
    put(json.get(), "tenant", ca.tenant);
    const auto subject = pki::x509::parse_name(ca.subject);
    put(json.get(), "subject", subject ? pki::x509::name_text(*subject) : "");
    put(json.get(), "not_after", pki::format_iso8601(ca.not_after));
    if (const CrlRecord* crl = crls.find(name, {})) put(json.get(), "crl", crl_json(*crl));
    put_successor(json.get(), ca);
    return json;
}

JsonPtr profile_json(const std::pair<const std::string, Profile>& entry) {
    return JsonPtr(json_stringn(entry.first.data(), entry.first.size()));
}

void put_gauges(json_t* json, const Gauges& gauges) {
    put(json, "queue", gauges.queue);
    put(json, "transactions", gauges.transactions);
    put(json, "in_flight", gauges.in_flight);
    put(json, "connections", gauges.connections);
    JsonPtr child(json_object());
    put(child.get(), "state", gauges.key_child_state);
    put(child.get(), "pid", static_cast<std::uint64_t>(gauges.key_child));
    put(json, "key_child", std::move(child));
    put(json, "outside", std::string_view(gauges.outside_state));
}

}  // namespace

pki::Result<pki::Buffer> status(Services& services, const Request& request) {
    PKI_CHECK(wire::FieldReader(request.frame.fields).finish());
    PKI_TRY(const Counts counts, services.store.counts());
    PKI_TRY(const std::uint64_t waiting,
            services.store.waiting_requests({}, services.clock.now() / kMicroseconds));
    const Config& config = *request.generation->config;
    const std::int64_t uptime = services.clock.now() / kMicroseconds - services.started;
    JsonPtr json(json_object());
    put(json.get(), "version", kVersion);
    put(json.get(), "id", config.id);
    put(json.get(), "uptime_seconds", static_cast<std::uint64_t>(uptime));
    put(json.get(), "generation", request.generation->number);
    put(json.get(), "config", config.path);
    put_list(json.get(), "cas", config.cas,
             [&](const auto& entry) { return ca_json(entry, services.crls); });
    put_list(json.get(), "profiles", config.profiles, profile_json);
    put(json.get(), "certificates", counts.certificates);
    put(json.get(), "revoked", counts.revoked);
    put(json.get(), "waiting", waiting);
    put(json.get(), "audit_records", counts.audit_records);
    put_gauges(json.get(), services.gauges());
    const std::string text = json_text(json.get());
    return wire::encode(wire::JsonReply{pki::as_bytes(text)}, request.to.id);
}

}  // namespace signerd
