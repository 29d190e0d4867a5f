// The pure parts of the cert commands.
#pragma once

#include <string>

#include "clients/signerctl/json.h"

namespace signerctl {

// As signerd stores serials, from the forms in which other tools print them: colons, upper
// case, leading zeros. malformed when it is not hexadecimal of 1 to 20 octets.
pki::Result<std::string> normalise_serial(std::string_view text);

// One member of "certificates" in signerd's answer, for people: fields, then the PEM.
std::string certificate_text(const json_t* certificate);

}  // namespace signerctl
