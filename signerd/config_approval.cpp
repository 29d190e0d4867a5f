#include "signerd/config_parts.h"
#include "signerd/config_values.h"

namespace signerd {

namespace {

// A request that nobody has looked at for half a year is a client that is gone.
constexpr std::int64_t kMinLifetime = kMinute;
constexpr std::int64_t kMaxLifetime = 180 * kDay;

constexpr Choice<bool> kApprovals[] = {{"automatic", false}, {"manual", true}};

pki::Result<bool> read_manual(const JsonValue& value) {
    return read_choice<bool>(value, kApprovals);
}

}  // namespace

pki::Status read_approval(const JsonObject& object, ApprovalRules& rules) {
    PKI_CHECK(object.optional("approval", into(rules.manual, read_manual)));
    PKI_CHECK(object.optional("approval_lifetime",
                              into(rules.lifetime, duration(kMinLifetime, kMaxLifetime))));
    PKI_CHECK(object.optional("approval_retry", into(rules.retry, duration(1, kDay))));
    return object.optional("approval_limit", into(rules.limit, integer(1, 100'000)));
}

}  // namespace signerd
