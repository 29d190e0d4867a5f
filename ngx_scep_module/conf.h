// The directives of this module and what they leave behind.
#pragma once

#include "ngx_common/module.h"
#include "ngx_scep_module/scep.h"

namespace ngx_enroll::scep {

using MainConf = ModuleConf;

extern ngx_command_t commands[];

void* create_loc_conf(ngx_conf_t* cf);
char* merge_loc_conf(ngx_conf_t* cf, void* parent, void* conf);

}  // namespace ngx_enroll::scep
