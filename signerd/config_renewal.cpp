// "renewal" of a profile's protocols, where the old certificate signs.
#include "signerd/config_keys.h"
#include "signerd/config_parts.h"
#include "signerd/config_values.h"

namespace signerd {

namespace {

constexpr std::int64_t kMaxGrace = 365 * kDay;

pki::Result<std::string> read_profile_name(const JsonValue& value) {
    PKI_TRY(std::string name, value.text());
    PKI_CHECK(check_profile_name(value, name));
    return name;
}

}  // namespace

// A profile of that name may be gone, while its certificates are still there.
pki::Result<Renewal> read_renewal(const JsonValue& value) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kRenewal));
    Renewal renewal;
    PKI_CHECK(object.optional("grace", into(renewal.grace, duration(0, kMaxGrace))));
    PKI_CHECK(
        object.optional("change_subject", into(renewal.change_subject, &JsonValue::boolean)));
    PKI_CHECK(object.optional("from_profiles",
                              into(renewal.from_profiles, list_of(read_profile_name, 1))));
    PKI_CHECK(object.optional("same_key", into(renewal.same_key, &JsonValue::boolean)));
    return renewal;
}

}  // namespace signerd
