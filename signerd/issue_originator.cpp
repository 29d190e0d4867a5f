#include "signerd/issue_originator.h"

namespace signerd {

Objection object_to_originator(Store&, IssueJob& job) {
    if (!job.cmp) return std::optional<pki::Error>();
    return std::optional<pki::Error>();
}

}  // namespace signerd
