// What the key child holds. Private keys are in that process and nowhere else; they are wiped
// by OpenSSL when they go.
#pragma once

#include "libpki/ossl/digest.h"
#include "signerd/keys/tbs_check.h"

namespace signerd {

struct CaKey {
    pki::ossl::PkeyPtr key;
    pki::ossl::SignatureScheme scheme;
    CaRules rules;
};

using KeyRing = std::map<std::string, CaKey, std::less<>>;

// Reads the key file of every CA and checks that it belongs to the CA's certificate. The
// error's detail names CA and file.
pki::Result<KeyRing> load_keys(const Config& config);

// Over what check_tbs() goes by. Front and child read the files one after the other: when
// their facts differ, a file changed in between.
pki::ossl::Sha256 facts_of(const Config& config);

}  // namespace signerd
