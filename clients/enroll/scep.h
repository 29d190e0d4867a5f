// HTTP of SCEP (RFC 8894 4): queries, and messages by POST or GET.
#pragma once

#include "clients/enroll/patience.h"
#include "clients/enroll/scep_caps.h"
#include "libpki/scep/operation.h"

namespace enroll {

struct ScepServer {
    Transport& transport;
    std::string url;
    std::string ca_name;  // message of GetCACaps and GetCACert; may be empty
    Patience& patience;
    Report& report;
};

// "url?operation=GetCACert&message=name", the value percent-encoded.
std::string scep_query(const std::string& url, pki::scep::Operation operation,
                       std::string_view message);

// A CA that does not know GetCACaps answers with an error: it has no capabilities.
pki::Result<Capabilities> scep_capabilities(ScepServer& server);

// GetCACert: one certificate, or a degenerate SignedData of several.
pki::Result<std::vector<pki::Buffer>> scep_ca_certificates(ScepServer& server);

// GetNextCACert: the SignedData, unread.
pki::Result<pki::Buffer> scep_next_ca(ScepServer& server);

// PKIOperation: a CertRep, unread.
pki::Result<pki::Buffer> scep_send(ScepServer& server, pki::Bytes message, bool post);

}  // namespace enroll
