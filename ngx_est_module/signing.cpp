#include "ngx_est_module/signing.h"

#include "ngx_common/conf_file.h"
#include "ngx_common/pool.h"

namespace ngx_enroll::est {

const SigningPair* load_signing(ngx_conf_t* cf, ngx_str_t& certificate, ngx_str_t& key) {
    SigningPair pair;
    if (!load_signing_pair(cf, certificate, key, pair)) return nullptr;
    const int type = EVP_PKEY_get_base_id(pair.key.get());
    if (type != EVP_PKEY_RSA && type != EVP_PKEY_EC) {
        complain(cf, key, "the key is neither RSA nor EC");
        return nullptr;
    }
    return new_in_pool<SigningPair>(cf->pool, std::move(pair));
}

}  // namespace ngx_enroll::est
