// The options that several commands of CMP have, and what they say.
#pragma once

#include "clients/enroll/cmp_session.h"
#include "clients/enroll/credentials.h"

namespace enroll {

namespace option {

constexpr Option kCmpUrl{.name = "url",
                         .value = "URL",
                         .help = "of the server, such as http://host/cmp",
                         .required = true};
constexpr Option kCmpCa{
    .name = "ca", .value = "FILE", .help = "CA certificates that are trusted, and no others"};
constexpr Option kServerCert{.name = "server-cert",
                             .value = "FILE",
                             .help = "the only certificate that may sign answers"};
constexpr Option kTlsCa{.name = "tls-cacert",
                        .value = "FILE",
                        .help = "what vouches for an https server, if not --ca"};
constexpr Option kReference{.name = "reference",
                            .value = "NAME",
                            .help = "of the secret that protects the messages",
                            .excludes = "cert"};
constexpr Option kSecretFile{.name = "secret-file",
                             .value = "FILE",
                             .help = "that secret; else ENROLL_SECRET, or asked for"};
constexpr Option kMac{.name = "mac",
                      .value = "NAME",
                      .help = "pbm or pbmac1: what is made of the secret",
                      .fallback = "pbm"};
constexpr Option kIterations{.name = "iterations",
                             .value = "COUNT",
                             .help = "how often the secret is hashed",
                             .fallback = "10000",
                             .least = 100,
                             .most = 100'000};
constexpr Option kCmpCert{
    .name = "cert", .value = "FILE", .help = "our certificate: signs the messages, with --key"};
constexpr Option kOwnChain{.name = "chain",
                           .value = "FILE",
                           .help = "the CA certificates above --cert, which are sent along"};
constexpr Option kCertProfile{
    .name = "profile", .value = "NAME", .help = "which certificate profile is meant"};

}  // namespace option

// The URL, --mac, and that there is something to protect messages with and to trust.
pki::Status check_cmp(const Arguments& arguments);

// Of --cert and --key, or --reference and the secret.
pki::Result<CmpIdentity> cmp_identity(const Arguments& arguments);
pki::Result<CmpTrust> cmp_trust(const Arguments& arguments);
pki::Result<std::unique_ptr<Transport>> connect_cmp(const CmpTrust& trust,
                                                    const Arguments& arguments,
                                                    const Context& context);

// All of it, for one transaction.
struct CmpTalk {
    CmpIdentity identity;
    CmpTrust trust;
    std::unique_ptr<Transport> transport;
    Patience patience;
};
pki::Result<CmpTalk> begin_cmp(const Context& context, const Arguments& arguments);
// It looks into the talk.
CmpSession session_of(CmpTalk& talk, const Context& context, const Arguments& arguments);

}  // namespace enroll
