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

pki::Result<Account> find_account(const std::string& user_name, const std::string& group_name) {
    const passwd* user = getpwnam(user_name.c_str());
    if (!user) return fail(Errc::denied, "user: not on this system", user_name);
    if (user->pw_uid == 0) return fail(Errc::denied, "user: root, leave the key out");
    Account account{user_name, user->pw_uid, user->pw_gid};
    if (group_name.empty()) return account;
    const group* group = getgrnam(group_name.c_str());
    if (!group) return fail(Errc::denied, "group: not on this system", group_name);
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

pki::Status take_account(const std::string& user, const std::string& group) {
    if (user.empty()) return {};
    PKI_TRY(const Account account, find_account(user, group));
    if (is(account)) return {};
    if (geteuid() == 0) return become(account);
    return fail(Errc::denied, "user: neither root nor this user and its group started signerd",
                account.name);
}

// Where nobody has an answer everybody is asked.
constexpr char kAbsent[] = "signerd-absent-account";

}  // namespace

void load_account_modules() {
    getpwnam(kAbsent);
    getgrnam(kAbsent);
}

pki::Status take_user(const Confinement& confinement) {
    return take_account(confinement.user, confinement.group);
}

pki::Status take_outside_user(const Confinement& confinement) {
    return take_account(confinement.outside_user, confinement.outside_group);
}

pki::Status check_outside_user(const Confinement& confinement) {
    if (confinement.outside_user.empty()) return {};
    const auto account = find_account(confinement.outside_user, confinement.outside_group);
    if (!account) return fail(account.error().code, "outside", account.error().message());
    const auto front = find_account(confinement.user, confinement.group);
    if (front && front->user == account->user)
        return fail(Errc::denied, "outside.user: the one that signerd has itself",
                    account->name);
    if (geteuid() == 0 || is(*account)) return {};
    return fail(Errc::denied, "outside.user: only root can become it", account->name);
}

uid_t outside_owner(const OutsideRules& rules) {
    const passwd* const user = rules.user.empty() ? nullptr : getpwnam(rules.user.c_str());
    return user != nullptr ? user->pw_uid : geteuid();
}

}  // namespace signerd
