// Where certificates go: files, or standard output.
#pragma once

#include <vector>

#include "clients/enroll/options.h"

namespace enroll {

// PEM of all of them, as --out says; on standard output without it.
pki::Status write_out(const std::vector<pki::Buffer>& certificates, const Arguments& arguments,
                      Report& report);

// The same with CRLs, which are in "crl" and "next_update" as well.
pki::Status write_crls(const std::vector<pki::Buffer>& crls, const Arguments& arguments,
                       Report& report);

// Paths; empty: not written.
struct Destination {
    std::string out, chain_out;
};

// A new certificate, and the CA certificates above it. Both files are written or none; each has
// all of its bytes when it has its name. Without `out` the first goes to standard output.
pki::Status deliver(const pki::Buffer& certificate, const std::vector<pki::Buffer>& chain,
                    const Destination& to, Report& report);

}  // namespace enroll
