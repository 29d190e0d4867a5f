// Which operation and profile a path names (RFC 9811 3.4, RFC 9483 6.1).
#pragma once

#include <optional>
#include <string_view>

#include "libpki/cmp/message.h"

namespace pki::cmp {

enum class Operation : std::uint8_t {
    initialization,
    certification,
    keyupdate,
    pkcs10,
    revocation,
    getcacerts,
    getrootupdate,
    getcertreqtemplate,
    getcrls,
    nested,
};

std::string_view name(Operation operation);
std::optional<Operation> operation_from_name(std::string_view name);

// May a message with such a body go to the operation? Beside the request that it is named after
// those that follow in a transaction: certConf, pollReq and error (RFC 9483 6.1).
bool takes(Operation operation, BodyType type);

// The infoType that a genm to the operation asks for, as OID content; empty: it takes no genm.
Bytes required_info(Operation operation);

struct Route {
    std::string_view label;  // of "p/<label>"; empty: none
    std::optional<Operation> operation;
};

// From what stands behind the prefix of the location, decoded: "", "<operation>", "p/<label>"
// or "p/<label>/<operation>", with or without slashes around. nullopt: anything else.
std::optional<Route> route(std::string_view path);

// One path segment of printable ASCII, at most limits::kCmpLabel.
bool valid_label(std::string_view label);

}  // namespace pki::cmp
