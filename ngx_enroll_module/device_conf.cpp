#include "ngx_enroll_module/device_conf.h"

#include "ngx_common/client_certificate.h"

namespace ngx_enroll::enroll {

void init_device_conf(DeviceConf& conf) {
    conf.anchors = static_cast<X509_STORE*>(NGX_CONF_UNSET_PTR);
    conf.audit = NGX_CONF_UNSET;
}

void merge_device_conf(DeviceConf& conf, const DeviceConf& parent) {
    ngx_conf_merge_str_value(conf.profile, parent.profile, "");
    ngx_conf_merge_ptr_value(conf.anchors, parent.anchors, nullptr);
    ngx_conf_merge_value(conf.audit, parent.audit, 1);
}

char* set_client_certificate(ngx_conf_t* cf, ngx_command_t*, void* conf) {
    return load_file(cf, static_cast<LocConf*>(conf)->device.anchors, load_anchors);
}

char* check_device_location(ngx_conf_t* cf, const LocConf& conf) {
    const DeviceConf& device = conf.device;
    if (device.profile.len > pki::limits::kProfileName)
        return invalid(cf, "the name in \"enroll_profile\" is too long");
    if (conf.serves == kBootstrap)
        return device.profile.len != 0
                   ? NGX_CONF_OK
                   : invalid(cf, "\"enroll_bootstrap\" needs \"enroll_profile\"");
    if (device.profile.len == 0)
        return invalid(cf, "\"enroll_renewal\" needs \"enroll_profile\"");
    if (device.anchors == nullptr)
        return invalid(cf, "\"enroll_renewal\" needs \"enroll_client_certificate\"");
    if (!server_asks_for_certificates(cf))
        return invalid(
            cf, "\"enroll_renewal\" needs \"ssl_verify_client optional_no_ca\" in the server");
    return NGX_CONF_OK;
}

}  // namespace ngx_enroll::enroll
