// The commands; each is defined in the file of its name.
#pragma once

#include "clients/enroll/options.h"

namespace enroll {

extern const Command kEstCacerts;
extern const Command kEstCsrAttrs;
extern const Command kEstEnroll;
extern const Command kEstReenroll;
extern const Command kEstServerKeyGen;
extern const Command kEstTest;
extern const Command kScepGetCaps;
extern const Command kScepGetCaCert;
extern const Command kScepGetNextCa;
extern const Command kScepEnroll;
extern const Command kScepRenew;
extern const Command kScepPoll;
extern const Command kScepGetCert;
extern const Command kScepGetCrl;
extern const Command kCmpIr;
extern const Command kCmpCr;
extern const Command kCmpP10cr;
extern const Command kCmpKur;
extern const Command kCmpRr;
extern const Command kCmpGenm;

}  // namespace enroll
