// signerd: options, and the processes that they start.

#include <getopt.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "libpki/base/ascii.h"
#include "signerd/daemon.h"
#include "signerd/keys/child.h"
#include "signerd/keys/key.h"
#include "signerd/log.h"
#include "signerd/outside/keeper.h"
#include "signerd/outside/process.h"
#include "signerd/sandbox/sandbox.h"
#include "signerd/user.h"
#include "signerd/version.h"

namespace signerd {

namespace {

enum ExitStatus { kOk = 0, kFailed = 1, kUsage = 2 };

struct Options {
    std::string config = "/etc/signerd/signerd.json";
    bool test = false;
    int key_child = -1;       // descriptor of the socket
    int outside_keeper = -1;  // the same
    bool confined = true;
};

constexpr char kHelp[] =
    "usage: signerd [-htV] [-c file]\n"
    "  -c file  configuration, default /etc/signerd/signerd.json\n"
    "  -t       test the configuration, its keys and the store's folder, and exit\n"
    "  -V       print the version and exit\n"
    "  -h       print this and exit\n";

constexpr option kLongOptions[] = {{"key-child", required_argument, nullptr, 'k'},
                                   {"outside-keeper", required_argument, nullptr, 'o'},
                                   {"unconfined", no_argument, nullptr, 'u'},
                                   {}};

// The exit status when there is nothing to run.
std::optional<int> read_options(int argc, char** argv, Options& options) {
    int letter;
    while ((letter = getopt_long(argc, argv, "c:htV", kLongOptions, nullptr)) != -1) {
        switch (letter) {
            case 'c': options.config = optarg; break;
            case 't': options.test = true; break;
            case 'k': options.key_child = std::atoi(optarg); break;
            case 'o': options.outside_keeper = std::atoi(optarg); break;
            case 'u': options.confined = false; break;
            case 'h': std::fputs(kHelp, stdout); return kOk;
            case 'V': std::printf("signerd %s\n", kVersion); return kOk;
            default: std::fputs(kHelp, stderr); return kUsage;
        }
    }
    if (optind == argc) return std::nullopt;
    std::fputs(kHelp, stderr);
    return kUsage;
}

pki::Status check_store_folder(const std::string& store) {
    const std::string folder = std::filesystem::path(store).parent_path().string();
    if (access(folder.c_str(), W_OK | X_OK) == 0) return {};
    return pki::fail(pki::Errc::denied, "store: the folder is not writable",
                     folder + ": " + errno_text());
}

using Keeper = std::optional<OutsideKeeper>;

// What is given up next it has to have. Without `keeper` it is a test.
pki::Status prepare_outside(const std::string& path, const Confinement& confinement,
                            Keeper* keeper) {
    if (!confinement.outside) return {};
    PKI_CHECK(check_outside_user(confinement));
    if (keeper == nullptr) return {};
    PKI_TRY(*keeper, start_outside_keeper(path));
    return {};
}

// Whatever is opened is opened by the user who keeps it: a file that he may not read is found
// here and not when it is read again.
pki::Result<std::shared_ptr<const Config>> settle(const std::string& path, Keeper* keeper) {
    PKI_TRY(const Confinement confinement, load_confinement(path));
    PKI_CHECK(prepare_outside(path, confinement, keeper));
    PKI_CHECK(take_user(confinement));
    PKI_CHECK(sandbox::protect_process());
    return load_config(path);
}

pki::Status confine(const Config& config) {
    if (geteuid() == 0)
        log(Level::warning,
            "running as root: make a user for signerd and set \"user\" in %s, or User= of the "
            "systemd unit",
            config.path.c_str());
    if (config.confinement.sandbox) {
        load_account_modules();
        auto status = sandbox::confine_front();
        if (!status) status.error().detail += " (\"sandbox\": false starts without)";
        return status;
    }
    log(Level::warning, "sandbox: false: no system call is forbidden; for debugging only");
    return {};
}

pki::Result<std::unique_ptr<Daemon>> start(std::shared_ptr<const Config> config,
                                           Keeper keeper) {
    PKI_CHECK(confine(*config));
    return Daemon::create(std::move(config), std::move(keeper));
}

pki::Status test_config(const std::string& path) {
    PKI_TRY(const auto config, settle(path, nullptr));
    PKI_TRY(const KeyRing keys, load_keys(*config));
    return check_store_folder(config->store);
}

int run_test(const std::string& path) {
    const auto status = test_config(path);
    if (status)
        std::fprintf(stderr, "signerd: configuration %s is ok\n", path.c_str());
    else
        std::fprintf(stderr, "signerd: %s: %s\n", path.c_str(),
                     status.error().message().c_str());
    return status ? kOk : kFailed;
}

// A reload that is asked for before the daemon can do it waits until it can.
void hold_reloads() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, nullptr);
}

int run_daemon(const std::string& path) {
    hold_reloads();
    Keeper keeper;
    auto config = settle(path, &keeper);
    if (!config) {
        log(Level::error, "%s: %s", path.c_str(), config.error().message().c_str());
        return kFailed;
    }
    auto daemon = start(*std::move(config), std::move(keeper));
    if (!daemon) {
        log(Level::error, "%s", daemon.error().message().c_str());
        return kFailed;
    }
    return (*daemon)->run() ? kOk : kFailed;
}

}  // namespace

int run(int argc, char** argv) {
    Options options;
    if (const auto status = read_options(argc, argv, options)) return *status;
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    if (options.key_child >= 0)
        return run_key_child(options.key_child, options.config, options.confined);
    if (options.outside_keeper >= 0)
        return run_outside_keeper(options.outside_keeper, options.config);
    return options.test ? run_test(options.config) : run_daemon(options.config);
}

}  // namespace signerd

int main(int argc, char** argv) { return signerd::run(argc, argv); }
