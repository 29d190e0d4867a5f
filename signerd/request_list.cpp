#include "signerd/request_list.h"

#include <algorithm>

#include "libpki/base/base64.h"
#include "libpki/base/time.h"
#include "libpki/wire/pending.h"
#include "signerd/certificate_json.h"
#include "signerd/reply.h"

namespace signerd {

namespace wire = pki::wire;

namespace {

constexpr std::uint32_t kListed = 200;  // requests looked at for one answer
constexpr char kKey[] = "requests";

void put_outcome(json_t* json, const PendingRequest& request) {
    if (request.state == PendingState::waiting) return;
    put(json, "decided", pki::format_iso8601(request.decided));
    put(json, "decided_by", request.decided_by);
    if (request.state == PendingState::denied) return put(json, "reason", request.reason);
    put(json, "ca", request.ca);
    put(json, "serial", request.serial);
}

}  // namespace

const char* state_of(const PendingRequest& request, std::int64_t now) {
    switch (request.state) {
        case PendingState::waiting: break;
        case PendingState::issued: return "issued";
        case PendingState::denied: return "denied";
    }
    return request.expired(now) ? "expired" : "waiting";
}

JsonPtr request_json(const PendingRequest& request, std::int64_t now) {
    JsonPtr json(json_object());
    put(json.get(), "id", request.id);
    put(json.get(), "state", state_of(request, now));
    put(json.get(), "tenant", request.tenant);
    put(json.get(), "profile", request.profile);
    put(json.get(), "protocol", wire::name(request.protocol));
    put(json.get(), "operation", wire::name(request.operation));
    put(json.get(), "subject", request.subject);
    put(json.get(), "sans", request.sans);
    put(json.get(), "csr_sha256", pki::hex_encode(request.csr_sha256));
    put(json.get(), "spki_sha256", pki::hex_encode(request.spki_sha256));
    put(json.get(), "client_address", request.client_address);
    put(json.get(), "credential", wire::name(request.credential));
    put(json.get(), "credential_name", request.credential_name);
    put(json.get(), "transaction", request.transaction);
    put(json.get(), "created", pki::format_iso8601(request.created));
    put(json.get(), "expires", pki::format_iso8601(request.expires));
    put_outcome(json.get(), request);
    return json;
}

pki::Buffer request_frame(const PendingRequest& request, std::int64_t now, std::uint64_t id) {
    JsonList list(kKey);
    list.add(request_json(request, now));
    auto frame = list.reply({}, id);
    return frame ? *std::move(frame) : error_frame(frame.error(), id);
}

pki::Result<pki::Buffer> request_list(Store& store, std::int64_t now, const Request& request) {
    PKI_TRY(const auto asked, wire::decode<wire::RequestListRequest>(request.frame));
    const std::uint32_t wanted = std::min(asked.limit != 0 ? asked.limit : kListed, kListed);
    PKI_TRY(const auto requests, store.list_requests({std::string(asked.profile), asked.all,
                                                      now, asked.after, wanted + 1}));
    JsonList list(kKey);
    std::size_t taken = 0;
    while (taken < std::min<std::size_t>(requests.size(), wanted) &&
           list.add(request_json(requests[taken], now)))
        taken++;
    std::string tail;
    if (taken < requests.size()) tail = ",\"after\":" + std::to_string(requests[taken - 1].id);
    return list.reply(tail, request.to.id);
}

}  // namespace signerd
