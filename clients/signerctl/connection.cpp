#include "clients/signerctl/connection.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "clients/common/files.h"

namespace signerctl {

using pki::Errc;
using pki::fail;

namespace {

// A page of the audit log on a slow disk is well below this.
constexpr timeval kPatience{.tv_sec = 30, .tv_usec = 0};

pki::Error lost(const char* text) {
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return fail(Errc::unavailable, "signerd does not answer");
    return fail(Errc::unavailable, text, std::strerror(errno));
}

}  // namespace

pki::Result<Connection> Connection::open(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path)
        return fail(Errc::malformed, "not a possible path of a socket", path);
    std::memcpy(address.sun_path, path.data(), path.size());

    Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return system_error("cannot make a socket", path);
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return system_error("cannot connect to signerd", path);
    return Connection(std::move(fd));
}

pki::Status Connection::send_all(pki::Bytes bytes) {
    while (!bytes.empty()) {
        const ssize_t count = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count < 0) return lost("cannot send to signerd");
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

pki::Status Connection::receive_frame() {
    in_.clear();
    std::size_t wanted = pki::wire::kLengthSize;
    while (in_.size() < wanted) {
        const std::size_t had = in_.size();
        in_.resize(wanted);
        const ssize_t count = recv(fd_.get(), in_.data() + had, wanted - had, 0);
        if (count < 0) return lost("cannot receive from signerd");
        if (count == 0)
            return fail(Errc::unavailable, "signerd closed the connection",
                        "is this user a peer with the admin role?");
        in_.resize(had + static_cast<std::size_t>(count));
        PKI_TRY(const std::size_t size, pki::wire::frame_size(in_));
        wanted = std::max(wanted, size);
    }
    return {};
}

pki::Result<pki::wire::Frame> Connection::exchange(pki::Bytes request, std::uint64_t id) {
    PKI_CHECK(send_all(request));
    PKI_CHECK(receive_frame());
    PKI_TRY(const pki::wire::Frame frame, pki::wire::parse_frame(in_));
    if (frame.header.id != id) return fail(Errc::malformed, "signerd answered another request");
    if (frame.header.kind == pki::wire::Kind::error_reply) {
        PKI_TRY(const auto reply, pki::wire::decode<pki::wire::ErrorReply>(frame));
        return fail(reply.code, "signerd", std::string(reply.text));
    }
    return frame;
}

}  // namespace signerctl
