#include "libpki/est/operation.h"

#include "libpki/base/ascii.h"
#include "libpki/base/limits.h"

namespace pki::est {

namespace {

constexpr std::string_view kBase = "/.well-known/est/";

struct OperationName {
    std::string_view name;
    std::optional<Operation> operation;  // none: not one of ours
};

constexpr OperationName kOperations[] = {
    {"cacerts", Operation::cacerts},
    {"simpleenroll", Operation::simpleenroll},
    {"simplereenroll", Operation::simplereenroll},
    {"csrattrs", Operation::csrattrs},
    {"serverkeygen", Operation::serverkeygen},
    {"fullcmc", Operation::fullcmc},
};

}  // namespace

std::optional<Operation> operation_from_name(std::string_view name) {
    for (const OperationName& entry : kOperations)
        if (entry.name == name) return entry.operation;
    return std::nullopt;
}

std::string_view name(Operation operation) {
    for (const OperationName& entry : kOperations)
        if (entry.operation == operation) return entry.name;
    return {};
}

std::optional<Route> route(std::string_view path) {
    if (!path.starts_with(kBase)) return std::nullopt;
    path.remove_prefix(kBase.size());
    Route found;
    if (const std::size_t slash = path.find('/'); slash != path.npos) {
        found.label = path.substr(0, slash);
        path.remove_prefix(slash + 1);
        if (!valid_label(found.label)) return std::nullopt;
    }
    const auto operation = operation_from_name(path);
    if (!operation) return std::nullopt;
    found.operation = *operation;
    return found;
}

bool valid_label(std::string_view label) {
    if (label.empty() || label.size() > limits::kEstLabel) return false;
    for (const OperationName& entry : kOperations)
        if (entry.name == label) return false;
    return std::ranges::all_of(label, [](char c) { return is_graphic(c) && c != '/'; });
}

}  // namespace pki::est
