// The two exchanges of EST (RFC 7030 4.1, 4.2), over any transport.
#pragma once

#include "clients/enroll/patience.h"

namespace enroll {

struct EstServer {
    Transport& transport;
    std::string url;  // "https://host/.well-known/est/label", no slash at the end
    Patience& patience;
    Report& report;
};

// What stands behind --url: a host alone means its "/.well-known/est".
pki::Result<std::string> est_url(const std::string& url);

// The CA certificates, asked for without credentials.
pki::Result<std::vector<pki::Buffer>> est_cacerts(EstServer& server);

// What the server gives for a PKCS#10. Errors are refusals, or say that it is pending.
pki::Result<std::vector<pki::Buffer>> est_post(EstServer& server, std::string_view operation,
                                               pki::Bytes csr);

// Certificates in an answer with status 200: base64 of a certs-only CMS (RFC 8951 3), or the
// CMS itself, as some servers send it.
pki::Result<std::vector<pki::Buffer>> read_certs_answer(const HttpAnswer& answer);

}  // namespace enroll
