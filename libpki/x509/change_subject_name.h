// ChangeSubjectName (RFC 6402 2.8): the names that a renewed certificate is to have.
#pragma once

#include <optional>

#include "libpki/x509/csr.h"

namespace pki::x509 {

struct ChangeSubjectName {
    Name subject;            // empty: the new certificate has none
    std::optional<San> san;  // none: the new certificate has none
};

// Of the attribute in a CSR; nullopt where there is none. The views are the CSR's. malformed
// for a second one, for one with several values or with neither field, and as the names are.
Result<std::optional<ChangeSubjectName>> change_subject_name(const Csr& csr);

}  // namespace pki::x509
