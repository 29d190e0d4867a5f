// The commands; each is defined in the file of its name.
#pragma once

#include "clients/enroll/options.h"

namespace enroll {

extern const Command kEstCacerts;
extern const Command kEstEnroll;
extern const Command kEstReenroll;
extern const Command kScepGetCaps;
extern const Command kScepGetCaCert;
extern const Command kScepGetNextCa;
extern const Command kScepEnroll;
extern const Command kScepRenew;
extern const Command kScepPoll;
extern const Command kScepGetCert;
extern const Command kScepGetCrl;

}  // namespace enroll
