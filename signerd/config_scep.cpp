// What a profile says of SCEP: "scep".
#include "signerd/config_keys.h"
#include "signerd/config_parts.h"

namespace signerd {

namespace {

pki::Status add_challenge(const JsonValue& value, const std::string& name,
                          const Challenges& challenges, ScepRules& rules) {
    const auto found = challenges.find(name);
    if (found == challenges.end()) return value.error("no challenge \"" + name + "\"");
    if (!rules.challenges.empty() && rules.challenges.back()->asks_outside())
        return value.error("nothing is left for it: \"" + rules.challenges.back()->name() +
                           "\" before it takes every challenge");
    rules.challenges.push_back(found->second);
    return {};
}

pki::Status read_names(const JsonValue& value, const Challenges* challenges, ScepRules& rules) {
    PKI_TRY(const auto elements, value.list(1));
    for (const JsonValue& element : elements) {
        PKI_TRY(const std::string name, element.text());
        rules.open = name == kNoChallenge;
        if (rules.open && elements.size() > 1)
            return element.error("\"none\" stands alone: with it no challenge is needed");
        if (!rules.open && challenges != nullptr)
            PKI_CHECK(add_challenge(element, name, *challenges, rules));
    }
    return {};
}

}  // namespace

pki::Result<ScepRules> read_scep_rules(const JsonValue& value, const Challenges* challenges) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kScep));
    ScepRules rules;
    const auto names = [&](const JsonValue& v) { return read_names(v, challenges, rules); };
    PKI_CHECK(object.optional("challenges", names));
    PKI_CHECK(object.optional("renewal", into(rules.renewal, read_renewal)));
    return rules;
}

}  // namespace signerd
