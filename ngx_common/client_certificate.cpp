#include "ngx_common/client_certificate.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "libpki/ossl/errors.h"
#include "libpki/x509/cert.h"
#include "ngx_common/pool.h"

namespace ngx_enroll {

namespace {

X509_STORE* not_loaded(ngx_conf_t* cf, const ngx_str_t& file, const char* why) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "certificates of \"%V\" cannot be used: %s", &file,
                       why);
    return nullptr;
}

// Empty when there is none.
pki::Buffer der_of(X509* certificate) {
    const int size = i2d_X509(certificate, nullptr);
    pki::Buffer der(size > 0 ? static_cast<std::size_t>(size) : 0);
    std::uint8_t* out = der.data();
    if (size > 0) i2d_X509(certificate, &out);
    return der;
}

// Every other fault stays one, and is found whichever comes first: each has a call of its own.
int forgive_expired_leaf(int ok, X509_STORE_CTX* context) {
    const bool expired = X509_STORE_CTX_get_error(context) == X509_V_ERR_CERT_HAS_EXPIRED;
    if (ok || !expired || X509_STORE_CTX_get_error_depth(context) != 0) return ok;
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return 1;
}

}  // namespace

bool end_of_pem() {
    const unsigned long error = ERR_peek_last_error();
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

X509_STORE* load_anchors(ngx_conf_t* cf, ngx_str_t& file) {
    const pki::ossl::ErrorGuard errors;
    if (ngx_conf_full_name(cf->cycle, &file, 1) != NGX_OK) return nullptr;
    const pki::ossl::BioPtr in(BIO_new_file(reinterpret_cast<char*>(file.data), "r"));
    if (in == nullptr) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno, "cannot open \"%V\"", &file);
        return nullptr;
    }
    pki::ossl::StorePtr store(X509_STORE_new());
    if (store == nullptr) throw std::bad_alloc();
    // An intermediate that the operator lists is an anchor, whether its root is there or not.
    X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
    std::size_t count = 0;
    while (const auto certificate =
               pki::ossl::X509Ptr(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr))) {
        if (X509_STORE_add_cert(store.get(), certificate.get()) != 1)
            return not_loaded(cf, file, "OpenSSL refused one");
        count++;
    }
    if (!end_of_pem()) return not_loaded(cf, file, "one is damaged");
    if (count == 0) return not_loaded(cf, file, "there is none");

    ngx_pool_cleanup_t* cleanup = ngx_pool_cleanup_add(cf->pool, 0);
    if (cleanup == nullptr) throw std::bad_alloc();
    cleanup->handler = [](void* data) { X509_STORE_free(static_cast<X509_STORE*>(data)); };
    cleanup->data = store.get();
    return store.release();
}

bool has_client_certificate(ngx_http_request_t* r) {
    return pki::ossl::X509Ptr(SSL_get1_peer_certificate(r->connection->ssl->connection)) !=
           nullptr;
}

const char* listener_refuses_certificate(ngx_http_request_t* r) {
    ngx_connection_t* c = r->connection;
    const auto* conf = static_cast<ngx_http_ssl_srv_conf_t*>(
        ngx_http_get_module_srv_conf(r, ngx_http_ssl_module));
    if (c->ssl == nullptr || conf->verify == 0) return nullptr;
    const long result = SSL_get_verify_result(c->ssl->connection);
    if (result != X509_V_OK && (conf->verify != 3 || !ngx_ssl_verify_error_optional(result)))
        return X509_verify_cert_error_string(result);
    if (conf->verify == 1 && !has_client_certificate(r)) return "no client certificate";
    const char* why = nullptr;
    return ngx_ssl_ocsp_get_status(c, &why) != NGX_OK ? why : nullptr;
}

std::string presented_subject(ngx_http_request_t* r) {
    const pki::ossl::ErrorGuard errors;
    const pki::ossl::X509Ptr leaf(SSL_get1_peer_certificate(r->connection->ssl->connection));
    const pki::Buffer der = leaf == nullptr ? pki::Buffer() : der_of(leaf.get());
    const auto certificate = pki::x509::parse_certificate(der);
    return certificate ? pki::x509::name_text(certificate->tbs.subject) : std::string();
}

pki::Result<pki::Buffer> verified_client_certificate(ngx_http_request_t* r, X509_STORE* anchors,
                                                     Expired expired) {
    const pki::ossl::ErrorGuard errors;
    SSL* ssl = r->connection->ssl->connection;
    const pki::ossl::X509Ptr leaf(SSL_get1_peer_certificate(ssl));
    if (leaf == nullptr)
        return pki::fail(pki::Errc::unauthenticated, "no client certificate was presented");

    const pki::ossl::StoreCtxPtr context(X509_STORE_CTX_new());
    if (context == nullptr ||
        X509_STORE_CTX_init(context.get(), anchors, leaf.get(), SSL_get_peer_cert_chain(ssl)) !=
            1 ||
        X509_STORE_CTX_set_default(context.get(), "ssl_client") != 1)
        return pki::fail(pki::Errc::internal, "the client certificate cannot be checked");
    if (expired == Expired::accepted)
        X509_STORE_CTX_set_verify_cb(context.get(), forgive_expired_leaf);
    if (X509_verify_cert(context.get()) != 1)
        return pki::fail(
            pki::Errc::unauthenticated,
            X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));

    pki::Buffer der = der_of(leaf.get());
    if (der.empty()) return pki::fail(pki::Errc::internal, "the client certificate has no DER");
    return der;
}

}  // namespace ngx_enroll
