// What every command that sends SCEP messages has on its command line, and what it does first.
#pragma once

#include "clients/enroll/credentials.h"
#include "clients/enroll/scep_exchange.h"
#include "clients/enroll/scep_state.h"

namespace enroll {

namespace option {

constexpr Option kScepUrl{
    .name = "url", .value = "URL", .help = "http://host/scep", .required = true};
constexpr Option kScepCacert{
    .name = "cacert", .value = "FILE", .help = "the SCEP CA, or the root above it"};
constexpr Option kTlsCacert{.name = "tls-cacert",
                            .value = "FILE",
                            .help = "CA of an https server, when it is another one"};
constexpr Option kFingerprint{.name = "ca-fingerprint",
                              .value = "SHA256",
                              .help = "of the CA certificate, or of an RA's; may be repeated",
                              .repeatable = true};
constexpr Option kAnyRa{.name = "any-ra",
                        .help = "take any certificate below the CA for its RA (dangerous)"};
constexpr Option kCaName{
    .name = "ca-name", .value = "NAME", .help = "which CA, for a server that has several"};
constexpr Option kDigest{
    .name = "digest", .value = "NAME", .help = "sha256, sha384, sha512 or, for old CAs, sha1"};
constexpr Option kCipher{
    .name = "cipher", .value = "NAME", .help = "aes128, aes192, aes256 or, for old CAs, des3"};
constexpr Option kGet{.name = "get", .help = "send messages by GET even if the CA has POST"};
constexpr Option kChallenge{.name = "challenge-file",
                            .value = "FILE",
                            .help = "the challenge password; else ENROLL_CHALLENGE"};
constexpr Option kState{
    .name = "state", .value = "FILE", .help = "keep a request that waits here, for scep poll"};
constexpr Option kInterval{.name = "interval",
                           .value = "SECONDS",
                           .help = "between two polls within --wait",
                           .fallback = "30",
                           .least = 1,
                           .most = 86400};

}  // namespace option

// The part of a state that the command line gives.
ScepState state_from(const Arguments& arguments);

// A pin, or an anchor: else whoever is on the way could be the CA.
pki::Status check_trust(const Arguments& arguments);
// The URL, and the values of --digest, --cipher and --ca-fingerprint.
pki::Status check_scep(const Arguments& arguments);

pki::Result<std::unique_ptr<Transport>> connect_scep(const ScepState& state,
                                                     const Arguments& arguments,
                                                     const Context& context);
pki::Result<ScepTrust> trust_of(const ScepState& state);

// GetCACaps and GetCACert: whom to talk to, and how.
pki::Result<ScepSession> begin_session(Transport& transport, const ScepState& state,
                                       Patience& patience, const Context& context);

// Of --challenge-file or ENROLL_CHALLENGE; empty when there is neither.
pki::Result<pki::Secret> obtain_challenge(const Arguments& arguments);

}  // namespace enroll
