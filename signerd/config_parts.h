// The parts of signerd.json, one reader each. `folder` is the file's, for relative paths.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "signerd/config.h"
#include "signerd/json_reader.h"

namespace signerd {

pki::Result<std::map<std::string, Ca>> read_cas(const JsonValue& value,
                                                const std::filesystem::path& folder);

pki::Result<std::map<std::string, Profile>> read_profiles(const JsonValue& value,
                                                          const std::map<std::string, Ca>& cas);

pki::Result<std::vector<Listen>> read_listen(const JsonValue& value,
                                             const std::filesystem::path& folder,
                                             const std::map<std::string, Profile>& profiles);

// "crl" of a CA whose chain and crl_urls are read.
pki::Status read_crl_rules(const JsonObject& ca_object, Ca& ca);
pki::Result<OcspRules> read_ocsp_rules(const JsonValue& value);

// Fills in the chain of the CA and what follows from it: names, validity, scheme.
pki::Status read_chain(const JsonValue& value, const std::filesystem::path& folder, Ca& ca);

}  // namespace signerd
