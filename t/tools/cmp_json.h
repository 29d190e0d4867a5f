// A JSON object, member by member.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libpki/base/bytes.h"

namespace forge {

class Json {
   public:
    void text(const std::string& name, std::string_view value);
    void number(const std::string& name, std::int64_t value);
    void hex(const std::string& name, pki::Bytes value);
    void texts(const std::string& name, const std::vector<std::string>& values);
    // Already JSON.
    void raw(const std::string& name, const std::string& value);
    std::string object() const { return "{" + members_ + "}"; }

   private:
    std::string members_;
};

std::string json_string(std::string_view text);

}  // namespace forge
