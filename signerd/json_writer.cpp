#include "signerd/json_writer.h"

namespace signerd {

namespace {

constexpr std::size_t kDumpFlags = JSON_COMPACT;

int append_text(const char* text, std::size_t size, void* to) {
    static_cast<std::string*>(to)->append(text, size);
    return 0;
}

}  // namespace

void put(json_t* object, const char* key, std::string_view text) {
    json_t* string = json_stringn(text.data(), text.size());
    json_object_set_new(object, key, string != nullptr ? string : json_null());
}

void put(json_t* object, const char* key, std::uint64_t number) {
    json_object_set_new(object, key, json_integer(static_cast<json_int_t>(number)));
}

void put(json_t* object, const char* key, JsonPtr value) {
    json_object_set_new(object, key, value.release());
}

std::string json_text(const json_t* json) {
    std::string text;
    json_dump_callback(json, append_text, &text, kDumpFlags);
    return text;
}

}  // namespace signerd
