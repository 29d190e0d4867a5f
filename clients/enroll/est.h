// The exchanges of EST (RFC 7030 4), over any transport.
#pragma once

#include "clients/enroll/patience.h"

namespace enroll {

struct EstServer {
    Transport& transport;
    std::string url;  // "https://host/.well-known/est/label", no slash at the end
    Patience& patience;
    Report& report;
    bool bind = false;  // requests are tied to their TLS connection (RFC 7030 3.5)
};

// What stands behind --url: a host alone means its "/.well-known/est".
pki::Result<std::string> est_url(const std::string& url);

// The CA certificates, asked for without credentials.
pki::Result<std::vector<pki::Buffer>> est_cacerts(EstServer& server);

// CsrAttrs, DER; empty when the server has nothing to ask for (RFC 8951 3.4, RFC 7030 4.5.2).
pki::Result<pki::Buffer> est_csrattrs(EstServer& server);

// Makes the PKCS#10; `binding` is its challengePassword, or empty.
using MakeCsr = std::function<pki::Result<pki::Buffer>(const std::string& binding)>;

// The answer with status 200 to a PKCS#10. It is made once or, when it is tied to its
// connection, for each attempt. Errors are refusals, or say that it is pending.
pki::Result<HttpAnswer> est_ask(EstServer& server, std::string_view operation,
                                const MakeCsr& make);
// The certificates of that.
pki::Result<std::vector<pki::Buffer>> est_post(EstServer& server, std::string_view operation,
                                               const MakeCsr& make);

// Certificates in an answer with status 200: base64 of a certs-only CMS (RFC 8951 3), or the
// CMS itself, as some servers send it.
pki::Result<std::vector<pki::Buffer>> read_certs_answer(const HttpAnswer& answer);
// CsrAttrs in one, DER: base64 of it, or the DER itself.
pki::Result<pki::Buffer> read_csrattrs_answer(const HttpAnswer& answer);

}  // namespace enroll
