// The directives of locations for devices.
#pragma once

#include "ngx_enroll_module/enroll.h"

namespace ngx_enroll::enroll {

// In create_loc_conf and in merge_loc_conf.
void init_device_conf(DeviceConf& conf);
void merge_device_conf(DeviceConf& conf, const DeviceConf& parent);

// nginx's own pattern: reads the anchors.
char* set_client_certificate(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);

// What a location needs to serve devices: nothing that it lacks may turn up at a request.
char* check_device_location(ngx_conf_t* cf, const LocConf& conf);

}  // namespace ngx_enroll::enroll
