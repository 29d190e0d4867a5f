#include "signerd/outside/keeper.h"

#include <netdb.h>
#include <nss.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <optional>
#include <set>

#include "signerd/config.h"
#include "signerd/fd.h"
#include "signerd/log.h"
#include "signerd/outside/child.h"
#include "signerd/sandbox/sandbox.h"
#include "signerd/user.h"

namespace signerd {

using pki::Errc;
using pki::fail;

namespace {

// More are there for a moment only, while those of earlier configurations finish.
constexpr std::size_t kMaxChildren = 8;

// What could make libraries look elsewhere, or write down the keys of TLS.
constexpr const char* kForgotten[] = {"SSLKEYLOGFILE", "SSL_CERT_FILE", "SSL_CERT_DIR",
                                      "HOSTALIASES",   "LOCALDOMAIN",   "RES_OPTIONS",
                                      "CURL_HOME",     "NETRC"};

class Keeper {
   public:
    Keeper(int socket, std::string config_path, bool confined)
        : socket_(socket), config_path_(std::move(config_path)), confined_(confined) {}
    ~Keeper();

    pki::Status watch_children();
    // True in the keeper, when its socket has ended; the child's exit status in a child.
    std::optional<int> run();

   private:
    bool take_message(std::optional<int>& status);
    void end(pid_t pid) const;
    std::optional<int> start(Fd socket);
    void reap();

    Fd socket_;
    Fd signals_;
    const std::string config_path_;
    const bool confined_;
    std::set<pid_t> children_;
};

Keeper::~Keeper() {
    for (const pid_t pid : children_) end(pid);
}

// What ends or reloads signerd is for the front: these here end with their sockets.
pki::Status Keeper::watch_children() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigset_t blocked = set;
    for (const int signal : {SIGHUP, SIGTERM, SIGINT}) sigaddset(&blocked, signal);
    if (sigprocmask(SIG_BLOCK, &blocked, nullptr) != 0)
        return fail(Errc::internal, "sigprocmask", errno_text());
    signals_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_) return fail(Errc::internal, "signalfd", errno_text());
    return {};
}

std::optional<int> Keeper::run() {
    while (true) {
        pollfd waiting[] = {{socket_.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}};
        if (poll(waiting, 2, -1) < 0 && errno != EINTR) return 1;
        if (waiting[1].revents != 0) reap();
        if (waiting[0].revents == 0) continue;
        std::optional<int> status;
        if (!take_message(status)) return status;
    }
}

// The descriptor that came with a message, if any.
Fd received_fd(msghdr& message) {
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    if (header == nullptr || header->cmsg_level != SOL_SOCKET ||
        header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int)))
        return Fd();
    int fd = -1;
    std::copy_n(CMSG_DATA(header), sizeof(fd), reinterpret_cast<unsigned char*>(&fd));
    return Fd(fd);
}

// False when this process is to end, with `status` or, the front being gone, without.
bool Keeper::take_message(std::optional<int>& status) {
    KeeperMessage content;
    iovec part{&content, sizeof(content)};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    const ssize_t size = recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    if (size < 0 && errno == EINTR) return true;
    if (size <= 0) return false;
    Fd fd = received_fd(message);
    if (size != sizeof(content)) return true;
    if (content.what == KeeperMessage::kEnd) end(content.pid);
    if (content.what == KeeperMessage::kStart && fd) status = start(std::move(fd));
    return !status;
}

// One of its own alone: the number comes from another process.
void Keeper::end(pid_t pid) const {
    if (children_.contains(pid)) kill(pid, SIGKILL);
}

// Returns twice, in the child with what it ends with.
std::optional<int> Keeper::start(Fd socket) {
    if (children_.size() >= kMaxChildren) {
        log(Level::error, "outside child not started: %zu are there", children_.size());
        return std::nullopt;
    }
    const pid_t pid = fork();
    if (pid < 0) log(Level::error, "outside child not started: %s", errno_text().c_str());
    if (pid > 0) children_.insert(pid);
    if (pid != 0) return std::nullopt;
    children_.clear();
    socket_.reset();
    signals_.reset();
    return run_outside_child(std::move(socket), config_path_, confined_);
}

std::string how(int status) {
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        return "signal " + std::to_string(SIGSYS) + ", a system call that the sandbox forbids";
    if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
    return "exit status " + std::to_string(WEXITSTATUS(status));
}

void Keeper::reap() {
    signalfd_siginfo info{};
    while (read(signals_.get(), &info, sizeof(info)) == sizeof(info)) continue;
    int status = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        children_.erase(pid);
        if (status != 0) log(Level::error, "outside child %d: %s", pid, how(status).c_str());
    }
}

pki::Status close_others(int socket) {
    if ((socket <= 3 || close_range(3, static_cast<unsigned>(socket) - 1, 0) == 0) &&
        close_range(static_cast<unsigned>(socket) + 1, UINT_MAX, 0) == 0)
        return {};
    return fail(Errc::internal, "cannot close inherited descriptors", errno_text());
}

// Names are looked up by the C library itself: the modules of nsswitch.conf are code that is
// loaded when the first name is, and talk to daemons of this machine.
pki::Status prepare(int socket, const Confinement& confinement) {
    PKI_CHECK(close_others(socket));
    PKI_CHECK(take_outside_user(confinement));
    PKI_CHECK(sandbox::protect_process());
    prctl(PR_SET_NAME, "signerd-keeper");
    for (const char* const name : kForgotten) unsetenv(name);
    if (__nss_configure_lookup("hosts", "files dns") != 0)
        return fail(Errc::internal, "cannot choose how names are looked up", errno_text());
    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, nullptr);
    return {};
}

pki::Result<int> keep(int socket, const std::string& config_path) {
    PKI_TRY(const Confinement confinement, load_confinement(config_path));
    PKI_CHECK(prepare(socket, confinement));
    Keeper keeper(socket, config_path, confinement.sandbox);
    PKI_CHECK(keeper.watch_children());
    if (confinement.sandbox) PKI_CHECK(sandbox::confine_outside_keeper());
    return keeper.run().value_or(0);
}

}  // namespace

int run_outside_keeper(int socket, const std::string& config_path) {
    const auto ended = keep(socket, config_path);
    if (ended) return *ended;
    log(Level::error, "outside keeper: %s", ended.error().message().c_str());
    return 1;
}

}  // namespace signerd
