#include "ngx_common/report_blocking.h"

#include <sys/socket.h>

#include <array>

#include "libpki/wire/frame.h"

namespace ngx_enroll {

namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

class Socket {
   public:
    Socket() : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() {
        if (fd_ >= 0) ::close(fd_);
    }
    int fd() const { return fd_; }

   private:
    int fd_;
};

// What is left becomes the timeout of the next call; false when nothing is.
bool allow_until(int fd, int option, steady_clock::time_point deadline) {
    const auto left = std::chrono::duration_cast<microseconds>(deadline - steady_clock::now());
    if (left <= microseconds(0)) return false;
    const timeval timeout{left.count() / 1000000, left.count() % 1000000};
    return setsockopt(fd, SOL_SOCKET, option, &timeout, sizeof(timeout)) == 0;
}

bool send_all(int fd, pki::Bytes frame, steady_clock::time_point deadline) {
    while (!frame.empty() && allow_until(fd, SO_SNDTIMEO, deadline)) {
        const ssize_t n = ::send(fd, frame.data(), frame.size(), MSG_NOSIGNAL);
        if (n <= 0) return false;
        frame = frame.subspan(static_cast<std::size_t>(n));
    }
    return frame.empty();
}

bool complete(pki::Bytes in) {
    const auto size = pki::wire::frame_size(in);
    return !size || (*size != 0 && in.size() >= *size);
}

pki::Error away() { return pki::fail(pki::Errc::unavailable, "signerd is away"); }

}  // namespace

pki::Result<pki::Buffer> exchange_blocking(const ngx_addr_t& signer, pki::Bytes frame,
                                           steady_clock::time_point deadline) {
    const Socket socket;
    if (socket.fd() < 0 || !allow_until(socket.fd(), SO_SNDTIMEO, deadline)) return away();
    if (connect(socket.fd(), signer.sockaddr, signer.socklen) != 0) return away();
    if (!send_all(socket.fd(), frame, deadline)) return away();
    pki::Buffer answer;
    while (!complete(answer)) {
        std::array<std::uint8_t, 1024> part;
        if (!allow_until(socket.fd(), SO_RCVTIMEO, deadline)) return away();
        const ssize_t n = recv(socket.fd(), part.data(), part.size(), 0);
        if (n <= 0) return away();
        pki::append(answer, pki::Bytes(part).first(static_cast<std::size_t>(n)));
    }
    return answer;
}

}  // namespace ngx_enroll
