#include "clients/enroll/channel_binding.h"

#include <openssl/ssl.h>

#include <array>

#include "libpki/base/base64.h"
#include "libpki/ossl/errors.h"

namespace enroll {

using pki::Bytes;
using pki::Errc;
using pki::fail;
using pki::Result;

namespace {

constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
constexpr std::size_t kExported = 32;

// RFC 9266 2. With TLS 1.3 no context and an empty one are the same.
Result<std::string> tls_exporter(SSL* connection) {
    std::array<std::uint8_t, kExported> value{};
    if (SSL_export_keying_material(connection, value.data(), value.size(), kLabel.data(),
                                   kLabel.size(), nullptr, 0, 0) != 1)
        return fail(Errc::internal, "no tls-exporter of the connection");
    return pki::base64_encode(value);
}

// RFC 5929 3.1: the first Finished of the handshake. It is the client's, and the server's when
// a session was resumed.
Result<std::string> tls_unique(SSL* connection) {
    if (SSL_get_extms_support(connection) != 1)
        return fail(Errc::unsupported, "the connection has no extended master secret");
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> value{};
    const std::size_t size = SSL_session_reused(connection) == 1
                                 ? SSL_get_peer_finished(connection, value.data(), value.size())
                                 : SSL_get_finished(connection, value.data(), value.size());
    if (size == 0 || size > value.size())
        return fail(Errc::internal, "no tls-unique of the connection");
    return pki::base64_encode(Bytes(value).first(size));
}

}  // namespace

Result<std::string> channel_binding(SSL* connection) {
    const pki::ossl::ErrorGuard guard;
    switch (SSL_version(connection)) {
        case TLS1_3_VERSION: return tls_exporter(connection);
        case TLS1_2_VERSION: return tls_unique(connection);
        default: return fail(Errc::unsupported, "not TLS 1.2 or 1.3");
    }
}

std::string tls_text(SSL* connection) {
    return std::string(SSL_get_version(connection)) + ", " + SSL_get_cipher_name(connection);
}

}  // namespace enroll
