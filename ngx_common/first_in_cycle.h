// What is done once for a configuration, by the first of the modules that are linked together.
#pragma once

#include "ngx_common/nginx.h"

namespace ngx_enroll {

// In postconfiguration. `cycle` is a static of the caller: the configuration that was last
// asked for, nullptr when it is gone. nginx may build the next one at the very address of one
// that failed. Throws std::bad_alloc.
bool first_in_cycle(ngx_conf_t* cf, const ngx_cycle_t*& cycle);

}  // namespace ngx_enroll
