// The variables of a module: a name and where its text comes from.
#pragma once

#include <span>
#include <string>

#include "ngx_common/guard.h"
#include "ngx_common/pool.h"

namespace ngx_enroll {

struct Variable {
    std::string_view name;
    ngx_http_get_variable_pt get;
};

// In preconfiguration. NGX_OK or NGX_ERROR.
ngx_int_t add_variables(ngx_conf_t* cf, std::span<const Variable> variables);

// A copy in the request's pool; an empty text is a variable that is not found. Throws
// std::bad_alloc.
ngx_int_t set_variable(ngx_http_request_t* r, ngx_http_variable_value_t* v,
                       std::string_view value);

// Text(r) is a std::string or a std::string_view.
template <auto Text>
ngx_int_t get_variable(ngx_http_request_t* r, ngx_http_variable_value_t* v, uintptr_t) {
    return guarded<ngx_int_t>(r->connection->log, NGX_ERROR,
                              [&] { return set_variable(r, v, Text(r)); });
}

}  // namespace ngx_enroll
