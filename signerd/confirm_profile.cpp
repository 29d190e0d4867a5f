#include "signerd/confirm_profile.h"

#include "signerd/peer.h"

namespace signerd {

namespace {

MeantProfile look_up(const ConfirmJob& job, std::string_view name) {
    const Profile* profile = job.generation->profile(name);
    if (profile == nullptr || !may_use(*job.peer, name)) return {name, nullptr, {}};
    return {name, profile, job.generation->issuing_ca(*profile, job.now()).tenant};
}

bool may_have_transaction(Store& store, const ConfirmJob& job, const MeantProfile& meant) {
    if (meant.profile == nullptr || !meant.profile->cmp) return false;
    const auto key = transaction_key(meant.tenant, meant.name, job.turn.turn.transaction_id);
    const auto found = find_live(store, key, job.now());
    return !found || (*found && check_originator(**found, job.turn));
}

}  // namespace

MeantProfile meant_profile(Store& store, const ConfirmJob& job, std::string_view named,
                           const std::vector<pki::Bytes>& others) {
    const MeantProfile first = look_up(job, named);
    if (others.empty() || may_have_transaction(store, job, first)) return first;
    for (const pki::Bytes name : others) {
        const MeantProfile other = look_up(job, pki::as_text(name));
        if (may_have_transaction(store, job, other)) return other;
    }
    return first;
}

}  // namespace signerd
