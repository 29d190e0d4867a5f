// Which EST operation and label a path names (RFC 7030 3.2.2).
#pragma once

#include <optional>
#include <string_view>

namespace pki::est {

enum class Operation : unsigned char {
    cacerts,
    simpleenroll,
    simplereenroll,
    csrattrs,
    serverkeygen,
    fullcmc
};

std::optional<Operation> operation_from_name(std::string_view name);
std::string_view name(Operation operation);

struct Route {
    std::string_view label;  // empty: none
    Operation operation = Operation::cacerts;
};

// From the decoded path, "/.well-known/est/[label/]operation". nullopt: not an EST path of
// ours, an unknown operation, or more than one label.
std::optional<Route> route(std::string_view path);

// A label is one path segment of printable ASCII, at most limits::kEstLabel, and no operation
// name (RFC 7030 3.2.2), whether we have that operation or not.
bool valid_label(std::string_view label);

}  // namespace pki::est
