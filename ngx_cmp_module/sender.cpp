#include "ngx_cmp_module/sender.h"

#include <iterator>

#include "libpki/base/limits.h"
#include "ngx_common/key_pair.h"
#include "ngx_common/pool.h"
#include "ngx_common/usages.h"

namespace ngx_enroll::cmp {

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

const Sender* load_sender(ngx_conf_t* cf, ngx_str_t& certificate_file, ngx_str_t& key_file) {
    KeyPair pair;
    if (!load_key_pair(cf, certificate_file, key_file, pair)) return nullptr;
    if (const char* why = problem_of(pair); why != nullptr) {
        complain(cf, certificate_file, why);
        return nullptr;
    }
    auto* sender = new_in_pool<Sender>(cf->pool);
    const auto certificate = pki::x509::parse_certificate(pair.certificates.front());
    sender->makes_keys = certificate && has_purpose(*certificate, pki::x509::oid::kCmKga);
    sender->slow = EVP_PKEY_get_base_id(pair.key.get()) == EVP_PKEY_RSA;
    sender->certificate = std::move(pair.certificates.front());
    sender->chain.assign(std::make_move_iterator(pair.certificates.begin() + 1),
                         std::make_move_iterator(pair.certificates.end()));
    sender->key = std::move(pair.key);
    return sender;
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
