#include "ngx_cmp_module/trust.h"

#include <openssl/pem.h>

#include "libpki/ossl/errors.h"
#include "ngx_common/client_certificate.h"
#include "ngx_common/conf_file.h"
#include "ngx_common/pool.h"

namespace ngx_enroll::cmp {

namespace {

const Crls* damaged(ngx_conf_t* cf, const ngx_str_t& file, const char* why) {
    complain(cf, file, why);
    return nullptr;
}

}  // namespace

const Trust* load_trust(ngx_conf_t* cf, ngx_str_t& file) {
    X509_STORE* const store = load_anchors(cf, file);
    if (store == nullptr) return nullptr;
    return new_in_pool<Trust>(cf->pool, store, nullptr, new_in_pool<KnownSigners>(cf->pool));
}

const Crls* load_crls(ngx_conf_t* cf, ngx_str_t& file) {
    const pki::ossl::ErrorGuard errors;
    if (ngx_conf_full_name(cf->cycle, &file, 1) != NGX_OK) return nullptr;
    const pki::ossl::BioPtr in(BIO_new_file(reinterpret_cast<char*>(file.data), "r"));
    if (in == nullptr) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno, "cannot open \"%V\"", &file);
        return nullptr;
    }
    auto* crls = new_in_pool<Crls>(cf->pool);
    crls->list = sk_X509_CRL_new_null();
    if (crls->list == nullptr) throw std::bad_alloc();
    while (X509_CRL* const crl = PEM_read_bio_X509_CRL(in.get(), nullptr, nullptr, nullptr)) {
        if (sk_X509_CRL_push(crls->list, crl) != 0) continue;
        X509_CRL_free(crl);
        throw std::bad_alloc();
    }
    if (!end_of_pem()) return damaged(cf, file, "a CRL is damaged");
    if (sk_X509_CRL_num(crls->list) == 0) return damaged(cf, file, "it has no CRL");
    return crls;
}

const Trust* with_crls(ngx_conf_t* cf, const Trust& trust, const Crls& crls) {
    return new_in_pool<Trust>(cf->pool, trust.store, &crls,
                              new_in_pool<KnownSigners>(cf->pool));
}

}  // namespace ngx_enroll::cmp
