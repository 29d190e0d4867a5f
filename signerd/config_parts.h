// The parts of signerd.json, one reader each. `folder` is the file's, for relative paths.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "signerd/config.h"
#include "signerd/json_reader.h"

namespace signerd {

pki::Result<std::map<std::string, Ca>> read_cas(const JsonValue& value,
                                                const std::filesystem::path& folder);

using Challenges = std::map<std::string, ChallengePtr>;

pki::Result<Challenges> read_challenges(const JsonValue& value,
                                        const std::filesystem::path& folder);

// Without `challenges` their names mean nothing.
pki::Result<std::map<std::string, Profile>> read_profiles(const JsonValue& value,
                                                          const std::map<std::string, Ca>& cas,
                                                          const Challenges* challenges);

// "limits" of a profile.
pki::Result<IssueLimits> read_issue_limits(const JsonValue& value);

// "scep" of a profile.
pki::Result<ScepRules> read_scep_rules(const JsonValue& value, const Challenges* challenges);

// "cmp" of a profile.
pki::Result<CmpRules> read_cmp_rules(const JsonValue& value);

// "est" of a profile.
pki::Result<EstRules> read_est_rules(const JsonValue& value);

// "renewal" of one of these.
pki::Result<Renewal> read_renewal(const JsonValue& value);

pki::Result<std::vector<Listen>> read_listen(const JsonValue& value,
                                             const std::filesystem::path& folder,
                                             const std::map<std::string, Profile>& profiles);

// "outside". The accounts are not looked up, the file of certificates has to be there.
pki::Result<OutsideRules> read_outside(const JsonValue& value,
                                       const std::filesystem::path& folder);

// Whether a file is fit to hold a secret for the outside child.
using SecretCheck =
    std::function<pki::Status(const OutsideRules& rules, const std::string& path)>;

// What "challenges" has of the types "webhook" and "intune", into `outside`, without which
// they are an error: nobody could ask. The others are passed over.
pki::Status read_outside_challenges(const JsonValue& value, const std::filesystem::path& folder,
                                    const SecretCheck& check,
                                    std::optional<OutsideConfig>& outside);

// "crl" of a CA whose chain and crl_urls are read.
pki::Status read_crl_rules(const JsonObject& ca_object, Ca& ca);
pki::Result<OcspRules> read_ocsp_rules(const JsonValue& value);

// "approval" of a profile, and the keys that go with it.
pki::Status read_approval(const JsonObject& profile_object, ApprovalRules& rules);

// Fills in the chain of the CA and what follows from it: names, validity, scheme.
pki::Status read_chain(const JsonValue& value, const std::filesystem::path& folder, Ca& ca);

// "successor" of a CA. Which CA it names is for check_successors(), once all are read.
pki::Result<Successor> read_successor(const JsonValue& value,
                                      const std::filesystem::path& folder);

// `value` is that of read_cas(). Each successor is another CA of the same tenant, and there is
// no circle; a cross certificate leads from one root to the other: its name, its key and its
// signature are theirs (RFC 9810 4.4). Puts OldWithNew before NewWithOld. Not checked: their
// validity, and what an issuing certificate without its root in the file hangs from.
pki::Status check_successors(const JsonValue& value, std::map<std::string, Ca>& cas);

// RFC 5280 4.2.1.9 and 4.2.1.3: a CA's, for signing certificates, with `below` CA certificates
// under it that are not self-issued.
pki::Status check_ca(const pki::x509::Certificate& certificate, std::size_t below);
bool is_self_issued(const pki::x509::Certificate& certificate);

}  // namespace signerd
