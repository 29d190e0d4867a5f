#include "clients/common/json.h"

#include <cstdlib>

#include "clients/common/output.h"

namespace clients {

namespace {

std::string dump(const json_t* value, std::size_t flags) {
    const std::unique_ptr<char, decltype(&std::free)> text(
        json_dumps(value, flags | JSON_ENSURE_ASCII), &std::free);
    return text ? text.get() : "";
}

}  // namespace

pki::Result<JsonPtr> parse_json_object(pki::Bytes text) {
    json_error_t problem;
    JsonPtr value(json_loadb(reinterpret_cast<const char*>(text.data()), text.size(),
                             JSON_REJECT_DUPLICATES, &problem));
    if (!value) return pki::fail(pki::Errc::malformed, "not JSON", problem.text);
    if (!json_is_object(value.get()))
        return pki::fail(pki::Errc::malformed, "not a JSON object");
    return value;
}

std::string json_line(const json_t* value) { return dump(value, JSON_COMPACT); }

std::string json_indented(const json_t* value) { return dump(value, JSON_INDENT(2)); }

std::string member_text(const json_t* object, const char* name) {
    const json_t* member = json_object_get(object, name);
    if (json_is_string(member)) return {json_string_value(member), json_string_length(member)};
    if (json_is_integer(member)) return std::to_string(json_integer_value(member));
    return {};
}

JsonArrayPrinter::JsonArrayPrinter(std::string_view before, std::string_view after)
    : after_(after) {
    print(std::string(before) + "[");
}

void JsonArrayPrinter::add(const json_t* element) {
    print((empty_ ? "\n" : ",\n") + json_line(element));
    empty_ = false;
}

void JsonArrayPrinter::finish() { print((empty_ ? "]" : "\n]") + after_ + "\n"); }

}  // namespace clients
