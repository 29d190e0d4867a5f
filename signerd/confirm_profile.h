// The profile that a later message of a transaction means.
//
// It is part of the transaction's key. A client names it in its first message, by the path or
// by certProfile, and nothing asks it to name it again (RFC 9810 5.1.1.4, RFC 9483 3.1): the
// worker then says which ones its location has.
#pragma once

#include <string_view>
#include <vector>

#include "signerd/confirm_job.h"

namespace signerd {

struct MeantProfile {
    std::string_view name;
    const Profile* profile = nullptr;  // none that the peer may use
    std::string_view tenant;           // of it
};

// The first of `named` and `others` in which the sender of job.turn has a transaction of this
// transactionID that lives; `named` when none has. One that the peer may not use does not
// exist. When the store cannot tell, that one: whoever looks for its transaction hears why.
MeantProfile meant_profile(Store& store, const ConfirmJob& job, std::string_view named,
                           const std::vector<pki::Bytes>& others);

}  // namespace signerd
