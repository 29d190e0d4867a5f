// The query of a SCEP request, and the message in it (RFC 8894 4.1), as devices really send it.
#pragma once

#include <string_view>

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"

namespace pki::scep {

enum class Operation : std::uint8_t {
    get_ca_caps,
    get_ca_cert,
    get_next_ca_cert,
    pki_operation
};

// "GetCACaps", "GetCACert", "GetNextCACert", "PKIOperation".
std::string_view name(Operation operation);

struct Query {
    Operation operation = Operation::get_ca_caps;
    // As it stands in the query. With PKIOperation the message of a GET, for decode_message();
    // with the others the name of a CA, which nothing needs to look at (RFC 8894 4.1).
    std::string_view message;
    bool has_message = false;
};

// From what stands behind the "?", undecoded. Names and values are compared with case, other
// arguments are ignored. not_found: an operation that we do not have; malformed: none, or one
// of the two arguments twice.
Result<Query> parse_query(std::string_view raw_args);

// The message of a GET: percent-escapes are decoded and "+" stays "+" (RFC 3986; forms of HTML
// make it a space), white space is dropped, then base64 or base64url with or without padding.
// malformed: anything else, nothing, or more than `max` octets.
Result<Buffer> decode_message(std::string_view raw, std::size_t max);

}  // namespace pki::scep
