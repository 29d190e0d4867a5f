// Writing JSON with jansson.
#pragma once

#include <jansson.h>

#include <string>
#include <string_view>

#include "signerd/json_reader.h"

namespace signerd {

// Text that is not UTF-8 becomes null.
void put(json_t* object, const char* key, std::string_view text);
void put(json_t* object, const char* key, std::uint64_t number);
// Takes the value over.
void put(json_t* object, const char* key, JsonPtr value);

// Compact, keys in the order in which they were put.
std::string json_text(const json_t* json);

}  // namespace signerd
