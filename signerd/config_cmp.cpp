// What a profile says of CMP: "cmp".
#include "signerd/config_keys.h"
#include "signerd/config_parts.h"
#include "signerd/config_values.h"

namespace signerd {

namespace {

// A client that has not confirmed within a day is gone (RFC 9810 5.3.18).
constexpr std::int64_t kMaxConfirmWithin = kDay;

constexpr Choice<CmpNames> kNames[] = {{"any", CmpNames::any},
                                       {"credential", CmpNames::credential}};

constexpr Choice<bool> kUnconfirmed[] = {{"revoke", false}, {"keep", true}};

pki::Result<CmpNames> read_names(const JsonValue& value) {
    return read_choice<CmpNames>(value, kNames);
}

pki::Result<bool> read_unconfirmed(const JsonValue& value) {
    return read_choice<bool>(value, kUnconfirmed);
}

}  // namespace

pki::Result<CmpRules> read_cmp_rules(const JsonValue& value) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kCmp));
    const auto boolean = &JsonValue::boolean;
    CmpRules rules;
    PKI_CHECK(object.required("names", into(rules.names, read_names)));
    PKI_CHECK(object.optional("implicit_confirm", into(rules.implicit_confirm, boolean)));
    PKI_CHECK(object.optional("confirm_within",
                              into(rules.confirm_within, duration(1, kMaxConfirmWithin))));
    PKI_CHECK(object.optional("unconfirmed", into(rules.keep_unconfirmed, read_unconfirmed)));
    PKI_CHECK(object.optional("ra", into(rules.ra, boolean)));
    PKI_CHECK(object.optional("key_generation", into(rules.key_generation, boolean)));
    PKI_CHECK(object.optional("revocation", into(rules.revocation, boolean)));
    PKI_CHECK(object.optional("renewal", into(rules.renewal, read_renewal)));
    return rules;
}

}  // namespace signerd
