// The names of a CSR, as challenges that are made for somebody compare them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libpki/x509/csr.h"

namespace signerd {

// As UTF-8; nullopt when there is none, or more than one.
std::optional<std::string> common_name(const pki::x509::Csr& csr);

// Names by type, as UTF-8; `upn` are Microsoft's user principal names.
struct NameSets {
    std::vector<std::string> dns, email, upn;
};

// Are the names of the CSR's subjectAltName these and no others? dns without case; email and
// upn byte by byte. A name of any other type is one that nobody promised.
bool has_exactly(const pki::x509::Csr& csr, const NameSets& names);

}  // namespace signerd
