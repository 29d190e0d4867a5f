// PKIHeader (RFC 9810 5.1.1): the reader behind parse_message() and the writer behind
// build_message().
#pragma once

#include "libpki/base/der_reader.h"
#include "libpki/base/der_writer.h"
#include "libpki/cmp/message.h"

namespace pki::cmp {

// The next element. malformed when pvno, sender or recipient cannot be read, or the rest is no
// row of elements; what else is wrong becomes Header::problem.
Result<Header> read_header(der::Reader& fields);

// What a HeaderSpec leaves to the protection.
struct HeaderProtection {
    Bytes sender;     // Name; empty: NULL-DN
    Bytes algorithm;  // AlgorithmIdentifier; empty: none
    Bytes sender_kid;
};
void write_header(der::Writer& writer, const HeaderSpec& spec,
                  const HeaderProtection& protection);

}  // namespace pki::cmp
