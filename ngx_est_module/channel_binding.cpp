#include "ngx_est_module/channel_binding.h"

#include <openssl/ssl.h>

#include <array>

#include "libpki/base/base64.h"
#include "libpki/base/secret.h"
#include "libpki/est/status.h"
#include "libpki/ossl/errors.h"
#include "libpki/x509/string_type.h"
#include "ngx_common/directive.h"
#include "ngx_common/headers.h"

namespace ngx_enroll::est {

namespace {

constexpr ngx_int_t kUpgradeRequired = 426;  // RFC 9110 15.5.22, which nginx has no name for
constexpr std::string_view kExporterLabel = "EXPORTER-Channel-Binding";  // RFC 9266 section 2
constexpr std::size_t kExporterSize = 32;

// RFC 7627 section 1: without the extended master secret of TLS 1.2 two connections can be made
// to have the same keys, and the same Finished after a resumption. TLS 1.3 is made that way.
bool is_unique(SSL* ssl) {
    return SSL_version(ssl) >= TLS1_3_VERSION || SSL_get_extms_support(ssl) == 1;
}

// RFC 9266 section 2: the context is empty, which before TLS 1.3 is not the same as none.
bool is_exporter(SSL* ssl, pki::Bytes shown) {
    std::array<std::uint8_t, kExporterSize> own{};
    const pki::ossl::ErrorGuard errors;
    return SSL_export_keying_material(ssl, own.data(), own.size(), kExporterLabel.data(),
                                      kExporterLabel.size(),
                                      reinterpret_cast<const unsigned char*>(""), 0, 1) == 1 &&
           pki::equal_constant_time(own, shown);
}

// RFC 5929 3.1: the first Finished of the handshake, which is the client's in a full one and
// the server's where a session is resumed. nginx lets no client renegotiate: there is one.
bool is_tls_unique(SSL* ssl, pki::Bytes shown) {
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> own{};
    const std::size_t size = SSL_session_reused(ssl)
                                 ? SSL_get_finished(ssl, own.data(), own.size())
                                 : SSL_get_peer_finished(ssl, own.data(), own.size());
    return size != 0 && size <= own.size() &&
           pki::equal_constant_time({own.data(), size}, shown);
}

bool is_binding(SSL* ssl, const LocConf& conf, pki::Bytes shown) {
    if (SSL_version(ssl) >= TLS1_3_VERSION) return is_exporter(ssl, shown);
    return is_tls_unique(ssl, shown) ||
           (conf.channel_binding_exporter && is_exporter(ssl, shown));
}

// Base64 in any string type; nullopt: it is none, so it is no binding either.
std::optional<pki::Buffer> shown_binding(const pki::x509::Csr& csr) {
    const auto text = pki::x509::whole_text(csr.challenge_tag, *csr.challenge_password);
    if (!text) return std::nullopt;
    auto bytes = pki::base64_decode(pki::as_bytes(*text));
    return bytes ? std::optional(*std::move(bytes)) : std::nullopt;
}

// RFC 9110 7.8, 15.5.22; HTTP/2 has no such headers (RFC 9113 8.2.2), and its status has to do.
void ask_for_upgrade(ngx_http_request_t* r) {
    if (r->http_version >= NGX_HTTP_VERSION_20) return;
    add_header(r, "Upgrade", lend("TLS/1.3, HTTP/1.1"));
    add_header(r, "Connection", lend("Upgrade"));
}

pki::Status check(SSL* ssl, const LocConf& conf, const pki::x509::Csr& csr) {
    using pki::Errc;
    const bool required = conf.channel_binding == kBindingRequired;
    if (!csr.challenge_password && !required) return {};
    if (!is_unique(ssl))
        return pki::fail(Errc::unsupported,
                         "channel binding needs TLS 1.3, or TLS 1.2 with "
                         "extended master secret");
    if (!csr.challenge_password)
        return pki::fail(Errc::malformed,
                         "challengePassword is missing: it has to hold the channel binding");
    const auto shown = shown_binding(csr);
    if (!shown || !is_binding(ssl, conf, *shown))
        return pki::fail(Errc::conflict,
                         "challengePassword is not the channel binding of this connection");
    return {};
}

}  // namespace

char* set_channel_binding(ngx_conf_t* cf, ngx_command_t*, void* data) {
    auto& conf = *static_cast<LocConf*>(data);
    if (conf.channel_binding != NGX_CONF_UNSET_UINT) return const_cast<char*>("is duplicate");
    const std::string_view value = view(argument(cf, 1));
    if (value == "off")
        conf.channel_binding = kBindingOff;
    else if (value == "on")
        conf.channel_binding = kBindingOn;
    else if (value == "required")
        conf.channel_binding = kBindingRequired;
    else
        return const_cast<char*>("is \"off\", \"on\" or \"required\"");
    conf.channel_binding_exporter = 0;
    if (cf->args->nelts == 2) return NGX_CONF_OK;
    if (conf.channel_binding == kBindingOff || view(argument(cf, 2)) != "exporter")
        return const_cast<char*>("has \"exporter\" as its second value, or none");
    conf.channel_binding_exporter = 1;
    return NGX_CONF_OK;
}

pki::Status bound_to_connection(const EstExchange& exchange, const pki::x509::Csr& csr) {
    const LocConf& conf = conf_of(exchange.request);
    if (conf.channel_binding == kBindingOff) return {};
    return check(exchange.request->connection->ssl->connection, conf, csr);
}

ngx_int_t refuse_binding(EstExchange& exchange, const pki::Error& error) {
    const bool upgrade = error.code == pki::Errc::unsupported;
    if (upgrade) ask_for_upgrade(exchange.request);
    exchange.outcome = pki::name(error.code);
    return refuse(exchange, upgrade ? kUpgradeRequired : pki::est::http_status(error.code),
                  error.text);
}

}  // namespace ngx_enroll::est
