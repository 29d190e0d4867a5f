#include "signerd/notify.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

#include "signerd/clock.h"
#include "signerd/fd.h"

namespace signerd {

namespace {

// "@" stands for the zero byte of a name that is no file.
socklen_t make_address(std::string_view name, sockaddr_un& address) {
    if (name.empty() || name.size() >= sizeof(address.sun_path)) return 0;
    address.sun_family = AF_UNIX;
    std::ranges::copy(name, address.sun_path);
    if (name.front() == '@') address.sun_path[0] = '\0';
    return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
}

void notify(const std::string& state) {
    const char* const name = std::getenv("NOTIFY_SOCKET");
    sockaddr_un address{};
    const socklen_t size = name == nullptr ? 0 : make_address(name, address);
    if (size == 0) return;
    const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address), size);
}

// Tells a reload from one that ended before it began.
std::string monotonic_microseconds() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::to_string(now.tv_sec * kMicroseconds + now.tv_nsec / 1000);
}

}  // namespace

void notify_ready() { notify("READY=1"); }

void notify_reloading() { notify("RELOADING=1\nMONOTONIC_USEC=" + monotonic_microseconds()); }

void notify_stopping() { notify("STOPPING=1"); }

}  // namespace signerd
