// What the files of CRMF share.
#pragma once

#include "libpki/x509/crmf.h"

namespace pki::x509 {

// Whether a template asks for a certificate, or says which one is meant.
enum class TemplateUse { request, description };

// From a CertTemplate. The offset of an error counts from the start of `encoding`.
Status read_cert_template(CertRequest& request, TemplateUse use, Bytes encoding);

// Can a certificate have this serial number? malformed with Reason::bad_cert_id.
Status check_serial(Bytes content);

// Controls, when they are next.
Status read_controls(CertRequest& request, der::Reader& fields);

// The same element with the tag of a SEQUENCE in the place of an implicit one.
Buffer as_sequence(Bytes encoding);

}  // namespace pki::x509
