// "limits" of a profile in the issue path: under what a request is counted.
#pragma once

#include "signerd/issue_job.h"

namespace signerd {

// Fills in job.limits. Of a request that is refused later, or answered with what an earlier one
// got, nothing is counted; one that a person decides about is, when it is put before him.
//
// per_name goes by tenant, profile, each common name of the CSR (as RFC 5280 7.1 compares them,
// beyond ASCII with case; without one each name of its SAN) and the address of the client, of
// IPv6 its /64: a host has
// all of that to choose from. per_credential goes by tenant, profile and each thing that the
// client has proven to have: user name, token, subject and issuer of the certificate of TLS or
// of who signed a message of SCEP or CMP (another certificate of the same name counts as this
// one), reference of a shared secret. The challenges of SCEP are none of these: many share one.
void find_limits(IssueJob& job);

// limited, with the rule and its numbers as detail.
pki::Error limit_reached(const LimitClaim& claim);

}  // namespace signerd
