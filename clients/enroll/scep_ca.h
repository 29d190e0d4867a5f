// Which certificates of a GetCACert are whose: the CA, its RA, and who is nobody.
//
// The answer comes without protection (RFC 8894 2.2). A certificate of it counts when it is
// pinned or leads to a CA that is. That alone makes no RA: devices have certificates below the
// CA as well, and one of them on the way could slip in his own, get the challenges and answer
// in the CA's name. So an RA is pinned itself, or its certificate is not one for something
// else.
#pragma once

#include <string>
#include <vector>

#include "libpki/x509/cert.h"

namespace enroll {

struct ScepTrust {
    std::vector<pki::Buffer> anchors;       // --cacert
    std::vector<std::string> fingerprints;  // of CA or RA certificates
    bool any_ra = false;                    // whatever leads to the CA may be its RA
};

struct ScepCa {
    pki::Buffer issuer;     // the CA that issues
    pki::Buffer recipient;  // messages are sealed for its RSA key; empty: nobody has one
    std::vector<pki::Buffer> signers;  // who may sign answers, RAs first
    std::vector<pki::Buffer> all;      // CAs and RAs that count
    std::vector<pki::Buffer> anchors;
};

// denied: nothing of it is trusted, or no CA is among it.
pki::Result<ScepCa> trusted_ca(const std::vector<pki::Buffer>& certificates,
                               const ScepTrust& trust, std::int64_t now);

// Is its extendedKeyUsage cmcRA (RFC 6402 2.10) or, as Microsoft's CAs have it, Certificate
// Request Agent, or is there none? That of a device says clientAuth or the like.
bool may_be_ra(const pki::x509::Certificate& certificate);

}  // namespace enroll
