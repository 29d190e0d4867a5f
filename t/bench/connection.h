// One connection of a load to a server on this machine, plain or with TLS; never waits.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "libpki/ossl/handles.h"

namespace bench {

using SslCtxPtr = std::unique_ptr<SSL_CTX, pki::ossl::Deleter<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, pki::ossl::Deleter<SSL_free>>;
using SessionPtr = std::unique_ptr<SSL_SESSION, pki::ossl::Deleter<SSL_SESSION_free>>;

// TLS 1.3, with a client certificate where there is one. The server's is not verified: it is
// the load that counts. Nothing when a file cannot be used.
SslCtxPtr tls_context(const std::string& certificate, const std::string& key);

// How a read or a write went: the octets, or one of these.
constexpr int kLater = 0;
constexpr int kBroken = -1;

class Connection {
   public:
    Connection() = default;
    Connection(Connection&& other) noexcept;
    Connection& operator=(Connection&&) = delete;
    ~Connection() { close(); }

    // Events for `owner` on `epoll`, edge-triggered. Without a context it is plain. `resume`:
    // the session that the last close() left.
    bool open(std::uint16_t port, SSL_CTX* tls, bool resume, int epoll, void* owner);
    bool is_open() const { return fd_ >= 0; }
    bool resumed() const { return ssl_ && SSL_session_reused(ssl_.get()) == 1; }
    int write(std::string_view data);
    int read(std::span<char> out);
    void close();

   private:
    int result_of(int result) const;

    int fd_ = -1;
    SslPtr ssl_;
    SessionPtr session_;
};

}  // namespace bench
