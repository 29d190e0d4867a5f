// What the two halves of Revoker have in common.
#pragma once

#include "signerd/audit.h"
#include "signerd/revoke.h"

namespace signerd {

struct RevokeJob {
    std::shared_ptr<const Generation> generation;
    Occasion occasion;  // its views look into the generation
    ReplyTo to;
    Decided decided;     // the writer reads it until it has committed
    pki::Buffer answer;  // a frame, for when it is durable

    std::int64_t now() const { return occasion.time / kMicroseconds; }
    // Takes the change into the decision, with its audit record, and the certificate to what
    // the change makes of it.
    void add(RevocationChange change, CertificateRecord& certificate);
};

}  // namespace signerd
