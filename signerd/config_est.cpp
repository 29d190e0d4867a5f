// What a profile says of EST: "est".
#include "signerd/config_keys.h"
#include "signerd/config_parts.h"

namespace signerd {

pki::Result<EstRules> read_est_rules(const JsonValue& value) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kEst));
    EstRules rules;
    PKI_CHECK(object.optional("renewal", into(rules.renewal, read_renewal)));
    PKI_CHECK(
        object.optional("key_generation", into(rules.key_generation, &JsonValue::boolean)));
    return rules;
}

}  // namespace signerd
