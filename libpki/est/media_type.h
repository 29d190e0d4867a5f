// Parameters of a media type (RFC 2045 5.1, RFC 9110 8.3.1).
#pragma once

#include <string>
#include <string_view>

namespace pki::est {

// The value of a parameter of a Content-Type, without its quotes; the name is in lower case.
// Empty: there is none, or the header cannot be read. Of two, the first.
std::string media_parameter(std::string_view header, std::string_view name);

}  // namespace pki::est
