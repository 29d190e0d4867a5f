#include "signerd/keys/process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>

#include "signerd/log.h"
#include "signerd/sandbox/sandbox.h"

namespace signerd {

namespace {

constexpr int kChildSocket = 3;

// Closed on exec, all but what is duplicated here; the signals that end or reload signerd stay
// blocked as they are: the child ends with its socket, after the last answer.
int spawn(pid_t& pid, int socket, const std::string& config_path) {
    std::string program = "signerd", child = "--key-child", fd = std::to_string(kChildSocket);
    std::string option = "-c", path = config_path;
    std::string unconfined = "--unconfined";
    const std::array<char*, 7> arguments{
        program.data(), child.data(),
        fd.data(),      option.data(),
        path.data(),    sandbox::front_is_confined() ? nullptr : unconfined.data(),
        nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, socket, kChildSocket);
    const int problem =
        posix_spawn(&pid, sandbox::kSelf, &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    return problem;
}

}  // namespace

pki::Result<KeyProcess> start_key_process(const std::string& config_path) {
    std::array<int, 2> pair{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
        return pki::fail(pki::Errc::unavailable, "socketpair", errno_text());
    KeyProcess process{-1, Fd(pair[0])};
    const Fd theirs(pair[1]);
    if (fcntl(process.socket.get(), F_SETFL, O_NONBLOCK) != 0)
        return pki::fail(pki::Errc::unavailable, "fcntl", errno_text());
    errno = spawn(process.pid, theirs.get(), config_path);
    if (errno != 0)
        return pki::fail(pki::Errc::unavailable, "cannot start the key child", errno_text());
    return process;
}

std::string end_key_process(KeyProcess process) {
    process.socket.reset();
    kill(process.pid, SIGKILL);
    int status = 0;
    while (waitpid(process.pid, &status, 0) < 0 && errno == EINTR) continue;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        return "signal " + std::to_string(SIGSYS) + ", a system call that the sandbox forbids";
    if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
    return "exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace signerd
