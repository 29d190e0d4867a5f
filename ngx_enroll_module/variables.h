// $enroll_operation, $enroll_status, $enroll_cache and $enroll_serial.
#pragma once

#include "ngx_enroll_module/enroll.h"

namespace ngx_enroll::enroll {

// In preconfiguration.
ngx_int_t add_variables(ngx_conf_t* cf);

// What became of the request; nullopt: the module has not decided.
std::optional<Outcome> outcome_of(const EnrollExchange& exchange);

}  // namespace ngx_enroll::enroll
