// Making a CA: a root and an issuing certificate below it, or a request to an offline root.
// Bytes in, values out: files and the clock are the commands'.
#pragma once

#include <string>
#include <vector>

#include "clients/common/chain.h"
#include "clients/signerctl/common.h"
#include "libpki/base/secret.h"
#include "libpki/x509/cert.h"

namespace signerctl {

struct CaSpec {
    std::string root_name;  // "O=Example, CN=Example Root CA"
    std::string root_key;   // ossl::generate_key()
    std::int64_t root_days = 0;
    std::string name;  // of the issuing CA
    std::string key;
    std::int64_t days = 0;
};

struct NewCa {
    pki::Secret root_key;  // PEM of PKCS#8
    pki::Buffer root;      // DER
    pki::Secret key;
    pki::Buffer certificate;
};

// Valid from five minutes before `now` (clocks of devices are late), seconds since 1970.
// Refuses an issuing CA with the root's name or beyond the root's life.
pki::Result<NewCa> make_ca(const CaSpec& spec, std::int64_t now);

struct NewRequest {
    pki::Secret key;
    pki::Buffer csr;
};
// The name as text or as a Name.
pki::Result<NewRequest> make_request(const std::string& name, const std::string& key);
pki::Result<NewRequest> make_request(pki::Buffer name, const std::string& key);

}  // namespace signerctl
