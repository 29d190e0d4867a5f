// The options that several commands of EST have, and what they say.
#pragma once

#include <optional>

#include "clients/enroll/credentials.h"
#include "clients/enroll/est.h"

namespace enroll {

namespace option {

constexpr Option kEstUrl{.name = "url",
                         .value = "URL",
                         .help = "https://host/.well-known/est, perhaps with a label",
                         .required = true};
constexpr Option kEstKeyType{.name = "key-type",
                             .value = "SPEC",
                             .help = "of a new key: ec:P-256, ec:P-384, rsa:2048, ed25519",
                             .fallback = "ec:P-256"};
constexpr Option kTlsCert{
    .name = "cert", .value = "FILE", .help = "certificate for TLS, with --key"};
constexpr Option kTlsKey{.name = "key", .value = "FILE", .help = "private key of --cert, PEM"};
constexpr Option kChannelBinding{.name = "channel-binding",
                                 .help = "tie the request to its TLS connection",
                                 .excludes = "csr"};
constexpr Option kCsrAttrs{.name = "csrattrs",
                           .help = "ask first what the request has to have"};

}  // namespace option

// The URL, and options that need each other.
pki::Status check_est(const Arguments& arguments);

// A connection with the credentials of the options.
struct EstTalk {
    std::unique_ptr<Transport> transport;
    std::vector<pki::Buffer> anchors;  // empty: those of the system
    std::optional<OwnCertificate> own;
    Patience patience;
    std::string url;
};
pki::Result<EstTalk> begin_est(const Context& context, const Arguments& arguments);
// It looks into the talk.
EstServer server_of(EstTalk& talk, const Context& context, const Arguments& arguments);

// The certificate for our key in an answer, and the CA certificates above it.
struct EstCertificate {
    pki::Buffer certificate;
    std::vector<pki::Buffer> chain;
};
// `known`: what the server says its CA certificates are.
pki::Result<EstCertificate> take_certificate(const std::vector<pki::Buffer>& answer,
                                             std::vector<pki::Buffer> known, EVP_PKEY* key,
                                             const EstTalk& talk, const Context& context);

}  // namespace enroll
