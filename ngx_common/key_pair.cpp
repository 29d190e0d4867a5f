#include "ngx_common/key_pair.h"

#include "libpki/ossl/key.h"
#include "ngx_common/usages.h"

namespace ngx_enroll {

namespace {

namespace x509 = pki::x509;

constexpr int kMinRsaBits = 2048;

bool is_ca(const x509::Certificate& certificate) {
    const x509::Extension* const extension =
        certificate.tbs.extensions.find(x509::oid::kBasicConstraints);
    if (extension == nullptr) return false;
    const auto constraints = x509::parse_basic_constraints(extension->value);
    return !constraints || constraints->ca;
}

const char* problem_of(const x509::Certificate& certificate, EVP_PKEY* key) {
    if (is_ca(certificate))
        return "it is the certificate of a CA, whose key must never be here";
    const auto own = pki::ossl::make_public_key(certificate.tbs.spki.key);
    if (!own || !pki::ossl::same_public_key(own->get(), key))
        return "the key is not that of the certificate";
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) < kMinRsaBits)
        return "the key has less than 2048 bits";
    return nullptr;
}

bool take_certificates(ngx_conf_t* cf, ngx_str_t& file, KeyPair& pair) {
    const auto text = read_conf_file(cf, file, Holds::certificates);
    if (!text) return false;
    auto certificates = x509::certificates_from_pem(pki::as_text(text->view()));
    if (!certificates) {
        complain(cf, file, certificates.error().text);
        return false;
    }
    pair.certificates = std::move(*certificates);
    return true;
}

bool take_key(ngx_conf_t* cf, ngx_str_t& file, KeyPair& pair) {
    const auto text = read_conf_file(cf, file, Holds::secrets);
    if (!text) return false;
    auto key = pki::ossl::read_private_key(text->view());
    if (!key) {
        complain(cf, file, key.error().text);
        return false;
    }
    pair.key = std::move(*key);
    return true;
}

}  // namespace

bool load_key_pair(ngx_conf_t* cf, ngx_str_t& certificate_file, ngx_str_t& key_file,
                   KeyPair& pair) {
    if (!take_certificates(cf, certificate_file, pair) || !take_key(cf, key_file, pair))
        return false;
    const auto certificate = x509::parse_certificate(pair.certificates.front());
    if (!certificate) {
        complain(cf, certificate_file, certificate.error().text);
        return false;
    }
    if (const char* why = problem_of(*certificate, pair.key.get()); why != nullptr) {
        complain(cf, certificate_file, why);
        return false;
    }
    pair.not_before = certificate->tbs.not_before;
    pair.not_after = certificate->tbs.not_after;
    pair.key_usage = key_usage(*certificate);
    return true;
}

}  // namespace ngx_enroll
