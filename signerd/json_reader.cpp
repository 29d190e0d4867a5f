#include "signerd/json_reader.h"

#include <algorithm>
#include <numeric>

#include "libpki/base/ascii.h"
#include "libpki/base/utf8.h"

namespace signerd {

namespace {

constexpr const char* kInvalid = "invalid configuration";

// A wildcard list or a list of devices may be long; a longer one is a mistake.
constexpr std::size_t kMaxList = 1024;

// Longer than any file name, URL or pattern that makes sense here.
constexpr std::size_t kMaxText = 512;

// What fits into a line of the log.
constexpr std::size_t kShownKey = 64;

bool is_plain(std::string_view key) {
    return !key.empty() && key.size() <= kShownKey && std::ranges::all_of(key, [](char c) {
        return pki::is_letter(c) || pki::is_digit(c) || pki::one_of(c, "_-");
    });
}

// The key comes from the file as it is.
std::string child_path(const std::string& parent, std::string_view key) {
    if (!is_plain(key)) return parent + "[\"" + pki::printable(key, kShownKey) + "\"]";
    return parent.empty() ? std::string(key) : parent + "." + std::string(key);
}

// Levenshtein's.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); i++) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); j++) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row[b.size()];
}

std::string unknown_key(std::string_view key, KeyTable known) {
    const auto nearest = std::ranges::min_element(
        known, {}, [&](std::string_view k) { return edit_distance(key, k); });
    const std::size_t close = std::min<std::size_t>(2, key.size() / 2);
    if (nearest == known.end() || edit_distance(key, *nearest) > close) return "unknown key";
    return "unknown key (did you mean \"" + std::string(*nearest) + "\"?)";
}

std::string counted(std::size_t count, const char* thing) {
    return std::to_string(count) + " " + thing;
}

pki::Error error_at(const std::string& path, const std::string& problem) {
    const std::string where = path.empty() ? "top level" : path;
    return pki::fail(pki::Errc::malformed, kInvalid, where + ": " + problem);
}

}  // namespace

pki::Result<JsonPtr> parse_json(std::string_view text, const std::string& file) {
    json_error_t error;
    JsonPtr root(json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, &error));
    if (root) return root;
    return pki::fail(pki::Errc::malformed, kInvalid,
                     file + ":" + std::to_string(error.line) + ":" +
                         std::to_string(error.column) + ": " + error.text);
}

pki::Error JsonValue::error(const std::string& problem) const {
    return error_at(path_, problem);
}

pki::Result<bool> JsonValue::boolean() const {
    if (!json_is_boolean(json_)) return error("not true or false");
    return json_is_true(json_);
}

pki::Result<std::int64_t> JsonValue::integer(std::int64_t min, std::int64_t max) const {
    if (!is_integer()) return error("not a whole number");
    const std::int64_t number = json_integer_value(json_);
    if (number < min || number > max)
        return error("out of range: from " + std::to_string(min) + " to " +
                     std::to_string(max));
    return number;
}

pki::Result<std::string> JsonValue::text() const {
    if (!is_string()) return error("not a string");
    std::string text(json_string_value(json_), json_string_length(json_));
    if (text.empty()) return error("empty");
    if (text.size() > kMaxText) return error("longer than " + counted(kMaxText, "bytes"));
    if (!pki::is_plain_text(text)) return error("holds a control character");
    return text;
}

pki::Result<std::vector<JsonValue>> JsonValue::list(std::size_t min) const {
    if (!json_is_array(json_)) return error("not a list");
    const std::size_t size = json_array_size(json_);
    if (size < min) return error("an empty list");
    if (size > kMaxList) return error("more than " + counted(kMaxList, "elements"));
    std::vector<JsonValue> elements;
    for (std::size_t i = 0; i < size; i++) {
        JsonValue element(json_array_get(json_, i), path_ + "[" + std::to_string(i) + "]");
        for (const JsonValue& earlier : elements)
            if (json_equal(earlier.json_, element.json_))
                return element.error("the same as " + earlier.path());
        elements.push_back(std::move(element));
    }
    return elements;
}

JsonValue JsonValue::member(const char* key, json_t* value) const {
    return {value, child_path(path_, key)};
}

pki::Result<JsonObject> JsonValue::object(KeyTable known) const {
    if (!json_is_object(json_)) return error("not an object");
    const char* key;
    json_t* value;
    json_object_foreach(json_, key, value) {
        if (std::ranges::find(known, std::string_view(key)) == known.end())
            return member(key, value).error(unknown_key(key, known));
    }
    return JsonObject(json_, path_);
}

pki::Result<std::vector<std::pair<std::string, JsonValue>>> JsonValue::members() const {
    if (!json_is_object(json_)) return error("not an object");
    std::vector<std::pair<std::string, JsonValue>> members;
    const char* key;
    json_t* value;
    json_object_foreach(json_, key, value) members.emplace_back(key, member(key, value));
    return members;
}

std::optional<JsonValue> JsonObject::find(const char* key) const {
    json_t* value = json_object_get(json_, key);
    if (!value) return std::nullopt;
    return JsonValue(value, child_path(path_, key));
}

pki::Error JsonObject::error(const char* key, const std::string& problem) const {
    return error_at(child_path(path_, key), problem);
}

}  // namespace signerd
