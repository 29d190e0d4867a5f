#include "libpki/cmp/operation.h"

#include <algorithm>

#include "libpki/base/ascii.h"
#include "libpki/base/limits.h"

namespace pki::cmp {

namespace {

constexpr std::string_view kLabelFolder = "p";

// id-it (RFC 9810 5.3.19), and the last arc.
constexpr std::size_t kIdIt = 8;
constexpr std::uint8_t kCaCerts[kIdIt] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x04, 17};
constexpr std::uint8_t kCertReqTemplate[kIdIt] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x04, 19};
constexpr std::uint8_t kRootCaCert[kIdIt] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x04, 20};
constexpr std::uint8_t kCrlStatusList[kIdIt] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x04, 22};

struct Row {
    std::string_view name;
    BodyType type;
    Bytes info;
};

// In the order of Operation.
constexpr Row kOperations[] = {
    {"initialization", BodyType::ir, {}},
    {"certification", BodyType::cr, {}},
    {"keyupdate", BodyType::kur, {}},
    {"pkcs10", BodyType::p10cr, {}},
    {"revocation", BodyType::rr, {}},
    {"getcacerts", BodyType::genm, kCaCerts},
    {"getrootupdate", BodyType::genm, kRootCaCert},
    {"getcertreqtemplate", BodyType::genm, kCertReqTemplate},
    {"getcrls", BodyType::genm, kCrlStatusList},
    {"nested", BodyType::nested, {}},
};

const Row& row_of(Operation operation) {
    return kOperations[static_cast<std::size_t>(operation)];
}

std::string_view without_slashes(std::string_view path) {
    while (path.starts_with('/')) path.remove_prefix(1);
    while (path.ends_with('/')) path.remove_suffix(1);
    return path;
}

std::string_view take_segment(std::string_view& path) {
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), segment.size() + 1));
    return segment;
}

}  // namespace

std::string_view name(Operation operation) { return row_of(operation).name; }

std::optional<Operation> operation_from_name(std::string_view name) {
    const auto* const found = std::ranges::find(kOperations, name, &Row::name);
    if (found == std::end(kOperations)) return std::nullopt;
    return static_cast<Operation>(found - std::begin(kOperations));
}

bool takes(Operation operation, BodyType type) {
    return type == row_of(operation).type || type == BodyType::cert_conf ||
           type == BodyType::poll_req || type == BodyType::error;
}

Bytes required_info(Operation operation) { return row_of(operation).info; }

std::optional<Route> route(std::string_view path) {
    path = without_slashes(path);
    Route found;
    if (path == kLabelFolder || path.starts_with("p/")) {
        take_segment(path);
        found.label = take_segment(path);
        if (!valid_label(found.label)) return std::nullopt;
    }
    if (path.empty()) return found;
    found.operation = operation_from_name(path);
    if (!found.operation) return std::nullopt;
    return found;
}

bool valid_label(std::string_view label) {
    return !label.empty() && label.size() <= limits::kCmpLabel &&
           std::ranges::all_of(label, [](char c) { return is_graphic(c) && c != '/'; });
}

}  // namespace pki::cmp
