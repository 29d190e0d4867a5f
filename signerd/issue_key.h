// Keys that are made for clients: of CMP that send none (RFC 9483 4.1.6), and of EST that ask
// for one (RFC 7030 4.4).
#pragma once

#include "signerd/issue_job.h"

namespace signerd {

// May a key be made? denied (not_authorized), unsupported (bad_alg).
pki::Status check_key_generation(const IssueJob& job);

// A made key can be had once. So who does not say that two requests are one, by a key of his
// own, never means an earlier one.
bool is_always_new(const IssueJob& job);

// conflict: an equal request has had the key.
pki::Error key_is_gone(const IssueJob& job);

}  // namespace signerd
