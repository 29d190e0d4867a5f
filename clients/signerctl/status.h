// signerd's status, for the commands that need it.
#pragma once

#include "clients/common/json.h"
#include "clients/signerctl/connection.h"

namespace signerctl {

pki::Result<JsonPtr> fetch_status(Connection& connection);

// For people: a line for each CRL, and all of it.
std::string crl_table(const json_t* crls);
std::string status_text(const json_t* status);

}  // namespace signerctl
