// The cache of OCSP responses in a zone of nginx: ocsp_cache.h with nginx's memory and lock. It
// survives a reload.
#pragma once

#include "ngx_common/nginx.h"
#include "ngx_enroll_module/ocsp_cache.h"

namespace ngx_enroll::enroll {

// In the module's main configuration. Plain data.
struct OcspZone {
    size_t size;  // 0: there is no cache
    ngx_slab_pool_t* pool;
    OcspCache* table;
};

constexpr std::size_t kOcspZoneSize = 4 * 1024 * 1024;
constexpr std::size_t kMinOcspZoneSize = 128 * 1024;

// In postconfiguration. NGX_OK or NGX_ERROR.
ngx_int_t add_ocsp_zone(ngx_conf_t* cf, OcspZone& zone, ngx_module_t& module);

// What the cache knows a signer by: its name in the configuration.
std::uint64_t signer_id(const ngx_http_upstream_srv_conf_t& signer);

// The table, locked. nginx itself unlocks it when a worker is killed that holds it.
class OcspLock {
   public:
    explicit OcspLock(OcspZone& zone) : zone_(zone) { ngx_shmtx_lock(&zone_.pool->mutex); }
    ~OcspLock() { ngx_shmtx_unlock(&zone_.pool->mutex); }
    OcspLock(const OcspLock&) = delete;
    OcspLock& operator=(const OcspLock&) = delete;

    OcspCache* operator->() const { return zone_.table; }

   private:
    OcspZone& zone_;
};

}  // namespace ngx_enroll::enroll
