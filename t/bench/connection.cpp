#include "t/bench/connection.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "libpki/ossl/errors.h"

namespace bench {

namespace {

int connected(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
        ioctl(fd, FIONBIO, &on) == 0)
        return fd;
    close(fd);
    return -1;
}

}  // namespace

SslCtxPtr tls_context(const std::string& certificate, const std::string& key) {
    SslCtxPtr context(SSL_CTX_new(TLS_client_method()));
    if (!context) return nullptr;
    SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
    if (certificate.empty()) return context;
    if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1)
        return nullptr;
    return context;
}

Connection::Connection(Connection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      ssl_(std::move(other.ssl_)),
      session_(std::move(other.session_)) {}

bool Connection::open(std::uint16_t port, SSL_CTX* tls, bool resume, int epoll, void* owner) {
    fd_ = connected(port);
    if (fd_ < 0) return false;
    if (tls != nullptr) {
        ssl_.reset(SSL_new(tls));
        SSL_set_fd(ssl_.get(), fd_);
        SSL_set_connect_state(ssl_.get());
        if (session_ && resume) SSL_set_session(ssl_.get(), session_.get());
    }
    epoll_event event{EPOLLIN | EPOLLOUT | EPOLLET, {.ptr = owner}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd_, &event) == 0;
}

int Connection::result_of(int result) const {
    if (result > 0) return result;
    if (!ssl_) return result < 0 && errno == EAGAIN ? kLater : kBroken;
    const int error = SSL_get_error(ssl_.get(), result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? kLater : kBroken;
}

int Connection::write(std::string_view data) {
    const pki::ossl::ErrorGuard errors;
    if (ssl_)
        return result_of(SSL_write(ssl_.get(), data.data(), static_cast<int>(data.size())));
    return result_of(static_cast<int>(send(fd_, data.data(), data.size(), MSG_NOSIGNAL)));
}

int Connection::read(std::span<char> out) {
    const pki::ossl::ErrorGuard errors;
    if (ssl_) return result_of(SSL_read(ssl_.get(), out.data(), static_cast<int>(out.size())));
    return result_of(static_cast<int>(recv(fd_, out.data(), out.size(), 0)));
}

void Connection::close() {
    if (fd_ < 0) return;
    if (ssl_) {
        session_.reset(SSL_get1_session(ssl_.get()));
        SSL_set_quiet_shutdown(ssl_.get(), 1);
        SSL_shutdown(ssl_.get());  // or the session could not be resumed
        ssl_.reset();
    }
    ::close(std::exchange(fd_, -1));
}

}  // namespace bench
