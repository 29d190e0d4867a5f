#include "ngx_common/signing_pair.h"

#include <iterator>

#include "libpki/base/limits.h"
#include "ngx_common/key_pair.h"

namespace ngx_enroll {

namespace {

const char* problem_of(const KeyPair& pair) {
    if (!pair.is_valid(ngx_time()))
        return ngx_time() < pair.not_before ? "the certificate is not valid yet"
                                            : "the certificate has expired";
    // RFC 9483 1.5
    if ((pair.key_usage & pki::x509::kDigitalSignature) == 0)
        return "the keyUsage of the certificate has no digitalSignature";
    if (pair.certificates.size() > pki::limits::kChain)
        return "it has more than 16 certificates";
    return nullptr;
}

}  // namespace

bool load_signing_pair(ngx_conf_t* cf, ngx_str_t& certificate_file, ngx_str_t& key_file,
                       SigningPair& signing) {
    KeyPair pair;
    if (!load_key_pair(cf, certificate_file, key_file, pair)) return false;
    if (const char* why = problem_of(pair); why != nullptr) {
        complain(cf, certificate_file, why);
        return false;
    }
    signing.slow = EVP_PKEY_get_base_id(pair.key.get()) == EVP_PKEY_RSA;
    signing.certificate = std::move(pair.certificates.front());
    signing.chain.assign(std::make_move_iterator(pair.certificates.begin() + 1),
                         std::make_move_iterator(pair.certificates.end()));
    signing.key = std::move(pair.key);
    return true;
}

}  // namespace ngx_enroll
