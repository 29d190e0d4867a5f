// Which profile a path means (device-specific suffixes included).
#pragma once

#include "ngx_scep_module/scep.h"

namespace ngx_enroll::scep {

// Behind the location's own prefix there may stand a label of scep_label and, as many devices
// append without being asked, "pkiclient.exe" or "cgi-bin/pkiclient.exe". nullopt: anything
// else. A location with a regular expression has one profile and no labels.
std::optional<std::string_view> profile_of_path(ngx_http_request_t* r);

// A label that can be told from a suffix: one path segment.
bool valid_label(std::string_view label);

}  // namespace ngx_enroll::scep
