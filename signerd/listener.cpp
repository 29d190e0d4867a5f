#include "signerd/listener.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>

#include "signerd/log.h"

namespace signerd {

namespace {

constexpr int kBacklog = 4096;  // the kernel caps it at net.core.somaxconn

pki::Error failed(const char* what, const std::string& path) {
    return pki::fail(pki::Errc::internal, what, path + ": " + errno_text());
}

pki::Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path))
        return pki::fail(pki::Errc::denied, "socket path too long", path);
    std::ranges::copy(path, address.sun_path);
    return address;
}

Fd new_socket() { return Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

// A file that a crash left behind is removed; one that somebody answers on is not ours.
pki::Status remove_stale(const std::string& path, const sockaddr_un& address) {
    struct stat file {};
    if (lstat(path.c_str(), &file) != 0) {
        if (errno == ENOENT) return {};
        return failed("cannot examine", path);
    }
    if (!S_ISSOCK(file.st_mode))
        return pki::fail(pki::Errc::denied, "not a socket, will not replace it", path);
    const Fd probe = new_socket();
    if (!probe) return failed("socket", path);
    if (connect(probe.get(), generic(address), sizeof(address)) == 0 || errno != ECONNREFUSED)
        return pki::fail(pki::Errc::conflict, "another process listens here", path);
    if (unlink(path.c_str()) != 0) return failed("cannot remove stale socket", path);
    return {};
}

}  // namespace

pki::Result<Listener> Listener::open(const Listen& listen) {
    PKI_TRY(const sockaddr_un address, address_of(listen.path));
    PKI_CHECK(remove_stale(listen.path, address));
    Fd socket = new_socket();
    if (!socket) return failed("socket", listen.path);
    if (bind(socket.get(), generic(address), sizeof(address)) != 0)
        return failed("cannot bind", listen.path);

    Listener listener(std::move(socket), listen.path);
    struct stat file {};
    if (lstat(listen.path.c_str(), &file) != 0) return failed("cannot examine", listen.path);
    listener.device_ = file.st_dev;
    listener.inode_ = file.st_ino;
    PKI_CHECK(listener.set_access(listen));
    if (::listen(listener.fd(), kBacklog) != 0) return failed("cannot listen", listen.path);
    return listener;
}

pki::Status Listener::set_access(const Listen& listen) const {
    constexpr auto kSameUser = static_cast<uid_t>(-1);
    if (lchown(path_.c_str(), kSameUser, listen.group.value_or(getegid())) != 0)
        return failed("cannot set the group of", path_);
    if (chmod(path_.c_str(), listen.mode) != 0) return failed("cannot set the mode of", path_);
    return {};
}

Listener::~Listener() {
    if (!socket_) return;  // moved from
    struct stat file {};
    if (lstat(path_.c_str(), &file) == 0 && file.st_dev == device_ && file.st_ino == inode_)
        unlink(path_.c_str());
}

}  // namespace signerd
