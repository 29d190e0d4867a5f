// Which profile a path means, and which operation if it names one.
#pragma once

#include "libpki/cmp/operation.h"
#include "ngx_cmp_module/cmp.h"

namespace ngx_enroll::cmp {

struct Route {
    std::string_view profile;
    bool labelled = false;                         // a label has named it
    std::optional<pki::cmp::Operation> operation;  // none: any message may come
};

// Behind the location's own prefix there may stand what RFC 9811 3.4 and RFC 9483 6.1 have
// behind "/.well-known/cmp": an operation, a label of cmp_label as "p/<label>", or both. A
// location with a regular expression has one profile and takes every operation. not_found:
// anything else.
pki::Result<Route> find_route(ngx_http_request_t* r);

// The profile of a label, which a header names as certProfile too. nullopt: there is none.
std::optional<std::string_view> profile_of_label(const LocConf& conf, std::string_view label);

// The other profiles of the location, each once, up to wire::kOtherProfiles. They live as long
// as the configuration.
std::vector<pki::Bytes> other_profiles(const LocConf& conf, std::string_view profile);

// May the message come to an operation that its path has named? bad_request.
pki::Status check_operation(const Route& route, pki::cmp::BodyType type);

}  // namespace ngx_enroll::cmp
