#include "ngx_common/variable.h"

namespace ngx_enroll {

ngx_int_t add_variables(ngx_conf_t* cf, std::span<const Variable> variables) {
    for (const Variable& variable : variables) {
        ngx_str_t name = lend(variable.name);
        ngx_http_variable_t* added = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);
        if (added == nullptr) return NGX_ERROR;
        added->get_handler = variable.get;
    }
    return NGX_OK;
}

ngx_int_t set_variable(ngx_http_request_t* r, ngx_http_variable_value_t* v,
                       std::string_view value) {
    if (value.empty()) {
        v->not_found = 1;
        return NGX_OK;
    }
    const ngx_str_t copy = copy_to_pool(r->pool, value);
    v->len = static_cast<unsigned>(copy.len) & 0xfffffff;
    v->data = copy.data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    return NGX_OK;
}

}  // namespace ngx_enroll
