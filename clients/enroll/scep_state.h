// What is kept of a request that waits, so that a later call can ask what became of it.
#pragma once

#include <string>
#include <vector>

#include "clients/common/json.h"
#include "clients/enroll/common.h"

namespace enroll {

// Names of files, no secrets; the file itself is its owner's alone.
struct ScepState {
    std::string url, ca_name, transaction_id;
    std::string digest, cipher;  // as on the command line; empty: by the CA's capabilities
    bool get = false;
    std::string cacert, tls_cacert;
    std::vector<std::string> fingerprints;
    bool any_ra = false;
    std::string key;            // path of the signer's key
    std::string certified_key;  // path of the key to be certified
    pki::Buffer signer;         // its certificate
    pki::Buffer subject;        // Name in the request
    std::string out, chain_out;
};

pki::Status save_state(const std::string& path, const ScepState& state);
pki::Result<ScepState> load_state(const std::string& path);
// When the request is decided.
void forget_state(const std::string& path);

}  // namespace enroll
