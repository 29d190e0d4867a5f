// How a command reaches a server, and who it says it is there.
#pragma once

#include "clients/enroll/identity.h"

namespace enroll {

namespace option {

constexpr Option kUser{.name = "user", .value = "NAME", .help = "user name (Basic)"};
constexpr Option kPasswordFile{
    .name = "password-file",
    .value = "FILE",
    .help = "its password; else ENROLL_PASSWORD, or asked for on the terminal"};

constexpr Option kBearer{
    .name = "bearer", .help = "authenticate with a token", .excludes = "user"};
constexpr Option kTokenFile{
    .name = "token-file",
    .value = "FILE",
    .help = "that token; else ENROLL_TOKEN, or asked for on the terminal",
    .excludes = "user"};

}  // namespace option

// --cacert and --timeout.
pki::Result<HttpOptions> base_options(const Arguments& arguments);
// --user with its password.
pki::Status add_password(HttpOptions& options, const Arguments& arguments);
// --bearer or --token-file: RFC 6750 2.1.
pki::Status add_token(HttpOptions& options, const Arguments& arguments);
// --cert with --key: TLS client authentication.
pki::Status add_certificate(HttpOptions& options, const OwnCertificate& own,
                            const Arguments& arguments);

// "https://host[:port]/path", "http://" too when `plain`: no user name, query or fragment, and
// no slash at the end. malformed.
pki::Result<std::string> normal_url(const std::string& url, bool plain);

}  // namespace enroll
