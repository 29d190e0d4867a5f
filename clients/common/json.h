// Owned JSON values, and the few ways in which the clients look into them.
#pragma once

#include <jansson.h>

#include <memory>
#include <string>

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"

namespace clients {

struct JsonDeleter {
    void operator()(json_t* value) const { json_decref(value); }
};
using JsonPtr = std::unique_ptr<json_t, JsonDeleter>;

// An object that fills `text`; a member that stands twice is malformed.
pki::Result<JsonPtr> parse_json_object(pki::Bytes text);

// One line, or indented; everything but ASCII is escaped, so a terminal is safe from it.
std::string json_line(const json_t* value);
std::string json_indented(const json_t* value);

// The member's text, or its number in decimal; empty when it is absent or neither.
std::string member_text(const json_t* object, const char* name);

// An array whose elements are printed as they come; `before` and `after` stand around it.
class JsonArrayPrinter {
   public:
    explicit JsonArrayPrinter(std::string_view before = {}, std::string_view after = {});
    void add(const json_t* element);
    void finish();

   private:
    std::string after_;
    bool empty_ = true;
};

}  // namespace clients
