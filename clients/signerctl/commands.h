// The commands; each is defined in the file of its name.
#pragma once

#include "clients/signerctl/options.h"

namespace signerctl {

extern const Command kCaInit;
extern const Command kCaNext;
extern const Command kCaImport;
extern const Command kCertList;
extern const Command kCertShow;
extern const Command kRaIssue;
extern const Command kRevoke;
extern const Command kRelease;
extern const Command kCrlPublish;
extern const Command kChallengeCreate;
extern const Command kTokenCreate;
extern const Command kTokenList;
extern const Command kTokenRevoke;
extern const Command kRequestList;
extern const Command kRequestApprove;
extern const Command kRequestDeny;
extern const Command kAuditList;
extern const Command kAuditVerify;
extern const Command kAuditExport;
extern const Command kStatus;

}  // namespace signerctl
