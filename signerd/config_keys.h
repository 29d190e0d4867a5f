// The keys of each object of signerd.json: what the readers accept, and what
// conf/signerd.schema.json has to describe (t/unit/signerd_config_schema_test.cpp).
#pragma once

#include <string_view>

namespace signerd::config_keys {

inline constexpr std::string_view kFile[] = {"id",      "store",      "user",   "group",
                                             "sandbox", "listen",     "cas",    "profiles",
                                             "limits",  "challenges", "outside"};

inline constexpr std::string_view kListen[] = {"path", "mode", "group", "peers"};

inline constexpr std::string_view kPeer[] = {"name", "user",     "group",
                                             "role", "profiles", "verify_possession"};

inline constexpr std::string_view kCa[] = {"tenant",   "certificate", "key",
                                           "crl_urls", "ocsp_urls",   "ca_issuers_urls",
                                           "crl",      "ocsp",        "successor"};

inline constexpr std::string_view kCrl[] = {
    "enabled", "every", "validity", "delta", "delta_urls", "partitions", "distribution_point"};

inline constexpr std::string_view kOcsp[] = {"validity", "key", "certificate_validity"};
inline constexpr std::string_view kSuccessor[] = {"ca", "from", "cross"};

inline constexpr std::string_view kProfile[] = {"ca",
                                                "keys",
                                                "subject",
                                                "empty_subject",
                                                "san",
                                                "san_required",
                                                "key_usage",
                                                "extended_key_usage",
                                                "required_attributes",
                                                "requested_usages",
                                                "validity",
                                                "backdate",
                                                "must_staple",
                                                "idempotency_window",
                                                "approval",
                                                "approval_lifetime",
                                                "approval_retry",
                                                "approval_limit",
                                                "limits",
                                                "scep",
                                                "cmp",
                                                "est"};

inline constexpr std::string_view kIssueLimits[] = {"per_name", "per_credential"};

inline constexpr std::string_view kIssueLimit[] = {"count", "within"};

inline constexpr std::string_view kScep[] = {"challenges", "renewal"};

inline constexpr std::string_view kCmp[] = {
    "names", "implicit_confirm", "confirm_within", "unconfirmed",
    "ra",    "key_generation",   "revocation",     "renewal"};

inline constexpr std::string_view kEst[] = {"renewal", "key_generation", "csr_attributes"};

inline constexpr std::string_view kCsrAttributes[] = {"form", "extensions"};

inline constexpr std::string_view kRenewal[] = {"grace", "change_subject", "from_profiles",
                                                "same_key"};

inline constexpr std::string_view kStaticChallenge[] = {"type", "file"};

inline constexpr std::string_view kHmacChallenge[] = {"type", "keys", "lifetime", "single_use",
                                                      "version_1"};

inline constexpr std::string_view kHmacKey[] = {"id", "file"};

inline constexpr std::string_view kJwsChallenge[] = {"type",     "anchors",      "issuer",
                                                     "audience", "max_lifetime", "limit"};

inline constexpr std::string_view kSubjectRule[] = {"required", "patterns"};

inline constexpr std::string_view kSan[] = {"dns",     "email", "uri", "ip",
                                            "dirname", "other", "rid"};

inline constexpr std::string_view kOutside[] = {"user",        "group",   "hosts",
                                                "connections", "timeout", "ca_file"};

inline constexpr std::string_view kWebhook[] = {"type", "url", "secret", "timeout", "notify"};

inline constexpr std::string_view kIntune[] = {
    "type",      "tenant_id", "client_id", "client_secret", "authority",
    "discovery", "endpoint",  "scope",     "timeout",       "notify"};

inline constexpr std::string_view kLimits[] = {"connections", "queue", "drain"};

}  // namespace signerd::config_keys
