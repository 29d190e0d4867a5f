// A strict reader over JSON: each value knows its path ("profiles.tls.keys[1]"), and every
// error names it. The functions return errors with the text "invalid configuration" and the
// detail "<path>: <what is wrong>".
#pragma once

#include <jansson.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libpki/base/result.h"

namespace signerd {

struct JsonFree {
    void operator()(json_t* json) const { json_decref(json); }
};
using JsonPtr = std::unique_ptr<json_t, JsonFree>;

// A key that stands twice in one object is a syntax error. The detail of an error starts
// with "<file>:<line>:<column>"; `file` is not opened.
pki::Result<JsonPtr> parse_json(std::string_view text, const std::string& file);

// The keys that an object may have.
using KeyTable = std::span<const std::string_view>;

class JsonObject;

// A view: the document outlives it.
class JsonValue {
   public:
    JsonValue(json_t* json, std::string path) : json_(json), path_(std::move(path)) {}

    const std::string& path() const { return path_; }
    bool is_string() const { return json_is_string(json_); }
    bool is_integer() const { return json_is_integer(json_); }

    pki::Error error(const std::string& problem) const;

    pki::Result<bool> boolean() const;
    pki::Result<std::int64_t> integer(std::int64_t min, std::int64_t max) const;
    // Not empty, without control characters, at most 512 bytes.
    pki::Result<std::string> text() const;
    // Between min and 1024 elements, no two equal.
    pki::Result<std::vector<JsonValue>> list(std::size_t min) const;
    // Refuses an unknown key, and says which known one it resembles.
    pki::Result<JsonObject> object(KeyTable known) const;
    // The members of an object whose keys are names that the operator chose, in the order
    // of the file.
    pki::Result<std::vector<std::pair<std::string, JsonValue>>> members() const;

   private:
    JsonValue member(const char* key, json_t* value) const;

    json_t* json_;
    std::string path_;
};

// An object with known keys. `read` takes a JsonValue and returns a Status.
class JsonObject {
   public:
    JsonObject(json_t* json, std::string path) : json_(json), path_(std::move(path)) {}

    bool has(const char* key) const { return json_object_get(json_, key) != nullptr; }
    std::optional<JsonValue> find(const char* key) const;
    pki::Error error(const char* key, const std::string& problem) const;

    template <class Read>
    pki::Status required(const char* key, Read&& read) const {
        const auto value = find(key);
        return value ? read(*value) : pki::Status(error(key, "missing"));
    }
    template <class Read>
    pki::Status optional(const char* key, Read&& read) const {
        const auto value = find(key);
        return value ? read(*value) : pki::Status();
    }

   private:
    json_t* json_;
    std::string path_;
};

// For required() and optional(): assigns what `read` makes of the value to `target`.
// `read` takes a JsonValue and returns a Result.
template <class T, class Read>
auto into(T& target, Read read) {
    return [&target, read = std::move(read)](const JsonValue& value) -> pki::Status {
        PKI_TRY(target, std::invoke(read, value));
        return {};
    };
}

// For into(): `read` on each element of a list of at least `min` elements.
template <class Read>
auto list_of(Read read, std::size_t min = 0) {
    using Item = std::remove_cvref_t<decltype(*std::invoke(read, std::declval<JsonValue>()))>;
    return [read = std::move(read),
            min](const JsonValue& value) -> pki::Result<std::vector<Item>> {
        PKI_TRY(const auto elements, value.list(min));
        std::vector<Item> items;
        for (const JsonValue& element : elements) {
            PKI_TRY(Item item, std::invoke(read, element));
            items.push_back(std::move(item));
        }
        return items;
    };
}

inline auto integer(std::int64_t min, std::int64_t max) {
    return [min, max](const JsonValue& value) { return value.integer(min, max); };
}

}  // namespace signerd
