#include "signerd/user.h"

#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "signerd/log.h"

namespace signerd {

namespace {

using pki::Errc;
using pki::fail;

struct Account {
    std::string name;
    uid_t user = 0;
    gid_t group = 0;
};

pki::Result<Account> find_account(const Confinement& confinement) {
    const passwd* user = getpwnam(confinement.user.c_str());
    if (!user) return fail(Errc::denied, "user: not on this system", confinement.user);
    if (user->pw_uid == 0) return fail(Errc::denied, "user: root, leave the key out");
    Account account{confinement.user, user->pw_uid, user->pw_gid};
    if (confinement.group.empty()) return account;
    const group* group = getgrnam(confinement.group.c_str());
    if (!group) return fail(Errc::denied, "group: not on this system", confinement.group);
    account.group = group->gr_gid;
    return account;
}

// The key child locks its memory, which only root may do without a limit.
void keep_memory_lockable() {
    const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_MEMLOCK, &none);
}

bool is(const Account& account) {
    uid_t real_user = 0, user = 0, saved_user = 0;
    gid_t real_group = 0, group = 0, saved_group = 0;
    return getresuid(&real_user, &user, &saved_user) == 0 &&
           getresgid(&real_group, &group, &saved_group) == 0 && real_user == account.user &&
           user == account.user && saved_user == account.user && real_group == account.group &&
           group == account.group && saved_group == account.group;
}

bool can_go_back() { return setuid(0) == 0 || seteuid(0) == 0 || setgroups(0, nullptr) == 0; }

pki::Status become(const Account& account) {
    keep_memory_lockable();
    if (initgroups(account.name.c_str(), account.group) != 0 ||
        setresgid(account.group, account.group, account.group) != 0 ||
        setresuid(account.user, account.user, account.user) != 0)
        return fail(Errc::denied, "user: cannot become it", account.name + ": " + errno_text());
    if (!is(account) || can_go_back())
        return fail(Errc::internal, "user: root's rights are not gone", account.name);
    return {};
}

// Where nobody has an answer everybody is asked.
constexpr char kAbsent[] = "signerd-absent-account";

}  // namespace

void load_account_modules() {
    getpwnam(kAbsent);
    getgrnam(kAbsent);
}

pki::Status take_user(const Confinement& confinement) {
    if (confinement.user.empty()) return {};
    PKI_TRY(const Account account, find_account(confinement));
    if (is(account)) return {};
    if (geteuid() == 0) return become(account);
    return fail(Errc::denied, "user: neither root nor this user and its group started signerd",
                account.name);
}

}  // namespace signerd
