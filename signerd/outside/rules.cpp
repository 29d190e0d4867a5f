#include "signerd/outside/rules.h"

namespace signerd {

namespace {

void add(std::string& text, std::string_view part) { (text += part) += '\n'; }

void add(std::string& text, const WebhookRules& rules) {
    add(text, "webhook");
    add(text, rules.url);
    add(text, rules.secret_path);
}

void add(std::string& text, const IntuneRules& rules) {
    add(text, "intune");
    for (const std::string* part :
         {&rules.tenant_id, &rules.client_id, &rules.secret_path, &rules.authority,
          &rules.discovery, &rules.endpoint, &rules.scope})
        add(text, *part);
}

}  // namespace

// No value has a line break in it: JsonValue::text().
pki::ossl::Sha256 facts_of(const OutsideConfig& config) {
    std::string text;
    for (const std::string& host : config.rules.hosts) add(text, host);
    add(text, std::to_string(config.rules.connections));
    add(text, config.rules.ca_file);
    for (const auto& [name, rules] : config.challenges) {
        add(text, name);
        std::visit([&](const auto& some) { add(text, some); }, rules);
        add(text, std::to_string(timeout_of(rules)));
    }
    return pki::ossl::sha256(pki::as_bytes(text));
}

std::int64_t timeout_of(const OutsideChallengeRules& rules) {
    return std::visit([](const auto& some) { return some.timeout; }, rules);
}

bool wants_notices(const OutsideChallengeRules& rules) {
    return std::visit([](const auto& some) { return some.notify; }, rules);
}

}  // namespace signerd
