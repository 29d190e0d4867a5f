// The directives of this module and what they leave behind.
#pragma once

#include "ngx_enroll_module/enroll.h"

namespace ngx_enroll::enroll {

extern ngx_command_t commands[];

void* create_main_conf(ngx_conf_t* cf);
void* create_loc_conf(ngx_conf_t* cf);
char* merge_loc_conf(ngx_conf_t* cf, void* parent, void* conf);

// In postconfiguration: what only the whole configuration tells. NGX_OK or NGX_ERROR.
ngx_int_t check_configuration(ngx_conf_t* cf);

}  // namespace ngx_enroll::enroll
