// "names": "credential" of a profile: a client of CMP asks for its own names.
#pragma once

#include "libpki/x509/csr.h"
#include "signerd/transaction.h"

namespace signerd {

// Is it of those attributes of a subject that say where a holder belongs?
bool is_place(pki::Bytes type);

// denied (bad_cert_template) for a name that is not the originator's.
//
// Of the subject that concerns what names a holder; country, state, locality, street, postal
// code, organization with its identifier, unit and domain components say where he belongs, and
// are the matter of the profile. A value, as a dNSName too, has to be one of
//     with a signature: the certificate's common names, serialNumbers and dNSNames, in ASCII
//         without case; or the same attribute stands in its subject
//     with a MAC: the reference of the secret, to the letter.
// Other kinds of names in the SAN have to be in the certificate's, or (URI, email and IP
// addresses) are the reference, written as in rules of profiles.
pki::Status check_own_names(const pki::x509::Csr& csr, const CmpTurn& turn);

}  // namespace signerd
