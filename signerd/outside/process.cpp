#include "signerd/outside/process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "signerd/log.h"
#include "signerd/outside/keeper.h"
#include "signerd/sandbox/sandbox.h"

namespace signerd {

using pki::Errc;
using pki::fail;

namespace {

constexpr int kKeeperSocket = 3;

int spawn(pid_t& pid, int socket, const std::string& config_path) {
    std::string program = "signerd", keeper = "--outside-keeper";
    std::string fd = std::to_string(kKeeperSocket), option = "-c", path = config_path;
    const std::array<char*, 6> arguments{program.data(), keeper.data(), fd.data(),
                                         option.data(),  path.data(),   nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, socket, kKeeperSocket);
    const int problem =
        posix_spawn(&pid, sandbox::kSelf, &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    return problem;
}

struct Pair {
    Fd ours;  // non-blocking
    Fd theirs;
};

pki::Result<Pair> make_pair(int type) {
    std::array<int, 2> pair{};
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair.data()) != 0)
        return fail(Errc::unavailable, "socketpair", errno_text());
    Pair made{Fd(pair[0]), Fd(pair[1])};
    if (fcntl(made.ours.get(), F_SETFL, O_NONBLOCK) != 0)
        return fail(Errc::unavailable, "fcntl", errno_text());
    return made;
}

// `fd` goes along unless it is negative.
pki::Status send_message(int socket, KeeperMessage content, int fd) {
    iovec part{&content, sizeof(content)};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (fd >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof(control);
        cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(fd));
        std::copy_n(reinterpret_cast<const unsigned char*>(&fd), sizeof(fd), CMSG_DATA(header));
    }
    if (sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof(content)))
        return {};
    return fail(Errc::unavailable, "the keeper of the outside child is gone", errno_text());
}

}  // namespace

pki::Result<OutsideKeeper> start_outside_keeper(const std::string& config_path) {
    PKI_TRY(Pair pair, make_pair(SOCK_SEQPACKET));
    OutsideKeeper keeper{-1, std::move(pair.ours)};
    errno = spawn(keeper.pid, pair.theirs.get(), config_path);
    if (errno != 0)
        return fail(Errc::unavailable, "cannot start the keeper of the outside child",
                    errno_text());
    return keeper;
}

pki::Result<Fd> OutsideKeeper::start_child() const {
    PKI_TRY(Pair pair, make_pair(SOCK_STREAM));
    PKI_CHECK(send_message(socket.get(), {KeeperMessage::kStart, 0}, pair.theirs.get()));
    return std::move(pair.ours);
}

void OutsideKeeper::end_child(pid_t child) const {
    (void)send_message(socket.get(), {KeeperMessage::kEnd, child}, -1);
}

void end_outside_keeper(OutsideKeeper keeper) {
    keeper.socket.reset();
    while (waitpid(keeper.pid, nullptr, 0) < 0 && errno == EINTR) continue;
}

}  // namespace signerd
