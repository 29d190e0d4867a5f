// "limits" of a profile: how many certificates whom, and how soon.
#include "signerd/config_keys.h"
#include "signerd/config_parts.h"
#include "signerd/config_values.h"

namespace signerd {

namespace {

// The store has a row for each that is counted, until it leaves the window.
constexpr std::int64_t kMaxCount = 1'000'000;
constexpr std::int64_t kMaxWindow = 365 * kDay;

pki::Result<IssueLimit> read_limit(const JsonValue& value) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kIssueLimit));
    IssueLimit limit;
    PKI_CHECK(object.required("count", into(limit.count, integer(1, kMaxCount))));
    PKI_CHECK(object.required("within", into(limit.within, duration(1, kMaxWindow))));
    return limit;
}

}  // namespace

pki::Result<IssueLimits> read_issue_limits(const JsonValue& value) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kIssueLimits));
    IssueLimits limits;
    PKI_CHECK(object.optional("per_name", into(limits.per_name, read_limit)));
    PKI_CHECK(object.optional("per_credential", into(limits.per_credential, read_limit)));
    return limits;
}

}  // namespace signerd
