#include "signerd/signature_check.h"

namespace signerd {

pki::Status check_signature(EVP_PKEY* key, const pki::ossl::SignatureScheme& scheme,
                            pki::Bytes message, pki::Bytes signature, const std::string& ca) {
    if (scheme.type != pki::ossl::KeyType::rsa) return {};
    if (pki::ossl::verify(key, scheme, message, signature)) return {};
    return pki::fail(pki::Errc::internal, "the key child returned a bad signature", ca);
}

}  // namespace signerd
