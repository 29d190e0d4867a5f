// What a CA says of the certificates that it made: "crl" and "ocsp".
#include <algorithm>

#include "libpki/base/limits.h"
#include "signerd/config_keys.h"
#include "signerd/config_parts.h"
#include "signerd/config_values.h"
#include "signerd/keys/crl_check.h"

namespace signerd {

namespace {

// A list that is older than a year is none, and the key child would not sign it.
constexpr std::int64_t kMaxValidity = 365 * kDay;
constexpr std::int64_t kMaxOcspValidity = 30 * kDay;

pki::Status read_crl_object(const JsonObject& object, CrlRules& rules) {
    std::int64_t partitions = 0;
    PKI_CHECK(object.optional("enabled", into(rules.enabled, &JsonValue::boolean)));
    PKI_CHECK(object.optional("every", into(rules.every, duration(kMinute, 30 * kDay))));
    PKI_CHECK(
        object.optional("validity", into(rules.validity, duration(kMinute, kMaxValidity))));
    PKI_CHECK(object.optional("delta", into(rules.delta_every, duration(kMinute, kDay))));
    PKI_CHECK(object.optional("delta_urls", into(rules.delta_urls, list_of(read_url))));
    PKI_CHECK(
        object.optional("partitions", into(partitions, integer(0, pki::limits::kPartitions))));
    PKI_CHECK(object.optional("distribution_point",
                              into(rules.distribution_point, &JsonValue::boolean)));
    rules.partitions = static_cast<std::uint32_t>(partitions);
    // The next list has to be there before this one is over.
    if (rules.every >= rules.validity) return object.error("validity", "not longer than every");
    if (rules.delta_every >= rules.every)
        return object.error("delta", "not shorter than every");
    if (rules.delta_every != 0 && rules.partitions != 0)
        return object.error("delta", "not together with partitions, which are small already");
    if (!rules.delta_urls.empty() && rules.delta_every == 0)
        return object.error("delta_urls", "only with delta");
    return {};
}

bool names_partition(const std::string& url) { return url.find(kPartitionWord) != url.npos; }

// A certificate whose list cannot be found is as bad as one that names every list.
pki::Status check_urls(const JsonValue& value, const Ca& ca) {
    const bool some = std::ranges::any_of(ca.crl_urls, names_partition);
    const bool all = std::ranges::all_of(ca.crl_urls, names_partition);
    const std::string word(kPartitionWord);
    if (ca.crl.partitions != 0 && (ca.crl_urls.empty() || !all))
        return value.error("partitions need " + word + " in each of crl_urls");
    if (ca.crl.partitions == 0 && some)
        return value.error(word + " in crl_urls needs crl.partitions");
    return {};
}

}  // namespace

pki::Status read_crl_rules(const JsonObject& ca_object, Ca& ca) {
    const bool may_sign = may_sign_crls(ca);
    ca.crl.enabled = may_sign;
    const auto value = ca_object.find("crl");
    if (value) {
        PKI_TRY(const JsonObject object, value->object(config_keys::kCrl));
        ca.crl.enabled = true;
        PKI_CHECK(read_crl_object(object, ca.crl));
        if (ca.crl.enabled && !may_sign)
            return value->error("the key usage of the CA's certificate lacks cRLSign");
    }
    return check_urls(value ? *value : *ca_object.find("certificate"), ca);
}

pki::Result<OcspRules> read_ocsp_rules(const JsonValue& value) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kOcsp));
    OcspRules rules;
    constexpr Choice<std::string_view> kKeys[] = {
        {"rsa:2048", "rsa:2048"}, {"rsa:3072", "rsa:3072"}, {"rsa:4096", "rsa:4096"},
        {"ec:P-256", "ec:P-256"}, {"ec:P-384", "ec:P-384"}, {"ec:P-521", "ec:P-521"},
        {"ed25519", "ed25519"}};
    const auto key = [&](const JsonValue& v) -> pki::Result<std::string> {
        PKI_TRY(const std::string_view known, read_choice<std::string_view>(v, kKeys));
        return std::string(known);
    };
    PKI_CHECK(
        object.optional("validity", into(rules.validity, duration(kMinute, kMaxOcspValidity))));
    PKI_CHECK(object.optional("key", into(rules.key, key)));
    PKI_CHECK(object.optional("certificate_validity", into(rules.certificate_validity,
                                                           duration(kHour, kMaxOcspValidity))));
    return rules;
}

}  // namespace signerd
