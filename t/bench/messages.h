// SCEP requests of a load, made before the clock starts, and the check of some answers.
#pragma once

#include <ctime>

#include "libpki/x509/cert.h"
#include "t/bench/requests.h"

namespace bench {

// Where every PKCSReq goes, and what they have in common.
struct MessageSpec {
    std::string ra;  // file: PEM of the RA's certificate
    std::string challenge;
    std::time_t now = 0;
};

// PKCSReq in base64: each with a transactionID and a CSR of its own, by keys[number % keys].
pki::Result<std::vector<std::string>> make_messages(const MessageSpec& spec, const Keys& keys,
                                                    std::size_t count);

// The keys beside such a file, and from there.
pki::Status write_keys(const Keys& keys, const std::string& file);
pki::Result<Keys> read_keys(const std::string& file);

pki::Result<pki::Buffer> read_certificate(const std::string& file);

// Whether the answer is the RA's to this message, opens with the key, and holds a certificate
// for it.
pki::Status check_answer(pki::Bytes message, pki::Bytes answer, pki::Bytes ra, EVP_PKEY* key);

}  // namespace bench
