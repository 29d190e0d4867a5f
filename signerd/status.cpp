#include "signerd/status.h"

#include "libpki/base/time.h"
#include "signerd/json_writer.h"
#include "signerd/version.h"

namespace signerd {

namespace wire = pki::wire;

namespace {

JsonPtr ca_list(const Config& config) {
    JsonPtr list(json_array());
    for (const auto& [name, ca] : config.cas) {
        JsonPtr json(json_object());
        put(json.get(), "name", name);
        put(json.get(), "tenant", ca.tenant);
        const auto subject = pki::x509::parse_name(ca.subject);
        put(json.get(), "subject", subject ? pki::x509::name_text(*subject) : "");
        put(json.get(), "not_after", pki::format_iso8601(ca.not_after));
        json_array_append_new(list.get(), json.release());
    }
    return list;
}

JsonPtr profile_list(const Config& config) {
    JsonPtr list(json_array());
    for (const auto& [name, profile] : config.profiles)
        json_array_append_new(list.get(), json_stringn(name.data(), name.size()));
    return list;
}

void put_gauges(json_t* json, const Gauges& gauges) {
    put(json, "queue", gauges.queue);
    put(json, "in_flight", gauges.in_flight);
    put(json, "connections", gauges.connections);
    JsonPtr child(json_object());
    put(child.get(), "state", gauges.key_child_state);
    put(child.get(), "pid", static_cast<std::uint64_t>(gauges.key_child));
    put(json, "key_child", std::move(child));
}

}  // namespace

pki::Result<pki::Buffer> status(Services& services, const Request& request) {
    PKI_CHECK(wire::FieldReader(request.frame.fields).finish());
    PKI_TRY(const Counts counts, services.store.counts());
    const Config& config = *request.generation->config;
    const std::int64_t uptime = services.clock.now() / kMicroseconds - services.started;
    JsonPtr json(json_object());
    put(json.get(), "version", kVersion);
    put(json.get(), "id", config.id);
    put(json.get(), "uptime_seconds", static_cast<std::uint64_t>(uptime));
    put(json.get(), "generation", request.generation->number);
    put(json.get(), "config", config.path);
    put(json.get(), "cas", ca_list(config));
    put(json.get(), "profiles", profile_list(config));
    put(json.get(), "certificates", counts.certificates);
    put(json.get(), "audit_records", counts.audit_records);
    put_gauges(json.get(), services.gauges());
    const std::string text = json_text(json.get());
    return wire::encode(wire::JsonReply{pki::as_bytes(text)}, request.to.id);
}

}  // namespace signerd
