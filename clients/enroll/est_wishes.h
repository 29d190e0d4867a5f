// What an EST server asks of requests (csrattrs), for people and put into a request.
#pragma once

#include "clients/enroll/est.h"
#include "clients/enroll/identity.h"
#include "libpki/est/csr_attributes.h"

namespace enroll {

// Nothing where the server has no csrattrs.
pki::Result<pki::est::CsrDemands> ask_demands(EstServer& server);

// "CN", "keyUsage", "challengePassword", else the OID.
std::string type_text(pki::Bytes type);
// "O=Example", or "CN" where the value is the client's choice.
std::string subject_text(const pki::est::SubjectDemand& demand);
// "ec:P-256", "rsa:3072"; "rsa" or "ec" where the server says no more.
std::string key_text(const pki::est::KeyDemand& demand);

// "key: ec:P-256", "subject: CN, O=Example", …; one says so where nothing is asked for.
std::vector<std::string> demand_lines(const pki::est::CsrDemands& demands);
std::string demand_text(const pki::est::CsrDemands& demands);  // all on one

// The lines for people; "key_types", "subject", "extensions" and "attributes" of the JSON
// object.
void tell(const pki::est::CsrDemands& demands, Report& report);

// Who is asking.
struct Asker {
    bool bound = false;     // the request will have a challengePassword
    bool renewing = false;  // its names are those of a certificate and stay so
};
// Puts into the request what is missing and has a value there. denied, with the name of the
// first thing that only the user could say, or nobody. What the server asks for that is not
// known here is passed over (RFC 7030 4.5.2) and told.
pki::Status fulfil(const pki::est::CsrDemands& demands, const Asker& asker, RequestNames& names,
                   Report& report);

// The type of a key to be made: `usual` where it will do.
std::string key_type_for(const pki::est::CsrDemands& demands, const std::string& usual);
// Is the key what the server asks for? denied.
pki::Status check_key_demand(const pki::est::CsrDemands& demands, EVP_PKEY* key);

}  // namespace enroll
