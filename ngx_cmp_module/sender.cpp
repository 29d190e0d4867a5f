#include "ngx_cmp_module/sender.h"

#include "ngx_common/conf_file.h"
#include "ngx_common/pool.h"
#include "ngx_common/usages.h"

namespace ngx_enroll::cmp {

const Sender* load_sender(ngx_conf_t* cf, ngx_str_t& certificate_file, ngx_str_t& key_file) {
    Sender loaded;
    if (!load_signing_pair(cf, certificate_file, key_file, loaded)) return nullptr;
    const auto certificate = pki::x509::parse_certificate(loaded.certificate);
    loaded.makes_keys = certificate && has_purpose(*certificate, pki::x509::oid::kCmKga);
    return new_in_pool<Sender>(cf->pool, std::move(loaded));
}

const pki::Buffer* load_encryption_certificate(ngx_conf_t* cf, ngx_str_t& file) {
    const auto text = read_conf_file(cf, file, Holds::certificates);
    if (!text) return nullptr;
    auto certificates = pki::x509::certificates_from_pem(pki::as_text(text->view()));
    const auto certificate = certificates
                                 ? pki::x509::parse_certificate(certificates->front())
                                 : pki::Result<pki::x509::Certificate>(certificates.error());
    if (!certificate) {
        complain(cf, file, certificate.error().text);
        return nullptr;
    }
    if ((key_usage(*certificate) & (pki::x509::kKeyEncipherment | pki::x509::kKeyAgreement)) ==
        0) {
        complain(cf, file,
                 "the keyUsage of the certificate has neither keyEncipherment nor "
                 "keyAgreement");
        return nullptr;
    }
    return new_in_pool<pki::Buffer>(cf->pool, std::move(certificates->front()));
}

}  // namespace ngx_enroll::cmp
