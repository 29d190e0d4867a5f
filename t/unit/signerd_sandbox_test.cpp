// The filters of the two processes: what they are for goes on, and what is forbidden kills.
// Each call is made by a process of its own, which has put the filter on itself.
#include "signerd/sandbox/sandbox.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netdb.h>
#include <nss.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "libpki/ossl/key.h"
#include "signerd/sandbox/filter.h"

#include "t/unit/unit.h"

namespace {

namespace sandbox = signerd::sandbox;

using Confine = pki::Status (*)();
using Deed = std::function<bool()>;

constexpr int kDone = 0, kNotDone = 1, kNotConfined = 2;

// How a process ends that is confined and then does this.
int end_of(Confine confine, const Deed& deed) {
    const pid_t pid = fork();
    if (pid == 0) {
        if (!confine()) _exit(kNotConfined);
        _exit(deed() ? kDone : kNotDone);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

struct Case {
    const char* name;
    Deed deed;
};
using Cases = std::vector<Case>;

void check_allowed(Confine confine, const Cases& cases) {
    for (const Case& allowed : cases) {
        const int status = end_of(confine, allowed.deed);
        if (WIFEXITED(status) && WEXITSTATUS(status) == kDone) continue;
        print_error("%s: wait status %d\n", allowed.name, status);
        _fail(__FILE__, __LINE__);
    }
}

void check_kills(Confine confine, const Cases& cases) {
    for (const Case& forbidden : cases) {
        const int status = end_of(confine, forbidden.deed);
        if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) continue;
        print_error("%s: wait status %d\n", forbidden.name, status);
        _fail(__FILE__, __LINE__);
    }
}

bool opens(const char* path, int flags) { return open(path, flags, 0600) >= 0; }

bool opens_socket(int family) { return socket(family, SOCK_STREAM, 0) >= 0; }

bool executes(const char* path) {
    std::string name = "x", version = "-V";
    char* const arguments[] = {name.data(), version.data(), nullptr};
    return execve(path, arguments, environ) == 0;
}

bool maps(int protection) {
    void* const page = mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page != MAP_FAILED;
}

bool makes_executable() {
    void* const page = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

bool starts_thread() {
    bool ran = false;
    std::thread([&ran] { ran = true; }).join();
    return ran;
}

bool signs() {
    const auto key = pki::ossl::generate_key("ec:P-256");
    if (!key) return false;
    const auto scheme = pki::ossl::default_scheme(key->get());
    return scheme && pki::ossl::sign(key->get(), *scheme, pki::as_bytes("text"));
}

// How a key child ends that does this under both filters: this program again.
int end_of_child(const char* deed) {
    std::string name = "child", copy = deed;
    char* const arguments[] = {name.data(), copy.data(), nullptr};
    pid_t pid = 0;
    int status = -1;
    if (posix_spawn(&pid, sandbox::kSelf, nullptr, nullptr, arguments, environ) == 0)
        waitpid(pid, &status, 0);
    return status;
}

int run_child(std::string_view deed) {
    if (!sandbox::protect_process() || !sandbox::confine_key_child()) return kNotConfined;
    if (deed == "abort") abort();
    return signs() ? kDone : kNotDone;
}

bool child_signs() {
    const int status = end_of_child("sign");
    return WIFEXITED(status) && WEXITSTATUS(status) == kDone;
}

bool child_aborts() {
    const int status = end_of_child("abort");
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

// What both of them are denied: other machines, other processes, other rights, new code.
const Cases kNeverAllowed = {
    {"socket(AF_INET)", [] { return opens_socket(AF_INET); }},
    {"socket(AF_INET6)", [] { return opens_socket(AF_INET6); }},
    {"socket(AF_NETLINK)", [] { return opens_socket(AF_NETLINK); }},
    {"fork", [] { return fork() >= 0; }},
    {"unshare", [] { return unshare(CLONE_NEWUSER) == 0; }},
    {"clone into a namespace",
     [] {
         return syscall(SYS_clone, CLONE_NEWUSER | CLONE_THREAD | SIGCHLD, 0, 0, 0, 0) >= 0;
     }},
    {"execve of a program", [] { return executes("/bin/true"); }},
    {"execve of itself under another name", [] { return executes("/proc/thread-self/exe"); }},
    {"ptrace", [] { return ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0; }},
    {"process_vm_readv",
     [] { return syscall(SYS_process_vm_readv, getppid(), 0, 0, 0, 0, 0) == 0; }},
    {"mount", [] { return mount("none", "/mnt", "tmpfs", 0, nullptr) == 0; }},
    {"chroot", [] { return chroot("/") == 0; }},
    {"setuid", [] { return setuid(0) == 0; }},
    {"bpf", [] { return syscall(SYS_bpf, 0, 0, 0) == 0; }},
    {"io_uring_setup", [] { return syscall(SYS_io_uring_setup, 1, nullptr) >= 0; }},
    {"keyctl", [] { return syscall(SYS_keyctl, 0, 0, 0, 0, 0) == 0; }},
    {"memfd_create", [] { return memfd_create("code", 0) >= 0; }},
    {"kill of the parent", [] { return kill(getppid(), SIGTERM) == 0; }},
    {"prctl(PR_SET_DUMPABLE, 1)", [] { return prctl(PR_SET_DUMPABLE, 1) == 0; }},
    {"memory that is writable and executable", [] { return maps(PROT_WRITE | PROT_EXEC); }},
    {"memory that becomes executable", [] { return makes_executable(); }},
#ifdef __x86_64__
    {"a call of the x32 interface",
     [] { return syscall(0x40000000 | SYS_getpid) == getpid(); }},
#endif
};

const Cases kNotForKeyChild = {
    {"socket(AF_UNIX)", [] { return opens_socket(AF_UNIX); }},
    {"open to write", [] { return opens("/dev/null", O_WRONLY); }},
    {"open to read and write", [] { return opens("/dev/null", O_RDWR); }},
    {"open to create", [] { return opens("/tmp/absent", O_RDONLY | O_CREAT); }},
    {"open to empty", [] { return opens("/dev/null", O_RDONLY | O_TRUNC); }},
    {"unlink", [] { return unlink("/tmp/absent") == 0; }},
    {"chmod", [] { return chmod("/tmp/absent", 0600) == 0; }},
    {"execve of itself", [] { return executes(sandbox::kSelf); }},
    {"a thread", starts_thread},
    {"executable memory", [] { return maps(PROT_READ | PROT_EXEC); }},
    {"kill", [] { return kill(getpid(), SIGKILL) == 0; }},
    {"another filter", [] { return syscall(SYS_seccomp, 0, 0, nullptr) == 0; }},
    {"connect", [] { return connect(0, nullptr, 0) == 0; }},
    {"a signal's handler", [] { return signal(SIGTERM, SIG_IGN) != SIG_ERR; }},
};

const Cases kForKeyChild = {
    {"nothing", [] { return true; }},
    {"open to read", [] { return opens("/etc/passwd", O_RDONLY | O_CLOEXEC); }},
    {"a stream", [] { return std::ifstream("/etc/passwd").good(); }},
    {"an exception",
     [] {
         try {
             return std::string().at(1) == 'x';
         } catch (const std::out_of_range&) {
             return true;
         }
     }},
    {"much memory", [] { return std::string(1 << 26, 'x').back() == 'x'; }},
    {"a key and a signature", signs},
};

const Cases kForFront = {
    {"socket(AF_UNIX)", [] { return opens_socket(AF_UNIX); }},
    {"open to write", [] { return opens("/dev/null", O_WRONLY); }},
    {"a thread", starts_thread},
    {"a child that signs", child_signs},
    {"a child that aborts", child_aborts},
    {"a key and a signature", signs},
    {"a narrower filter", [] { return sandbox::confine_key_child().has_value(); }},
};

// The first of them are what the outside child is for.
const std::size_t kNetwork = 3;
const Cases kNeverOutside(kNeverAllowed.begin() + kNetwork, kNeverAllowed.end());

const Cases kNotForOutside = {
    {"open to write", [] { return opens("/dev/null", O_WRONLY); }},
    {"open to create", [] { return opens("/tmp/absent", O_RDONLY | O_CREAT); }},
    {"unlink", [] { return unlink("/tmp/absent") == 0; }},
    {"rename", [] { return rename("/tmp/absent", "/tmp/absent-2") == 0; }},
    {"chmod", [] { return chmod("/tmp/absent", 0600) == 0; }},
    {"execve of itself", [] { return executes(sandbox::kSelf); }},
    {"executable memory", [] { return maps(PROT_READ | PROT_EXEC); }},
    {"kill", [] { return kill(getpid(), SIGKILL) == 0; }},
    {"another filter", [] { return syscall(SYS_seccomp, 0, 0, nullptr) == 0; }},
    {"listen", [] { return listen(0, 1) == 0; }},
    {"accept", [] { return accept(0, nullptr, nullptr) >= 0; }},
    {"another socket of netlink",
     [] { return socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT) >= 0; }},
    {"socket(AF_PACKET)", [] { return opens_socket(AF_PACKET); }},
};

bool looks_up(const char* name) {
    addrinfo* found = nullptr;
    const int problem = getaddrinfo(name, "443", nullptr, &found);
    if (problem == 0) freeaddrinfo(found);
    return problem == 0;
}

// As the keeper does.
bool looks_up_itself(const char* name) {
    bool found = false;
    std::thread([&] { found = looks_up(name); }).join();
    return found;
}

const Cases kForOutside = {
    {"socket(AF_INET)", [] { return opens_socket(AF_INET); }},
    {"socket(AF_INET6)", [] { return opens_socket(AF_INET6) || errno == EAFNOSUPPORT; }},
    {"no socket(AF_UNIX)", [] { return !opens_socket(AF_UNIX) && errno == EAFNOSUPPORT; }},
    {"a pair of them",
     [] {
         int pair[2];
         return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0;
     }},
    {"open to read", [] { return opens("/etc/passwd", O_RDONLY | O_CLOEXEC); }},
    {"a thread", starts_thread},
    {"a name", [] { return looks_up_itself("localhost"); }},
    {"no such name", [] { return !looks_up_itself("absent.invalid"); }},
    {"a key and a signature", signs},
};

bool forks() {
    const pid_t pid = fork();
    if (pid == 0) _exit(sandbox::confine_outside_child() ? kDone : kNotConfined);
    int status = 0;
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == kDone;
}

const Cases kForKeeper = {
    {"a child with its own filter", forks},
    {"no socket(AF_UNIX)", [] { return !opens_socket(AF_UNIX) && errno == EAFNOSUPPORT; }},
};

void need_filters() {
    if (SIGNERD_SANITIZED) skip();
}

void nobody_is_allowed(void**) {
    need_filters();
    check_kills(sandbox::confine_front, kNeverAllowed);
    check_kills(sandbox::confine_key_child, kNeverAllowed);
}

void key_child_is_not_allowed(void**) {
    need_filters();
    check_kills(sandbox::confine_key_child, kNotForKeyChild);
}

void key_child_is_allowed(void**) {
    need_filters();
    check_allowed(sandbox::confine_key_child, kForKeyChild);
}

void front_is_allowed(void**) {
    need_filters();
    check_allowed(sandbox::confine_front, kForFront);
}

void outside_child_is_not_allowed(void**) {
    need_filters();
    check_kills(sandbox::confine_outside_child, kNeverOutside);
    check_kills(sandbox::confine_outside_child, kNotForOutside);
}

void outside_child_is_allowed(void**) {
    need_filters();
    __nss_configure_lookup("hosts", "files dns");
    check_allowed(sandbox::confine_outside_child, kForOutside);
    check_allowed(sandbox::confine_outside_keeper, kForKeeper);
}

// abort() is an end of its own: what it says must reach the log.
void abort_is_seen(void**) {
    need_filters();
    for (const Confine confine : {sandbox::confine_front, sandbox::confine_key_child}) {
        const int status = end_of(confine, [] {
            abort();
            return false;
        });
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGABRT);
    }
}

// As on a kernel that is built without it.
bool hide_seccomp() {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(seccomp), 0) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
                            SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP)) == 0 &&
           seccomp_load(filter) == 0;
}

void no_seccomp(void**) {
    need_filters();
    const pid_t pid = fork();
    if (pid == 0) {
        if (!hide_seccomp()) _exit(kNotConfined);
        const auto status = sandbox::confine_front();
        const bool refused = !status && status.error().code == pki::Errc::unavailable;
        _exit(refused ? kDone : kNotDone);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), kDone);
}

void process_is_protected(void**) {
    const int status = end_of(sandbox::protect_process, [] {
        return prctl(PR_GET_DUMPABLE) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
    });
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), kDone);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1) return run_child(argv[1]);
    const CMUnitTest tests[] = {
        cmocka_unit_test(process_is_protected),
        cmocka_unit_test(nobody_is_allowed),
        cmocka_unit_test(key_child_is_not_allowed),
        cmocka_unit_test(key_child_is_allowed),
        cmocka_unit_test(front_is_allowed),
        cmocka_unit_test(outside_child_is_not_allowed),
        cmocka_unit_test(outside_child_is_allowed),
        cmocka_unit_test(abort_is_seen),
        cmocka_unit_test(no_seccomp),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
