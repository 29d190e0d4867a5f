// The directives of this module and what they leave behind.
#pragma once

#include "ngx_scep_module/scep.h"

namespace ngx_enroll::scep {

// Plain data; in what the pointers lead to, C++ begins.
struct MainConf {
    ngx_array_t signers;  // of ngx_http_upstream_srv_conf_t*: what each scep_pass names
    Reporters* reporters;
    ZoneConf zone;
    ngx_flag_t status;  // scep_status stands somewhere
};

extern ngx_command_t commands[];

void* create_main_conf(ngx_conf_t* cf);
void* create_loc_conf(ngx_conf_t* cf);
char* merge_loc_conf(ngx_conf_t* cf, void* parent, void* conf);

}  // namespace ngx_enroll::scep
