// What is looked at before a signature of the key child leaves.
#pragma once

#include <string>

#include "libpki/ossl/key.h"

namespace signerd {

// One faulty RSA signature made with the CRT gives away the key (Boneh, DeMillo, Lipton 1997),
// and verifying costs a sixteenth of signing. An EC signature has no such weakness, and would
// cost three times its making: it is taken as it is. internal, with the name of the CA.
pki::Status check_signature(EVP_PKEY* key, const pki::ossl::SignatureScheme& scheme,
                            pki::Bytes message, pki::Bytes signature, const std::string& ca);

}  // namespace signerd
